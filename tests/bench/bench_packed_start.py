"""How long the packed program takes until its window is on the screen, beside the source tree.

Usage: .venv/bin/python tests/bench/bench_packed_start.py PROGRAM [TIMES]

PROGRAM is the packed ``genstudio``. Both are started in turn on one virtual screen (Xvfb, openbox),
from files that the system has read before, each with a home of its own that is empty.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
_HANGS_S = 120.0
_POLL_S = 0.01


@contextlib.contextmanager
def screen() -> Iterator[str]:
    """A virtual screen with a window manager; gives its DISPLAY."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
        pass_fds=[writing], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writing)
    with os.fdopen(reading) as pipe:
        display = f":{pipe.readline().strip()}"
    manager = subprocess.Popen(
        ["openbox"], env={**os.environ, "DISPLAY": display}, stderr=subprocess.DEVNULL
    )
    try:
        yield display
    finally:
        for process in (manager, server):
            process.terminate()
            process.wait()


def start_once(command: list[str], display: str) -> float:
    """Seconds from the start of a program until its window is visible; then ends it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        environment = {**os.environ, "DISPLAY": display, "HOME": home, "PYTHONPATH": str(ROOT)}
        environment.pop("QT_QPA_PLATFORM", None)
        search = ["xdotool", "search", "--onlyvisible", "--name", "GenStudio"]
        began_s = time.monotonic()
        program = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            while time.monotonic() - began_s < _HANGS_S:
                if subprocess.run(
                    search, env=environment, capture_output=True, check=False
                ).stdout.strip():
                    return time.monotonic() - began_s
                time.sleep(_POLL_S)
            raise TimeoutError(f"no window of {command[0]}")
        finally:
            program.send_signal(signal.SIGKILL)
            program.wait()


def main(program: str, times: int) -> None:
    """Print medians, and their ratio."""
    commands = {"source tree": [sys.executable, "-m", "genstudio"], "packed": [program]}
    measured: dict[str, list[float]] = {name: [] for name in commands}
    with screen() as display:
        for _ in range(times + 1):
            for name, command in commands.items():
                measured[name].append(start_once(command, display))
    # The first ones read their files from the disk, perhaps.
    medians = {name: float(np.median(seconds[1:])) for name, seconds in measured.items()}
    for name, seconds in measured.items():
        print(
            f"{name}: {medians[name]:.2f} s (worst {max(seconds[1:]):.2f}, first {seconds[0]:.2f})"
        )
    print(f"ratio {medians['packed'] / medians['source tree']:.2f}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 9)
