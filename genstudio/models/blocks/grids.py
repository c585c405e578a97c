"""Encoder and decoder of anything that is a grid: pictures, spectrograms.

Both work at half the resolution and below, where processors reach a higher rate
(:mod:`genstudio.models.blocks.residual`), and end at a side of four or more.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.models.blocks.residual import (
    FeaturesToPixels,
    PixelsToFeatures,
    ResidualBlock,
    group_norm,
    stage_channels,
)

_SMALLEST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """What an example is like.

    Attributes:
        channels: Of each place.
        height, width: In places.
    """

    channels: int
    height: int
    width: int

    @property
    def halvings(self) -> int:
        """How often both sides are halved: down to odd ones, or until none is above four."""
        halved = 1
        while (self.height | self.width) % 2 ** (halved + 1) == 0:
            halved += 1
            if max(self.height, self.width) >> halved <= _SMALLEST:
                break
        return halved

    @property
    def smallest(self) -> tuple[int, int]:
        """Height and width where it is smallest."""
        return self.height >> self.halvings, self.width >> self.halvings


class GridEncoder(nn.Module):
    """Grids (N, C, H, W) => mean and log-variance of their latents, each (N, Z).

    Args:
        grid: What goes in.
        width: Channels at the resolution of 32.
        latent_size: Z.
    """

    def __init__(self, grid: Grid, width: int, latent_size: int) -> None:
        super().__init__()
        stages = _stages(grid, width)[::-1]
        self.pixels = PixelsToFeatures(grid.channels, stages[0])
        halved = [ResidualBlock(one, other, nn.AvgPool2d(2)) for one, other in pairwise(stages)]
        self.stages = nn.Sequential(*halved, ResidualBlock(stages[-1], stages[-1]))
        self.norm = group_norm(stages[-1])
        height, width = grid.smallest
        self.posterior = nn.Linear(stages[-1] * height * width, 2 * latent_size)

    def forward(self, grids_NCHW: Tensor) -> tuple[Tensor, Tensor]:
        """Describe each by a Gaussian over latents."""
        h = self.norm(self.stages(self.pixels(grids_NCHW)))
        mean, log_variance = self.posterior(functional.silu(h).flatten(1)).chunk(2, dim=1)
        # Bounds keep one strange example from blowing up the KL term.
        return mean, log_variance.clamp(-12, 4)


class GridDecoder(nn.Module):
    """Latents (N, Z) => mean grids (N, C, H, W), unbounded.

    Args:
        grid: What comes out.
        width: Channels at the resolution of 32.
        latent_size: Z.
    """

    def __init__(self, grid: Grid, width: int, latent_size: int) -> None:
        super().__init__()
        stages = _stages(grid, width)
        self._shape = (stages[0], *grid.smallest)
        self.first = nn.Linear(latent_size, stages[0] * grid.smallest[0] * grid.smallest[1])
        doubled = [
            ResidualBlock(one, other, nn.Upsample(scale_factor=2, mode="bilinear"))
            for one, other in pairwise(stages)
        ]
        self.stages = nn.Sequential(ResidualBlock(stages[0], stages[0]), *doubled)
        self.pixels = FeaturesToPixels(stages[-1], grid.channels)

    def forward(self, z: Tensor) -> Tensor:
        """Draw the mean grid of each latent."""
        h = self.first(z).reshape(-1, *self._shape)
        return self.pixels(self.stages(h.contiguous(memory_format=torch.channels_last)))


def _stages(grid: Grid, width: int) -> list[int]:
    """Channels from the smallest resolution up to half of the whole one."""
    return stage_channels(4 << grid.halvings, width)
