"""Whether what comes out in bf16 is as good as in fp32: the same number of pictures, two seeds.

Usage: .venv/bin/python tests/bench/bench_precision.py FOLDER OUT [--model vae] [--images 40000]
    [--size 64] [--threads 1]

Judged as everybody can: `genstudio train`, then `genstudio evaluate` of the last checkpoint.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

FIGURES = ("swd", "kid", "density", "coverage")
PRECISIONS = ("fp32", "bf16")


def told(*arguments: object, threads: int) -> dict[str, Any]:
    """The last line of JSON that a command gives."""
    command = [sys.executable, "-m", "genstudio", *map(str, arguments), "--json"]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    output = subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout
    return json.loads(output.splitlines()[-1])


def main() -> None:
    """Train, judge, and print a line for each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--model", default="vae")
    parser.add_argument("--images", type=int, default=40_000)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    print(f"{'':8}seed  images/s  " + "  ".join(f"{name:>18}" for name in FIGURES))
    for seed in chosen.seeds:
        for precision in PRECISIONS:
            project = chosen.out / f"{chosen.model}-{precision}-{seed}"
            ended = told(
                "train", chosen.folder, "--model", chosen.model, "--project", project,
                "--size", chosen.size, "--images", chosen.images, "--seed", seed,
                "--precision", precision, threads=chosen.threads,
            )  # fmt: skip
            speed = ended["images_seen"] / ended["seconds"]
            judged = told("evaluate", ended["run"], "--checkpoint", "last", threads=chosen.threads)
            shown = [
                f"{judged[name]['value']:9.2f} ± {judged[name]['sd']:6.2f}" for name in FIGURES
            ]
            print(f"{precision:8}{seed:4}{speed:10.1f}  " + "  ".join(shown), flush=True)


if __name__ == "__main__":
    main()
