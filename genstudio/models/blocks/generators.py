"""Parts of generators: upsampling residual blocks and skip-layer excitation."""

from torch import Tensor, nn
from torch.nn import functional

from genstudio.models.blocks.residual import group_norm


class GeneratorBlock(nn.Module):
    """Residual block with normalisations modulated by the latent; doubles the side.

    Shapes: (N, in, H, W), (N, Z) => (N, out, 2H, 2W).
    """

    def __init__(self, channels_in: int, channels_out: int, latent_size: int) -> None:
        super().__init__()
        self.norm1 = group_norm(channels_in)
        self.norm2 = group_norm(channels_out)
        self.modulation = nn.Linear(latent_size, 2 * (channels_in + channels_out))
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1)
        self.skip = nn.Conv2d(channels_in, channels_out, 1)
        self.split = (channels_in, channels_in, channels_out, channels_out)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """Features at one resolution => features at the next."""
        scale1, shift1, scale2, shift2 = self.modulation(z)[:, :, None, None].split(
            self.split, dim=1
        )
        h = functional.silu(self.norm1(x) * (1 + scale1) + shift1)
        # Convolving before upsampling, here and on the skip, costs a quarter.
        h = _upsample(self.conv1(h))
        h = self.conv2(functional.silu(self.norm2(h) * (1 + scale2) + shift2))
        return _upsample(self.skip(x)) + h


def _upsample(features_NCHW: Tensor) -> Tensor:
    """Bilinear upsampling by 2: repeated pixels would show as a grid until they are unlearned."""
    return functional.interpolate(features_NCHW, scale_factor=2.0, mode="bilinear")


class SkipLayerExcitation(nn.Module):
    """Early, small features decide which channels of late, large ones count.

    Liu et al. 2021 (arXiv:2101.04775, eq. 3). Shapes: (N, early, h, w), (N, late, H, W) =>
    (N, late, H, W).
    """

    def __init__(self, channels_early: int, channels_late: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(4),
            nn.Conv2d(channels_early, channels_late, 4),
            nn.SiLU(),
            nn.Conv2d(channels_late, channels_late, 1),
            nn.Sigmoid(),
        )

    def forward(self, early: Tensor, late: Tensor) -> Tensor:
        """Scale each channel of the late features by between 0 and 1."""
        return late * self.gate(early)
