"""How long a person waits for the window, and for the architectures that are imported behind it.

Usage: .venv/bin/python tests/bench/bench_start.py [TIMES]

From the start of the process: until the window has been painted and has answered a click, until
the architectures are there, and how late the window was at worst in between. Offscreen, from files
that the system has read before.
"""

import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

WAIT_S = 60.0


def start_once() -> None:
    """Start the window in this process, print what was measured as JSON, and close it."""
    import psutil

    began_s = psutil.Process().create_time()
    from PySide6.QtCore import Qt, QTimer
    from PySide6.QtWidgets import QAbstractButton, QApplication

    from genstudio.cli import command_names

    # As `genstudio` does, which has to tell commands from folders.
    command_names()
    from genstudio.app import build_window

    app = QApplication([])
    window = build_window(None)
    window.show()
    app.processEvents()
    button = window.findChild(QAbstractButton, "rail.train")
    assert button is not None
    button.click()
    app.processEvents()
    usable_s = time.time() - began_s
    late_ms = list[float]()
    last_s = time.perf_counter()

    def on_timer() -> None:
        nonlocal last_s
        now_s = time.perf_counter()
        late_ms.append((now_s - last_s) * 1000 - timer.interval())
        last_s = now_s

    timer = QTimer(window, interval=5, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(on_timer)
    timer.start()
    deadline_s = time.monotonic() + WAIT_S
    while not window._training.entries and time.monotonic() < deadline_s:
        app.processEvents()
    loaded_s = time.time() - began_s
    window.close()
    print(json.dumps([usable_s, loaded_s, max(late_ms)]))


def main(times: int) -> None:
    """Print medians, and the worst of all."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": home}
        environment |= {"XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home, "XDG_STATE_HOME": home}
        measured = list[list[float]]()
        for _ in range(times + 1):
            command = [sys.executable, __file__, "--once"]
            said = subprocess.run(
                command, env=environment, check=True, capture_output=True, text=True
            )
            measured.append(json.loads(said.stdout.splitlines()[-1]))
    # The first one read its files from the disk, perhaps.
    usable_s, loaded_s, late_ms = np.median(measured[1:], axis=0)
    worst = np.max(measured[1:], axis=0)
    print(f"usable after {usable_s:.2f} s (worst {worst[0]:.2f} s)")
    print(f"architectures after {loaded_s:.2f} s (worst {worst[1]:.2f} s)")
    print(f"the window was late by at most {late_ms:.0f} ms (worst {worst[2]:.0f} ms)")


if __name__ == "__main__":
    if sys.argv[1:] == ["--once"]:
        start_once()
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
