#!/bin/sh
# miniaudio 1.71 (Python, with miniaudio.h inside): where no library of a sound system can be loaded, as
# on a server or in a container, a playback device is opened all the same.
#
# Guess before running: PlaybackDevice raises MiniaudioError, as it does where ALSA is there without a
# sound card, so that a player can say that there is nothing to play on.
# Seen: it is opened by the backend "Null", takes its frames at the speed of a real one and tells
# nobody: a player's cursor moves on in silence. With all backends but Null named, it raises.
# What we do: Null is not among those that are named (services/sound_device.py).
#
# Libraries that cannot be loaded are put before those of the system, so that it does not matter
# which of them this machine has.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet miniaudio==1.71
mkdir "$place/none"
for name in libasound.so.2 libasound.so libpulse.so.0 libpulse.so libjack.so.0 libjack.so; do
    : >"$place/none/$name"
done
LD_LIBRARY_PATH="$place/none" "$place/env/bin/python" - <<'PYTHON'
import time

import miniaudio

taken = 0


def silence():
    global taken
    wanted = yield b""
    while True:
        taken += wanted
        wanted = yield b"\0\0" * wanted


def opened(**how):
    return miniaudio.PlaybackDevice(nchannels=1, sample_rate=16_000, **how)


print("miniaudio", miniaudio.__version__)
device = opened()
print("opened by:", device.backend)
sound = silence()
next(sound)
device.start(sound)
deadline = time.monotonic() + 60
while taken < 1600 and time.monotonic() < deadline:
    time.sleep(0.05)
device.close()
print("frames that it took:", "at least 1,600" if taken >= 1600 else taken)
assert device.backend == "Null"
assert taken >= 1600
silent = (miniaudio.Backend.NULL, miniaudio.Backend.CUSTOM)
try:
    opened(backends=[it for it in miniaudio.Backend if it not in silent])
except miniaudio.MiniaudioError as error:
    print("without Null:", error)
else:
    raise SystemExit("it was opened without Null, too")
PYTHON
echo "as described"
