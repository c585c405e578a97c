#!/bin/sh
# PyAV 18.1.0 (with SVT-AV1 4.1.0 inside its wheel): the AV1 encoder writes to standard error by itself.
#
# Guess before running: with FFmpeg's log level at "panic", an encoder says nothing while all goes well,
# as libx264 and libvpx do.
# Seen: SVT-AV1 writes some lines for each film, past FFmpeg's log and past PyAV's; only SVT_LOG=1 in the
# environment keeps it quiet. In a program without a terminal the lines land in its log.
# What we do: SVT_LOG is set, and frames that are very small are enlarged for AV1 (services/films.py): this
# encoder was seen to wait for ever for some of them.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet av==18.1.0 numpy==2.4.6
cat > "$place/film.py" <<'PYTHON'
import sys

import av
import av.logging
import numpy as np

av.logging.set_level(av.logging.PANIC)
with av.open(sys.argv[1], "w") as film:
    stream = film.add_stream(sys.argv[2], rate=24)
    stream.width, stream.height, stream.pix_fmt = 128, 128, "yuv420p"
    for number in range(10):
        grey = np.full((128, 128, 3), 10 * number, np.uint8)
        film.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
    film.mux(stream.encode())
PYTHON
unset SVT_LOG || true
said() {
  "$place/env/bin/python" "$place/film.py" "$place/$1.mp4" "$1" 2>&1 >/dev/null | wc -l
}
x264=$(said libx264)
svt=$(said libsvtav1)
quiet=$(SVT_LOG=1 said libsvtav1)
echo "lines on standard error: libx264 $x264, libsvtav1 $svt, with SVT_LOG=1 $quiet"
test "$x264" -eq 0
test "$svt" -gt 0
test "$quiet" -eq 0
