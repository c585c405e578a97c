"""The DCGAN that everybody starts with, as torch's own example trains it.

Architecture and settings are those of the ``dcgan`` program in the ``pytorch/examples``
repository, after Radford, Metz and Chintala, https://arxiv.org/abs/1511.06434, written anew from
its description. For 32 px it has one stage fewer.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import torch
from harness import Job, main
from torch import Tensor, nn
from torch.nn import functional

NOISE_SIZE = 100
WIDTH = 64
LEARNING_RATE = 2e-4
BETAS = (0.5, 0.999)


def make_generator(size: int) -> nn.Sequential:
    """Noise of shape (N, 100, 1, 1) => pictures in [-1, 1]; each stage doubles the side from 4."""
    stages = int(math.log2(size)) - 3
    width = WIDTH * 2**stages
    layers: list[nn.Module] = [
        nn.ConvTranspose2d(NOISE_SIZE, width, 4, 1, 0, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    ]
    for _ in range(stages):
        layers += [
            nn.ConvTranspose2d(width, width // 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(width // 2),
            nn.ReLU(inplace=True),
        ]
        width //= 2
    return nn.Sequential(*layers, nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False), nn.Tanh())


def make_discriminator(size: int) -> nn.Sequential:
    """Pictures in [-1, 1] => logits of shape (N, 1, 1, 1); each stage halves the side down to 4."""
    layers: list[nn.Module] = [
        nn.Conv2d(3, WIDTH, 4, 2, 1, bias=False),
        nn.LeakyReLU(0.2, inplace=True),
    ]
    width = WIDTH
    for _ in range(int(math.log2(size)) - 3):
        layers += [
            nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False),
            nn.BatchNorm2d(2 * width),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        width *= 2
    # The sigmoid of the example is in the loss here, which is the same and safe in bf16.
    return nn.Sequential(*layers, nn.Conv2d(width, 1, 4, 1, 0, bias=False))


def initialise(network: nn.Module) -> None:
    """Weights of convolutions from N(0, 0.02), of normalisations from N(1, 0.02)."""
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(layer.weight, 0.0, 0.02)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)
            nn.init.zeros_(layer.bias)


class Dcgan:
    """Generator and discriminator in turns, one step of each."""

    batch: ClassVar[int] = 64
    drops_last: ClassVar[bool] = False
    low: ClassVar[float] = -1.0

    def __init__(self, job: Job) -> None:
        self.settings: Mapping[str, Any] = {
            "noise": NOISE_SIZE,
            "width": WIDTH,
            "batch": self.batch,
            "learning_rate": LEARNING_RATE,
            "betas": BETAS,
        }
        self.sampling = (
            "From the generator as it trains, batches of 64 normalised by their own statistics, as "
            "in the example."
        )
        self._job = job
        self._generator = make_generator(job.size)
        self._discriminator = make_discriminator(job.size)
        initialise(self._generator)
        initialise(self._discriminator)
        job.place(self._generator, self._discriminator)
        self._for_generator = torch.optim.Adam(
            self._generator.parameters(), lr=LEARNING_RATE, betas=BETAS
        )
        self._for_discriminator = torch.optim.Adam(
            self._discriminator.parameters(), lr=LEARNING_RATE, betas=BETAS
        )

    def networks(self) -> Mapping[str, nn.Module]:
        return {"generator": self._generator, "discriminator": self._discriminator}

    def train_step(self, batches: Iterator[Tensor]) -> Mapping[str, Tensor]:
        real_NCHW = next(batches)
        self._for_discriminator.zero_grad()
        on_real = self._judged(real_NCHW, as_real=True)
        on_real.backward()
        with self._job.autocast():
            made_NCHW = self._generator(self._noise(len(real_NCHW)))
        on_made = self._judged(made_NCHW.detach(), as_real=False)
        on_made.backward()
        self._for_discriminator.step()

        self._for_generator.zero_grad()
        fooled = self._judged(made_NCHW, as_real=True)
        fooled.backward()
        self._for_generator.step()
        return {"discriminator": (on_real + on_made).detach(), "generator": fooled.detach()}

    def sample(self, count: int) -> Tensor:
        return self._generator(self._noise(count))

    def _judged(self, images_NCHW: Tensor, *, as_real: bool) -> Tensor:
        with self._job.autocast():
            logits = self._discriminator(images_NCHW)
        return functional.binary_cross_entropy_with_logits(
            logits.float(), torch.full_like(logits, float(as_real), dtype=torch.float32)
        )

    def _noise(self, count: int) -> Tensor:
        return torch.randn(count, NOISE_SIZE, 1, 1, device=self._job.device)


if __name__ == "__main__":
    main(Dcgan)
