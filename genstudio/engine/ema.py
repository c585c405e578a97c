"""A running average of the weights: what previews and galleries are made from."""

import torch
from torch import Tensor, nn

# The average forgets early versions quickly: its half-life is at most this
# share of what has been seen so far (Karras et al. 2020, StyleGAN2-ADA's ramp).
_RAMP = 0.05


class ExponentialMovingAverage:
    """Keeps ``average`` close behind ``source``.

    Args:
        source: The network in training.
        average: A network of the same architecture; overwritten.
        half_life_kimg: Thousands of pictures after which a version counts half.
    """

    def __init__(self, source: nn.Module, average: nn.Module, half_life_kimg: float) -> None:
        self._half_life = half_life_kimg * 1000
        self._source: list[Tensor] = list(source.parameters())
        self._average: list[Tensor] = list(average.parameters())
        self._source_buffers = list(source.buffers())
        self._average_buffers = list(average.buffers())
        average.requires_grad_(False)
        average.eval()

    @torch.no_grad()
    def update(self, *, images_seen: int, batch: int) -> None:
        """Follow the source by one step of ``batch`` pictures."""
        half_life = min(self._half_life, images_seen * _RAMP)
        weight = 1.0 if half_life <= 0 else 1 - 0.5 ** (batch / half_life)
        # No public form of it exists; a loop takes three times as long.
        torch._foreach_lerp_(  # pyright: ignore[reportPrivateUsage, reportPrivateImportUsage]
            self._average, self._source, weight
        )
        for average, source in zip(self._average_buffers, self._source_buffers, strict=True):
            average.copy_(source)

    @torch.no_grad()
    def give_back_buffers(self) -> None:
        """Copy the buffers of the average to the source, which they would be overwritten from."""
        for average, source in zip(self._average_buffers, self._source_buffers, strict=True):
            source.copy_(average)

    @torch.no_grad()
    def copy(self) -> None:
        """Make the average equal to the source."""
        for average, source in zip(self._average, self._source, strict=True):
            average.copy_(source)
        for average, source in zip(self._average_buffers, self._source_buffers, strict=True):
            average.copy_(source)
