"""Training while another program keeps one core busy: with one thread, one for each core, and ours.

Usage: .venv/bin/python tests/bench/bench_contention.py [SIZE] [SECONDS]

For each model of the catalogue, preset quick, in turns inside one run: the engine's whole step with
nobody else there, and beside a loop that never rests.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import torch
from quick_runs import endless_job, noise_NHWC

from genstudio.engine.stepper import Stepper
from genstudio.engine.threads import Threads
from genstudio.models.catalog import model_keys

ROUNDS = 2
# The engine is given time to notice its neighbour, and has to try now and then what it is like.
NOTICED_S = 25.0
LONGER = 8


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


def images_per_s(stepper: Stepper, seconds: float, warm_up_s: float) -> float:
    """Pictures a second of the engine's whole step."""
    begun_s, count = time.perf_counter(), -1
    while (took_s := time.perf_counter() - begun_s) < seconds or count < 1:
        stepper.take_step()
        count += 1
        if count == 0 or warm_up_s > 0:
            warm_up_s -= time.perf_counter() - begun_s
            begun_s, count = time.perf_counter(), 0
    return count * stepper.settings.batch / took_s


def main(size: int, seconds: float) -> None:
    """Print a line for each model; figures are means."""
    most = torch.get_num_threads()
    print(
        f"images/s, alone and beside a busy loop, each with 1 thread, {most}, the engine's choice"
    )
    images_NHWC = noise_NHWC(size)
    for key in model_keys():
        torch.set_num_threads(most)
        stepper = Stepper(endless_job(key, images_NHWC, Path("nowhere")))
        found: dict[tuple[bool, int], list[float]] = {}
        for _ in range(ROUNDS):
            for is_there in (False, True):
                with busy(is_there=is_there):
                    for threads in (1, most):
                        stepper.threads = cast("Threads", Fixed(threads))
                        speed = images_per_s(stepper, seconds, warm_up_s=0)
                        found.setdefault((is_there, threads), []).append(speed)
                    torch.set_num_threads(most)
                    stepper.threads = Threads("cpu", stepper._rehearse())
                    longer = (LONGER * seconds, NOTICED_S) if is_there else (seconds, 0)
                    speed = images_per_s(stepper, *longer)
                    found.setdefault((is_there, 0), []).append(speed)
        told = [f"{statistics.mean(speeds):9.1f}" for speeds in found.values()]
        print(f"{key:20}{''.join(told)}")


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 64,
        float(sys.argv[2]) if len(sys.argv) > 2 else 10,
    )
