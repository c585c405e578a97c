#!/bin/sh
# PyAV 18.1.0 (with SVT-AV1 4.1.0 inside its wheel): for root, an encoder changes how urgent its caller is.
#
# Guess before running: an encoder may make threads of its own, and leaves the thread that calls it alone.
# Seen: where root runs it, as in containers and on build machines, opening libsvtav1 puts the calling thread
# and some forty of its own under SCHED_FIFO at priority 99. The caller stays there when the film is closed,
# and so is every thread and process that it begins from then on. On a machine of two cores, two such
# processes leave a few per cent to all other programs; libx264 and libvpx do nothing of the kind.
# What we do: right after an encoder is opened, threads are put back (services/films.py, open_encoder).
set -eu
if [ "$(id -u)" != 0 ] || [ "$(uname)" != Linux ]; then
  echo "Only root on Linux sees this."
  exit 0
fi
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet av==18.1.0 numpy==2.4.6
cat > "$place/film.py" <<'PYTHON'
import os
import sys
import threading

import av
import numpy as np

with av.open(sys.argv[1], "w") as film:
    stream = film.add_stream(sys.argv[2], rate=24)
    stream.width, stream.height, stream.pix_fmt = 128, 128, "yuv420p"
    for number in range(3):
        grey = np.full((128, 128, 3), 10 * number, np.uint8)
        film.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
    film.mux(stream.encode())
policies = [os.sched_getscheduler(0)]
thread = threading.Thread(target=lambda: policies.append(os.sched_getscheduler(0)))
thread.start()
thread.join()
print(*policies, os.sched_getparam(0).sched_priority)
PYTHON
after() {
  SVT_LOG=1 "$place/env/bin/python" "$place/film.py" "$place/$1.mp4" "$1" 2>/dev/null
}
x264=$(after libx264)
svt=$(after libsvtav1)
echo "policy of the caller, of a new thread, and priority: libx264 $x264, libsvtav1 $svt (1 is SCHED_FIFO)"
test "$x264" = "0 0 0"
test "$svt" = "1 1 99"
