"""Scores as sound: by the program's own synthesiser, or by a soundfont that a person has."""

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from genstudio.data.scores import Score
from genstudio.data.sounds import Sound, from_int16, normalised, to_int16
from genstudio.data.synth import LONGEST_S, num_in_time, num_played, render
from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.domain.files import is_file
from genstudio.domain.language import tr
from genstudio.domain.pack_hints import how_to_get

_RATE_HZ = 44_100
_TAIL_S = 2.0
_BLOCK = 2**14
_DRUM_CHANNEL = 9
_DRUM_BANK = 128
_NUM_CHANNELS = 16


def played(score: Score, soundfont: Path | None = None) -> Sound:
    """Play a score: mono, its loudest sample at one level, as a file of 16 bits holds it.

    Args:
        score: With notes.
        soundfont: A file in the formats SF2 or SF3; by default the program's own synthesiser.

    Raises:
        SettingsError: The library that plays soundfonts is not installed.
        DatasetError: The soundfont cannot be read.
    """
    sound = render(score) if soundfont is None else _by_soundfont(score, soundfont)
    return Sound(from_int16(to_int16(sound.samples)), sound.rate_hz)


def num_left_out(score: Score, soundfont: Path | None = None) -> int:
    """How many notes :func:`played` leaves out: of very long pieces the beginning is played."""
    total = sum(len(part.notes) for part in score.parts)
    return total - (num_played(score) if soundfont is None else num_in_time(score))


def _by_soundfont(score: Score, path: Path) -> Sound:
    synth = _synth()
    number = _loaded(synth, path)
    channels = _channels(score)
    for part, channel in zip(score.parts, channels, strict=True):
        bank = _DRUM_BANK if part.is_drums else 0
        synth.program_select(channel, number, bank, 0 if part.is_drums else part.program)
    events: list[tuple[float, int, int, int, int]] = []
    for part, channel in zip(score.parts, channels, strict=True):
        starts = score.seconds(part.notes[:, 0]).tolist()
        ends = score.seconds(part.notes[:, 0] + part.notes[:, 1]).tolist()
        for start, end, (_, _, pitch, velocity) in zip(
            starts, ends, part.notes.tolist(), strict=True
        ):
            if start < LONGEST_S:
                events += [(start, 1, channel, pitch, velocity), (end, 0, channel, pitch, 0)]
    parts: list[np.ndarray] = []
    made = 0
    for seconds, is_on, channel, pitch, velocity in sorted(events):
        wanted = round(min(seconds, LONGEST_S) * _RATE_HZ)
        parts += _generated(synth, wanted - made)
        made = max(made, wanted)
        if is_on:
            synth.noteon(channel, pitch, velocity)
        else:
            synth.noteoff(channel, pitch)
    parts += _generated(synth, round(_TAIL_S * _RATE_HZ))
    # Peaks of soundfonts lie above full scale: they are brought down, not cut off.
    return normalised(Sound(np.concatenate(parts), _RATE_HZ))


def _channels(score: Score) -> list[int]:
    free = [channel for channel in range(_NUM_CHANNELS) if channel != _DRUM_CHANNEL]
    return [
        _DRUM_CHANNEL if part.is_drums else free[number % len(free)]
        for number, part in enumerate(score.parts)
    ]


def _generated(synth: Any, count: int) -> list[np.ndarray]:
    found: list[np.ndarray] = []
    while count > 0:
        block = min(count, _BLOCK)
        stereo = np.frombuffer(synth.generate(block), np.float32).reshape(-1, 2)
        found.append(stereo.mean(axis=1))
        count -= block
    return found


def _synth() -> Any:
    try:
        library: Any = import_module("tinysoundfont")
    except ImportError as error:
        raise SettingsError(
            tr("Soundfonts need the pack “soundfont”"),
            tr("The part of GenStudio that plays them is not installed."),
            tr("{install} Or leave the soundfont out.", install=how_to_get("soundfont")),
        ) from error
    return library.Synth(samplerate=_RATE_HZ)


def _loaded(synth: Any, path: Path) -> int:
    if not is_file(path):
        raise DatasetError(
            tr("There is no soundfont {name}", name=path.name),
            tr("{path} is no file.", path=path),
            tr("Choose another one."),
        )
    try:
        return synth.sfload(str(path))
    except Exception as error:
        # The library raises nothing more exact.
        raise DatasetError(
            tr("{name} cannot be used as a soundfont", name=path.name),
            tr("It cannot be read: {error}.", error=error),
            tr("Choose a file in the format SF2 or SF3."),
        ) from error
