"""Trains a small VAE under a limit on memory, as the system enforces it.

Usage: little_memory.py PROJECT PARTS: how much a step in so many parts needs, in bytes.
       little_memory.py PROJECT LIMIT_BYTES train: trains with that much, and prints the events.
"""

import resource
import sys
from pathlib import Path

import numpy as np
from tiny_studio import small_settings, steps, train_to_end

from genstudio.domain.training import TrainingSettings
from genstudio.engine import compute, preview

SIZE = 128
BATCH = 32


def settings(parts: int = 1) -> TrainingSettings:
    """A run whose steps need much memory, unless they are taken in parts."""
    return small_settings(
        "residual-vae", size=SIZE, batch=BATCH, accumulate=parts, budget=steps(2),
        model={"width": 32, "latent_size": 8},
    )  # fmt: skip


def pictures_NHWC() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (BATCH, SIZE, SIZE, 3), dtype=np.uint8)


def address_space_bytes(entry: str) -> int:
    """What the process has reserved now (VmSize), or had at most (VmPeak)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{entry}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(entry)


def main(project: Path, number: int, *, trains: bool) -> None:
    preview.sheet_layout = lambda _: (1, 2)
    before = address_space_bytes("VmSize")
    if trains:
        resource.setrlimit(resource.RLIMIT_AS, (before + number, resource.RLIM_INFINITY))
        for event in train_to_end(project, settings(), pictures_NHWC()):
            sys.stdout.write(event.model_dump_json() + "\n")
        return
    # What it sets aside would count as needed.
    compute.keep_freed_memory = lambda _: None
    told = train_to_end(project, settings(number), pictures_NHWC())
    assert told[-1].event == "Finished", told[-1]
    sys.stdout.write(f"{address_space_bytes('VmPeak') - before}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), trains=len(sys.argv) > 3)
