#!/bin/sh
# PyAV 18.1.0 (with the FFmpeg inside its wheel): a mono sound resampled to stereo is 3 dB quieter in
# each channel, and encoding mono frames into a stream made without naming a layout does the same.
#
# Guess before running: both channels hold the samples as they are, so that a film whose sound is
# encoded anew sounds as loud as before.
# Seen: each channel has 0.7071 of the amplitude, without a warning; "mono" to "mono" has 1.0. FLAC,
# which loses nothing else, shows that a stream added with only a rate is stereo.
# What we do: sound that is encoded anew keeps its number of channels (services/film_conversion.py).
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet av==18.1.0 numpy==2.4.6
"$place/env/bin/python" - "$place" <<'PYTHON'
import sys
from fractions import Fraction

import av
import numpy as np

RATE = 48_000
tone = (0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.float32)


def frame_of(samples, layout="mono", kind="fltp"):
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format=kind, layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
    return frame


def resampled(layout):
    resampler = av.AudioResampler(format="fltp", layout=layout, rate=RATE)
    frames = [*resampler.resample(frame_of(tone)), *resampler.resample(None)]
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1)


def written(**options):
    path = f"{sys.argv[1]}/{len(options)}.mkv"
    with av.open(path, "w") as film:
        stream = film.add_stream("flac", rate=RATE, **options)
        whole = (tone * 32767).astype(np.int16)
        for start in range(0, RATE, 1024):
            frame = frame_of(whole[start : start + 1024], kind="s16")
            frame.pts = start
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    with av.open(path) as film:
        layout = film.streams.audio[0].layout.name
        parts = [frame.to_ndarray() for frame in film.decode(audio=0)]
    heard = np.concatenate(parts, axis=1)[0].astype(np.float64)
    channels = 2 if layout == "stereo" else 1
    return layout, np.abs(heard[::channels]).max() / 32767 / 0.5


print("av", av.__version__)
same, spread = (np.abs(resampled(layout)[0]).max() / 0.5 for layout in ("mono", "stereo"))
print(f"mono to mono {same:.4f}, mono to stereo {spread:.4f} of the amplitude in a channel")
plain, named = written(), written(layout="mono")
print(f"flac, only a rate: {plain[0]} {plain[1]:.4f}; layout named: {named[0]} {named[1]:.4f}")
assert abs(same - 1) < 1e-3
assert abs(spread - 2**-0.5) < 1e-3
assert plain[0] == "stereo" and abs(plain[1] - 2**-0.5) < 1e-2
assert named[0] == "mono" and abs(named[1] - 1) < 1e-2
PYTHON
echo "as described"
