"""Residual convolution blocks that resample by rearranging pixels.

Sub-pixel rearrangement (Shi et al. 2016, arXiv:1609.05158) keeps the widest
convolutions at half resolution, where CPUs and GPUs reach several times the
arithmetic rate of a three-channel convolution at full resolution.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


def group_norm(channels: int) -> nn.GroupNorm:
    """Group normalisation (Wu & He 2018, arXiv:1803.08494) in groups of at least 16 channels.

    On processors smaller groups are not vectorised: in bf16, eight groups of 4 take six times as
    long as two of 16.
    """
    return nn.GroupNorm(max(1, channels // 16), channels)


def stage_channels(size: int, width: int) -> list[int]:
    """Channels at resolutions 4, 8, 16, … up to half of ``size``; ``width`` of them at 32.

    The arithmetic per stage falls by half as the side doubles from there: channels halve,
    between ``4 * width`` and a quarter of it.
    """
    resolutions = [4 * 2**i for i in range((size // 8).bit_length())]
    return [min(4 * width, max(width // 4, width * 32 // r)) for r in resolutions]


class ResidualBlock(nn.Module):
    """Normalise, activate, convolve, twice, around a skip (He et al. 2016, arXiv:1603.05027).

    Resampling happens between the convolutions, and the narrower side's channels are used
    at the larger resolution: a third to half of the arithmetic of resampling outside.

    Shapes: (N, in, H, W) => (N, out, H', W'), where H', W' are what ``resample`` makes.

    Args:
        channels_in: Channels of the input.
        channels_out: Channels of the output.
        resample: Changes the resolution, or not.
    """

    def __init__(
        self, channels_in: int, channels_out: int, resample: nn.Module | None = None
    ) -> None:
        super().__init__()
        narrow = min(channels_in, channels_out)
        self.resample = resample or nn.Identity()
        self.norm1 = group_norm(channels_in)
        self.conv1 = nn.Conv2d(channels_in, narrow, 3, padding=1)
        self.norm2 = group_norm(narrow)
        self.conv2 = nn.Conv2d(narrow, channels_out, 3, padding=1)
        same = channels_in == channels_out
        self.skip = nn.Identity() if same else nn.Conv2d(channels_in, channels_out, 1)
        # Starting as the identity keeps deep stacks stable (Zhang et al. 2019, arXiv:1901.09321).
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Transform features."""
        h = self.resample(self.conv1(functional.silu(self.norm1(x))))
        h = self.conv2(functional.silu(self.norm2(h)))
        return self._skipped(x) + h

    def _skipped(self, x: Tensor) -> Tensor:
        # A 1×1 convolution commutes with both ways of resampling; the small side is cheaper.
        if isinstance(self.resample, nn.AvgPool2d):
            return self.skip(self.resample(x))
        return self.resample(self.skip(x))


class PixelsToFeatures(nn.Module):
    """Pictures (N, C, S, S) => features (N, width, S/2, S/2)."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4 * channels, width, 3, padding=1)

    def forward(self, images_NCHW: Tensor) -> Tensor:
        """Fold 2×2 pixels into channels and mix them."""
        return self.conv(functional.pixel_unshuffle(images_NCHW, 2))


class FeaturesToPixels(nn.Module):
    """Features (N, width, S/2, S/2) => pictures (N, C, S, S), unbounded."""

    def __init__(self, width: int, channels: int) -> None:
        super().__init__()
        self.norm = group_norm(width)
        self.conv = nn.Conv2d(width, 4 * channels, 3, padding=1)
        # The four sub-pixels start equal, so that no checkerboard has to be
        # unlearned (Aitken et al. 2017, arXiv:1707.02937).
        with torch.no_grad():
            self.conv.weight.copy_(self.conv.weight[::4].repeat_interleave(4, dim=0))
            nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]  # a bias was asked for

    def forward(self, features: Tensor) -> Tensor:
        """Mix features and unfold them into 2×2 pixels."""
        return functional.pixel_shuffle(self.conv(functional.silu(self.norm(features))), 2)
