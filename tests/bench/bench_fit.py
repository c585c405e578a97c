"""Forecasts of the fit check beside real runs: memory, and time for a step.

    python tests/bench/bench_fit.py FOLDER [--minutes 1.3] [--rounds 2] [--models …] [--sizes …]

Each real run is the command `genstudio train`, and begins right after its forecast. Where others
use the machine, the same step takes up to three times as long, also of the processor's time: so
the least of all rounds is compared with the least, as processor time for a step. Runs last longer
than a minute, since quality is measured first then, which takes memory.
Linux only: the peak of another process's memory is read from /proc.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil

_WARM_UP_STEPS = 2
_BATCH = 16


def forecast(folder: Path, model: str, size: int, minutes: float) -> dict[str, float]:
    """Ask the fit check, by the command."""
    command = [
        sys.executable, "-m", "genstudio", "fit", str(folder), "--model", model,
        "--size", str(size), "--batch", str(_BATCH), "--minutes", str(minutes), "--json",
    ]  # fmt: skip
    told = subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout
    return json.loads(told)


def real(folder: Path, model: str, size: int, minutes: float) -> dict[str, float]:
    """Train with the command; gives peak memory (bytes), and seconds for a step."""
    with tempfile.TemporaryDirectory() as project:
        command = [
            sys.executable, "-m", "genstudio", "train", str(folder), "--model", model,
            "--project", project, "--size", str(size), "--batch", str(_BATCH),
            "--minutes", str(minutes), "--json",
        ]  # fmt: skip
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8"
        )
        assert process.stdout is not None
        watched = psutil.Process(process.pid)
        points: list[tuple[int, float, float]] = []
        peak = 0
        for line in process.stdout:
            event: dict[str, Any] = json.loads(line)
            if event.get("event") == "StepDone" and event["step"] >= _WARM_UP_STEPS:
                times = watched.cpu_times()
                points.append((event["step"], event["seconds"], times.user + times.system))
            if event.get("event") in ("StepDone", "CheckpointSaved", "Finished"):
                peak = max(peak, _peak_bytes(process.pid))
        process.wait()
    (first, *_, last) = points
    count = last[0] - first[0]
    return {
        "memory": peak,
        "clock_s": (last[1] - first[1]) / count,
        "processor_s": (last[2] - first[2]) / count,
    }


def _peak_bytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    line = next((it for it in status.splitlines() if it.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(line.split()[1]) * 1024


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=1.3)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--models", nargs="+", default=["self-supervised-gan", "residual-vae"])
    parser.add_argument("--sizes", nargs="+", type=int, default=[64, 128])
    arguments = parser.parse_args()
    print("| model, px | memory: told, came | processor s/step: told, came | clock, each round |")
    print("|---|---|---|---|")
    for model in arguments.models:
        for size in arguments.sizes:
            pairs = [
                (
                    forecast(arguments.folder, model, size, arguments.minutes),
                    real(arguments.folder, model, size, arguments.minutes),
                )
                for _ in range(arguments.rounds)
            ]
            told_memory = max(told["memory_bytes"] for told, _ in pairs)
            came_memory = max(came["memory"] for _, came in pairs)
            told_s = min(told["processor_s_per_step"] for told, _ in pairs)
            came_s = min(came["processor_s"] for _, came in pairs)
            clock = ", ".join(
                f"{told['seconds_per_step']:.2f}/{came['clock_s']:.2f}" for told, came in pairs
            )
            print(
                f"| {model}, {size} | {told_memory / 2**20:.0f} MB, "
                f"{came_memory / 2**20:.0f} MB, {told_memory / came_memory - 1:+.0%} | "
                f"{told_s:.3f}, {came_s:.3f}, {told_s / came_s - 1:+.0%} | "
                f"{clock} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
