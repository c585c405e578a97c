"""Small digits that come with scikit-learn, and what sets of them are measured by.

1,797 pictures of 8 by 8 pixels (Alpaydin & Kaynak 1998). Figures are of raw pixels, 500 made ones
against 500 real ones, since features would hide what a ten-line mixture does.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture

from genstudio.metrics.coverage import Neighbourhoods

COUNT = 500
SIDE = 8
# What is not learned from.
HELD_OUT = 500
_DIRECTIONS = 1000
_SPLITS = 6


@dataclass(frozen=True, slots=True)
class Digits:
    """Rows of pixels in [0, 1], (N, 64), and which digit each is, (N,)."""

    rows: np.ndarray
    kinds: np.ndarray

    @classmethod
    def load(cls) -> "Digits":
        """All of them, in an order that mixes those who wrote them."""
        rows, kinds = load_digits(return_X_y=True)
        order = np.random.default_rng(0).permutation(len(rows))
        return cls(rows[order] / 16, kinds[order])

    @property
    def learned(self) -> np.ndarray:
        """Rows to learn from, (1297, 64)."""
        return self.rows[:-HELD_OUT]

    @property
    def held_out(self) -> np.ndarray:
        """Rows that are not learned from, (500, 64)."""
        return self.rows[-HELD_OUT:]


@dataclass(frozen=True, slots=True)
class Figures:
    """Sliced Wasserstein distance times 1,000; coverage and density with five neighbours."""

    swd: float
    coverage: float
    density: float


def sliced_wasserstein(one: np.ndarray, other: np.ndarray) -> float:
    """Mean distance of projections on a thousand directions, times 1,000; rows of equal number."""
    directions = np.random.default_rng(1).normal(size=(one.shape[1], _DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    apart = np.sort(one @ directions, axis=0) - np.sort(other @ directions, axis=0)
    return 1000 * float(np.abs(apart).mean())


def figures(make: Callable[[int], np.ndarray], digits: Digits) -> Figures:
    """Mean figures of 500 rows against 500 real ones, for several choices of both.

    Args:
        make: Number of the choice => 500 rows of pixels.
        digits: The real ones.
    """
    found = list(_compared(make, digits))
    return Figures(
        swd=fmean(it.swd for it in found),
        coverage=fmean(it.coverage for it in found),
        density=fmean(it.density for it in found),
    )


def _compared(make: Callable[[int], np.ndarray], digits: Digits) -> Iterator[Figures]:
    for choice in range(_SPLITS):
        order = np.random.default_rng(choice).permutation(len(digits.rows))
        real, made = digits.rows[order[:COUNT]], make(choice)
        lying = Neighbourhoods(torch.tensor(real).float())(torch.tensor(made).float())
        yield Figures(sliced_wasserstein(real, made), lying.coverage, lying.density)


def drawn_from_mixture(digits: Digits) -> Callable[[int], np.ndarray]:
    """The ten-line model that has to be beaten: ten Gaussians on twenty principal components."""
    components = PCA(20, random_state=0).fit(digits.learned)
    mixture = GaussianMixture(10, random_state=0).fit(components.transform(digits.learned))

    def draw(choice: int) -> np.ndarray:
        mixture.random_state = choice
        drawn, _ = mixture.sample(COUNT)
        return components.inverse_transform(drawn).clip(0, 1)

    return draw
