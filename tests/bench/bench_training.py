"""How much of a training step is the model's own work: data and engine beside the bare networks.

Usage: .venv/bin/python tests/bench/bench_training.py [SIZE] [SECONDS]

For each model of the catalogue, in turns inside one run: a bare loop of losses, backward and
optimizer on one fixed batch, and the engine's whole step (order, memory map, mirror, EMA, meters).
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from quick_runs import endless_job, noise_NHWC

from genstudio.domain.settings import parse_settings
from genstudio.engine.device import place, plan_device
from genstudio.engine.job import TrainingJob
from genstudio.engine.phases import freeze_except, make_optimizer
from genstudio.engine.state import TrainState
from genstudio.engine.stepper import Stepper
from genstudio.models.catalog import model_class, model_keys
from genstudio.models.protocol import Batch, DataSpec

ROUNDS = 3


def measure(step: Callable[[], None], seconds: float) -> float:
    """Steps a second."""
    step()
    begun_s, count = time.perf_counter(), 0
    while (took_s := time.perf_counter() - begun_s) < seconds:
        step()
        count += 1
    return count / took_s


def bare_step(job: TrainingJob) -> Callable[[], None]:
    """One step of the same networks in the same precision, without any of the engine."""
    settings = job.settings
    chosen = model_class(settings.model_key)
    model = chosen(
        parse_settings(chosen.Config, settings.model), DataSpec(size=settings.size, channels=3)
    )
    plan = plan_device(settings.device, settings.precision)
    place(model.network, torch.device(plan.accelerator))
    images = torch.rand(settings.batch, 3, settings.size, settings.size).mul(2).sub(1)
    batch = Batch.of_images(images_NCHW=images.to(memory_format=torch.channels_last), images_seen=0)
    phases = model.phases()
    optimizers = {phase.name: make_optimizer(phase) for phase in phases}
    in_bf16 = plan.precision == "bf16"
    count = 0

    def step() -> None:
        nonlocal count
        for phase in phases:
            freeze_except(phase.parameters, model.network)
            with torch.autocast(plan.accelerator, torch.bfloat16, enabled=in_bf16):
                total = model.losses(phase.name, batch, count).total
            total.backward(inputs=list(phase.parameters))
            optimizers[phase.name].step()
            optimizers[phase.name].zero_grad()
        count += 1

    return step


def main(size: int, seconds: float) -> None:
    """Print one line for each model."""
    print(f"{plan_device().name}, {plan_device().precision}, {size} px, preset quick")
    print("model          images/s   engine / bare   data share of a step")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pixels.npy"
        np.save(path, noise_NHWC(size))
        for key in model_keys():
            job = endless_job(key, np.load(path, mmap_mode="r"), Path(folder))
            stepper = Stepper(TrainState(job), job.settings)
            bare = bare_step(job)
            rates = [
                (measure(stepper.take_step, seconds), measure(bare, seconds)) for _ in range(ROUNDS)
            ]
            whole, alone = (float(np.median(column)) for column in zip(*rates, strict=True))
            loading = measure(
                lambda stepper=stepper: stepper.state.batches.after(
                    stepper.state.counters.images_seen
                ),
                seconds / 4,
            )
            stepper.state.compute.threads.give_back()
            print(
                f"{key:14} {whole * job.settings.batch:8.1f} {whole / alone:12.3f}"
                f" {whole / loading:18.4f}"
            )


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 64,
        float(sys.argv[2]) if len(sys.argv) > 2 else 6.0,
    )
