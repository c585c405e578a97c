#!/bin/sh
# miniaudio 1.71 (Python): decoding to another rate draws lines between samples, with a gentle filter.
#
# Guess before running: a tone that both rates can hold keeps its loudness, one that the new rate
# cannot hold is filtered away, and nothing new above -60 dB is heard.
# Seen: 3 kHz at 8,000 Hz brought to 48,000 Hz has 0.60 of its amplitude, and a mirror image at 5 kHz
# with 0.08. 12 kHz at 48,000 Hz brought to 16,000 Hz comes back at 4 kHz with 0.11. Of six channels
# brought to two, the bass channel is dropped and the middle one halved, without a word.
# What we do: files are decoded by soundfile and resampled by their spectrum (data/sounds.py), also
# before they are played (services/sound_playing.py). Through PulseAudio, which resamples itself, a
# tone of 8,000 Hz was heard without an image.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet miniaudio==1.71 numpy==2.4.6
"$place/env/bin/python" - <<'PYTHON'
import io
import wave

import miniaudio
import numpy as np


def tone(frequency_hz, rate_hz, channels=1, only=0):
    samples = np.zeros((rate_hz, channels))
    samples[:, only] = 0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(rate_hz) / rate_hz)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes((samples * 32767).astype("<i2").tobytes())
    return file.getvalue()


def decoded(data, rate_hz, channels=1):
    found = miniaudio.decode(
        data, output_format=miniaudio.SampleFormat.FLOAT32, nchannels=channels, sample_rate=rate_hz
    )
    return np.frombuffer(found.samples, np.float32).reshape(-1, channels)


def share(samples, frequency_hz, rate_hz):
    """Amplitude at a frequency beside that of the tone that went in."""
    wave_ = samples[:, 0]
    spectrum = np.abs(np.fft.rfft(wave_ * np.hanning(len(wave_)))) * 4 / len(wave_)
    return float(spectrum[round(frequency_hz * len(wave_) / rate_hz)]) / 0.5


print("miniaudio", miniaudio.__version__)
up = decoded(tone(3_000, 8_000), 48_000)
kept, image = share(up, 3_000, 48_000), share(up, 5_000, 48_000)
print(f"3 kHz, 8,000 to 48,000 Hz: {kept:.2f} at 3 kHz, {image:.2f} at 5 kHz")
down = decoded(tone(12_000, 48_000), 16_000)
alias = share(down, 4_000, 16_000)
print(f"12 kHz, 48,000 to 16,000 Hz: {alias:.2f} at 4 kHz")
peaks = [
    float(np.abs(decoded(tone(440, 48_000, 6, only), 48_000, 2)).max()) / 0.5 for only in range(6)
]
print("six channels to two, loudest side of each:", [round(it, 2) for it in peaks])
assert 0.5 < kept < 0.7 and 0.05 < image < 0.15
assert 0.05 < alias < 0.2
assert peaks[3] == 0 and 0.4 < peaks[2] < 0.6 and peaks[0] > 0.99
PYTHON
