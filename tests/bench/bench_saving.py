"""What saving costs a training: speed with and without checkpoints, in turns inside one run.

Usage: .venv/bin/python tests/bench/bench_saving.py [SIZE] [BLOCK_SECONDS]

Each block with saving holds several checkpoints, far more than a run writes; what one of them
costs is set against the minute of training that lies between two of them. On a busy machine the
difference of speeds drowns in noise; what the writing thread computes does not: “work” is its
processor time and the wait of the training, the most that a checkpoint can cost.
"""

import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from quick_runs import endless_settings
from torch import Tensor

from genstudio.data.dataset import image_dataset
from genstudio.domain import events
from genstudio.engine.checkpoint import CheckpointState, CheckpointStore
from genstudio.engine.extensions.checkpoints import Checkpoints
from genstudio.engine.job import TrainingJob
from genstudio.engine.schedule import Schedule, paces
from genstudio.engine.state import TrainState
from genstudio.engine.stepper import Stepper
from genstudio.models.catalog import model_keys

ROUNDS = 4
SAVES_IN_A_BLOCK = 3
MINUTE_S = 60.0


class WatchedStore(CheckpointStore):
    """Notes the processor time that the writing of each checkpoint takes."""

    work_s: ClassVar[list[float]] = []

    def save(
        self,
        state: CheckpointState,
        tensors: Mapping[str, Mapping[str, Tensor]],
        preview_HWC: np.ndarray | None,
    ) -> Path:
        """Save, and note."""
        began_s = time.thread_time()
        path = super().save(state, tensors, preview_HWC)
        self.work_s.append(time.thread_time() - began_s)
        return path


class Block:
    """Some seconds of training, with or without checkpoints."""

    def __init__(self) -> None:
        self.steps = 0
        self.seconds = 0.0
        self.saved: list[events.CheckpointSaved] = []

    def train(self, stepper: Stepper, keeper: Checkpoints | None, seconds: float) -> None:
        """Train for some more."""
        began_s, before = time.perf_counter(), stepper.state.step
        while time.perf_counter() - began_s < seconds:
            stepper.take_step()
            if keeper is not None:
                told = keeper.after_step(stepper.state)
                self.saved += [event for event in told if isinstance(event, events.CheckpointSaved)]
        self.steps += stepper.state.step - before
        self.seconds += time.perf_counter() - began_s

    def steps_per_s(self) -> float:
        """Speed over all of it."""
        return self.steps / self.seconds


def main(size: int, block_s: float) -> None:
    """Print one line for each model."""
    print(f"{torch.get_num_threads()} threads, {size} px, preset balanced")
    print("model          MiB   training waits   written in    work   of a minute   slower by")
    pictures = np.random.default_rng(0).integers(0, 256, (500, size, size, 3), dtype=np.uint8)
    for key in model_keys():
        settings = endless_settings(key, size, preset="balanced").model_copy(
            update={"save_every_s": block_s / SAVES_IN_A_BLOCK}
        )
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            job = TrainingJob(
                settings=settings,
                dataset=image_dataset(pictures),
                run=Path(folder),
                checkpoints=Path(folder) / "checkpoints",
            )
            print(f"{key:15}{measure(job, block_s)}", flush=True)


def measure(job: TrainingJob, block_s: float) -> str:
    """Train one model in turns."""
    stepper = Stepper(TrainState(job), job.settings)
    schedule = Schedule(job.settings.budget, paces(job.settings), 0.0)
    keeper = Checkpoints(WatchedStore(job.checkpoints), schedule)
    Block().train(stepper, None, 2.0)
    without, with_saving = Block(), Block()
    WatchedStore.work_s.clear()
    for _ in range(ROUNDS):
        without.train(stepper, None, block_s)
        with_saving.train(stepper, keeper, block_s)
    keeper.close()
    stepper.state.compute.threads.give_back()
    saved = with_saving.saved
    mib = sum(file.stat().st_size for file in saved[-1].path.iterdir()) / 2**20
    held_up_s = sum(event.held_up_s for event in saved) / len(saved)
    took_s = sum(event.took_s for event in saved) / len(saved)
    work_s = sum(WatchedStore.work_s) / len(WatchedStore.work_s) + held_up_s
    lost_s = with_saving.seconds - with_saving.steps / without.steps_per_s()
    return (
        f"{mib:4.0f}{held_up_s * 1000:14.0f} ms{took_s:11.2f} s{work_s:6.2f} s"
        f"{work_s / MINUTE_S:13.2%}{lost_s / len(saved) / MINUTE_S:12.2%}"
    )


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 64,
        float(sys.argv[2]) if len(sys.argv) > 2 else 15.0,
    )
