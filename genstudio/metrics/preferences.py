"""What a person likes, learned from comparisons: a small ensemble of Bradley–Terry models.

Source: Bradley & Terry 1952; ensembles against over-optimisation: Coste 2023 (arXiv:2310.02743).
Each head is linear in a kernel's principal components (Schölkopf 1998) of features that were never
trained, and sees its own bootstrap of the pictures. Where heads disagree, what they say counts for
less.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

_HEADS = 5
_FOLDS = 5
_MOST_COMPONENTS = 64
# Share of the kernel that bends, against the one that is straight.
_SHARES = (0.0, 0.3, 0.7)
# Of the ridge, for each comparison.
_RIDGES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
_NEWTON_STEPS = 12
_SLOPE_RIDGE = 0.05
# A share of the heads' disagreement is taken off what they say.
_CAUTION = 0.5
# One-sided, at five per cent.
_Z = 1.645
_SEED = 20231031

FROZEN_TENSORS: Final = ("mean", "seen", "scale", "share", "weights")


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well comparisons are foretold by others, of other pictures.

    Attributes:
        accuracy: Share that is foretold, from 0 to 1; 0.5 is chance.
        needed: From which on chance is ruled out, at five per cent.
    """

    accuracy: float
    needed: float

    @property
    def is_enough(self) -> bool:
        """Whether there is something to be learned."""
        return self.accuracy >= self.needed


class _Kernel:
    """Features (N, D) => coordinates (N, C) in which pictures that look alike are near.

    Args:
        seen_N: Features of the pictures that were compared.
        share: Of the part that bends.
    """

    def __init__(self, seen_N: Tensor, share: float) -> None:
        self._mean = seen_N.mean(dim=0)
        self._seen_N = seen_N - self._mean
        self._scale = self._seen_N.square().sum(dim=1).mean().clamp_min(1e-9)
        self._share = share
        values, vectors_N = torch.linalg.eigh(self._between(self._seen_N))
        count = min(_MOST_COMPONENTS, len(seen_N) - 1)
        values, vectors_N = values[-count:].clamp_min(1e-9), vectors_N[:, -count:]
        self._to_coordinates_N = vectors_N / values.sqrt()

    def _between(self, features_N: Tensor) -> Tensor:
        straight_N = features_N @ self._seen_N.T / self._scale
        distances_N = torch.cdist(features_N, self._seen_N).square() / (2 * self._scale)
        return (1 - self._share) * straight_N + self._share * torch.exp(-distances_N)

    def __call__(self, features_N: Tensor) -> Tensor:
        return self._between(features_N.double() - self._mean) @ self._to_coordinates_N

    def tensors(self, heads: Tensor) -> dict[str, Tensor]:
        """What heads (H, C) say, written as weights of the pictures that were seen."""
        share = torch.tensor(self._share, dtype=torch.float64)
        found = {
            "mean": self._mean,
            "seen": self._seen_N,
            "scale": self._scale,
            "share": share,
            "weights": self._to_coordinates_N @ heads.T,
        }
        return {name: value.float().contiguous() for name, value in found.items()}


class Taste:
    """Tells how much a person will like pictures.

    Attributes:
        agreement: How well it foretold what it had not seen.
    """

    def __init__(self, kernel: _Kernel, heads: Tensor, agreement: Agreement) -> None:
        self._kernel = kernel
        self._heads = heads
        self.agreement = agreement

    def __call__(self, features_N: Tensor) -> Tensor:
        """Scores (N,) of pictures by their features (N, D); only differences mean something."""
        return cautious(self._kernel(features_N) @ self._heads.T)

    def tensors(self) -> dict[str, Tensor]:
        """All that is needed to ask it again: see :class:`FrozenTaste`."""
        return self._kernel.tensors(self._heads)


class FrozenTaste(nn.Module):
    """A taste as it was once learned, in float32 and with gradients: the reward of a training.

    Args:
        tensors: From :meth:`Taste.tensors`.
    """

    mean: Tensor
    seen: Tensor
    scale: Tensor
    share: Tensor
    weights: Tensor

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        for name in FROZEN_TENSORS:
            self.register_buffer(name, tensors[name].float())

    def forward(self, features_N: Tensor) -> Tensor:
        """What each head says of pictures by their features (N, D): (N, H)."""
        centred_N = features_N - self.mean
        straight_N = centred_N @ self.seen.T / self.scale
        squares_N = centred_N.square().sum(dim=1, keepdim=True)
        products_N = 2 * centred_N @ self.seen.T
        away_N = (squares_N + self.seen.square().sum(dim=1) - products_N).clamp_min(0)
        bent_N = torch.exp(-away_N / (2 * self.scale))
        return ((1 - self.share) * straight_N + self.share * bent_N) @ self.weights


def cautious(said_N: Tensor) -> Tensor:
    """Scores (N,) of what heads say (N, H): their mean, less where they disagree."""
    # The root of nothing has no slope.
    spread_N = said_N.var(dim=1).clamp_min(1e-12).sqrt()
    return said_N.mean(dim=1) - _CAUTION * spread_N


def pairs_of_ratings(stars: list[int], *, most: int = 4_000) -> Tensor:
    """All comparisons that ratings imply: (P, 2), the better one first.

    Args:
        stars: Of each picture.
        most: Comparisons; of more, an even choice.
    """
    given = torch.tensor(stars)
    pairs = torch.nonzero(given[:, None] > given[None])
    if len(pairs) > most:
        pairs = pairs[torch.linspace(0, len(pairs) - 1, most).long()]
    return pairs


def learn_taste(features_N: Tensor, pairs: Tensor) -> Taste | None:
    """Fit the ensemble, and measure on pictures left out whether comparisons agree.

    Args:
        features_N: Of the pictures (N, D), as :mod:`genstudio.metrics.features` gives them.
        pairs: Numbers of pictures (P, 2), the better one first.

    Returns:
        None if there is too little to compare.
    """
    used, pairs = torch.unique(pairs, return_inverse=True)
    if len(used) < 2 * _FOLDS:
        return None
    seen_N = features_N[used].double()
    generator = torch.Generator().manual_seed(_SEED)
    fold_N = torch.randperm(len(used), generator=generator) % _FOLDS
    kernels = {share: _Kernel(seen_N, share) for share in _SHARES}
    tried = {
        (share, ridge): _foretold(kernel(seen_N), pairs, fold_N, ridge)
        for share, kernel in kernels.items()
        for ridge in _RIDGES
    }
    share, ridge = max(tried, key=lambda it: tried[it][0])
    # One of several was chosen by what was kept back; that flatters it a little.
    evidence = min(len(pairs), len(used))
    needed = 0.5 + _Z * 0.5 / math.sqrt(evidence)
    points_N = kernels[share](seen_N)
    heads = [_head(points_N, pairs, ridge, generator) for _ in range(_HEADS)]
    agreement = Agreement(tried[share, ridge][1], needed)
    return Taste(kernels[share], torch.stack(heads), agreement)


def steepest(coordinates_N: Tensor, scores_N: Tensor) -> Tensor:
    """The way on which scores rise most, by ridge regression on standardised coordinates.

    Args:
        coordinates_N: Of pictures (N, C).
        scores_N: How much they are liked (N,).

    Returns:
        Of length 1 (C,); of length 0 where no way is better.
    """
    x_N = coordinates_N - coordinates_N.mean(dim=0)
    x_N = x_N / x_N.std(dim=0).clamp_min(1e-6)
    eye = torch.eye(x_N.shape[1], dtype=x_N.dtype)
    wanted = x_N.T @ (scores_N - scores_N.mean())
    way = torch.linalg.solve(x_N.T @ x_N + _SLOPE_RIDGE * len(x_N) * eye, wanted)
    return functional.normalize(way, dim=0)


def _foretold(points_N: Tensor, pairs: Tensor, fold_N: Tensor, ridge: float) -> tuple[float, float]:
    """Mean log likelihood and accuracy on pairs with a picture that was left out."""
    likelihood, right, seen = 0.0, 0.0, 0
    for fold in range(_FOLDS):
        out = (fold_N[pairs] == fold).any(dim=1)
        if not out.any() or out.all():
            continue
        weights = _fitted(points_N, pairs[~out], torch.ones(int((~out).sum())), ridge)
        margin = _differences(points_N, pairs[out]) @ weights
        likelihood += float(functional.logsigmoid(margin).sum())
        right += float((margin > 0).double().sum() + 0.5 * (margin == 0).double().sum())
        seen += len(margin)
    return likelihood / max(seen, 1), right / max(seen, 1)


def _head(points_N: Tensor, pairs: Tensor, ridge: float, generator: torch.Generator) -> Tensor:
    """One member: fitted to pictures drawn with replacement."""
    count = len(points_N)
    drawn = torch.randint(0, count, (count,), generator=generator)
    # A picture that was not drawn still counts a little: of few comparisons none may be lost.
    times_N = torch.bincount(drawn, minlength=count) + 0.1
    return _fitted(points_N, pairs, times_N[pairs].prod(dim=1), ridge)


def _differences(points_N: Tensor, pairs: Tensor) -> Tensor:
    return points_N[pairs[:, 0]] - points_N[pairs[:, 1]]


def _fitted(points_N: Tensor, pairs: Tensor, times: Tensor, ridge: float) -> Tensor:
    """Newton's method for logistic regression with a ridge: weights (C,)."""
    x = _differences(points_N, pairs)
    share = (times / times.sum()).double()
    weights = torch.zeros(x.shape[1], dtype=torch.float64)
    eye = torch.eye(x.shape[1], dtype=torch.float64)
    for _ in range(_NEWTON_STEPS):
        wrong = torch.sigmoid(-(x @ weights))
        gradient = ridge * weights - x.T @ (share * wrong)
        curvature = (x * (share * wrong * (1 - wrong))[:, None]).T @ x + ridge * eye
        weights = weights - torch.linalg.solve(curvature, gradient)
    return weights
