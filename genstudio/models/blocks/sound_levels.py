"""Sounds of a layout as the networks of models see them, and back."""

import torch
from torch import Tensor

from genstudio.data.modalities.sound import SoundLayout
from genstudio.data.sounds import Sound, from_int16, normalised, to_int16
from genstudio.models.blocks.spectrogram import MelSpectrogram

_BANDS = {8000: 64, 11025: 64, 16000: 80, 22050: 96, 32000: 112, 44100: 128}


class SoundLevels:
    """Translates between samples and levels of bands.

    Attributes:
        shape: Bands and frames of a sound; both are multiples of 16.
    """

    def __init__(self, layout: SoundLayout) -> None:
        self._rate_hz = layout.rate_hz
        self._mel = MelSpectrogram(
            rate_hz=layout.rate_hz,
            samples=layout.samples,
            hop=layout.hop,
            bands=_BANDS[layout.rate_hz],
        )
        self.shape = self._mel.bands, self._mel.frames

    def levels(self, samples_NL: Tensor) -> Tensor:
        """Samples (N, L) in [-1, 1] => levels (N, 1, bands, frames), -1 for silence, 1 for full."""
        with torch.no_grad(), torch.autocast(samples_NL.device.type, enabled=False):
            return self._mel.levels(samples_NL)[:, None]

    def sounds(self, levels_NCHW: Tensor) -> list[Sound]:
        """Levels (N, 1, bands, frames) => sounds that have about these, all equally loud."""
        samples_NL = self._mel.samples(levels_NCHW[:, 0]).numpy()
        made = (normalised(Sound(samples, self._rate_hz)) for samples in samples_NL)
        # As a file holds them, so that what is made again is the same.
        return [Sound(from_int16(to_int16(it.samples)), it.rate_hz) for it in made]
