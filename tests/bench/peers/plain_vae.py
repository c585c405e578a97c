"""The plain convolutional VAE that everybody starts with, as the PyTorch-VAE collection trains it.

Architecture and settings are those of ``VanillaVAE`` and ``configs/vae.yaml`` in the
``AntixK/PyTorch-VAE`` repository, after Kingma and Welling, https://arxiv.org/abs/1312.6114,
written anew from its description. For 32 px it has one stage fewer.

Two things are taken in the way that suits this peer best. The collection feeds pictures in [0, 1]
to a decoder that ends in a tanh; here they are in [-1, 1], which that can reach. It lowers the
learning rate by 5 % after each epoch of CelebA; here this is done after as many pictures, for an
epoch of a small set would be over in seconds, and the rate soon be nothing.
"""

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, ClassVar

import torch
from harness import Job, main
from torch import Tensor, nn
from torch.nn import functional

WIDTHS = (32, 64, 128, 256, 512)
LATENT_SIZE = 128
LEARNING_RATE = 5e-3
DECAY = 0.95
DECAY_EVERY_IMAGES = 162_770  # The training part of CelebA.
KL_WEIGHT = 0.00025
# Every network ends in pictures of 2 × 2 with so many channels.
_INNER_PX = 2


def _down(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, width, 3, 2, 1), nn.BatchNorm2d(width), nn.LeakyReLU())


def _up(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(channels, width, 3, 2, 1, output_padding=1),
        nn.BatchNorm2d(width),
        nn.LeakyReLU(),
    )


class VaeNetwork(nn.Module):
    """Encoder and decoder, which mirror each other."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.widths = WIDTHS[: int(math.log2(size // _INNER_PX))]
        channels = (3, *self.widths)
        self.encoder = nn.Sequential(
            *[_down(before, after) for before, after in pairwise(channels)]
        )
        inner = self.widths[-1] * _INNER_PX**2
        self.mean = nn.Linear(inner, LATENT_SIZE)
        self.log_variance = nn.Linear(inner, LATENT_SIZE)
        self.spread = nn.Linear(LATENT_SIZE, inner)
        turned = self.widths[::-1]
        self.decoder = nn.Sequential(
            *[_up(before, after) for before, after in pairwise(turned)],
            _up(turned[-1], turned[-1]),
            nn.Conv2d(turned[-1], 3, 3, 1, 1),
            nn.Tanh(),
        )

    def forward(self, images_NCHW: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures => pictures, and mean and logarithm of the variance of the latents."""
        code = self.encoder(images_NCHW).flatten(1)
        mean, log_variance = self.mean(code).float(), self.log_variance(code).float()
        latents = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        return self.decode(latents), mean, log_variance

    def decode(self, latents_NL: Tensor) -> Tensor:
        """Latents => pictures in [-1, 1]."""
        code = self.spread(latents_NL)
        return self.decoder(code.unflatten(1, (self.widths[-1], _INNER_PX, _INNER_PX)))


class PlainVae:
    """The mean square error, and a little of the distance to the prior."""

    batch: ClassVar[int] = 64
    drops_last: ClassVar[bool] = False
    low: ClassVar[float] = -1.0

    def __init__(self, job: Job) -> None:
        self._job = job
        self._network = VaeNetwork(job.size)
        job.place(self._network)
        self._optimizer = torch.optim.Adam(self._network.parameters(), lr=LEARNING_RATE)
        self._images_seen = 0
        self.settings: Mapping[str, Any] = {
            "widths": self._network.widths,
            "latent_size": LATENT_SIZE,
            "batch": self.batch,
            "learning_rate": LEARNING_RATE,
            "decay": f"× {DECAY} every {DECAY_EVERY_IMAGES} pictures",
            "kl_weight": KL_WEIGHT,
            "mirrored": "half of the pictures",
        }
        self.sampling = "From the prior, normalised by running statistics (evaluation mode)."

    def networks(self) -> Mapping[str, nn.Module]:
        return {"encoder and decoder": self._network}

    def train_step(self, batches: Iterator[Tensor]) -> Mapping[str, Tensor]:
        images_NCHW = next(batches)
        mirrored = torch.rand(len(images_NCHW), 1, 1, 1, device=images_NCHW.device) < 0.5
        images_NCHW = torch.where(mirrored, images_NCHW.flip(3), images_NCHW)
        for group in self._optimizer.param_groups:
            group["lr"] = LEARNING_RATE * DECAY ** (self._images_seen // DECAY_EVERY_IMAGES)
        self._images_seen += len(images_NCHW)
        with self._job.autocast():
            remade, mean, log_variance = self._network(images_NCHW)
        error = functional.mse_loss(remade.float(), images_NCHW)
        distance = (mean**2 + log_variance.exp() - 1 - log_variance).sum(1).mul(0.5).mean()
        self._optimizer.zero_grad()
        (error + KL_WEIGHT * distance).backward()
        self._optimizer.step()
        return {"error": error.detach(), "distance": distance.detach()}

    def sample(self, count: int) -> Tensor:
        self._network.eval()
        return self._network.decode(torch.randn(count, LATENT_SIZE, device=self._job.device))


if __name__ == "__main__":
    main(PlainVae)
