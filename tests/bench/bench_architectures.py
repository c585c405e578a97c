"""The networks of two peers trained by our engine, beside their own eager loops in fp32.

Usage: .venv/bin/python tests/bench/bench_architectures.py [SECONDS] [THREADS]

The same layers, the same batch of 64 pictures of 64 px, the same pictures in memory. Each variant
runs in a process of its own, in turns, so that the largest amount of memory it held is its own.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

sys.path.insert(0, str(Path(__file__).parent / "peers"))

import numpy as np
import torch
from dcgan import BETAS, LEARNING_RATE, Dcgan, initialise, make_discriminator, make_generator
from harness import Batches, Job
from plain_vae import KL_WEIGHT, PlainVae, VaeNetwork
from plain_vae import LEARNING_RATE as VAE_LEARNING_RATE
from torch import nn
from torch.nn import functional

from genstudio.data.dataset import image_dataset
from genstudio.domain.settings import Settings
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.engine import state as state_module
from genstudio.engine.job import TrainingJob
from genstudio.engine.state import TrainState
from genstudio.engine.stepper import Stepper
from genstudio.models.protocol import Batch, Losses, OptimizerSpec, Phase

SIZE = 64
NOISE = 100
NUM_IMAGES = 1024
ROUNDS = 3
OURS, THEIRS = "engine", "own loop"


class _Config(Settings):
    """Nothing to choose."""


class DcganForUs:
    """The networks of the dcgan example as the engine takes them."""

    Config: ClassVar[type[Settings]] = _Config

    def __init__(self, config: Settings, _data: object) -> None:
        self.config = config
        self.network = nn.ModuleDict(
            {"generator": make_generator(SIZE), "discriminator": make_discriminator(SIZE)}
        )
        initialise(self.network)

    def phases(self) -> Sequence[Phase]:
        adam = OptimizerSpec(learning_rate=LEARNING_RATE, betas=BETAS)
        return [
            Phase(name=name, parameters=list(self.network[name].parameters()), optimizer=adam)
            for name in ("discriminator", "generator")
        ]

    def losses(self, phase: str, batch: Batch, _step: int) -> Losses:
        if phase == "generator":
            total = self._judged(self._made(batch), as_real=True)
        else:
            with torch.no_grad():
                made = self._made(batch)
            real = self._judged(batch.images_NCHW, as_real=True)
            total = real + self._judged(made, as_real=False)
        return Losses(total, {phase: total.detach()})

    def _made(self, batch: Batch) -> torch.Tensor:
        return self.network["generator"](torch.randn(len(batch.images_NCHW), NOISE, 1, 1))

    def _judged(self, images_NCHW: torch.Tensor, *, as_real: bool) -> torch.Tensor:
        logits = self.network["discriminator"](images_NCHW).float()
        return functional.binary_cross_entropy_with_logits(
            logits, torch.full_like(logits, float(as_real))
        )


class PlainVaeForUs:
    """The networks of VanillaVAE as the engine takes them."""

    Config: ClassVar[type[Settings]] = _Config

    def __init__(self, config: Settings, _data: object) -> None:
        self.config = config
        self.network = nn.ModuleDict({"vae": VaeNetwork(SIZE)})

    def phases(self) -> Sequence[Phase]:
        adam = OptimizerSpec(learning_rate=VAE_LEARNING_RATE)
        return [Phase(name="vae", parameters=_that_matter(self.network["vae"]), optimizer=adam)]

    def losses(self, _phase: str, batch: Batch, _step: int) -> Losses:
        remade, mean, log_variance = self.network["vae"](batch.images_NCHW)
        error = functional.mse_loss(remade.float(), batch.images_NCHW)
        distance = (mean**2 + log_variance.exp() - 1 - log_variance).sum(1).mul(0.5).mean()
        return Losses(error + KL_WEIGHT * distance, {"error": error.detach()})


def _that_matter(network: nn.Module) -> list[nn.Parameter]:
    """All but the biases before a normalisation, which takes away what they add.

    Their gradients are nought, and oneDNN takes ten times as long for those of a transposed
    convolution in bf16 as for all else of it.
    """
    stages = [it for it in network.modules() if isinstance(it, nn.Sequential)]
    pairs = [pair for stage in stages for pair in pairwise(stage)]
    idle = {id(first.bias) for first, second in pairs if isinstance(second, nn.BatchNorm2d)}
    return [parameter for parameter in network.parameters() if id(parameter) not in idle]


ARCHITECTURES = {"dcgan": (Dcgan, DcganForUs), "VanillaVAE": (PlainVae, PlainVaeForUs)}


def own_loop(name: str, images_NHWC: np.ndarray) -> Callable[[], object]:
    """Their own step: eager, fp32, the memory layout that torch begins with."""
    job = Job(size=SIZE, num_images=NUM_IMAGES, device=torch.device("cpu"), in_bf16=False)
    peer = ARCHITECTURES[name][0](job)
    pictures = torch.as_tensor(images_NHWC).permute(0, 3, 1, 2).contiguous()
    batches: Iterator[torch.Tensor] = Batches(
        pictures.float().div(127.5).sub(1), peer.batch, drops_last=True
    )
    return lambda: peer.train_step(batches)


def our_step(name: str, images_NHWC: np.ndarray) -> Callable[[], object]:
    """The whole step of our engine, with order, mirroring, EMA and meters."""
    state_module.model_class = lambda _key: ARCHITECTURES[name][1]  # type: ignore[assignment]  # not of the catalogue
    settings = TrainingSettings(
        model_key=name, size=SIZE, batch=64, budget=Budget(unit="steps", amount=1e9), seed=0
    )
    job = TrainingJob(
        settings=settings,
        dataset=image_dataset(images_NHWC),
        run=Path(),
        checkpoints=Path("nowhere"),
    )
    return Stepper(TrainState(job), settings).take_step


def measure(name: str, way: str, seconds: float, threads: int) -> dict[str, float]:
    """Pictures a second, and what the process held at most, in MiB."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    generator = np.random.default_rng(0)
    images_NHWC = generator.integers(0, 256, (NUM_IMAGES, SIZE, SIZE, 3), dtype=np.uint8)
    step = (our_step if way == OURS else own_loop)(name, images_NHWC)
    for _ in range(3):
        step()
    began_s, count = time.perf_counter(), 0
    while (took_s := time.perf_counter() - began_s) < seconds:
        step()
        count += 1
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"images_per_s": count * 64 / took_s, "held_mib": held}


def main(seconds: float, threads: int) -> None:
    """Print a table; each figure is the median of some rounds in turns."""
    print(f"{'architecture':14}{'own loop':>16}{'engine':>10}{'ratio':>8}{'memory':>20}")
    for name in ARCHITECTURES:
        told: dict[str, list[dict[str, float]]] = {THEIRS: [], OURS: []}
        for _ in range(ROUNDS):
            for way, found in told.items():
                command = [sys.executable, __file__, name, way, str(seconds), str(threads)]
                found.append(json.loads(subprocess.check_output(command)))
        speed, held = (
            {way: float(np.median([one[key] for one in found])) for way, found in told.items()}
            for key in ("images_per_s", "held_mib")
        )
        print(
            f"{name:14}{speed[THEIRS]:9.1f} img/s{speed[OURS]:10.1f}"
            f"{speed[OURS] / speed[THEIRS]:8.2f}{held[THEIRS]:10.0f} → {held[OURS]:.0f} MiB"
        )


if __name__ == "__main__":
    if len(sys.argv) > 3:
        _, one, other, *numbers = sys.argv
        print(json.dumps(measure(one, other, float(numbers[0]), int(numbers[1]))))
    else:
        main(
            float(sys.argv[1]) if len(sys.argv) > 1 else 10,
            int(sys.argv[2]) if len(sys.argv) > 2 else torch.get_num_threads(),
        )
