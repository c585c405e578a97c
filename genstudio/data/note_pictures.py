"""Pictures of scores: the piano roll."""

import colorsys

import numpy as np

from genstudio.data.scores import Score

_GROUND = (24, 24, 27)
_BLACK_KEYS = (30, 30, 34)
_BAR_LINE = (52, 52, 58)
_TICKS_PER_BAR = 4 * 480
_MOST_BARS = 64
_MARGIN = 2


def draw_score(score: Score, width: int, height: int) -> np.ndarray:
    """Draw when each pitch sounds, low ones at the bottom: uint8 (height, width, 3).

    Instruments differ in colour and drums are grey; of a long piece the beginning is drawn.
    """
    end = min(max(score.end, _TICKS_PER_BAR), _MOST_BARS * _TICKS_PER_BAR)
    end = -(-end // _TICKS_PER_BAR) * _TICKS_PER_BAR
    pitches = np.concatenate([part.notes[:, 2] for part in score.parts] or [np.array([60])])
    low, high = int(pitches.min()) - _MARGIN, int(pitches.max()) + _MARGIN + 1
    if high - low < 24:
        low, high = low - (24 - high + low) // 2, high + (25 - high + low) // 2
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = _GROUND

    def rows_of(pitch: int) -> slice:
        top, bottom = (round((high - it) / (high - low) * height) for it in (pitch + 1, pitch))
        return slice(min(top, height - 1), max(bottom, top + 1))

    def column_of(tick: int) -> int:
        return min(round(tick / end * width), width - 1)

    for pitch in range(low, high):
        if pitch % 12 in (1, 3, 6, 8, 10):
            picture[rows_of(pitch)] = _BLACK_KEYS
    for tick in range(0, end, _TICKS_PER_BAR):
        picture[:, column_of(tick)] = _BAR_LINE
    for number, part in enumerate(score.parts):
        colour = np.array(_colour(number, is_drums=part.is_drums))
        for start, length, pitch, velocity in part.notes.tolist():
            if start >= end:
                continue
            left, right = column_of(start), column_of(start + length)
            shade = np.rint(colour * (0.55 + 0.45 * velocity / 127)).astype(np.uint8)
            picture[rows_of(pitch), left : max(left + 1, right - (right - left > 3))] = shade
    return picture


def _colour(number: int, *, is_drums: bool) -> tuple[float, float, float]:
    if is_drums:
        return (150.0, 150.0, 155.0)
    red, green, blue = colorsys.hsv_to_rgb((0.47 + 0.382 * number) % 1, 0.5, 0.95)
    return red * 255, green * 255, blue * 255
