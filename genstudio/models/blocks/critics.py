"""What critics have besides convolutions: a look at their neighbours, and a memory test."""

from torch import Tensor, nn

from genstudio.models.blocks.residual import group_norm


class Redrawer(nn.Module):
    """A small decoder: features of ``from_px`` => pictures of ``side`` in [-1, 1]."""

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
        """Draw what the features remember."""
        return self.layers(features)


def minibatch_deviation(features: Tensor, group: int = 4) -> Tensor:
    """Mean standard deviation within groups of the batch, as one more channel."""
    count, channels, height, width = features.shape
    group = group if count % group == 0 else count
    grouped = features.float().reshape(group, count // group, channels, height, width)
    deviation = (grouped.var(dim=0, unbiased=False) + 1e-8).sqrt().mean(dim=(1, 2, 3))
    return deviation.repeat(group)[:, None, None, None].expand(count, 1, height, width)
