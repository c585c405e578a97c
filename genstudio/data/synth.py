"""A small synthesiser: scores become sounds without any samples of others."""

import numpy as np

from genstudio.data.scores import Part, Score
from genstudio.data.sounds import Sound, normalised

RATE_HZ = 32_000
# Of longer pieces the beginning is played.
LONGEST_S = 20 * 60.0
_MOST_NOTES = 20_000
_RELEASE_S = 0.25
_LONGEST_NOTE_S = 12.0
_TAIL_S = 0.6
_EDGE_S = 0.004
# First program of a family => strengths of its harmonics, how fast they fade (1/s; higher ones
# faster), seconds until it is at its loudest.
_TIMBRES: dict[int, tuple[tuple[float, ...], float, float]] = {
    0: ((1, 0.5, 0.28, 0.15, 0.09, 0.05), 2.2, 0.005),
    8: ((1, 0.1, 0.35, 0.05, 0.2), 3.0, 0.003),
    16: ((1, 0.7, 0.1, 0.5, 0.0, 0.25), 0.0, 0.02),
    24: ((1, 0.6, 0.4, 0.25, 0.15, 0.08), 3.0, 0.004),
    32: ((1, 0.7, 0.3, 0.12), 1.6, 0.008),
    40: ((1, 0.55, 0.4, 0.3, 0.22, 0.15), 0.1, 0.08),
    56: ((1, 0.9, 0.75, 0.5, 0.35, 0.2), 0.3, 0.04),
    64: ((1, 0.25, 0.35, 0.1, 0.05), 0.1, 0.05),
    80: ((1, 0.0, 0.33, 0.0, 0.2, 0.0, 0.14), 0.2, 0.01),
    96: ((1, 0.3, 0.2, 0.1), 0.4, 0.15),
}
_KICKS = frozenset({35, 36, 41, 43, 45, 47, 48, 50})
_SNARES = frozenset({37, 38, 39, 40})


def render(score: Score) -> Sound:
    """Play a score: mono at 32 kHz, its loudest sample at one level.

    Of pieces beyond twenty minutes, or with more notes than a small machine plays in a minute, the
    beginning is played.
    """
    rows = [
        (start, end, pitch, velocity, part)
        for part in score.parts
        for start, end, pitch, velocity in _timed(score, part)
        if start < LONGEST_S
    ]
    rows.sort(key=lambda row: row[0])
    rows = rows[:_MOST_NOTES]
    length_s = max((min(row[1], row[0] + _LONGEST_NOTE_S) for row in rows), default=0.0)
    samples = np.zeros(round((length_s + _TAIL_S) * RATE_HZ), np.float32)
    for start, end, pitch, velocity, part in rows:
        seconds = min(end - start, _LONGEST_NOTE_S)
        made = _drum(pitch) if part.is_drums else _tone(pitch, seconds, part.program)
        at = round(start * RATE_HZ)
        made = made[: len(samples) - at]
        samples[at : at + len(made)] += made * (velocity / 127) ** 1.5
    return normalised(Sound(samples, RATE_HZ))


def num_played(score: Score) -> int:
    """How many notes of a score :func:`render` plays."""
    return min(num_in_time(score), _MOST_NOTES)


def num_in_time(score: Score) -> int:
    """How many notes of a score begin before :data:`LONGEST_S`."""
    return sum(int((score.seconds(part.notes[:, 0]) < LONGEST_S).sum()) for part in score.parts)


def _timed(score: Score, part: Part) -> list[tuple[float, float, int, int]]:
    starts = score.seconds(part.notes[:, 0])
    ends = score.seconds(part.notes[:, 0] + part.notes[:, 1])
    pitches, velocities = part.notes[:, 2].tolist(), part.notes[:, 3].tolist()
    return list(zip(starts.tolist(), ends.tolist(), pitches, velocities, strict=True))


def _tone(pitch: int, seconds: float, program: int) -> np.ndarray:
    """Harmonics that fade, the higher the faster, and a release after the end."""
    first = max(it for it in _TIMBRES if it <= program)
    strengths, fading, attack_s = _TIMBRES[first]
    hz = 440 * 2 ** ((pitch - 69) / 12)
    at = np.arange(round((seconds + _RELEASE_S) * RATE_HZ), dtype=np.float32) / RATE_HZ
    samples = np.zeros_like(at)
    for number, strength in enumerate(strengths, start=1):
        if strength and hz * number < RATE_HZ / 2:
            fade = np.exp(-fading * (0.5 + 0.5 * number) * at) if fading else np.float32(1)
            samples += np.sin(2 * np.pi * hz * number * at) * (strength * fade)
    rise = np.minimum(1, at / max(attack_s, _EDGE_S))
    fall = np.clip(1 - (at - seconds) / _RELEASE_S, 0, 1) ** 2
    # High tones seem as loud with less.
    return (samples * rise * fall * (220 / max(hz, 55)) ** 0.3).astype(np.float32)


def _drum(pitch: int) -> np.ndarray:
    """A falling sine for drums with a skin, noise for snares and cymbals."""
    random = np.random.default_rng(pitch)
    at = np.arange(round(0.35 * RATE_HZ)) / RATE_HZ
    if pitch in _KICKS:
        hz = 45 + (pitch - 35) * 5 + 90 * np.exp(-at * 35)
        made = np.sin(2 * np.pi * np.cumsum(hz) / RATE_HZ) * np.exp(-at * 12)
        return (1.6 * made * np.minimum(1, at / _EDGE_S)).astype(np.float32)
    noise = random.standard_normal(len(at))
    if pitch in _SNARES:
        body = np.sin(2 * np.pi * 190 * at) * np.exp(-at * 25)
        return (0.35 * noise * np.exp(-at * 22) + 0.5 * body).astype(np.float32)
    # Differences of noise are bright.
    bright = np.diff(noise, prepend=0.0)
    return (0.22 * bright * np.exp(-at * (14 if pitch in (46, 49, 51, 57) else 45))).astype(
        np.float32
    )
