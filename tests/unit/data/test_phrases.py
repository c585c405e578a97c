"""Phrases on a grid of sixteenths: from scores and back, keys, what is left out."""

import numpy as np
import pytest
from tiny_studio import scale_score

from genstudio.data.phrases import (
    FIRST_NOTE,
    HIGHEST,
    HOLD,
    LOWEST,
    REST,
    four_quarter_bars,
    instrument_of,
    key_of,
    notes_of,
    phrases_of,
    to_score,
    tokens_of,
    transposed,
)
from genstudio.data.scores import Part, Score


def part(*notes: tuple[int, int, int]) -> Part:
    rows = [(start, length, pitch, 90) for start, length, pitch in notes]
    return Part(0, is_drums=False, notes=np.array(rows))


def token(pitch: int) -> int:
    return FIRST_NOTE + pitch - LOWEST


def test_a_voice_is_written_down_as_notes_holds_and_rests() -> None:
    tokens = tokens_of(part((0, 240, 60), (480, 120, 62)), 0, 1)
    assert tokens[:6].tolist() == [token(60), HOLD, REST, HOLD, token(62), REST]
    assert notes_of(tokens).tolist() == [[0, 2, 60], [4, 1, 62]]


def test_of_notes_at_once_the_highest_is_taken_and_a_later_one_ends_it() -> None:
    tokens = tokens_of(part((0, 960, 60), (0, 960, 67), (240, 120, 64)), 0, 1)
    assert notes_of(tokens).tolist() == [[0, 2, 67], [2, 1, 64]]


def test_a_phrase_becomes_a_score_that_gives_the_same_phrase() -> None:
    (first, *_) = phrases_of(scale_score(), 2)
    score = to_score(first.tokens, first.instrument, 90)
    assert score.tempi == ((0, 90),)
    np.testing.assert_array_equal(tokens_of(score.parts[0], 0, 2), first.tokens)


def test_drums_bars_of_other_metres_and_repetitions_are_left_out() -> None:
    score = scale_score(bars=4)
    found = list(phrases_of(score, 2))
    # The scale comes again after two bars.
    assert [it.bar for it in found] == [0, 1]
    waltz = Score(parts=score.parts, metres=((0, 3, 4),))
    assert four_quarter_bars(waltz) == []
    mixed = Score(parts=score.parts, metres=((0, 4, 4), (1920, 3, 4), (1920 + 1440, 4, 4)))
    starts = four_quarter_bars(mixed)
    assert starts[:2] == [0, 3360]
    assert all(it.bar >= 1 for it in phrases_of(mixed, 2))


def test_groups_of_instruments_follow_general_midi() -> None:
    assert [instrument_of(program) for program in (0, 7, 8, 25, 39, 48, 60, 73, 127)] == [
        0, 0, 1, 2, 3, 4, 5, 6, 7,
    ]  # fmt: skip


@pytest.mark.parametrize("tonic", range(12))
def test_a_scale_is_in_its_own_key_and_moves_with_it(tonic: int) -> None:
    major = [0, 2, 4, 5, 7, 9, 11, 12, 7, 4, 0]
    tokens = tokens_of(part(*((at * 120, 120, 60 + it) for at, it in enumerate(major))), 0, 1)
    key = key_of(transposed(tokens, tonic))
    assert key.tonic == tonic
    assert key.major > 0


def test_what_would_leave_the_range_comes_back_an_octave() -> None:
    tokens = np.array([token(LOWEST), token(HIGHEST), HOLD, REST])
    assert notes_of(transposed(tokens, 1))[:, 2].tolist() == [LOWEST + 1, HIGHEST + 1 - 12]
    assert notes_of(transposed(tokens, -1))[:, 2].tolist() == [LOWEST - 1 + 12, HIGHEST - 1]
    assert transposed(tokens, 5)[2:].tolist() == [HOLD, REST]
