"""A PatchGAN discriminator, and the losses of both players from one forward pass.

Sources: PatchGAN, Isola et al. 2017 (arXiv:1611.07004, section 3.2.2 and appendix 6.1.2);
non-saturating logistic losses, Goodfellow et al. 2014 (arXiv:1406.2661, section 3); least squares,
Mao et al. 2017 (arXiv:1611.04076, eq. 9); hinge, Lim & Ye 2017 (arXiv:1705.02894, eq. 15).
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.models.blocks.discriminators import leaky_relu
from genstudio.models.blocks.residual import PixelsToFeatures, group_norm

GameLoss = Literal["logistic", "least squares", "hinge"]


class PatchDiscriminator(nn.Module):
    """Pictures (N, C, H, W) => realness logits of overlapping patches (N, 1, H/8 - 2, W/8 - 2).

    Each logit sees 72 × 72 pixels, two more than the paper's: its first convolution is over folded
    pixels, which a processor computes several times as fast.

    Args:
        channels: Of the pictures.
        width: Channels at a quarter of the side.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.pixels = PixelsToFeatures(channels, width // 2)
        self.convs = nn.ModuleList(
            nn.Conv2d(before, after, 4, stride=stride, padding=1)
            for before, after, stride in (
                (width // 2, width, 2), (width, 2 * width, 2), (2 * width, 2 * width, 1),
            )
        )  # fmt: skip
        self.norms = nn.ModuleList(group_norm(c) for c in (width, 2 * width, 2 * width))
        self.logits = nn.Conv2d(2 * width, 1, 4, padding=1)

    def forward(self, images_NCHW: Tensor) -> Tensor:
        """One logit for each patch."""
        h = leaky_relu(self.pixels(images_NCHW))
        for conv, norm in zip(self.convs, self.norms, strict=True):
            h = leaky_relu(norm(conv(h)))
        return self.logits(h).float()


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor, loss: GameLoss) -> Tensor:
    """The discriminator's loss: mean of its real and its fake half, a scalar."""
    match loss:
        case "logistic":
            costs = functional.softplus(-real_logits), functional.softplus(fake_logits)
        case "least squares":
            costs = (real_logits - 1).square(), fake_logits.square()
        case "hinge":
            costs = functional.relu(1 - real_logits), functional.relu(1 + fake_logits)
    return (costs[0].mean() + costs[1].mean()) / 2


def generator_loss(fake_logits: Tensor, loss: GameLoss) -> Tensor:
    """The generator's loss, for each logit."""
    match loss:
        case "logistic":
            return functional.softplus(-fake_logits)
        case "least squares":
            return (fake_logits - 1).square()
        case "hinge":
            return -fake_logits


@dataclass(frozen=True, slots=True)
class GameLosses:
    """Losses of one step of the game.

    Attributes:
        total: Sum of both players' losses; the gradients of each reach its own parameters only.
        discriminator: The discriminator's, without a graph.
        generator: The generator's, without a graph.
    """

    total: Tensor
    discriminator: Tensor
    generator: Tensor


def adversarial_losses(
    discriminator: nn.Module,
    real_NCHW: Tensor,
    fake_NCHW: Tensor,
    loss: GameLoss,
    *,
    condition_NCHW: Tensor | None = None,
    weight: float = 1.0,
) -> GameLosses:
    """Losses of both players from one pass through the discriminator.

    Generator and discriminator change at the same time, which saves a pass through each.

    Args:
        discriminator: Images => logits.
        real_NCHW: Real pictures.
        fake_NCHW: Generated ones, with the generator's graph behind them.
        loss: Kind of adversarial loss.
        condition_NCHW: What both are conditioned on, if anything: concatenated as channels.
        weight: Of the generator's loss.
    """
    detached = fake_NCHW.detach().requires_grad_()
    real_logits = discriminator(_conditioned(real_NCHW, condition_NCHW))
    fake_logits = discriminator(_conditioned(detached, condition_NCHW))
    of_generator = generator_loss(fake_logits, loss)
    # Of a sum: the gradient of a mean may vanish in half precision. It is what a second pass would
    # give, since the discriminator has not changed.
    (gradient,) = torch.autograd.grad(of_generator.sum(), detached, retain_graph=True)
    surrogate = (fake_NCHW * gradient).sum() * (weight / of_generator.numel())
    of_discriminator = discriminator_loss(real_logits, fake_logits, loss)
    return GameLosses(
        total=of_discriminator + surrogate - surrogate.detach(),
        discriminator=of_discriminator.detach(),
        generator=of_generator.detach().mean(),
    )


def _conditioned(images_NCHW: Tensor, condition_NCHW: Tensor | None) -> Tensor:
    if condition_NCHW is None:
        return images_NCHW
    joined = torch.cat([condition_NCHW, images_NCHW], dim=1)
    return joined.contiguous(memory_format=torch.channels_last)
