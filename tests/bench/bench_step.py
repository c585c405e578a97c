"""How much of what the processor can compute a training step uses, plainly, in fp32 and in bf16.

Usage: .venv/bin/python tests/bench/bench_step.py [SIZES] [THREADS] [WIDTH]

The peak is that of a large convolution in the same precision, measured in the same run. Arithmetic
is counted by torch; the steps that calm a critic, one in sixteen, are left out of it, and of the
time. Times are of the processor, so that neighbours disturb them little. Plainly: as torch does it
if nothing is said, in fp32, with the layout of memory and the optimizer that it begins with; these
steps come first, since what the engine says to the C library about freed memory holds for good.
The last column is of whole trainings: plainly, the critic is calmed in every step, as the papers
have it, and else in one of sixteen.
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from genstudio.domain.settings import parse_settings
from genstudio.domain.training import Precision
from genstudio.engine.device import place
from genstudio.engine.memory import keep_freed_memory
from genstudio.engine.phases import freeze_except, make_optimizer
from genstudio.models.catalog import model_class, model_keys
from genstudio.models.protocol import Batch, DataSpec, Phase

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
PLAIN = "plain"
PRECISIONS: dict[str, Precision] = {PLAIN: "fp32", "fp32": "fp32", "bf16": "bf16"}
STEPS = 8
# A step whose critic is calmed, and one of those between.
CALMED, BETWEEN = 0, 1
CALMED_EVERY = 16


class Arithmetic(TorchDispatchMode):
    """Counts what convolutions and products compute.

    As torch's FlopCounterMode does, which does not go with a gradient by the pixels of a picture.
    """

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: object,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        count = flop_registry.get(func._overloadpacket)
        if count is not None:
            self.flops += count(*args, **(kwargs or {}), out_val=result)
        return result


def seconds_of(work: Callable[[], object], count: int) -> float:
    """Processor time of one of so many."""
    work()
    began_s = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - began_s) / count


def peak(dtype: torch.dtype) -> float:
    """Operations a second of a convolution that keeps its units busy."""
    layer = nn.Conv2d(256, 256, 3, padding=1).to(dtype)
    place(layer, torch.device("cpu"))
    features = torch.randn(16, 256, 32, 32, dtype=dtype).to(memory_format=torch.channels_last)
    with torch.no_grad():
        seconds = seconds_of(lambda: layer(features), 4)
        with Arithmetic() as counted:
            layer(features)
    return counted.flops / seconds


def step_of(
    key: str, size: int, width: int, batch_size: int, way: str, device: str = "cpu"
) -> Callable[[int], None]:
    torch.manual_seed(0)
    chosen = model_class(key)
    model = chosen(parse_settings(chosen.Config, {"width": width}), DataSpec(size=size, channels=3))
    model.network.to(device)
    images = torch.rand(batch_size, 3, size, size, device=device).mul(2).sub(1)
    make: Callable[[Phase], torch.optim.Optimizer] = plain_optimizer
    if way != PLAIN:
        place(model.network, torch.device(device))
        images = images.to(memory_format=torch.channels_last)
        make = make_optimizer
    batch = Batch.of_images(images_NCHW=images, images_seen=10**6)
    phases = model.phases()
    optimizers = {phase.name: make(phase) for phase in phases}

    def step(number: int = BETWEEN) -> None:
        for phase in phases:
            freeze_except(phase.parameters, model.network)
            with torch.autocast(device, torch.bfloat16, enabled=way == "bf16"):
                total = model.losses(phase.name, batch, number).total
            total.backward(inputs=None if way == PLAIN else list(phase.parameters))
            optimizers[phase.name].step()
            optimizers[phase.name].zero_grad()

    return step


def plain_optimizer(phase: Phase) -> torch.optim.Optimizer:
    return make_optimizer(phase, fused=None)


def batch_size_of(size: int) -> int:
    return max(4, 2048 // size)


def main(sizes: list[int], threads: int, width: int) -> None:
    torch.set_num_threads(threads)
    peaks = {name: peak(dtype) for name, dtype in DTYPES.items()}
    print(f"peak: {', '.join(f'{name} {it / 1e9:.0f} GFLOP/s' for name, it in peaks.items())}")
    cases = [(key, size) for key in model_keys() for size in sizes]
    plainly_s: dict[tuple[str, int], dict[int, float]] = {}
    for case in cases:
        step = step_of(*case, width, batch_size_of(case[1]), PLAIN)
        plainly_s[case] = {it: seconds_of(partial(step, it), STEPS) for it in (CALMED, BETWEEN)}
    _kept = keep_freed_memory("cpu")
    print(
        "model   px   GFLOP/image   images/s (of peak) plainly, in fp32, in bf16   "
        "bf16 / plain   whole trainings"
    )
    for key, size in cases:
        batch_size = batch_size_of(size)
        steps = {way: step_of(key, size, width, batch_size, way) for way in DTYPES}
        with Arithmetic() as counted:
            steps["fp32"]()
        flops = counted.flops
        plain_s = plainly_s[key, size]
        took_s = {PLAIN: plain_s[BETWEEN]}
        took_s |= {way: seconds_of(step, STEPS) for way, step in steps.items()}
        calmed_s = seconds_of(partial(steps["bf16"], CALMED), STEPS)
        whole_s = took_s["bf16"] + (calmed_s - took_s["bf16"]) / CALMED_EVERY
        rates = "  ".join(
            f"{batch_size / it:8.1f} ({flops / it / peaks.get(way, peaks['fp32']):.0%})"
            for way, it in took_s.items()
        )
        ratio = took_s[PLAIN] / took_s["bf16"]
        print(
            f"{key:20} {size:4} {flops / batch_size / 1e9:10.2f}  {rates}  {ratio:6.2f}  "
            f"{plain_s[CALMED] / whole_s:6.2f}"
        )


if __name__ == "__main__":
    main(
        [int(size) for size in (sys.argv[1] if len(sys.argv) > 1 else "64,128").split(",")],
        int(sys.argv[2]) if len(sys.argv) > 2 else 1,
        int(sys.argv[3]) if len(sys.argv) > 3 else 32,
    )
