"""How fast a graphics card trains: plainly, by our engine step for step, and with repeated steps.

Usage: .venv/bin/python tests/bench/bench_gpu.py [SECONDS] [MODEL/SIZE/WIDTH/BATCH …]

Plainly: fp32 without TF32, the first layout of memory, the ordinary optimizer, nothing around it.
The peak is that of a large convolution in bf16, measured in the same run; arithmetic is counted by
torch, without the steps that calm a critic. What a preview costs is measured, too.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from bench_step import PLAIN, Arithmetic, step_of
from quick_runs import endless_settings, noise_NHWC
from torch import nn

from genstudio.data.dataset import image_dataset
from genstudio.engine.device import available_accelerators
from genstudio.engine.job import TrainingJob
from genstudio.engine.preview import Sketch, preview_sheet
from genstudio.engine.state import TrainState
from genstudio.engine.stepper import Stepper
from genstudio.models.catalog import model_keys

CASES = [
    f"{key}/{size}/{width}/32" for size in (64, 128) for width in (32, 64) for key in model_keys()
]
# Until a critic was calmed often enough for that to be recorded, too.
RECORDED_AFTER_STEPS = 66


def peak() -> float:
    """Operations a second of a convolution that keeps the card busy, in bf16."""
    layer = nn.Conv2d(512, 512, 3, padding=1).cuda().bfloat16()
    layer.to(memory_format=torch.channels_last)
    features = torch.randn(64, 512, 64, 64, device="cuda", dtype=torch.bfloat16)
    features = features.to(memory_format=torch.channels_last)
    with torch.no_grad(), Arithmetic() as counted:
        layer(features)
    with torch.no_grad():
        rate = rate_of(lambda: layer(features), 1.0)
    return counted.flops * rate


def rate_of(work: Callable[[], object], seconds: float) -> float:
    """How often a second, once it has settled."""
    for _ in range(3):
        work()
    torch.cuda.synchronize()
    began_s, count = time.perf_counter(), 0
    while time.perf_counter() - began_s < seconds:
        for _ in range(5):
            work()
        torch.cuda.synchronize()
        count += 5
    return count / (time.perf_counter() - began_s)


def engine(key: str, size: int, width: int, batch_size: int, folder: Path) -> Stepper:
    settings = endless_settings(
        key, size, training={"batch": batch_size, "device": "cuda"}, model={"width": width}
    )
    images_NHWC = noise_NHWC(size)
    job = TrainingJob(
        settings=settings, dataset=image_dataset(images_NHWC), run=folder, checkpoints=folder
    )
    return Stepper(TrainState(job), settings)


def settled(stepper: Stepper, steps: int) -> Stepper:
    """After so many steps; the memory that it takes is counted anew."""
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    for _ in range(steps):
        stepper.take_step()
    return stepper


def measured(key: str, size: int, width: int, batch_size: int, seconds: float) -> dict[str, Any]:
    tell: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        torch.set_float32_matmul_precision("highest")
        torch.backends.cudnn.allow_tf32 = False
        step = step_of(key, size, width, batch_size, PLAIN, "cuda")
        with Arithmetic() as counted:
            step()
        tell["flops"] = counted.flops / batch_size
        tell["plain"] = rate_of(step, seconds) * batch_size
        del step
        usual = engine(key, size, width, batch_size, Path(name))
        usual.graphs.disable()
        settled(usual, 8)
        tell["usual"] = rate_of(usual.take_step, seconds) * batch_size
        tell["usual MiB"] = torch.cuda.max_memory_reserved() / 2**20
        began_s = time.perf_counter()
        preview_sheet(usual.averaged, image_dataset(noise_NHWC(size)))
        tell["preview s"] = time.perf_counter() - began_s
        del usual
        repeated = settled(engine(key, size, width, batch_size, Path(name)), RECORDED_AFTER_STEPS)
        tell["repeated"] = rate_of(repeated.take_step, seconds) * batch_size
        tell["repeated MiB"] = torch.cuda.max_memory_reserved() / 2**20
        tell["recordings"] = repeated.graphs.count
        tell["beside s"] = what_a_preview_costs_beside(repeated, size)
        began_s = time.perf_counter()
        for _ in range(20):
            repeated.take_step()
        tell["begun ms"] = (time.perf_counter() - began_s) / 20 * 1e3
        torch.cuda.synchronize()
        began_s = time.perf_counter()
        for _ in range(20):
            repeated.batches.after(repeated.images_seen)
        torch.cuda.synchronize()
        tell["batch ms"] = (time.perf_counter() - began_s) / 20 * 1e3
    return tell


def what_a_preview_costs_beside(stepper: Stepper, size: int) -> float:
    """Seconds that steps take longer while a preview is drawn between them."""
    torch.cuda.synchronize()
    began_s = time.perf_counter()
    sketch = Sketch(
        stepper.state.models.copy_of_average(), image_dataset(noise_NHWC(size)), torch.cuda.Stream()
    )
    count = 1
    while sketch.draw_one() is None:
        stepper.take_step()
        count += 1
    stepper.take_step()
    torch.cuda.synchronize()
    drawn_s = time.perf_counter()
    for _ in range(count):
        stepper.take_step()
    torch.cuda.synchronize()
    return (drawn_s - began_s) - (time.perf_counter() - drawn_s)


def main(seconds: float, cases: list[str]) -> None:
    if available_accelerators()[0] != "cuda":
        print("Not measured: there is no graphics card (CUDA).")
        return
    most = peak()
    print(
        f"{torch.cuda.get_device_name()}, torch {torch.__version__}, peak {most / 1e12:.0f} TFLOP/s"
    )
    print(
        "model/px/width/batch              plain   usual   repeated images/s (of peak)   ×plain"
        "   recordings   MiB usual, repeated   preview s, beside   begun ms   batch ms"
    )
    for case in cases:
        key, *numbers = case.split("/")
        it = measured(key, *map(int, numbers), seconds)  # pyright: ignore[reportCallIssue]
        print(
            f"{case:32} {it['plain']:7.0f} {it['usual']:7.0f} {it['repeated']:7.0f}"
            f" ({it['repeated'] * it['flops'] / most:.1%}) {it['repeated'] / it['plain']:7.2f}"
            f" {it['recordings']:4} {it['usual MiB']:7.0f} {it['repeated MiB']:7.0f}"
            f" {it['preview s']:7.3f} {it['beside s']:7.3f}"
            f" {it['begun ms']:7.2f} {it['batch ms']:7.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.5, sys.argv[2:] or CASES)
