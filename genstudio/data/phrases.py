"""Phrases: one voice on a grid of sixteenths, as tokens that a model learns from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from genstudio.data.scores import TICKS_PER_BEAT, Part, Score

STEPS_PER_BEAT: Final = 4
STEPS_PER_BAR: Final = 16
STEP_TICKS: Final = TICKS_PER_BEAT // STEPS_PER_BEAT
_BAR_TICKS: Final = STEPS_PER_BAR * STEP_TICKS
# Tokens: what sounds goes on, or silence begins; the others begin a note.
HOLD: Final = 0
REST: Final = 1
FIRST_NOTE: Final = 2
LOWEST: Final = 21
HIGHEST: Final = 108
NUM_TOKENS: Final = FIRST_NOTE + HIGHEST - LOWEST + 1
_FEWEST_NOTES_PER_BAR = 1
_VELOCITY = 92

# Name of each group of instruments => its first program of General MIDI, and the one that plays.
INSTRUMENTS: Final = {
    "keys": (0, 0),
    "bells and organ": (8, 11),
    "guitar": (24, 27),
    "bass": (32, 33),
    "strings": (40, 48),
    "brass": (56, 61),
    "wind": (64, 73),
    "synth": (80, 81),
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """Some bars of one voice.

    Attributes:
        tokens: int64 of shape (bars × 16,).
        instrument: Number of its group in ``INSTRUMENTS``.
        bar: Bar of the piece that it begins with.
    """

    tokens: np.ndarray
    instrument: int
    bar: int = 0


def instrument_of(program: int) -> int:
    """The group of a program."""
    firsts = [first for first, _ in INSTRUMENTS.values()]
    return int(np.searchsorted(firsts, program, side="right")) - 1


def phrases_of(score: Score, bars: int) -> Iterator[Phrase]:
    """All phrases of a piece: of each voice that is no drum, one that begins with each bar.

    Bars of other metres than four quarters, and phrases with fewer notes than bars, are left out;
    what comes again in the same piece is given once.
    """
    starts = four_quarter_bars(score)
    known: set[tuple[int, bytes]] = set()
    for part in score.parts:
        if part.is_drums:
            continue
        instrument = instrument_of(part.program)
        for bar in range(len(starts) - bars + 1):
            window = starts[bar : bar + bars]
            if window[-1] - window[0] != (bars - 1) * _BAR_TICKS:
                continue  # Bars of another metre lie between.
            tokens = tokens_of(part, window[0], bars)
            key = instrument, tokens.tobytes()
            if key not in known and (tokens >= FIRST_NOTE).sum() >= _FEWEST_NOTES_PER_BAR * bars:
                known.add(key)
                yield Phrase(tokens, instrument, bar)


def four_quarter_bars(score: Score) -> list[int]:
    """Ticks at which bars of four quarters begin; a bar of eight counts as two."""
    starts: list[int] = []
    ends = [tick for tick, _, _ in score.metres[1:]] + [score.end]
    for (begin, beats, unit), end in zip(score.metres, ends, strict=True):
        bar_ticks = beats * 4 * TICKS_PER_BEAT // unit
        if bar_ticks == 0 or (bar_ticks % _BAR_TICKS and 2 * bar_ticks != _BAR_TICKS):
            continue
        starts += range(begin, end, _BAR_TICKS)
    return starts


def tokens_of(part: Part, start: int, bars: int) -> np.ndarray:
    """The highest voice of a part on the grid, from a tick on: int64 (bars × 16,)."""
    count = bars * STEPS_PER_BAR
    steps = np.rint((part.notes[:, 0] - start) / STEP_TICKS).astype(np.int64)
    lengths = np.maximum(1, np.rint(part.notes[:, 1] / STEP_TICKS).astype(np.int64))
    pitches = part.notes[:, 2]
    is_inside = (steps >= 0) & (steps < count) & (pitches >= LOWEST) & (pitches <= HIGHEST)
    tokens = np.full(count, REST, np.int64)
    highest: dict[int, tuple[int, int]] = {}
    for step, length, pitch in zip(
        steps[is_inside].tolist(), lengths[is_inside].tolist(), pitches[is_inside].tolist(),
        strict=True,
    ):  # fmt: skip
        highest[step] = max(highest.get(step, (0, 0)), (pitch, length))
    begins = sorted(highest)
    for at, step in enumerate(begins):
        pitch, length = highest[step]
        end = min(step + length, begins[at + 1] if at + 1 < len(begins) else count)
        tokens[step] = FIRST_NOTE + pitch - LOWEST
        tokens[step + 1 : end] = HOLD
    # Silence that goes on is held as well.
    is_rest = tokens == REST
    tokens[1:][is_rest[1:] & is_rest[:-1]] = HOLD
    return tokens


def notes_of(tokens: np.ndarray) -> np.ndarray:
    """Step, length in steps and pitch of each note: int64 (notes, 3)."""
    begins = np.flatnonzero(tokens != HOLD)
    ends = np.append(begins[1:], len(tokens))
    rows = [
        (begin, end - begin, tokens[begin] - FIRST_NOTE + LOWEST)
        for begin, end in zip(begins.tolist(), ends[: len(begins)].tolist(), strict=True)
        if tokens[begin] >= FIRST_NOTE
    ]
    return np.array(rows, np.int64).reshape(-1, 3)


def transposed(tokens: np.ndarray, semitones: int) -> np.ndarray:
    """Higher or lower by so many semitones; what would leave the range goes an octave back."""
    notes = tokens >= FIRST_NOTE
    pitches = tokens[notes] - FIRST_NOTE + LOWEST + semitones
    pitches = np.where(pitches > HIGHEST, pitches - 12, pitches)
    pitches = np.where(pitches < LOWEST, pitches + 12, pitches)
    found = tokens.copy()
    found[notes] = np.clip(pitches, LOWEST, HIGHEST) - LOWEST + FIRST_NOTE
    return found


def to_score(tokens: np.ndarray, instrument: int, bpm: float) -> Score:
    """A phrase as a score of one part."""
    steps = notes_of(tokens)
    rows = [
        (step * STEP_TICKS, length * STEP_TICKS, pitch, _VELOCITY)
        for step, length, pitch in steps.tolist()
    ]
    _, program = list(INSTRUMENTS.values())[instrument]
    notes = np.array(rows, np.int64).reshape(-1, 4)
    return Score(parts=(Part(program, is_drums=False, notes=notes),), tempi=((0, bpm),))


# Weights of the twelve pitch classes in a major and a minor key, from its tonic upwards (Krumhansl
# 1990, Cognitive Foundations of Musical Pitch, table 2.1).
_MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
_MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])


@dataclass(frozen=True, slots=True)
class Key:
    """What key a phrase is in.

    Attributes:
        tonic: Pitch class, 0 for C.
        major: How much better the best major key fits than the best minor one, from -2 to 2.
    """

    tonic: int
    major: float


def key_of(tokens: np.ndarray) -> Key:
    """The key whose profile goes best with how long each pitch class sounds."""
    notes = notes_of(tokens)
    lengths = np.bincount(notes[:, 2] % 12, weights=notes[:, 1], minlength=12)
    if lengths.std() == 0:
        return Key(int(lengths.argmax()), 0.0)
    fits = [
        [float(np.corrcoef(lengths, np.roll(profile, tonic))[0, 1]) for tonic in range(12)]
        for profile in (_MAJOR, _MINOR)
    ]
    major, minor = (max(row) for row in fits)
    best = fits[0] if major >= minor else fits[1]
    return Key(int(np.argmax(best)), major - minor)
