"""What a linear classifier can read from latents (a linear probe).

Source: Alain & Bengio 2016 (arXiv:1610.01644). The classifier is ridge regression on one-hot
labels, whose ridge is chosen by leaving one picture out at a time among those that are learned
from (Hastie, Tibshirani & Friedman 2009, equation 7.64), never by those that it is judged by.
"""

from dataclasses import dataclass

import numpy as np

_RIDGES = tuple(10.0**power for power in range(-4, 3))
_CONSTANT = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """How well kinds are read.

    Attributes:
        accuracy: Share of the held-out ones that are told right.
        sd: How far it may be off by chance: of so many only.
        by_guessing: Share that the commonest kind of those learned from gets.
        count: Held-out ones.
    """

    accuracy: float
    sd: float
    by_guessing: float
    count: int


def linear_probe(
    learned_NZ: np.ndarray,
    labels_N: np.ndarray,
    held_out_NZ: np.ndarray,
    held_out_labels_N: np.ndarray,
) -> Probe:
    """Fit the classifier to some latents, and judge it by others.

    Args:
        learned_NZ: Latents that it is fitted to.
        labels_N: Their kinds, as numbers from 0 on.
        held_out_NZ: Latents that it is judged by.
        held_out_labels_N: Their kinds.

    Returns:
        The same for the same numbers.
    """
    assert len(learned_NZ) >= 2, "nothing can be fitted to less"
    mean, deviation = learned_NZ.mean(0), learned_NZ.std(0)
    used = deviation > _CONSTANT
    x_NZ = ((learned_NZ - mean) / np.where(used, deviation, 1.0))[:, used].astype(np.float64)
    judged_NZ = ((held_out_NZ - mean) / np.where(used, deviation, 1.0))[:, used].astype(np.float64)
    num_kinds = int(max(labels_N.max(), held_out_labels_N.max())) + 1
    wanted_NK = np.eye(num_kinds)[labels_N]
    offsets = wanted_NK.mean(0)
    weights = _fitted(x_NZ, wanted_NK - offsets, labels_N, offsets)
    told = (judged_NZ @ weights + offsets).argmax(1)
    accuracy = float((told == held_out_labels_N).mean())
    commonest = int(np.bincount(labels_N, minlength=num_kinds).argmax())
    count = len(held_out_labels_N)
    likely = (accuracy * count + 1) / (count + 2)
    return Probe(
        accuracy=accuracy,
        sd=(likely * (1 - likely) / count) ** 0.5,
        by_guessing=float((held_out_labels_N == commonest).mean()),
        count=count,
    )


def _fitted(
    x_NZ: np.ndarray, wanted_NK: np.ndarray, labels_N: np.ndarray, offsets: np.ndarray
) -> np.ndarray:
    """Weights (Z, K) of the ridge that tells most of those right that it was not fitted to."""
    left, sizes, directions = np.linalg.svd(x_NZ, full_matrices=False)
    projected = left.T @ wanted_NK
    best, most = np.zeros((x_NZ.shape[1], wanted_NK.shape[1])), -1.0
    for ridge in reversed(_RIDGES):
        shrunk = sizes**2 / (sizes**2 + ridge * len(x_NZ))
        fitted_NK = left @ (shrunk[:, None] * projected)
        # The offset is fitted as well: a share of 1 / N of each picture's own label.
        own_N = (left**2 @ shrunk + 1 / len(x_NZ)).clip(max=1 - 1e-9)
        left_out_NK = wanted_NK - (wanted_NK - fitted_NK) / (1 - own_N[:, None])
        right = float(((left_out_NK + offsets).argmax(1) == labels_N).mean())
        if right > most:
            most = right
            scale = sizes / (sizes**2 + ridge * len(x_NZ))
            best = directions.T @ (scale[:, None] * projected)
    return best
