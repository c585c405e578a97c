"""How much faster many pictures are drawn together than each alone, and all of it than before.

Usage: .venv/bin/python tests/bench/bench_drawing.py [--sizes 64] [--count 500] [--models gan,vae]
       .venv/bin/python tests/bench/bench_drawing.py --before FOLDER --run RUN [--count 500]

For each architecture with its default settings, after one step of training: `genstudio.generate` of
so many seeds after the first, in turns of a tenth of them, drawn alone as older recipes say and
drawn together; processor time of a picture, the mean of all turns, without writing files.

With a checkout of an earlier build and a run that it trained: all that a person waits for, by the
clock: the command `generate` of both builds with its files, in turns, without their start.
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench_explore import trained

from genstudio.data.samples import make_sample_folder
from genstudio.models.catalog import model_class
from genstudio.services.generation import generate
from genstudio.services.runs import Run

_TURNS = 10
_COMMANDS = 5
# Drawn by the shorter command, too: the first batches warm up what all need.
_FIRST = 32


def main() -> None:
    """Measure and print a line for each architecture and size."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="64")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--models", default="gan,vae")
    parser.add_argument("--before", type=Path)
    parser.add_argument("--run", type=Path)
    options = parser.parse_args()
    if options.before is not None:
        print(_commands(Run(options.run.resolve()), options.count, options.before))
        return
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "flowers"
        for _ in make_sample_folder(pictures, count=40, size=256):
            pass
        for name in options.models.split(","):
            key = model_class(name).card.key
            for size in map(int, options.sizes.split(",")):
                run = Run(trained(key, size, pictures, Path(folder) / f"{key}-{size}"))
                print(f"{key:22} {size:4} px  {_measured(run, options.count)}", flush=True)


def _commands(run: Run, count: int, before: Path) -> str:
    """Milliseconds a picture of the command of both builds, the least of five turns."""
    builds = {"before": before.resolve(), "now": Path(__file__).parents[2]}
    least_s: dict[str, float] = dict.fromkeys(builds, math.inf)
    for _ in range(_COMMANDS):
        for name, build in builds.items():
            many_s = _command_s(run, build, count + _FIRST) - _command_s(run, build, _FIRST)
            least_s[name] = min(least_s[name], many_s)
    told = ", ".join(f"{name} {1000 * it / count:.2f} ms" for name, it in least_s.items())
    return f"drawn and kept, by the clock: {told}, {least_s['now'] / least_s['before']:.2f} of it"


def _command_s(run: Run, build: Path, count: int) -> float:
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "genstudio", "generate", str(run.path)]
        began_s = time.perf_counter()
        subprocess.run(
            [*command, "--count", str(count), "--out", out],
            env={**os.environ, "PYTHONPATH": str(build)},
            cwd=build,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return time.perf_counter() - began_s


def _measured(run: Run, count: int) -> str:
    alone = generate(run, range(count + 1), batch=1)
    together = generate(run, range(count + 64))
    next(alone)
    for _ in range(16):  # The whole first batch, so that each turn begins with one.
        next(together)
    alone_s = together_s = 0.0
    # Whole batches, in turns: other programs come and go.
    turn = max(16, count // _TURNS // 16 * 16)
    drawn = 0
    while drawn < count:
        some = min(turn, count - drawn)
        began_s = time.process_time()
        for _ in range(some):
            next(alone)
        between_s = time.process_time()
        for _ in range(some):
            next(together)
        alone_s += between_s - began_s
        together_s += time.process_time() - between_s
        drawn += some
    return (
        f"alone {1000 * alone_s / count:6.2f} ms, together {1000 * together_s / count:6.2f} ms "
        f"of the processor, ratio {alone_s / together_s:.2f}"
    )


if __name__ == "__main__":
    main()
