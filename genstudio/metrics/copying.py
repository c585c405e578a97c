"""Finds generated images that are copies of training pictures, which no measure of quality sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genstudio.metrics.pictures import at_most

# So small that noise and the traces of saving again average out, large enough that two
# pictures of one kind differ: of emoji, tiles and photographed hands, copies with noise of 2 %
# lie within 0.011, and of those that are no near-duplicates one in a hundred within 0.012 to 0.05.
_SIDE = 16
_NEARLY_THE_SAME = 0.012
_PERCENTILE = 0.01
# A soft picture lies near to many and is a copy of none (Carlini et al. 2023, arXiv:2301.13188,
# with α = 0.5 and n = 50). Of photographed hands, copies with noise or blur were at 0.03 to 0.31
# of the mean distance to the fifty next, and soft pictures of other hands mostly at 0.45 to 0.68.
_NEARER_THAN_OTHERS = 0.5
_OTHERS = 50
_ROWS_AT_A_TIME = 1024
_MOST_OTHERS = 2048


@dataclass(frozen=True, slots=True)
class Copies:
    """What was found of each generated image.

    Attributes:
        share: Of the generated images that are copies, from 0 to 1.
        threshold: Distance below which a picture may be a copy.
        alarms: Distance below which each counts as one, at most the threshold, (N,).
        usual_share: The same for the held-out pictures, or without them for training pictures
            among themselves; about 0.01 unless the set has near-duplicates.
        usual_count: Pictures that it was found on.
        nearest: Index of the nearest training picture, int64 (N,).
        distances: Distance to it, root mean square in units of the whole range of brightness, (N,).
    """

    share: float
    threshold: float
    alarms: np.ndarray
    usual_share: float
    usual_count: int
    nearest: np.ndarray
    distances: np.ndarray


class CopyFinder:
    """Compares pictures with those that a model learned from, as they are and mirrored.

    A copy is what lies nearer to a training picture than 99 of 100 real pictures do that are not
    it: the held-out ones, and training pictures to the other training pictures. A few held-out
    ones alone would leave the first percentile to chance. Where the set has near-duplicates, some
    of these lie at no distance at all, and with them the threshold would; it is taken of those
    that are no near-duplicates, so that an exact copy always is below it. And a copy lies less than
    half as far from its original as from the middle one of the fifty next.

    Args:
        training_NHWC: What was learned from, uint8.
        held_out_NHWC: Pictures of the same kind that were not.
    """

    def __init__(self, training_NHWC: np.ndarray, held_out_NHWC: np.ndarray | None = None) -> None:
        training = at_most(training_NHWC, _SIDE) / 2
        self._plain = training.flatten(1)
        self._mirrored = training.flip(-1).flatten(1)
        others = self._nearest_others()
        usual = others
        if held_out_NHWC is not None and len(held_out_NHWC):
            usual = self._nearest(held_out_NHWC)
        everyone = np.concatenate([usual.distances, others.distances])
        distinct = everyone[everyone > _NEARLY_THE_SAME]
        self._threshold = _NEARLY_THE_SAME
        if len(distinct):
            self._threshold = float(np.quantile(distinct, _PERCENTILE))
        self._usual_copies = usual.distances < self._alarms(usual)

    def __call__(self, made_NHWC: np.ndarray) -> Copies:
        """Look for copies among generated images, uint8 and as large as the training pictures."""
        found = self._nearest(made_NHWC)
        alarms = self._alarms(found)
        return Copies(
            share=float((found.distances < alarms).mean()),
            threshold=self._threshold,
            alarms=alarms,
            usual_share=float(self._usual_copies.mean()),
            usual_count=len(self._usual_copies),
            nearest=found.indices,
            distances=found.distances,
        )

    def nearest(self, image_HWC: np.ndarray, count: int) -> list[tuple[int, float]]:
        """The training pictures that are nearest to one picture, the nearest first.

        Args:
            image_HWC: uint8.
            count: How many, at most.

        Returns:
            Index and distance of each, as in :class:`Copies`.
        """
        (row,) = (at_most(image_HWC[None], _SIDE) / 2).flatten(1)
        both = torch.stack([self._plain, self._mirrored])
        distances = (both - row).square().mean(dim=2).sqrt().amin(dim=0)
        found = distances.topk(min(count, len(distances)), largest=False)
        return list(zip(found.indices.tolist(), found.values.tolist(), strict=True))

    def _alarms(self, found: "_Nearest") -> np.ndarray:
        nearer = _NEARER_THAN_OTHERS * found.to_others
        # Of a set of look-alikes, nothing is nearer to one than to others, and all are copies.
        return np.maximum(np.minimum(nearer, self._threshold), _NEARLY_THE_SAME)

    def _nearest(self, images_NHWC: np.ndarray) -> "_Nearest":
        rows = (at_most(images_NHWC, _SIDE) / 2).flatten(1)
        return _joined([self._nearest_of(part) for part in rows.split(_ROWS_AT_A_TIME)])

    def _nearest_others(self) -> "_Nearest":
        """Of training pictures, spread over all, what is nearest among the others."""
        count = min(len(self._plain), _MOST_OTHERS)
        chosen = torch.linspace(0, len(self._plain) - 1, count).long()
        return _joined(
            [self._nearest_of(self._plain[own], own) for own in chosen.split(_ROWS_AT_A_TIME)]
        )

    def _nearest_of(self, rows: Tensor, own: Tensor | None = None) -> "_Nearest":
        """Look among all training pictures but each row's own."""
        both = torch.stack([torch.cdist(rows, it) for it in (self._plain, self._mirrored)])
        distances, is_mirrored = both.div_(rows.shape[1] ** 0.5).min(dim=0)
        if own is not None:
            distances[torch.arange(len(own)), own] = torch.inf
        num_known = len(self._plain) - (own is not None)
        near = distances.topk(min(1 + _OTHERS, max(1, num_known)), largest=False)
        nearest = near.indices[:, 0]
        mirrored = is_mirrored.gather(1, nearest[:, None]).bool()
        originals = torch.where(mirrored, self._mirrored[nearest], self._plain[nearest])
        # Anew, since many distances at once are inexact near zero, where it matters.
        exact = (rows - originals).square().mean(dim=1).sqrt()
        if not num_known:
            exact.fill_(torch.inf)
        others = near.values[:, 1:]
        to_others = (
            others.median(dim=1).values if others.shape[1] else torch.full((len(rows),), torch.inf)
        )
        return _Nearest(exact.numpy(), nearest.numpy(), to_others.numpy())


class _Nearest(NamedTuple):
    """The nearest training picture of each row.

    Attributes:
        distances: How far it is, (N,).
        indices: Which it is, (N,).
        to_others: How far the middle one of the fifty next is, (N,); infinity where there is none.
            A mean would be zero where an original is there again and again.
    """

    distances: np.ndarray
    indices: np.ndarray
    to_others: np.ndarray


def _joined(parts: Sequence[_Nearest]) -> _Nearest:
    return _Nearest(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
