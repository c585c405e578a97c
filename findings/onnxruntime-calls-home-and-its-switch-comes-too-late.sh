#!/bin/sh
# onnxruntime 1.32.0, wheel for Linux from the package registry. Its page on privacy spoke for years of
# builds for Windows only.
# Guess before running: the wheel for Linux writes nothing at home and opens no socket; and where it did,
# disable_telemetry_events() right after the import would stop it.
# Seen: the import alone makes ~/.cache/Microsoft/DeveloperTools/.onnxruntime with a database and a device
# id that stays, and .ses in the folder for temporary files; within half a minute sockets to a collector
# are opened. disable_telemetry_events() right after the import changes nothing of this.
# ORT_DISABLE_TELEMETRY=1 before the import does: no file, no socket. Where the variable CI is set, it
# is quiet too, so that no build server shows it.
# What we do: genstudio/__init__.py sets the variable before anything is imported; a test looks at what is
# left behind (tests/contract/test_offline.py).
# Linux, Python 3.11. Needs the package registry. The first two runs may reach the collector.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
cat > "$folder/try.py" <<'PYTHON'
import os
import sys
import threading
import time
from pathlib import Path

# Longest seen: 25 seconds.
WATCHED_S = 40
sockets = []


def watch():
    while True:
        for number in os.listdir("/proc/self/fd"):
            try:
                if os.readlink(f"/proc/self/fd/{number}").startswith("socket:"):
                    sockets.append(number)
            except OSError:
                pass
        time.sleep(0.0005)


threading.Thread(target=watch, daemon=True).start()
import numpy as np
import onnxruntime

if sys.argv[1] == "switch":
    onnxruntime.disable_telemetry_events()
after_import = {it.name for it in Path.home().rglob("*") if it.is_file()}

from onnx import TensorProto, helper

ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", ends[:1], ends[1:])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
model.ir_version = 8
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
session.run(None, {"x": np.ones(1, np.float32)})
end = time.monotonic() + WATCHED_S
while time.monotonic() < end and not sockets:
    time.sleep(0.1)
files = {it.name for it in Path.home().rglob("*") if it.is_file()}
print(f"{sys.argv[1]}: after the import {sorted(after_import)}; later {sorted(files)}; "
      f"sockets: {'yes' if sockets else 'no'}", flush=True)
is_quiet = sys.argv[1] == "variable"
assert bool(files) is not is_quiet, files
assert bool(sockets) is not is_quiet, sockets
if not is_quiet:
    assert {"onnxruntime.db", "deviceid", ".ses"} <= after_import, after_import
os._exit(0)
PYTHON
unset CI TF_BUILD GITHUB_ACTIONS || true
for way in nothing switch variable; do
  mkdir "$folder/$way"
  if [ "$way" = variable ]; then export ORT_DISABLE_TELEMETRY=1; fi
  HOME="$folder/$way" TMPDIR="$folder/$way" XDG_CACHE_HOME="$folder/$way/.cache" \
    "$folder/venv/bin/python" "$folder/try.py" "$way"
done
