"""Sounds are read within limits, and written as they are."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

soundfile = pytest.importorskip("soundfile", reason="sounds need the extra “sound”")

from genstudio.data.sounds import (  # noqa: E402
    Sound,
    UnreadableSoundError,
    fitted,
    from_int16,
    normalised,
    read_sound,
    resampled,
    to_int16,
    without_silence,
    write_sound,
)


def tone(hz: float, rate_hz: int = 8000, seconds: float = 0.5) -> Sound:
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    return Sound((0.5 * np.sin(2 * np.pi * hz * at)).astype(np.float32), rate_hz)


def loudest_hz(sound: Sound) -> float:
    spectrum = np.abs(np.fft.rfft(sound.samples))
    return float(np.argmax(spectrum) * sound.rate_hz / len(sound.samples))


@pytest.mark.parametrize("format", ["FLAC", "WAV"])
def test_what_is_written_is_read_back_to_the_last_sample(format: str, tmp_path: Path) -> None:
    samples = from_int16(np.random.default_rng(0).integers(-32768, 32768, 3000, dtype=np.int16))
    path = tmp_path / "noise"
    write_sound(Sound(samples, 22050), path, format)
    back = read_sound(path)
    assert back.rate_hz == 22050
    np.testing.assert_array_equal(back.samples, samples)


def test_what_is_louder_than_full_scale_is_held_there_and_does_not_wrap_round() -> None:
    held = to_int16(np.array([1.5, -1.5, 1.0], np.float32))
    assert held.tolist() == [32767, -32768, 32767]


@pytest.mark.parametrize("rate_hz", [44100, 192_000])
def test_another_rate_keeps_the_pitch_and_leaves_out_what_it_cannot_hold(rate_hz: int) -> None:
    low, high = tone(440, rate_hz), tone(7000, rate_hz)
    found = resampled(low, 8000)
    assert len(found.samples) == 4000
    assert abs(loudest_hz(found) - 440) < 4
    # The edges of a tone that begins at once hold all frequencies.
    assert np.abs(resampled(high, 8000).samples[400:-400]).max() < 0.01
    middle = slice(400, -400)
    np.testing.assert_allclose(found.samples[middle], tone(440).samples[middle], atol=0.01)


def test_silence_around_is_left_out_and_inside_is_kept() -> None:
    gap = np.zeros(500, np.float32)
    loud = np.full(100, 0.5, np.float32)
    sound = Sound(np.concatenate([gap, loud, gap, loud, gap]), 8000)
    assert len(without_silence(sound).samples) == 700


def test_a_long_sound_is_faded_out_and_a_short_one_is_followed_by_silence() -> None:
    cut = fitted(Sound(np.ones(1000, np.float32), 8000), 800)
    assert cut.samples[-1] == 0
    assert cut.samples[0] == 1
    longer = fitted(Sound(np.ones(100, np.float32), 8000), 800)
    assert longer.samples[100:].max() == 0


def test_loudness_is_brought_to_a_level_but_silence_stays() -> None:
    assert normalised(tone(100)).levels()[0] == pytest.approx(0.9, abs=1e-4)
    silent = Sound(np.zeros(10, np.float32), 8000)
    assert normalised(silent).levels() == (0, 0)


@pytest.mark.parametrize(
    ("samples", "why"),
    [
        (np.zeros((1, 1)), "fewer than two"),
        (np.array([[0.1], [np.nan], [0.2]]), "no numbers"),
        (np.zeros((500, 2)), "silent"),
        (np.full((500, 2), 0.5), "silent"),
        (np.stack([tone(100).samples, -tone(100).samples], axis=1), "cancel"),
    ],
)
def test_what_cannot_be_used_is_told(samples: np.ndarray, why: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.wav"
    soundfile.write(path, samples, 8000, subtype="FLOAT")
    with pytest.raises(UnreadableSoundError, match=why):
        read_sound(path)


def test_float_files_and_many_channels_are_sounds(tmp_path: Path) -> None:
    path = tmp_path / "eight.wav"
    samples = np.repeat(tone(300, 192_000).samples[:, None], 8, axis=1)
    soundfile.write(path, samples, 192_000, subtype="FLOAT")
    found = read_sound(path)
    assert found.samples.shape == (96_000,)
    assert found.levels()[0] == pytest.approx(0.5, abs=1e-3)


def test_what_is_no_sound_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound")
    for name in ("text.wav", "missing.wav"):
        with pytest.raises(UnreadableSoundError):
            read_sound(tmp_path / name)


def test_vorbis_is_written(tmp_path: Path) -> None:
    content = BytesIO()
    write_sound(tone(440, 44100), content, "OGG", {"comment": "how"})
    content.seek(0)
    with soundfile.SoundFile(content) as file:
        assert file.comment == "how"
        assert abs(loudest_hz(Sound(file.read(), 44100)) - 440) < 4
