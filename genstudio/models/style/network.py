"""A small network that repaints pictures of any size; nothing in it looks at the whole picture.

Source: the feed-forward network of Johnson et al. 2016 (arXiv:1603.08155), in the small form that
Texler et al. 2020 (arXiv:2004.14489, section 4) train on patches of key frames.

Apart from the papers: no normalisation. Its statistics would be those of the patches while it
learns and those of whole frames later, and would change from frame to frame, which flickers.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

STRIDE = 4
_FOLDED = 4


class RepaintingNetwork(nn.Module):
    """Pictures (N, channels, H, W) in [-1, 1] => pictures of the same shape, about in [-1, 1].

    Sides must be multiples of 4.

    Args:
        channels: Of the pictures.
        width: Channels at a quarter of the side; half of that at half the side.
        blocks: Residual blocks at a quarter of the side.
        generator: Draws the first weights; torch's global one by default.
    """

    def __init__(
        self, channels: int, width: int, blocks: int, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        narrow = max(16, width // 2)
        self.first = _convolution(_FOLDED * channels, narrow)
        self.down = _convolution(narrow, width, stride=2)
        self.blocks = nn.ModuleList(_Block(width) for _ in range(blocks))
        self.up = _convolution(width, narrow)
        self.last = _convolution(narrow, _FOLDED * channels)
        self.direct = nn.Conv2d(channels, channels, 1)
        self._draw(generator)

    def forward(self, images_NCHW: Tensor) -> Tensor:
        """Repaint."""
        fine = functional.silu(self.first(functional.pixel_unshuffle(images_NCHW, 2)))
        coarse = functional.silu(self.down(fine))
        for block in self.blocks:
            coarse = block(coarse)
        risen = functional.interpolate(coarse, scale_factor=2.0, mode="bilinear")
        mixed = functional.silu(self.up(risen) + fine)
        painted = functional.pixel_shuffle(self.last(mixed), 2)
        return (painted + self.direct(images_NCHW)).float()

    @torch.no_grad()
    def _draw(self, generator: torch.Generator | None) -> None:
        """He's initialisation (arXiv:1502.01852), with blocks and last layer next to silent."""
        for name, module in self.named_modules():
            if isinstance(module, nn.Conv2d):
                fan_in = module.weight[0].numel()
                gain = 0.1 if name == "last" or name.endswith("second") else 1.0
                if not module.weight.is_meta:
                    drawn = torch.randn(module.weight.shape, generator=generator)
                    module.weight.copy_(drawn * gain * (2 / fan_in) ** 0.5)
                if module.bias is not None:
                    module.bias.zero_()
        if not self.last.weight.is_meta:
            # The four sub-pixels start equal, so that no checkerboard has to be unlearned
            # (Aitken et al. 2017, arXiv:1707.02937).
            self.last.weight.copy_(self.last.weight[::_FOLDED].repeat_interleave(_FOLDED, dim=0))
            self.direct.weight.copy_(torch.eye(self.direct.in_channels)[:, :, None, None])


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _convolution(width, width)
        self.second = _convolution(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(functional.silu(self.first(functional.silu(x))))


def _convolution(channels_in: int, channels_out: int, stride: int = 1) -> nn.Conv2d:
    """Goes on beyond the edge as the edge is: black around a picture would show as a frame."""
    return nn.Conv2d(
        channels_in, channels_out, 3, stride=stride, padding=1, padding_mode="replicate"
    )
