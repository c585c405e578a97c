"""Finds made pictures that are copies of training pictures, which no measure of quality sees."""

from dataclasses import dataclass

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
_ROWS_AT_A_TIME = 1024
_MOST_OTHERS = 2048


@dataclass(frozen=True, slots=True)
class Copies:
    """What was found of each made picture.

    Attributes:
        share: Of the made pictures that are nearer than the threshold, from 0 to 1.
        threshold: Distance below which a picture counts as a copy.
        usual_share: The same for the held-out pictures, or without them for training pictures
            among themselves; about 0.01 unless the set has near-duplicates.
        usual_count: Pictures that it was found on.
        nearest: Index of the nearest training picture, int64 (N,).
        distances: Distance to it, root mean square in units of the whole range of brightness, (N,).
    """

    share: float
    threshold: float
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
    that are no near-duplicates, so that an exact copy always is below it.

    Args:
        training_NHWC: What was learned from, uint8.
        held_out_NHWC: Pictures of the same kind that were not.
    """

    def __init__(self, training_NHWC: np.ndarray, held_out_NHWC: np.ndarray | None = None) -> None:
        training = at_most(training_NHWC, _SIDE) / 2
        self._plain = training.flatten(1)
        self._mirrored = training.flip(-1).flatten(1)
        held_out, others = np.empty(0, np.float32), self._nearest_others()
        if held_out_NHWC is not None and len(held_out_NHWC):
            held_out, _ = self._nearest(held_out_NHWC)
        self._usual = held_out if len(held_out) else others
        everyone = np.concatenate([held_out, others])
        distinct = everyone[everyone > _NEARLY_THE_SAME]
        self._threshold = _NEARLY_THE_SAME
        if len(distinct):
            self._threshold = float(np.quantile(distinct, _PERCENTILE))

    def __call__(self, made_NHWC: np.ndarray) -> Copies:
        """Look for copies among made pictures, uint8 and as large as the training pictures."""
        distances, nearest = self._nearest(made_NHWC)
        return Copies(
            share=float((distances < self._threshold).mean()),
            threshold=self._threshold,
            usual_share=float((self._usual < self._threshold).mean()),
            usual_count=len(self._usual),
            nearest=nearest,
            distances=distances,
        )

    def _nearest(self, images_NHWC: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows = (at_most(images_NHWC, _SIDE) / 2).flatten(1)
        found = [self._nearest_of(part) for part in rows.split(_ROWS_AT_A_TIME)]
        return (
            torch.cat([distances for distances, _ in found]).numpy(),
            torch.cat([nearest for _, nearest in found]).numpy(),
        )

    def _nearest_of(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        best = torch.full((len(rows),), torch.inf)
        where = torch.zeros(len(rows), dtype=torch.int64)
        for others in (self._plain, self._mirrored):
            nearest = torch.cdist(rows, others).min(dim=1).indices
            # Anew, since many distances at once are inexact near nought, where it matters.
            distances = (rows - others[nearest]).square().mean(dim=1).sqrt()
            where = torch.where(distances < best, nearest, where)
            best = torch.minimum(best, distances)
        return best, where

    def _nearest_others(self) -> np.ndarray:
        """Distance of training pictures, spread over all, to the nearest of the others."""
        count = min(len(self._plain), _MOST_OTHERS)
        chosen = torch.linspace(0, len(self._plain) - 1, count).long()
        parts: list[Tensor] = []
        for own in chosen.split(_ROWS_AT_A_TIME):
            best = torch.full((len(own),), torch.inf)
            for others in (self._plain, self._mirrored):
                distances = torch.cdist(self._plain[own], others)
                distances[torch.arange(len(own)), own] = torch.inf
                best = torch.minimum(best, distances.min(dim=1).values)
            parts.append(best / self._plain.shape[1] ** 0.5)
        return torch.cat(parts).numpy()
