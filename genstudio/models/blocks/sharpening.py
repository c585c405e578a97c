"""A critic that makes an autoencoder draw detail where it would draw the mean of all detail.

Sources: an autoencoder judged by the critic of a GAN, Larsen et al. 2016 (arXiv:1512.09300,
section 2.3); its pull balanced against that of the error, Esser et al. 2021 (arXiv:2012.09841,
eq. 7); relativistic pairing, each redrawn picture with its original, and R1 + R2, Huang et al. 2024
(arXiv:2501.05441, eq. 4), applied lazily.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.models.blocks.augmentation import Augmentation
from genstudio.models.blocks.critics import (
    DiscriminatorBlock,
    leaky,
    minibatch_deviation,
    squared_slope,
)
from genstudio.models.blocks.residual import PixelsToFeatures, stage_channels
from genstudio.models.protocol import OptimizerSpec

ADAM = OptimizerSpec(learning_rate=4e-4, betas=(0.5, 0.99))
_GAMMA = 0.5
_CALMED_EVERY = 16


class SharpeningCritic(nn.Module):
    """Pictures (N, C, S, S) => realness logits (N,).

    Args:
        size: Side of the pictures in pixels.
        channels: Of the pictures.
        width: Channels at the resolution of 32 pixels.
    """

    def __init__(self, size: int, channels: int, width: int) -> None:
        super().__init__()
        stages = stage_channels(size, width)[::-1]
        self.pixels = PixelsToFeatures(channels, stages[0])
        self.blocks = nn.ModuleList(DiscriminatorBlock(*pair) for pair in pairwise(stages))
        self.last = nn.Conv2d(stages[-1] + 1, stages[-1], 3, padding=1)
        self.hidden = nn.Linear(stages[-1] * 16, stages[-1])
        # Without a bias: relativistic verdicts are differences.
        self.verdict = nn.Linear(stages[-1], 1, bias=False)

    def forward(self, images_NCHW: Tensor) -> Tensor:
        """Judge each picture, in view of the variety of its neighbours in the batch."""
        h = leaky(self.pixels(images_NCHW))
        for block in self.blocks:
            h = block(h)
        h = torch.cat([h, minibatch_deviation(h)], dim=1)
        h = leaky(self.last(h)).flatten(1)
        return self.verdict(leaky(self.hidden(h))).squeeze(1).float()


@dataclass(frozen=True, slots=True)
class Judged:
    """What a critic found.

    Attributes:
        total: What the critic minimises; its graph does not reach the drawn pictures.
        cost: That of the game alone, without a graph.
        slope: Gradient of the drawn pictures' own cost by their pixels; its norm is 1. None where
            it was not asked for.
    """

    total: Tensor
    cost: Tensor
    slope: Tensor | None


class Sharpener:
    """What a critic and the augmentation before it do for an autoencoder.

    Args:
        network: Holds them as "critic" and "augmentation", which the engine wraps before it trains.
    """

    def __init__(self, network: nn.ModuleDict) -> None:
        self._network = network

    @staticmethod
    def is_calmed(step: int) -> bool:
        """Whether the slope of the critic is looked at in this step."""
        return step % _CALMED_EVERY == 0

    def judge(
        self,
        real_NCHW: Tensor,
        drawn_NCHW: Tensor,
        *,
        step: int,
        step_size: int,
        wants_slope: bool = True,
    ) -> Judged:
        """Have the critic compare pictures; both sides learn from this one look.

        Args:
            real_NCHW: Pictures.
            drawn_NCHW: As many, each the counterpart of one of them.
            step: Number of the step.
            step_size: Pictures of the whole step.
            wants_slope: Whether those who draw will follow it.
        """
        is_calmed = self.is_calmed(step)
        given = drawn_NCHW.detach().requires_grad_(wants_slope or is_calmed)
        real = self._changed(real_NCHW).detach().requires_grad_(is_calmed)
        drawn = self._changed(given)
        on_real, on_drawn = (self._network["critic"](pictures) for pictures in (real, drawn))
        self.augmentation.steer(on_real.detach(), on_drawn.detach(), step=step, step_size=step_size)
        slope = None
        if wants_slope:
            # Those who draw learn what a look of their own would teach: the critic is as it was.
            fooled = functional.softplus(on_real.detach() - on_drawn).sum()
            (slope,) = torch.autograd.grad(fooled, given, retain_graph=True)
            slope = slope / slope.norm().clamp(min=1e-12)
        cost = total = functional.softplus(on_drawn - on_real).mean()
        if is_calmed:
            calm = squared_slope(on_real, real) + squared_slope(on_drawn, drawn)
            total = total + calm * (_GAMMA / 2 * _CALMED_EVERY)
        return Judged(total, cost.detach(), slope)

    @property
    def augmentation(self) -> Augmentation:
        """How the critic's pictures are changed."""
        return cast("Augmentation", self._network["augmentation"])

    def _changed(self, images_NCHW: Tensor) -> Tensor:
        return self.augmentation(images_NCHW, "adaptive")
