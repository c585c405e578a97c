"""A critic that judges patches of pictures, and the game in which both sides learn from one look.

Sources: PatchGAN, Isola et al. 2017 (arXiv:1611.07004, section 3.2.2 and appendix 6.1.2);
non-saturating logistic losses, Goodfellow et al. 2014 (arXiv:1406.2661, section 3); least squares,
Mao et al. 2017 (arXiv:1611.04076, eq. 9); hinge, Lim & Ye 2017 (arXiv:1705.02894, eq. 15).
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.models.blocks.critics import leaky
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
        self.verdict = nn.Conv2d(2 * width, 1, 4, padding=1)

    def forward(self, images_NCHW: Tensor) -> Tensor:
        """Judge each patch."""
        h = leaky(self.pixels(images_NCHW))
        for conv, norm in zip(self.convs, self.norms, strict=True):
            h = leaky(norm(conv(h)))
        return self.verdict(h).float()


def critics_cost(on_real: Tensor, on_made: Tensor, loss: GameLoss) -> Tensor:
    """What the critic minimises: the mean of both halves, a scalar."""
    match loss:
        case "logistic":
            costs = functional.softplus(-on_real), functional.softplus(on_made)
        case "least squares":
            costs = (on_real - 1).square(), on_made.square()
        case "hinge":
            costs = functional.relu(1 - on_real), functional.relu(1 + on_made)
    return (costs[0].mean() + costs[1].mean()) / 2


def painters_cost(on_made: Tensor, loss: GameLoss) -> Tensor:
    """What the generator minimises, for each logit."""
    match loss:
        case "logistic":
            return functional.softplus(-on_made)
        case "least squares":
            return (on_made - 1).square()
        case "hinge":
            return -on_made


@dataclass(frozen=True, slots=True)
class Played:
    """One round of the game.

    Attributes:
        total: What both sides minimise together; each side's gradients are its own.
        critic: Cost of the discriminator, without a graph.
        painter: Cost of the generator, without a graph.
    """

    total: Tensor
    critic: Tensor
    painter: Tensor


def play(
    discriminator: nn.Module,
    real_NCHW: Tensor,
    made_NCHW: Tensor,
    loss: GameLoss,
    *,
    beside_NCHW: Tensor | None = None,
    weight: float = 1.0,
) -> Played:
    """Have the critic compare pictures; both sides learn from this one look.

    Generator and discriminator change at the same time, which saves a pass through each.

    Args:
        discriminator: Pictures => logits.
        real_NCHW: Real pictures.
        made_NCHW: Made ones, with the generator's graph behind them.
        loss: Which game.
        beside_NCHW: What the critic sees beside each of both, if anything.
        weight: By how much to weigh the generator's cost.
    """
    given = made_NCHW.detach().requires_grad_()
    on_real = discriminator(_beside(real_NCHW, beside_NCHW))
    on_made = discriminator(_beside(given, beside_NCHW))
    painter = painters_cost(on_made, loss)
    # A sum, whose gradient does not vanish in half precision as that of a mean does. The generator
    # learns what a look of its own would teach it: the critic is as it was.
    (slope,) = torch.autograd.grad(painter.sum(), given, retain_graph=True)
    followed = (made_NCHW * slope).sum() * (weight / painter.numel())
    critic = critics_cost(on_real, on_made, loss)
    return Played(
        total=critic + followed - followed.detach(),
        critic=critic.detach(),
        painter=painter.detach().mean(),
    )


def _beside(images_NCHW: Tensor, beside_NCHW: Tensor | None) -> Tensor:
    if beside_NCHW is None:
        return images_NCHW
    joined = torch.cat([beside_NCHW, images_NCHW], dim=1)
    return joined.contiguous(memory_format=torch.channels_last)
