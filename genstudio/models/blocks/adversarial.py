"""An adversarial loss that makes an autoencoder draw detail instead of the mean of all detail.

Sources: an autoencoder trained against a discriminator, Larsen et al. 2016 (arXiv:1512.09300,
section 2.3); its gradient balanced against that of the reconstruction error, Esser et al. 2021
(arXiv:2012.09841, eq. 7); relativistic pairing, each reconstruction with its original, and R1 + R2,
Huang et al. 2024 (arXiv:2501.05441, eq. 4), applied lazily.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.models.blocks.augmentation import Augmentation
from genstudio.models.blocks.discriminators import (
    DiscriminatorBlock,
    gradient_penalty,
    leaky_relu,
    minibatch_stddev,
)
from genstudio.models.blocks.residual import PixelsToFeatures, stage_channels
from genstudio.models.protocol import OptimizerSpec

ADAM = OptimizerSpec(learning_rate=4e-4, betas=(0.5, 0.99))
_GAMMA = 0.5
_R1_INTERVAL = 16


class ImageDiscriminator(nn.Module):
    """Images (N, C, S, S) => realness logits (N,).

    Args:
        size: Side of the images in pixels.
        channels: Of the images.
        width: Channels at the resolution of 32 pixels.
    """

    def __init__(self, size: int, channels: int, width: int) -> None:
        super().__init__()
        stages = stage_channels(size, width)[::-1]
        self.pixels = PixelsToFeatures(channels, stages[0])
        self.blocks = nn.ModuleList(DiscriminatorBlock(*pair) for pair in pairwise(stages))
        self.last = nn.Conv2d(stages[-1] + 1, stages[-1], 3, padding=1)
        self.hidden = nn.Linear(stages[-1] * 16, stages[-1])
        # Without a bias: of relativistic logits, only differences count.
        self.logits = nn.Linear(stages[-1], 1, bias=False)

    def forward(self, images_NCHW: Tensor) -> Tensor:
        """One logit for each image, in view of the variety of its batch."""
        h = leaky_relu(self.pixels(images_NCHW))
        for block in self.blocks:
            h = block(h)
        h = torch.cat([h, minibatch_stddev(h)], dim=1)
        h = leaky_relu(self.last(h)).flatten(1)
        return self.logits(leaky_relu(self.hidden(h))).squeeze(1).float()


@dataclass(frozen=True, slots=True)
class AdversarialTerms:
    """What one pass through the discriminator gives to both players.

    Attributes:
        total: The discriminator's loss with its gradient penalty; its graph does not reach the
            generated images.
        loss: The discriminator's loss without the penalty and without a graph.
        image_gradient: Gradient of the generator's loss by the generated images, of norm 1. None
            where it was not asked for.
    """

    total: Tensor
    loss: Tensor
    image_gradient: Tensor | None


class AdversarialLoss:
    """A discriminator with adaptive augmentation, for an autoencoder.

    Args:
        network: Holds them as "discriminator" and "augmentation", which the engine wraps before
            it trains.
    """

    def __init__(self, network: nn.ModuleDict) -> None:
        self._network = network

    @staticmethod
    def applies_r1(step: int) -> bool:
        """Whether the gradient penalty is part of this step."""
        return step % _R1_INTERVAL == 0

    def terms(
        self,
        real_NCHW: Tensor,
        fake_NCHW: Tensor,
        *,
        step: int,
        step_size: int,
        wants_image_gradient: bool = True,
    ) -> AdversarialTerms:
        """Compare images; both players learn from this one pass.

        Args:
            real_NCHW: Real images.
            fake_NCHW: As many generated ones, each paired with one of them.
            step: Number of the step.
            step_size: Images of the whole step.
            wants_image_gradient: Whether the generator will follow it.
        """
        applies_r1 = self.applies_r1(step)
        detached = fake_NCHW.detach().requires_grad_(wants_image_gradient or applies_r1)
        real = self._augmented(real_NCHW).detach().requires_grad_(applies_r1)
        fake = self._augmented(detached)
        real_logits, fake_logits = (
            self._network["discriminator"](images) for images in (real, fake)
        )
        self.augmentation.steer(
            real_logits.detach(), fake_logits.detach(), step=step, step_size=step_size
        )
        image_gradient = None
        if wants_image_gradient:
            # What a second pass would give: the discriminator has not changed.
            generator_loss = functional.softplus(real_logits.detach() - fake_logits).sum()
            (image_gradient,) = torch.autograd.grad(generator_loss, detached, retain_graph=True)
            image_gradient = image_gradient / image_gradient.norm().clamp(min=1e-12)
        loss = total = functional.softplus(fake_logits - real_logits).mean()
        if applies_r1:
            penalty = gradient_penalty(real_logits, real) + gradient_penalty(fake_logits, fake)
            total = total + penalty * (_GAMMA / 2 * _R1_INTERVAL)
        return AdversarialTerms(total, loss.detach(), image_gradient)

    @property
    def augmentation(self) -> Augmentation:
        """How the discriminator's images are changed."""
        return cast("Augmentation", self._network["augmentation"])

    def _augmented(self, images_NCHW: Tensor) -> Tensor:
        return self.augmentation(images_NCHW, "adaptive")
