"""Augmentation of what a discriminator sees, with an adaptive probability.

DiffAugment (Zhao et al. 2020, arXiv:2006.10738) steered by the controller of Karras et al. 2020
(arXiv:2006.06676, section 3.1): the more surely the discriminator
tells real images from generated ones, the more often its images are changed.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from genstudio.data.augment import diff_augment

Strength = Literal["adaptive", "full", "shift only", "off"]

# Share of surplus right logits on real pictures that is wanted (r_t of the paper).
_TARGET = 0.6
# Pictures until the probability could go from 0 to 1.
_ADJUSTED_OVER_IMAGES = 500_000
_LARGEST_PROBABILITY = 0.8
_EVERY_BATCHES = 4


class Augmentation(nn.Module):
    """Changes pictures at random, real and generated ones alike; its state is in buffers."""

    def __init__(self) -> None:
        super().__init__()
        self.probability: Tensor
        self.surplus: Tensor
        self.counted: Tensor
        self.register_buffer("probability", torch.zeros(()))
        # Sum of the mean signs of logits since the last adjustment, and of how many parts of
        # steps: means, so that processes that train together can average them.
        self.register_buffer("surplus", torch.zeros(()))
        self.register_buffer("counted", torch.zeros(()))

    def forward(self, images_NCHW: Tensor, strength: Strength) -> Tensor:
        """Pictures in [-1, 1] => changed ones, which may leave that range."""
        if strength == "off":
            return images_NCHW
        if strength == "shift only":
            return diff_augment(images_NCHW, translation=1)
        often = 1.0 if strength == "full" else self.probability
        # A little shifting costs nothing and is hardly ever painted.
        return diff_augment(images_NCHW, translation=1, colour=often, cutout=often)

    @staticmethod
    def is_due(step: int) -> bool:
        """Whether logits are followed at this step."""
        return step % _EVERY_BATCHES == _EVERY_BATCHES - 1

    @torch.no_grad()
    def steer(
        self, real_logits_N: Tensor, fake_logits_N: Tensor, *, step: int, step_size: int
    ) -> None:
        """Take in the discriminator's logits of some steps; in the next one, follow them.

        They are taken relative to the middle between both, since of a relativistic discriminator
        only differences count.

        Args:
            real_logits_N: Logits of real images.
            fake_logits_N: Logits of generated ones.
            step: Number of the step, of whose parts each asks.
            step_size: Pictures of a step.
        """
        if not self.is_due(step):
            middle = (real_logits_N.mean() + fake_logits_N.mean()) / 2
            self.surplus += (real_logits_N - middle).sign().mean()
            self.counted += 1
            return
        # The same everywhere without asking the device: 0 in the parts after the first.
        direction = (self.surplus - _TARGET * self.counted).sign()
        change = direction * (step_size * _EVERY_BATCHES / _ADJUSTED_OVER_IMAGES)
        self.probability.add_(change).clamp_(0, _LARGEST_PROBABILITY)
        self.surplus.zero_()
        self.counted.zero_()
