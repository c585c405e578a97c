"""The VAE of the package pythae, with the networks that it brings for pictures of this size.

Its model and its loss are the package's; the loop is that of its trainer by its defaults (Adam
with a learning rate of 1e-4, batches of 64, no schedule), which knows epochs and no clock.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import torch
from harness import Job, main
from pythae.data.datasets import DatasetOutput
from pythae.models import VAE, VAEConfig
from pythae.models.nn.benchmarks.celeba.convnets import (
    Decoder_Conv_AE_CELEBA,
    Encoder_Conv_VAE_CELEBA,
)
from pythae.models.nn.benchmarks.cifar.convnets import (
    Decoder_Conv_AE_CIFAR,
    Encoder_Conv_VAE_CIFAR,
)
from pythae.trainers import BaseTrainerConfig
from torch import Tensor, nn

# Side => encoder, decoder and the latent size that its documentation uses them with.
NETWORKS = {
    64: (Encoder_Conv_VAE_CELEBA, Decoder_Conv_AE_CELEBA, 64),
    32: (Encoder_Conv_VAE_CIFAR, Decoder_Conv_AE_CIFAR, 16),
}
# It would make a folder where it stands if it had none.
_DEFAULTS = BaseTrainerConfig(no_cuda=True)


class PythaeVae:
    """The package's VAE in a loop with a clock."""

    batch: ClassVar[int] = _DEFAULTS.per_device_train_batch_size
    drops_last: ClassVar[bool] = False
    low: ClassVar[float] = 0.0

    def __init__(self, job: Job) -> None:
        encoder, decoder, latent_size = NETWORKS[job.size]
        config = VAEConfig(input_dim=(3, job.size, job.size), latent_dim=latent_size)
        self._job = job
        self._model = VAE(config, encoder=encoder(config), decoder=decoder(config))
        self._latent_size = latent_size
        job.place(self._model)
        self._optimizer = getattr(torch.optim, _DEFAULTS.optimizer_cls)(
            self._model.parameters(), lr=_DEFAULTS.learning_rate
        )
        self.settings: Mapping[str, Any] = {
            "encoder": encoder.__name__,
            "decoder": decoder.__name__,
            "latent_size": latent_size,
            "batch": self.batch,
            "learning_rate": _DEFAULTS.learning_rate,
        }
        self.sampling = (
            "From the prior as its NormalSampler does, normalised by running statistics "
            "(evaluation mode)."
        )

    def networks(self) -> Mapping[str, nn.Module]:
        return {"encoder and decoder": self._model}

    def train_step(self, batches: Iterator[Tensor]) -> Mapping[str, Tensor]:
        with self._job.autocast():
            told = self._model(DatasetOutput(data=next(batches)))
        self._optimizer.zero_grad()
        told.loss.backward()
        self._optimizer.step()
        return {"error": told.recon_loss.detach(), "distance": told.reg_loss.detach()}

    def sample(self, count: int) -> Tensor:
        self._model.eval()
        latents_NL = torch.randn(count, self._latent_size, device=self._job.device)
        return self._model.decoder(latents_NL)["reconstruction"]


if __name__ == "__main__":
    main(PythaeVae)
