"""Sounds as arrays: read within limits, brought to one rate and one channel, and written."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.domain.files import is_file
from genstudio.domain.language import tr

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")
# A file that is longer is read so far: nothing here learns from more.
LONGEST_S = 120.0
_MOST_CHANNELS = 64
_MOST_RATE_HZ = 1_536_000
_FULL_SCALE = 2**15
# Below this share of the loudest sample is silence, for an ear in a room.
_SILENT_SHARE = 10 ** (-50 / 20)
_SILENT_PEAK = 1e-4
# A sound that is this loud at its loudest leaves room for what a filter adds.
_LEVEL = 0.9


@dataclass(frozen=True, slots=True)
class Sound:
    """One sound.

    Attributes:
        samples: float32 in [-1, 1], one channel.
        rate_hz: Samples in a second.
    """

    samples: np.ndarray
    rate_hz: int

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / self.rate_hz

    def levels(self) -> tuple[float, float]:
        """Its loudest sample, and the root of the mean square; 1 is full scale."""
        if not len(self.samples):
            return 0.0, 0.0
        samples = self.samples.astype(np.float64)
        return float(np.abs(samples).max()), float(np.sqrt(np.square(samples).mean()))


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundInfo:
    """What a file holds.

    Attributes:
        rate_hz, channels: As the file has them.
        seconds: How long it is.
    """

    rate_hz: int
    channels: int
    seconds: float


class UnreadableSoundError(Exception):
    """A file cannot be used as a sound; the message says why in a sentence."""


def soundfile() -> Any:
    """The library that reads and writes sounds.

    Raises:
        SettingsError: It is not installed.
    """
    try:
        return import_module("soundfile")
    except (ImportError, OSError) as error:
        raise SettingsError(
            tr("Sounds need the pack “sound”"),
            tr("The part of GenStudio that reads and writes them is not installed."),
            tr("Install genstudio[sound]."),
        ) from error


def look_at_sound(path: Path) -> SoundInfo:
    """Read what a file says of itself.

    Raises:
        UnreadableSoundError: It cannot be used.
        SettingsError: The library is not installed.
    """
    library = soundfile()
    _refuse_strange(path)
    try:
        found = library.info(str(path))
        rate_hz, channels, frames = found.samplerate, found.channels, found.frames
    except (library.LibsndfileError, OSError, RuntimeError, ValueError) as error:
        raise UnreadableSoundError(tr("It is no sound, damaged, or of an unknown kind.")) from error
    if not 0 < rate_hz <= _MOST_RATE_HZ or not 0 < channels <= _MOST_CHANNELS:
        raise UnreadableSoundError(
            tr("It has {channels} channels at {rate_hz} Hz.", channels=channels, rate_hz=rate_hz)
        )
    return SoundInfo(rate_hz=rate_hz, channels=channels, seconds=frames / rate_hz)


def read_sound(path: Path) -> Sound:
    """Read a sound as one channel, at its own rate; of a long one the beginning.

    Raises:
        UnreadableSoundError: It cannot be used: no samples, some that are no numbers, or silence.
        SettingsError: The library is not installed.
    """
    library = soundfile()
    info = look_at_sound(path)
    try:
        with library.SoundFile(str(path)) as file:
            # Always floats: float files read as integers are silence.
            frames = min(int(LONGEST_S * info.rate_hz), max(file.frames, 0))
            samples = file.read(frames, dtype="float32", always_2d=True)
    except (library.LibsndfileError, OSError, RuntimeError, ValueError, MemoryError) as error:
        raise UnreadableSoundError(tr("Its samples cannot be read: it is damaged.")) from error
    if not np.isfinite(samples).all():
        raise UnreadableSoundError(tr("Some of its samples are no numbers (NaN or infinite)."))
    mono = samples.mean(axis=1, dtype=np.float64).astype(np.float32)
    if len(mono) < 2:
        raise UnreadableSoundError(tr("It has fewer than two samples."))
    # A level that never changes is heard by nobody, however far it is from zero.
    if float(np.ptp(mono)) < 2 * _SILENT_PEAK:
        loud = float(np.ptp(samples, axis=0).max()) >= 2 * _SILENT_PEAK
        why = tr("Its channels cancel each other out.") if loud else tr("It is silent throughout.")
        raise UnreadableSoundError(why)
    return Sound(mono, info.rate_hz)


def resampled(sound: Sound, rate_hz: int) -> Sound:
    """The same sound at another rate: all frequencies that both rates can hold are kept."""
    if sound.rate_hz == rate_hz:
        return sound
    # Whole seconds of silence behind it, so that both lengths are whole numbers and nothing that
    # rings on comes round to the beginning.
    seconds = int(np.ceil(sound.seconds)) + 1
    spectrum = np.fft.rfft(sound.samples, seconds * sound.rate_hz)
    kept = np.zeros(seconds * rate_hz // 2 + 1, complex)
    count = min(len(kept), len(spectrum))
    kept[:count] = spectrum[:count]
    samples = np.fft.irfft(kept, seconds * rate_hz) * (rate_hz / sound.rate_hz)
    length = round(len(sound.samples) * rate_hz / sound.rate_hz)
    return Sound(samples[:length].astype(np.float32), rate_hz)


def without_silence(sound: Sound) -> Sound:
    """The same without what is silent before and behind it."""
    loud = np.flatnonzero(np.abs(sound.samples) > _SILENT_SHARE * np.abs(sound.samples).max())
    if not len(loud):
        return sound
    return Sound(sound.samples[loud[0] : loud[-1] + 1], sound.rate_hz)


def normalised(sound: Sound, level: float = _LEVEL) -> Sound:
    """The same, so loud that its loudest sample is at a level; silence stays silence."""
    peak, _ = sound.levels()
    if peak < _SILENT_PEAK:
        return sound
    return Sound((sound.samples * (level / peak)).astype(np.float32), sound.rate_hz)


def fitted(sound: Sound, count: int) -> Sound:
    """The same with so many samples: its end is faded out, or silence follows."""
    samples = np.zeros(count, np.float32)
    kept = sound.samples[:count]
    samples[: len(kept)] = kept
    if len(sound.samples) > count:
        fade = min(count // 8, sound.rate_hz // 50)
        samples[count - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return Sound(samples, sound.rate_hz)


def to_int16(samples: np.ndarray) -> np.ndarray:
    """float32 in [-1, 1] => int16; what is louder is held at full scale."""
    scaled = np.rint(samples.astype(np.float64) * _FULL_SCALE)
    return np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int16)


def from_int16(samples: np.ndarray) -> np.ndarray:
    """int16 => float32 in [-1, 1)."""
    return samples.astype(np.float32) / _FULL_SCALE


def write_sound(
    sound: Sound, file: BinaryIO | Path, format: str, tags: Mapping[str, str] | None = None
) -> None:
    """Write 16-bit samples, or for "OGG" Vorbis, with what is said of the sound.

    Args:
        sound: Finite; what is beyond full scale is held there.
        file: Where to.
        format: "FLAC", "WAV" or "OGG".
        tags: Of libsndfile's names, such as "comment".

    Raises:
        SettingsError: The library is not installed.
    """
    library = soundfile()
    assert np.isfinite(sound.samples).all(), "no number is written as a bang"
    subtype = "VORBIS" if format == "OGG" else "PCM_16"
    place = str(file) if isinstance(file, Path) else file
    with library.SoundFile(place, "w", sound.rate_hz, 1, format=format, subtype=subtype) as written:
        for name, text in (tags or {}).items():
            setattr(written, name, text)
        # Of floats libsndfile scales by one less, and reading would give other numbers.
        written.write(to_int16(sound.samples))


def unreadable(path: Path, why: str) -> DatasetError:
    """What is raised where a person named the file."""
    return DatasetError(
        tr("{name} cannot be read as a sound", name=path.name), why, tr("Choose another file.")
    )


def _refuse_strange(path: Path) -> None:
    if not path.exists():
        raise UnreadableSoundError(tr("It is not there any more."))
    if not is_file(path):  # Reading a pipe would wait for ever.
        raise UnreadableSoundError(tr("It is not an ordinary file."))
