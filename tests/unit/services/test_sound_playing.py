"""What is handed to the player sounds as the file does."""

from pathlib import Path

import numpy as np
import pytest

from genstudio.data.sounds import Sound, write_sound
from genstudio.services.sound_playing import listen


def tone(frequency_hz: float, rate_hz: int, peak: float = 0.5) -> Sound:
    seconds = np.arange(rate_hz) / rate_hz
    return Sound((peak * np.sin(2 * np.pi * frequency_hz * seconds)).astype(np.float32), rate_hz)


def loudness(sound: Sound, frequency_hz: float) -> float:
    """Amplitude of a tone in the middle of a sound."""
    whole = sound.samples[: len(sound.samples) // sound.rate_hz * sound.rate_hz]
    spectrum = np.abs(np.fft.rfft(whole * np.hanning(len(whole)))) * 4 / len(whole)
    return float(spectrum[round(frequency_hz * len(whole) / sound.rate_hz)])


@pytest.mark.parametrize("rate_hz", [8_000, 22_050])
def test_a_low_rate_is_played_without_mirror_images(tmp_path: Path, rate_hz: int) -> None:
    frequency_hz = rate_hz * 3 // 8
    write_sound(tone(frequency_hz, rate_hz), tmp_path / "tone.wav", "WAV")
    played = listen(tmp_path / "tone.wav").sound
    assert played.rate_hz == 48_000
    assert loudness(played, frequency_hz) == pytest.approx(0.5, rel=0.02)
    assert loudness(played, rate_hz - frequency_hz) < 1e-3


def test_what_rises_between_samples_is_not_cut_off(tmp_path: Path) -> None:
    # Its samples lie beside the tops of the wave, which are at 1.3.
    rate_hz = 8_000
    phase = np.pi / 2 * np.arange(rate_hz) + np.pi / 4
    write_sound(
        Sound((0.95 * np.sign(np.sin(phase))).astype(np.float32), rate_hz),
        tmp_path / "tone.wav",
        "WAV",
    )
    peak, _ = listen(tmp_path / "tone.wav").sound.levels()
    assert peak == pytest.approx(1.0, abs=1e-3)


def test_a_usual_rate_stays(tmp_path: Path) -> None:
    sound = tone(3_000, 44_100)
    write_sound(sound, tmp_path / "tone.wav", "WAV")
    played = listen(tmp_path / "tone.wav").sound
    assert played.rate_hz == 44_100
    np.testing.assert_allclose(played.samples, sound.samples, atol=1e-4)
