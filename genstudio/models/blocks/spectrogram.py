"""Sounds as spectrograms on the mel scale, and back.

The mel scale: O'Shaughnessy 1987, eq. 4.2. Phases: Griffin & Lim 1984
(doi:10.1109/TASSP.1984.1164317, eq. 6), accelerated as in Perraudin et al. 2013
(doi:10.1109/WASPAA.2013.6701851, algorithm 2).
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

# What is quieter than this below full scale is silence.
_FLOOR_DB = 80.0
_LOWEST_HZ = 20.0
# Fitting of the linear spectrum to its bands.
_NUM_SPECTRUM_STEPS = 40
_NUM_PHASE_STEPS = 64
_MOMENTUM = 0.99
_TINY = 1e-8


class MelSpectrogram:
    """Translates between samples and levels of bands.

    Args:
        rate_hz: Of the sounds.
        samples: Of each.
        hop: Samples between two frames; the window is four times as long.
        bands: Frequency bands, evenly spaced on the mel scale.
    """

    def __init__(self, *, rate_hz: int, samples: int, hop: int, bands: int) -> None:
        self._samples, self._hop = samples, hop
        self._window = 4 * hop
        self._filters = _mel_filters(rate_hz, self._window, bands)
        self.frames = samples // hop
        self.bands = bands

    def levels(self, samples_NL: Tensor) -> Tensor:
        """Samples (N, L) in [-1, 1] => levels (N, bands, frames), -1 for silence and 1 for full."""
        magnitudes = self._stft(samples_NL.float()).abs()[..., : self.frames]
        banded = self._filters.to(magnitudes.device) @ magnitudes
        decibels = 20 * torch.log10(banded.clamp_min(_TINY))
        return (decibels / (_FLOOR_DB / 2) + 1).clamp(-1, 1)

    def samples(self, levels_NBT: Tensor) -> Tensor:
        """Levels (N, bands, frames) => samples (N, L) that have about these levels, on the CPU."""
        decibels = (levels_NBT.float().cpu().clamp(-1, 1) - 1) * (_FLOOR_DB / 2)
        banded = torch.pow(10.0, decibels / 20) * (decibels > -_FLOOR_DB + 1)
        return torch.stack([self._phased(self._spectrum(it)) for it in banded])

    def _stft(self, samples_NL: Tensor) -> Tensor:
        window = _hann(self._window).to(samples_NL.device)
        # Divided by half the window's sum, a sine at full scale has magnitude 1.
        return torch.stft(
            samples_NL,
            self._window,
            self._hop,
            window=window,
            center=True,
            pad_mode="constant",
            return_complex=True,
        ) / (window.sum() / 2)

    def _istft(self, spectrum_FT: Tensor) -> Tensor:
        window = _hann(self._window)
        return torch.istft(
            spectrum_FT * (window.sum() / 2),
            self._window,
            self._hop,
            window=window,
            center=True,
            length=self._samples,
        )

    def _spectrum(self, banded_BT: Tensor) -> Tensor:
        """Magnitudes (frequencies, frames) whose bands these are: multiplicative updates."""
        filters = self._filters
        found = filters.T @ banded_BT + _TINY
        for _ in range(_NUM_SPECTRUM_STEPS):
            found = found * (filters.T @ banded_BT) / (filters.T @ (filters @ found) + _TINY)
        # The last frame lies half behind the end.
        return functional.pad(found, (0, 1))

    def _phased(self, magnitudes_FT: Tensor) -> Tensor:
        """Samples whose spectrogram has these magnitudes as nearly as can be."""
        generator = torch.Generator().manual_seed(0)
        angles = torch.rand(magnitudes_FT.shape, generator=generator) * (2 * math.pi)
        phases = torch.polar(torch.ones_like(angles), angles)
        before = torch.zeros_like(phases)
        for _ in range(_NUM_PHASE_STEPS):
            rebuilt = self._stft(self._istft(magnitudes_FT * phases)[None])[0]
            ahead = rebuilt + _MOMENTUM * (rebuilt - before)
            phases, before = ahead / ahead.abs().clamp_min(_TINY), rebuilt
        return self._istft(magnitudes_FT * phases)


def _hann(length: int) -> Tensor:
    return torch.hann_window(length, device="cpu")


def _mel_filters(rate_hz: int, window: int, bands: int) -> Tensor:
    """Triangles (bands, frequencies) that overlap by half, each with weights that sum to one."""
    lowest, highest = _to_mel(_LOWEST_HZ), _to_mel(rate_hz / 2)
    steps = torch.arange(bands + 2, device="cpu", dtype=torch.float64)
    corners_hz = _to_hz(lowest + (highest - lowest) * steps / (bands + 1))
    count = window // 2 + 1
    bins_hz = torch.arange(count, device="cpu", dtype=torch.float64) * (rate_hz / window)
    rise = (bins_hz - corners_hz[:-2, None]) / (corners_hz[1:-1] - corners_hz[:-2])[:, None]
    fall = (corners_hz[2:, None] - bins_hz) / (corners_hz[2:] - corners_hz[1:-1])[:, None]
    triangles = torch.minimum(rise, fall).clamp_min(0)
    # Narrow bands between two bins take the nearest one.
    nearest = (bins_hz - corners_hz[1:-1, None]).abs().argmin(1)
    empty = triangles.sum(1) < 1e-3
    triangles[empty, nearest[empty]] = 1.0
    return (triangles / triangles.sum(1, keepdim=True)).float()


def _to_mel(hz: float) -> float:
    return 2595 * math.log10(1 + hz / 700)


def _to_hz(mel: Tensor) -> Tensor:
    return 700 * (torch.pow(10.0, mel / 2595) - 1)
