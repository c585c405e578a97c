"""Sliced Wasserstein distance between sets of pictures, on patches of a Laplacian pyramid.

Karras et al. 2018 (arXiv:1710.10196), section 5 and appendix C; smaller than there, so that it can
be measured while a model trains, and normalised by the real pictures alone, so that a cast of
colour counts.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

_SMALLEST_LEVEL = 16
_PATCH = 7
_PATCHES_PER_PICTURE = 64
_NUM_DIRECTIONS = 128
# Of Burt & Adelson 1983, as the paper has it.
_BINOMIAL = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16


class SlicedWasserstein:
    """Distance of other pictures to a fixed set.

    Patches and directions are the same each time: two distances of one instance differ by what
    the pictures differ in, not by chance.

    Args:
        real_NCHW: The set, float in [-1, 1]; sides a power of two from 16 on.

    Attributes:
        sides: Sides of the levels of the pyramid in pixels, the finest first.
    """

    def __init__(self, real_NCHW: Tensor) -> None:
        self._count = len(real_NCHW)
        generator = torch.Generator().manual_seed(0)
        pyramid = laplacian_pyramid(real_NCHW.float())
        self._levels = [_Level(pictures, generator) for pictures in pyramid]
        self.sides = tuple(pictures.shape[-1] for pictures in pyramid)

    def __call__(self, other_NCHW: Tensor) -> float:
        """Distance times 1,000, the mean over the levels of the pyramid; 0 for the set itself.

        Args:
            other_NCHW: As many pictures of the same shape.
        """
        distances = self.by_level(other_NCHW)
        return sum(distances) / len(distances)

    def by_level(self, other_NCHW: Tensor) -> tuple[float, ...]:
        """Distance times 1,000 at each level of the pyramid, the finest detail first.

        Args:
            other_NCHW: As many pictures of the same shape.
        """
        assert len(other_NCHW) == self._count, "distances need as many pictures on both sides"
        pyramid = laplacian_pyramid(other_NCHW.float())
        return tuple(
            1000 * level.distance(pictures)
            for level, pictures in zip(self._levels, pyramid, strict=True)
        )


class _Level:
    """One level of the pyramid: the real patches, projected and sorted."""

    def __init__(self, real_NCHW: Tensor, generator: torch.Generator) -> None:
        count, channels, height, width = real_NCHW.shape
        self._corners = torch.randint(
            0, min(height, width) - _PATCH + 1, (2, count, _PATCHES_PER_PICTURE),
            generator=generator,
        )  # fmt: skip
        dimensions = channels * _PATCH * _PATCH
        directions = torch.randn(dimensions, _NUM_DIRECTIONS, generator=generator)
        self._directions = functional.normalize(directions, dim=0)
        self._mean = real_NCHW.mean(dim=(0, 2, 3), keepdim=True)
        self._deviation = real_NCHW.std(dim=(0, 2, 3), keepdim=True).clamp_min(1e-6)
        self._real = self._projected(real_NCHW)

    def distance(self, other_NCHW: Tensor) -> float:
        """Mean over directions of the distance between two sets of numbers on a line."""
        return float(np.abs(self._projected(other_NCHW) - self._real).mean())

    def _projected(self, pictures_NCHW: Tensor) -> np.ndarray:
        """Patches along each direction, in order: (directions, pictures x patches)."""
        normal_NCHW = (pictures_NCHW - self._mean) / self._deviation
        along = self._directions.T @ self._patches(normal_NCHW).T
        # numpy sorts with the processor's vector instructions, twenty times as fast as torch.
        return np.sort(along.numpy(), axis=1)

    def _patches(self, pictures_NCHW: Tensor) -> Tensor:
        """Patches as rows: (pictures x patches, channels x 7 x 7)."""
        windows = pictures_NCHW.unfold(2, _PATCH, 1).unfold(3, _PATCH, 1)
        numbers = torch.arange(len(pictures_NCHW))[:, None]
        rows, columns = self._corners
        return windows[numbers, :, rows, columns].flatten(0, 1).flatten(1)


def laplacian_pyramid(pictures_NCHW: Tensor) -> Sequence[Tensor]:
    """What each scale adds to the next coarser one, finest first; the last is the coarsest itself.

    Args:
        pictures_NCHW: Sides a power of two from 16 on.
    """
    levels: list[Tensor] = []
    current = pictures_NCHW
    while current.shape[-1] > _SMALLEST_LEVEL:
        coarser = _halved(current)
        finer = functional.interpolate(coarser, scale_factor=2, mode="bilinear")
        levels.append(current - finer)
        current = coarser
    return [*levels, current]


def _halved(pictures_NCHW: Tensor) -> Tensor:
    """Blurred, and then every other pixel."""
    channels = pictures_NCHW.shape[1]
    kernel = torch.outer(_BINOMIAL, _BINOMIAL).expand(channels, 1, 5, 5)
    padded = functional.pad(pictures_NCHW, (2, 2, 2, 2), mode="reflect")
    return functional.conv2d(padded, kernel, stride=2, groups=channels)
