"""Pictures of sounds: the wave, and below it the spectrogram."""

import numpy as np

from genstudio.data.sounds import Sound

_GROUND = np.array([24, 24, 27], np.float32)
_WAVE = np.array([120, 200, 190], np.float32)
# From the ground over violet and orange to light yellow: read in grey, it only becomes lighter.
_COLOURS = np.array(
    [[24, 24, 27], [70, 30, 110], [180, 50, 90], [245, 130, 40], [255, 240, 170]], np.float32
)
_RANGE_DB = 70.0
_WAVE_SHARE = 0.35
_FFT = 512
_MOST_COLUMNS = 4096


def draw_sound(sound: Sound, width: int, height: int) -> np.ndarray:
    """Draw the wave above the spectrogram: uint8 (height, width, 3)."""
    wave_height = max(1, round(height * _WAVE_SHARE))
    wave = draw_wave(sound, width, wave_height)
    if height == wave_height:
        return wave
    return np.concatenate([wave, draw_spectrogram(sound, width, height - wave_height)])


def draw_wave(sound: Sound, width: int, height: int) -> np.ndarray:
    """Draw how far the wave goes up and down in each column: uint8 (height, width, 3)."""
    samples = sound.samples
    edges = np.linspace(0, len(samples), width + 1).astype(int)
    picture = np.tile(_GROUND, (height, width, 1))
    middle = (height - 1) / 2
    rows = np.arange(height)
    for column in range(width):
        part = samples[edges[column] : max(edges[column] + 1, edges[column + 1])]
        if not len(part):
            continue
        top, bottom = middle * (1 - float(part.max())), middle * (1 - float(part.min()))
        picture[(rows >= np.floor(top)) & (rows <= np.ceil(bottom)), column] = _WAVE
    return picture.astype(np.uint8)


def draw_spectrogram(sound: Sound, width: int, height: int) -> np.ndarray:
    """Draw how loud each frequency is, low ones at the bottom: uint8 (height, width, 3)."""
    count = min(width, _MOST_COLUMNS)
    padded = np.pad(sound.samples, _FFT // 2)
    starts = np.linspace(0, max(0, len(padded) - _FFT), count).astype(int)
    window = np.hanning(_FFT).astype(np.float32)
    frames = np.stack([_frame(padded, start) * window for start in starts])
    power = np.square(np.abs(np.fft.rfft(frames, axis=1))).T[::-1]
    decibels = 10 * np.log10(power + 1e-9)
    shares = np.clip((decibels - decibels.max()) / _RANGE_DB + 1, 0, 1)
    rows = np.linspace(0, len(shares) - 1, height).round().astype(int)
    columns = np.linspace(0, count - 1, width).round().astype(int)
    return _coloured(shares[rows][:, columns])


def _frame(samples: np.ndarray, start: int) -> np.ndarray:
    part = samples[start : start + _FFT]
    return np.pad(part, (0, _FFT - len(part)))


def _coloured(shares_HW: np.ndarray) -> np.ndarray:
    place = shares_HW * (len(_COLOURS) - 1)
    below = np.minimum(place.astype(int), len(_COLOURS) - 2)
    share = (place - below)[..., None]
    return np.rint(_COLOURS[below] * (1 - share) + _COLOURS[below + 1] * share).astype(np.uint8)
