"""What the synthesiser plays is as loud, as high and as long as it should be."""

import numpy as np
import pytest
from tiny_studio import scale_score

from genstudio.data.note_pictures import draw_score
from genstudio.data.scores import Part, Score
from genstudio.data.sound_pictures import draw_sound
from genstudio.data.sounds import Sound
from genstudio.data.synth import RATE_HZ, render


def one_note(pitch: int, program: int, *, is_drums: bool = False) -> Score:
    return Score(parts=(Part(program, is_drums, np.array([[0, 960, pitch, 100]])),))


@pytest.mark.parametrize("program", [0, 10, 20, 28, 35, 48, 60, 73, 85, 100])
def test_a_note_has_the_pitch_that_is_written(program: int) -> None:
    sound = render(one_note(69, program))
    spectrum = np.abs(np.fft.rfft(sound.samples[: RATE_HZ // 2] * np.hanning(RATE_HZ // 2)))
    peaks = np.flatnonzero(spectrum > 0.3 * spectrum.max()) * 2
    assert all(abs(hz / 440 - round(hz / 440)) < 0.03 for hz in peaks.tolist())
    assert abs(peaks[0] - 440) < 10


@pytest.mark.parametrize("score", [scale_score(), one_note(36, 0, is_drums=True)])
def test_nothing_clips_and_nothing_is_silent(score: Score) -> None:
    peak, mean = render(score).levels()
    assert peak == pytest.approx(0.9, abs=1e-3)
    assert mean > 0.01


def test_it_lasts_as_long_as_the_score_and_a_little_longer() -> None:
    score = scale_score()
    end = float(score.seconds(np.array([score.end]))[0])
    assert end < render(score).seconds < end + 1


def test_the_same_score_gives_the_same_samples() -> None:
    one, other = render(scale_score()), render(scale_score())
    np.testing.assert_array_equal(one.samples, other.samples)


def test_a_score_without_notes_is_silence_and_can_be_drawn() -> None:
    empty = Score(parts=())
    assert render(empty).levels() == (0, 0)
    assert draw_score(empty, 40, 30).shape == (30, 40, 3)


def test_higher_notes_are_drawn_higher_and_later_ones_further_right() -> None:
    picture = draw_score(one_note(60, 0), 64, 48).astype(int)
    bright = np.argwhere(picture.sum(2) > 300)
    # Half of a bar.
    assert bright[:, 1].max() in range(29, 34)
    scale = Score(
        parts=(Part(0, is_drums=False, notes=np.array([[0, 480, 40, 90], [960, 480, 80, 90]])),)
    )
    rows = np.argwhere(draw_score(scale, 64, 48).astype(int).sum(2) > 300)
    left, right = rows[rows[:, 1] < 30][:, 0].mean(), rows[rows[:, 1] > 30][:, 0].mean()
    assert right < left


def test_a_drawing_of_a_sound_has_the_size_that_is_asked_for() -> None:
    sound = Sound(np.sin(np.arange(3000) / 5).astype(np.float32), 8000)
    assert draw_sound(sound, 80, 50).shape == (50, 80, 3)
    assert draw_sound(Sound(np.zeros(1, np.float32), 8000), 16, 9).shape == (9, 16, 3)
