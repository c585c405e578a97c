"""All measures of likeness at once, of any number of sets against one."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from genstudio.metrics.coverage import Neighbourhoods
from genstudio.metrics.diversity import mean_distance, relative_diversity
from genstudio.metrics.features import random_features
from genstudio.metrics.kid import KernelDistances
from genstudio.metrics.pictures import at_most
from genstudio.metrics.swd import SlicedWasserstein

_LARGEST_SIDE = 128


@dataclass(frozen=True, slots=True)
class PictureSet:
    """Pictures as the measures want them.

    Attributes:
        small_NCHW: Float in [-1, 1], brought down to a power of two of at most 128.
        features_NC: Of :class:`~genstudio.metrics.features.RandomFeatures`.
    """

    small_NCHW: Tensor
    features_NC: Tensor

    @classmethod
    def of(cls, images_NHWC: np.ndarray) -> "PictureSet":
        """Look at pictures: uint8, square, sides from 32 on."""
        side = min(1 << (images_NHWC.shape[1].bit_length() - 1), _LARGEST_SIDE)
        return cls(at_most(images_NHWC, side), random_features()(images_NHWC))

    @classmethod
    def joined(cls, sets: list["PictureSet"]) -> "PictureSet":
        """Several as one."""
        return cls(
            torch.cat([part.small_NCHW for part in sets]),
            torch.cat([part.features_NC for part in sets]),
        )

    def part(self, index: Tensor) -> "PictureSet":
        """Some of them, in the order of an index."""
        return PictureSet(self.small_NCHW[index], self.features_NC[index])

    def __len__(self) -> int:
        return len(self.features_NC)


@dataclass(frozen=True, slots=True)
class Likeness:
    """Figures of one comparison, as their modules explain them; SWD and KID times 1,000."""

    swd: float
    swd_levels: tuple[float, ...]
    kid: float
    kid_sd: float
    density: float
    coverage: float
    diversity: float


class Yardstick:
    """Real pictures that others are compared with.

    Attributes:
        sides: Sides of the levels that ``swd_levels`` has.
    """

    def __init__(self, real: PictureSet) -> None:
        self._surface = SlicedWasserstein(real.small_NCHW)
        self._distances = KernelDistances(real.features_NC)
        self._neighbourhoods = Neighbourhoods(real.features_NC)
        self._mean_distance = mean_distance(real.features_NC)
        self.sides = self._surface.sides

    def measure(self, made: PictureSet) -> Likeness:
        """Compare as many other pictures of the same size."""
        levels = self._surface.by_level(made.small_NCHW)
        kid = self._distances(made.features_NC)
        lying = self._neighbourhoods(made.features_NC)
        return Likeness(
            swd=sum(levels) / len(levels),
            swd_levels=levels,
            kid=kid.value,
            kid_sd=kid.sd,
            density=lying.density,
            coverage=lying.coverage,
            diversity=relative_diversity(made.features_NC, self._mean_distance),
        )
