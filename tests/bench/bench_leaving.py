"""How long a training takes to be saved and gone when it is told to end: five seconds of a logout.

Usage: .venv/bin/python tests/bench/bench_leaving.py [ROUNDS] [LOOPS]

In turns inside one run, alone and beside so many busy loops: a training of the VAE at 32 px from
the terminal and in the window (offscreen), told by SIGTERM; the window also asked as by a logout.
Systems give a program about five seconds.
"""

import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench_neighbours import loops

from genstudio.data.samples import make_sample_folder

WINDOW = Path(__file__).parents[1] / "faults" / "window_that_trains.py"


def terminal_s(pictures: Path, project: Path) -> float:
    """From the signal to the end of the program."""
    command = [
        sys.executable,
        "-m",
        "genstudio",
        "train",
        str(pictures),
        "--json",
        "--device",
        "cpu",
    ]
    command += ["--project", str(project), "--model", "vae", "--size", "32", "--minutes", "60"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as training:
        assert training.stdout is not None
        for line in training.stdout:
            if '"StepDone"' in line:
                break
        began_s = time.monotonic()
        training.send_signal(signal.SIGTERM)
        training.communicate()
        return time.monotonic() - began_s


def window_s(pictures: Path, project: Path, *, logs_out: bool) -> float:
    """From the signal to the end, or from the system's question to the answer."""
    paths = [str(WINDOW.parents[1]), os.environ.get("PYTHONPATH", "")]
    surroundings = {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, str(WINDOW), str(pictures), str(project)]
    window = subprocess.Popen(
        command + ["logout"] * logs_out,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **surroundings},
    )
    assert window.stdout is not None
    window.stdout.readline()
    began_s = time.monotonic()
    if logs_out:
        window.stdout.readline()
    else:
        window.send_signal(signal.SIGTERM)
        window.wait()
    took_s = time.monotonic() - began_s
    with contextlib.suppress(ProcessLookupError):
        window.kill()
    window.communicate()
    return took_s


def main(rounds: int, num_loops: int) -> None:
    """Print middle and worst of each."""
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "pictures"
        for _ in make_sample_folder(pictures, count=60, size=64):
            pass
        for count in (0, num_loops):
            found: dict[str, list[float]] = {"terminal": [], "window": [], "logout": []}
            for number in range(rounds):
                with loops(count):
                    project = Path(folder) / f"{count}-{number}"
                    found["terminal"].append(terminal_s(pictures, project / "terminal"))
                    found["window"].append(window_s(pictures, project / "window", logs_out=False))
                    found["logout"].append(window_s(pictures, project / "logout", logs_out=True))
            for name, took_s in found.items():
                print(
                    f"{name:10} {count} loops: {statistics.median(took_s):5.2f} s, "
                    f"worst {max(took_s):5.2f} s",
                    flush=True,
                )


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 5,
        int(sys.argv[2]) if len(sys.argv) > 2 else 4,
    )
