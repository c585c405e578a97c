"""New pictures of a class from those that it has: each is changed as two others differ.

Source: Delta-encoder, Schwartz et al. 2018 (arXiv:1806.04734), and data augmentation generative
adversarial networks, Antoniou et al. 2017 (arXiv:1711.04340): what varies within a class of many
pictures varies alike within one of few. Apart from both: no network learns the difference; it is
that of two latents of a model which knows all classes. What latents do not describe, such as grain
and print, is left as the picture has it: drawn from latents alone, all would be soft.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from genstudio.domain.language import tr
from genstudio.domain.progress import Progress, Working
from genstudio.models.capabilities import Varies
from genstudio.models.sampling import to_uint8

# Two pictures of a class differ in how, and not in what, where they are near to each other.
_NEIGHBOURS = 8
# Nearer than rounding tells apart: itself, or the same picture once more.
_SAME = 1e-6
_ENCODED_AT_ONCE = 64
# A picture is the same whoever is drawn with it.
_DRAWN_AT_ONCE = 16


class PictureVariations:
    """Draws variations of pictures that a model learned from.

    Args:
        model: Which tells classes apart.
        images_NHWC: The pictures, uint8, as they are cached.
        labels_N: The class of each, int64.
    """

    def __init__(self, model: Varies, images_NHWC: np.ndarray, labels_N: np.ndarray) -> None:
        self._model = model
        self._images_NHWC = images_NHWC
        self._labels_N = labels_N
        self._latents_NZ = torch.zeros(0)

    def get_ready(self) -> Working[None]:
        """Describe all pictures."""
        count = len(self._images_NHWC)
        parts: list[Tensor] = []
        for first in range(0, count, _ENCODED_AT_ONCE):
            part_NHWC = self._images_NHWC[first : first + _ENCODED_AT_ONCE]
            parts.append(self._model.encode(_numbers(part_NHWC)).cpu())
            yield Progress(tr("Looking at your pictures"), first + len(part_NHWC), count)
        self._latents_NZ = torch.cat(parts)

    def draw(self, label: int, seeds: Sequence[int], amount: float) -> list[np.ndarray]:
        """One variation for each seed, whoever else is drawn.

        Args:
            label: Of which class.
            seeds: Each decides which picture is changed, and as which two others differ.
            amount: Times their difference.

        Returns:
            uint8 pictures (height, width, channels).
        """
        made: list[np.ndarray] = []
        for first in range(0, len(seeds), _DRAWN_AT_ONCE):
            some = seeds[first : first + _DRAWN_AT_ONCE]
            chosen = [self._chosen(label, seed) for seed in some]
            chosen += chosen[-1:] * (_DRAWN_AT_ONCE - len(some))
            rows, moves = zip(*chosen, strict=True)
            varied = self._model.vary(
                _numbers(self._images_NHWC[np.array(rows)]),
                torch.full((len(rows),), label),
                amount * torch.stack(moves),
            )
            made += [image.copy() for image in to_uint8(varied)[: len(some)]]
        return made

    def _chosen(self, label: int, seed: int) -> tuple[int, Tensor]:
        """Which picture of a class is changed, and how its latent moves."""
        random = np.random.default_rng([seed, label])
        row = int(random.choice(np.flatnonzero(self._labels_N == label)))
        # Of classes of many pictures as often as there are pictures of them.
        one = int(random.integers(len(self._labels_N)))
        alike = np.flatnonzero(self._labels_N == self._labels_N[one])
        distances = (self._latents_NZ[alike] - self._latents_NZ[one]).square().sum(1)
        order = distances.argsort(stable=True)
        nearest = order[distances[order] > _SAME][:_NEIGHBOURS]
        if not len(nearest):
            return row, torch.zeros_like(self._latents_NZ[one])
        other = int(alike[int(nearest[int(random.integers(len(nearest)))])])
        return row, self._latents_NZ[other] - self._latents_NZ[one]


def _numbers(levels_NHWC: np.ndarray) -> Tensor:
    return torch.as_tensor(np.array(levels_NHWC)).permute(0, 3, 1, 2).float().div(127.5).sub(1)
