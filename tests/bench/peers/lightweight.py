"""The package lightweight-gan, as its own program trains it by its defaults.

After Liu et al., https://arxiv.org/abs/2101.04775. The step is the package's own; what is taken
out is its reading of files, and the sheets and checkpoints that it would write every 100 and 1,000
steps, so that none of its time is lost to the disk.

The package refuses to be imported without an NVIDIA card. Nothing in it needs one: where there is
none, this driver has it compute on the processor. (It cannot be called ``lightweight_gan.py``: that
is the name of the package.)
"""

import tempfile
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from unittest import mock

import torch
from harness import Job, main
from torch import Tensor, nn

# The registry's torchvision does not load beside a torch that it was not compiled for, unless the
# operators that it misses are declared; this object keeps them.
_MISSING_OPERATORS = torch.library.Library("torchvision", "FRAGMENT")
_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

# Defaults of its program, which differ from those of its classes.
DEFAULTS: Mapping[str, Any] = {
    "batch_size": 10,
    "gradient_accumulate_every": 4,
    "disc_output_size": 1,
    "attn_res_layers": [32],
    "aug_types": ["cutout", "translation"],
    "lr": 2e-4,
}
# From here on its moving average is one; before, it is a copy that is renewed every 1,000 steps.
_AVERAGED_FROM_STEP = 25_000


class _OnProcessor:
    """torch, for whom every card is the processor."""

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)

    def device(self, _name: str) -> torch.device:
        return torch.device("cpu")


def _import_package() -> Any:
    """The package's main module, which computes wherever this machine can."""
    has_card = torch.cuda.is_available()
    if not has_card:
        for name in ("nms", "qnms"):
            _MISSING_OPERATORS.define(name + _SCHEMA)
    with mock.patch.object(torch.cuda, "is_available", return_value=True):
        from lightweight_gan import lightweight_gan as package
    if not has_card:
        package.torch = _OnProcessor()
        for kind in (nn.Module, Tensor):
            # Not where the processor's own methods are: "to the card" is "stay".
            kind.cuda = lambda it, *_, **__: it
    return package


class LightweightGan:
    """The package's trainer, fed from memory."""

    batch: ClassVar[int] = DEFAULTS["batch_size"]
    drops_last: ClassVar[bool] = True
    low: ClassVar[float] = 0.0

    def __init__(self, job: Job) -> None:
        # As the trainer chooses it when it has counted the pictures.
        augmented = min(0.5, (1e5 - job.num_images) * 3e-6)
        self.settings: Mapping[str, Any] = {**DEFAULTS, "aug_prob": augmented}
        self._job = job
        with tempfile.TemporaryDirectory() as folder:
            self._trainer = _import_package().Trainer(
                base_dir=folder, image_size=job.size, use_aim=False, **self.settings
            )
        # Nothing is written while it trains.
        self._trainer.save = lambda *_, **__: None
        self._trainer.evaluate = lambda *_, **__: None
        self._trainer.init_GAN()
        if job.in_bf16:
            job.place(self._trainer.GAN)

    @property
    def sampling(self) -> str:
        return (
            f"From the {'moving average' if self._is_averaged else 'generator'}, evaluation mode, "
            f"in batches of {self.batch}. Before step {_AVERAGED_FROM_STEP} the moving average is "
            "only an old copy of the generator, and would tell nothing."
        )

    @property
    def _is_averaged(self) -> bool:
        return self._trainer.steps >= _AVERAGED_FROM_STEP

    def networks(self) -> Mapping[str, nn.Module]:
        return {"generator": self._trainer.GAN.G, "discriminator": self._trainer.GAN.D}

    def train_step(self, batches: Iterator[Tensor]) -> Mapping[str, Tensor]:
        self._trainer.loader = batches
        with self._job.autocast():
            self._trainer.train()
        losses = {"discriminator": self._trainer.d_loss, "generator": self._trainer.g_loss}
        return {name: torch.tensor(value) for name, value in losses.items()}

    def sample(self, count: int) -> Tensor:
        self._trainer.GAN.eval()
        generator = self._trainer.GAN.GE if self._is_averaged else self._trainer.GAN.G
        noise_NL = torch.randn(count, self._trainer.latent_dim, device=self._job.device)
        return self._trainer.generate_(generator, noise_NL)


if __name__ == "__main__":
    main(LightweightGan)
