"""Training while another program keeps one core busy: with one thread, one for each core, and ours.

Usage: .venv/bin/python tests/bench/bench_contention.py [SIZE] [SECONDS]

For each model of the catalogue, preset quick, in turns inside one run: the engine's whole step with
nobody else there, and beside a loop that never rests.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

os.environ.setdefault("GOMP_SPINCOUNT", "0")  # As the program has it.

import numpy as np
import torch

from genstudio.domain.training import Budget
from genstudio.engine.stepper import Stepper, TrainingJob
from genstudio.engine.threads import Threads
from genstudio.models.catalog import model_keys
from genstudio.services.presets import resolve_settings

NUM_IMAGES = 1000
ROUNDS = 3


@contextmanager
def busy(*, is_there: bool) -> Generator[None]:
    """Another program that wants a core, or not."""
    loop = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if is_there else None
    yield
    if loop is not None:
        loop.kill()
        loop.wait()


class Fixed:
    """Threads that nobody changes."""

    def __init__(self, count: int) -> None:
        torch.set_num_threads(count)

    def after_step(self, _seconds: float) -> None:
        pass


def images_per_s(stepper: Stepper, seconds: float, warm_up: int) -> float:
    """Pictures a second of the engine's whole step."""
    for _ in range(warm_up):
        stepper.take_step()
    begun_s, count = time.perf_counter(), 0
    while (took_s := time.perf_counter() - begun_s) < seconds:
        stepper.take_step()
        count += 1
    return count * stepper.settings.batch / took_s


def main(size: int, seconds: float) -> None:
    """Print a line for each model; figures are medians."""
    most = torch.get_num_threads()
    print(
        f"images/s, alone and beside a busy loop, each with 1 thread, {most}, the engine's choice"
    )
    generator = np.random.default_rng(0)
    images_NHWC = generator.integers(0, 256, (NUM_IMAGES, size, size, 3), dtype=np.uint8)
    for key in model_keys():
        settings = resolve_settings(
            preset="quick",
            model_key=key,
            training={"size": size, "budget": Budget(unit="steps", amount=1e9)},
        )
        job = TrainingJob(
            settings=settings, images_NHWC=images_NHWC, run=Path(), checkpoints=Path("nowhere")
        )
        stepper = Stepper(job)
        found: dict[tuple[bool, int], list[float]] = {}
        ours = stepper.threads
        for _ in range(ROUNDS):
            for is_there in (False, True):
                with busy(is_there=is_there):
                    for threads in (1, most, 0):
                        stepper.threads = cast("Threads", Fixed(threads)) if threads else ours
                        if not threads:
                            torch.set_num_threads(ours.count)
                        # Until a new neighbour is noticed.
                        speed = images_per_s(stepper, seconds, 1 if threads else 24)
                        found.setdefault((is_there, threads), []).append(speed)
        told = [f"{statistics.median(speeds):9.1f}" for speeds in found.values()]
        print(f"{key:20}{''.join(told)}")


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 64,
        float(sys.argv[2]) if len(sys.argv) > 2 else 10,
    )
