"""A critic that makes an autoencoder draw detail where it would draw the mean of all detail.

Sources: an autoencoder judged by the critic of a GAN, Larsen et al. 2016 (arXiv:1512.09300,
section 2.3); its pull balanced against that of the error, Esser et al. 2021 (arXiv:2012.09841,
eq. 7); relativistic pairing, each redrawn picture with its original, and R1 + R2, Huang et al. 2024
(arXiv:2501.05441, eq. 4), applied lazily.
"""

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
from genstudio.models.protocol import Losses, OptimizerSpec

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

    def forward(self, images_NCHW: Tensor, *, batches: int = 1) -> Tensor:
        """Judge each picture, in view of the variety of its neighbours in its batch."""
        h = leaky(self.pixels(images_NCHW))
        for block in self.blocks:
            h = block(h)
        h = torch.cat([h, minibatch_deviation(h, batches=batches)], dim=1)
        h = leaky(self.last(h)).flatten(1)
        return self.verdict(leaky(self.hidden(h))).squeeze(1).float()


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

    def losses(self, real_NCHW: Tensor, drawn_NCHW: Tensor, *, step: int) -> Losses:
        """What the critic minimises.

        Args:
            real_NCHW: Pictures.
            drawn_NCHW: As many, each the counterpart of one of them, without a graph.
            step: Number of the step.
        """
        is_calmed = self.is_calmed(step)
        # Both in one pass, which is faster: the weights are got ready once.
        both = self._changed(torch.cat([real_NCHW, drawn_NCHW])).requires_grad_(is_calmed)
        verdicts = self._network["critic"](both, batches=2)
        on_real, on_drawn = verdicts.chunk(2)
        self.augmentation.count(on_real.detach(), on_drawn.detach())
        total = functional.softplus(on_drawn - on_real).mean()
        values = {"critic": total.detach()}
        if is_calmed:
            # A mean for each of the two.
            calm = 2 * squared_slope(verdicts, both)
            total = total + calm * (_GAMMA / 2 * _CALMED_EVERY)
        return Losses(total, values)

    def slope(self, real_NCHW: Tensor, drawn_NCHW: Tensor) -> Tensor:
        """Gradient of the drawn pictures' loss by their pixels; its norm is 1."""
        given = drawn_NCHW.detach().requires_grad_()
        with torch.no_grad():
            on_real = self._network["critic"](self._changed(real_NCHW))
        on_drawn = self._network["critic"](self._changed(given))
        fooled = functional.softplus(on_real - on_drawn).mean()
        (slope,) = torch.autograd.grad(fooled, given)
        return slope / slope.norm().clamp(min=1e-12)

    @property
    def augmentation(self) -> Augmentation:
        """How the critic's pictures are changed; to be adjusted after all parts of its phase."""
        return cast("Augmentation", self._network["augmentation"])

    def _changed(self, images_NCHW: Tensor) -> Tensor:
        return self.augmentation(images_NCHW, "adaptive")
