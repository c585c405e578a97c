"""Parts of discriminators: blocks, minibatch standard deviation, reconstruction decoders, R1."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.models.blocks.residual import group_norm


class DiscriminatorBlock(nn.Module):
    """Two convolutions around a skip; halves the side. (N, in, H, W) => (N, out, H/2, W/2)."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_in, 3, padding=1)
        self.conv2 = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.skip = nn.Conv2d(channels_in, channels_out, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Features at one resolution => features at the one below."""
        h = functional.avg_pool2d(leaky_relu(self.conv1(x)), 2)
        h = leaky_relu(self.conv2(h))
        return self.skip(functional.avg_pool2d(x, 2)).add_(h).mul_(0.5**0.5)


def leaky_relu(features: Tensor) -> Tensor:
    """Leaky ReLU with slope 0.2, in place."""
    return functional.leaky_relu(features, 0.2, inplace=True)


class ReconstructionDecoder(nn.Module):
    """A small decoder: features of side ``from_px`` => images of side ``side`` in [-1, 1]."""

    def __init__(self, channels: int, from_px: int, side: int, out: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        while from_px < side // 2:
            narrower = max(16, channels // 2)
            layers += [
                nn.Conv2d(channels, narrower, 3, padding=1),
                group_norm(narrower),
                nn.SiLU(),
                nn.Upsample(scale_factor=2),
            ]
            channels, from_px = narrower, 2 * from_px
        last = nn.Conv2d(channels, 4 * out, 3, padding=1)
        self.layers = nn.Sequential(*layers, last, nn.PixelShuffle(2), nn.Tanh())

    def forward(self, features: Tensor) -> Tensor:
        """Reconstruct images from features."""
        return self.layers(features)


def minibatch_stddev(features: Tensor, *, batches: int = 1, group: int = 4) -> Tensor:
    """Mean standard deviation within groups of each batch, as one more channel.

    Args:
        features: Of so many batches behind each other; (N, C, H, W) => (N, 1, H, W).
        batches: How many.
        group: Images of a group; in a batch that it does not divide, all are one.
    """
    count, channels, height, width = features.shape
    size = count // batches
    group = group if size % group == 0 else size
    grouped = features.float().reshape(batches, group, size // group, channels, height, width)
    # Step by step: a variance over the first dimensions takes four times as long.
    centred = grouped - grouped.mean(dim=1, keepdim=True)
    deviation = (centred.square().mean(dim=1) + 1e-8).sqrt().mean(dim=(2, 3, 4))
    return deviation.repeat(1, group).reshape(-1, 1, 1, 1).expand(count, 1, height, width)


def gradient_penalty(logits: Tensor, images_NCHW: Tensor) -> Tensor:
    """Mean of ‖∇ₓD(x)‖² over images: R1 on real ones, R2 on generated ones; a scalar."""
    (gradient,) = torch.autograd.grad(logits.sum(), images_NCHW, create_graph=True)
    return gradient.float().square().sum(dim=(1, 2, 3)).mean()


def crop_quarter(pixels_NCHW: Tensor, which: Tensor) -> Tensor:
    """One of the four quarters of pictures or features; which is in [0, 4), of shape (1,).

    Looked up by the device itself, which the processor would have to wait for.
    """
    height, width = pixels_NCHW.shape[2] // 2, pixels_NCHW.shape[3] // 2
    quarters = pixels_NCHW.unflatten(3, (2, width)).unflatten(2, (2, height))
    row = quarters.index_select(2, which // 2).squeeze(2)
    return row.index_select(3, which % 2).squeeze(3)
