#!/bin/sh
# PyAV 18.1.0 (with SVT-AV1 4.1.0 inside its wheel), as root on Linux: after one AV1 film, a thread is real-time.
#
# Guess before running: an encoder leaves the priority of the thread that calls it alone.
# Seen: of a program of the superuser (so in most containers), the thread that opens the encoder is
# SCHED_FIFO with priority 99 from then on, and what it begins inherits that; all else on the machine
# shares the twentieth of the time that Linux keeps for it. Test workers that had written one AV1 film
# kept two cores from everything else for the rest of their lives.
# What we do: same_priority in services/films.py puts it back, also of the encoder's own threads.
set -eu
if [ "$(id -u)" -ne 0 ] || [ "$(uname)" != Linux ]; then
  echo "not seen but as root on Linux"
  exit 0
fi
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet av==18.1.0 numpy==2.4.6
cat > "$place/film.py" <<'PYTHON'
import os
import sys

import av
import numpy as np

with av.open(sys.argv[1], "w") as film:
    stream = film.add_stream(sys.argv[2], rate=24)
    stream.width, stream.height, stream.pix_fmt = 128, 128, "yuv420p"
    for number in range(3):
        grey = np.full((128, 128, 3), 10 * number, np.uint8)
        film.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
    film.mux(stream.encode())
print(os.sched_getscheduler(0) == os.SCHED_FIFO, os.sched_getparam(0).sched_priority)
PYTHON
export SVT_LOG=1
x264=$("$place/env/bin/python" "$place/film.py" "$place/a.mp4" libx264)
svt=$("$place/env/bin/python" "$place/film.py" "$place/b.mp4" libsvtav1)
echo "real-time afterwards: libx264 $x264, libsvtav1 $svt"
test "$x264" = "False 0"
test "$svt" = "True 99"
