"""Training beside programs that want every core, and alone: this build, one thread, another build.

Usage: .venv/bin/python tests/bench/bench_neighbours.py [--before FOLDER] [--seconds S]
    [--loops N] [--models gan,vae] [--ways terminal,window]

In turns inside one run, each in a process of its own as a person starts it: `genstudio train` at
64 px with preset quick on the built-in pictures, and the same from the window (offscreen). “Steps”
are those of so many seconds of training; “first preview” is counted from the start of the program,
“ended” until the program is gone, so a step that never ends shows there. FOLDER is a source tree of
another build.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from genstudio.data.samples import make_sample_folder

ROOT = Path(__file__).resolve().parents[2]
# A build that stands still is ended after so many times the seconds that it was given.
PATIENCE = 6
IN_WINDOW = Path(__file__).with_name("train_in_window.py")


@dataclass(frozen=True)
class Way:
    """A build, and how many threads it may have."""

    name: str
    source: Path
    one_thread: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of a training."""

    steps: int
    preview_s: float
    ended_s: float


@contextmanager
def loops(count: int) -> Generator[None]:
    """Programs that never rest."""
    begun = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in begun:
            process.kill()
            process.wait()


def train(way: Way, model: str, pictures: Path, seconds: float, *, in_window: bool) -> Outcome:
    """Train in a program of its own."""
    surroundings = {**os.environ, "PYTHONPATH": str(way.source), "QT_QPA_PLATFORM": "offscreen"}
    surroundings.pop("OMP_NUM_THREADS", None)
    if way.one_thread:
        surroundings["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as project:
        command = [sys.executable, "-m", "genstudio", "train", str(pictures), "--json"]
        command += ["--model", model, "--size", "64", "--preset", "quick", "--device", "cpu"]
        command += ["--minutes", str(seconds / 60), "--project", project]
        if in_window:
            command = [sys.executable, str(IN_WINDOW), str(pictures), project, model, str(seconds)]
        began_s = time.monotonic()
        process = subprocess.Popen(
            command,
            env=surroundings,
            cwd=project,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return _outcome(process, began_s, seconds)


def _outcome(process: "subprocess.Popen[str]", began_s: float, seconds: float) -> Outcome:
    steps, preview_s = 0, math.nan
    assert process.stdout is not None
    for line in process.stdout:
        now_s = time.monotonic() - began_s
        event = json.loads(line)
        # Steps that were taken in the time that the run was given, whenever that is told.
        if event.get("seconds", 0.0) <= seconds * 1.5:
            steps = max(steps, event.get("step") or 0)
        if event["event"] == "PreviewReady" and math.isnan(preview_s):
            preview_s = now_s
        if now_s > PATIENCE * seconds:
            process.kill()
    process.wait()
    return Outcome(steps, preview_s, time.monotonic() - began_s)


def main() -> None:
    """Print a line for each training, and ratios to that with one thread."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--loops", type=int, default=4)
    parser.add_argument("--models", default="gan,vae")
    parser.add_argument("--ways", default="terminal,window")
    options = parser.parse_args()
    ways = [Way("one thread", ROOT, one_thread=True), Way("this build", ROOT)]
    if options.before:
        ways.append(Way("before", options.before.resolve()))
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "pictures"
        for _ in make_sample_folder(pictures):
            pass
        for count in (options.loops, 0):
            for place in options.ways.split(","):
                for model in options.models.split(","):
                    print(f"{model}, {place}, {count} loops", flush=True)
                    with loops(count):
                        found = [
                            train(
                                way, model, pictures, options.seconds, in_window=place == "window"
                            )
                            for way in ways
                        ]
                    for way, outcome in zip(ways, found, strict=True):
                        ratio = outcome.steps / max(1, found[0].steps)
                        print(
                            f"  {way.name:12}{outcome.steps:6} steps ×{ratio:6.2f}  first preview "
                            f"{outcome.preview_s:6.1f} s  ended {outcome.ended_s:6.1f} s",
                            flush=True,
                        )


if __name__ == "__main__":
    main()
