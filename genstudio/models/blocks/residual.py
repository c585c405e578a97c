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


class UpBlock(nn.Module):
    """Doubles the side and joins what the way down knew there.

    Shapes: (N, in, H, W), (N, out, 2H, 2W) => (N, out, 2H, 2W).
    """

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        # Together they are a 1×1 convolution of both, joined.
        self.below = nn.Conv2d(channels_in, channels_out, 1)
        self.skip = nn.Conv2d(channels_out, channels_out, 1)
        self.block = ResidualBlock(channels_out, channels_out)

    def forward(self, h: Tensor, skip: Tensor) -> Tensor:
        """Features at one resolution => features at the next."""
        # Convolving before upsampling costs a quarter.
        above = functional.interpolate(self.below(h), scale_factor=2.0, mode="bilinear")
        return self.block(above + self.skip(skip))


class PixelsToFeatures(nn.Module):
    """Pictures (N, C, S, S) => features (N, width, S/2, S/2)."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4 * channels, width, 3, padding=1)

    def forward(self, images_NCHW: Tensor) -> Tensor:
        """Fold 2×2 pixels into channels and mix them."""
        return self.conv(self._folded(images_NCHW))

    def _folded(self, images_NCHW: Tensor) -> Tensor:
        if images_NCHW.device.type != "cpu":
            return functional.pixel_unshuffle(images_NCHW, 2)
        # To a processor, moving pixels is slower than a convolution that does the same.
        kernel = _subpixels(images_NCHW.shape[1], images_NCHW)
        if self.conv.weight.is_contiguous(memory_format=torch.channels_last):
            kernel = kernel.contiguous(memory_format=torch.channels_last)
        return functional.conv2d(images_NCHW, kernel, stride=2)


class FeaturesToPixels(nn.Module):
    """Features (N, width, S/2, S/2) => pictures (N, C, S, S), unbounded.

    Args:
        width: Channels of the features.
        channels: Of the pictures.
        smooth: Filter the pictures by (1, 2, 1) / 4 both ways, which is blind to patterns two
            pixels wide. Sub-pixel rearrangement paints such, and a game takes long to unlearn them;
            filtering what was upsampled is StyleGAN's remedy (arXiv:1812.04948, section 2).
    """

    def __init__(self, width: int, channels: int, *, smooth: bool = False) -> None:
        super().__init__()
        self.norm = group_norm(width)
        self.conv = nn.Conv2d(width, 4 * channels, 3, padding=1)
        self._unfolded = _unfolded_smoothly if smooth else _unfolded
        # The four sub-pixels start equal, so that no checkerboard has to be
        # unlearned (Aitken et al. 2017, arXiv:1707.02937).
        with torch.no_grad():
            self.conv.weight.copy_(self.conv.weight[::4].repeat_interleave(4, dim=0))
            nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]  # a bias was asked for

    def forward(self, features: Tensor) -> Tensor:
        """Mix features and unfold them into 2×2 pixels."""
        return self._unfolded(self.conv(functional.silu(self.norm(features))))


def _unfolded(folded: Tensor) -> Tensor:
    if folded.device.type != "cpu":
        return functional.pixel_shuffle(folded, 2)
    kernel = _subpixels(folded.shape[1] // 4, folded)
    return functional.conv_transpose2d(folded, kernel, stride=2)


def _unfolded_smoothly(folded: Tensor) -> Tensor:
    """Rearrangement and filter as one transposed convolution, which takes a third of the time."""
    channels = folded.shape[1] // 4
    # Made where it is needed: a graphics card would have to be waited for.
    line = folded.new_ones(3)
    line.narrow(0, 1, 1).fill_(2)
    spread = (torch.outer(line, line) / 16).expand(channels, 1, 3, 3)
    kernel = functional.conv_transpose2d(_subpixels(channels, folded), spread, groups=channels)
    images_NCHW = functional.conv_transpose2d(folded, kernel, stride=2, padding=1)
    return images_NCHW * _missing_at_edges(images_NCHW)


def _subpixels(channels: int, beside: Tensor) -> Tensor:
    """Kernel of the convolution that is sub-pixel rearrangement: (4C, C, 2, 2)."""
    places = torch.eye(4 * channels, device=beside.device, dtype=beside.dtype)
    return places.reshape(4 * channels, channels, 2, 2)


def _missing_at_edges(images_NCHW: Tensor) -> Tensor:
    """By how much to weigh pixels: at edges, a quarter of the filter lies outside."""
    rows, columns = (
        functional.pad(images_NCHW.new_ones(side - 2), (1, 1), value=4 / 3)
        for side in images_NCHW.shape[2:]
    )
    # Laid out as pictures are: otherwise three channels would be gone through one by one.
    return torch.empty_like(images_NCHW[:1]).copy_(torch.outer(rows, columns))
