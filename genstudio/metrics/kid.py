"""Kernel distance between features: unbiased, so that it can be used on few pictures.

Bińkowski et al. 2018 (arXiv:1801.01401): the squared maximum mean discrepancy of Gretton et al.
2012, equation 3, with the cubic kernel (x·y / D + 1)³.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

_NUM_SUBSETS = 32
_SEED = 0
_SMALLEST_SUBSET = 2
_NUM_SPLITS = 100
# Splits are drawn from so many times as many pictures as they take on a side.
_POOL = 4


@dataclass(frozen=True, slots=True)
class KernelDistance:
    """A distance times 1,000, and how far it is off by chance.

    Attributes:
        value: Around 0 if both sets are of one kind; may be a little below.
        sd: Standard deviation over halves of both sets, drawn without replacement; a half varies
            around the whole about as much as the whole varies around the truth.
    """

    value: float
    sd: float


class KernelDistances:
    """Distance of other sets to a fixed one.

    Args:
        real_NC: Features of the set, (N, D).
    """

    def __init__(self, real_NC: Tensor) -> None:
        self._real_NC = real_NC
        self._subsets = _subsets(len(real_NC), torch.Generator().manual_seed(_SEED))
        self._within_real = _within(real_NC, self._subsets)

    def __call__(self, made_NC: Tensor) -> KernelDistance:
        """Distance of features of shape (M, D) to those of the set; M may differ from N."""
        subsets = _subsets(len(made_NC), torch.Generator().manual_seed(_SEED + 1))
        between = _mean_over_subsets(
            _kernel(self._real_NC, made_NC), self._subsets, subsets, has_diagonal=False
        )
        distances = 1000 * (self._within_real + _within(made_NC, subsets) - 2 * between)
        return KernelDistance(distances[0].item(), distances[1:].std().item())


def distance_by_chance(real_NC: Tensor, count: int) -> KernelDistance:
    """What the distance between real pictures and other real ones is, and how much it varies.

    Over a hundred random splits: it is mostly a little below zero and now and then far above,
    of which a few splits know nothing.

    Args:
        real_NC: Features of the real pictures, (N, D).
        count: Pictures on each side; at most N / 2.
    """
    generator = torch.Generator().manual_seed(_SEED)
    chosen = torch.randperm(len(real_NC), generator=generator)[: _POOL * count]
    first, second = torch.zeros(2, len(chosen), _NUM_SPLITS)
    for split in range(_NUM_SPLITS):
        order = torch.randperm(len(chosen), generator=generator)
        first[order[:count], split] = 1
        second[order[count : 2 * count], split] = 1
    kernel = _kernel(real_NC[chosen], real_NC[chosen])
    between = _mean_over_subsets(kernel, first, second, has_diagonal=False)
    within = [_mean_over_subsets(kernel, side, side, has_diagonal=True) for side in (first, second)]
    distances = 1000 * (within[0] + within[1] - 2 * between)
    return KernelDistance(distances.mean().item(), distances.std().item())


def _subsets(count: int, generator: torch.Generator) -> Tensor:
    """Who belongs to what: the whole and then random halves, 0 or 1, (count, 1 + subsets)."""
    half = max(_SMALLEST_SUBSET, count // 2)
    belongs = torch.zeros(count, 1 + _NUM_SUBSETS)
    belongs[:, 0] = 1
    for subset in range(1, 1 + _NUM_SUBSETS):
        belongs[torch.randperm(count, generator=generator)[:half], subset] = 1
    return belongs


def _kernel(rows_NC: Tensor, others_NC: Tensor) -> Tensor:
    return (rows_NC @ others_NC.T).div_(rows_NC.shape[1]).add_(1).pow_(3)


def _within(rows_NC: Tensor, subsets: Tensor) -> Tensor:
    return _mean_over_subsets(_kernel(rows_NC, rows_NC), subsets, subsets, has_diagonal=True)


def _mean_over_subsets(
    kernel: Tensor, rows: Tensor, columns: Tensor, *, has_diagonal: bool
) -> Tensor:
    """Mean of the kernel over the pairs of each subset; nobody is paired with himself."""
    if has_diagonal:
        kernel.fill_diagonal_(0)
    sums = (rows * (kernel @ columns)).double().sum(0)
    num_rows, num_columns = rows.sum(0), columns.sum(0)
    return sums / (num_rows * (num_columns - 1 if has_diagonal else num_columns))
