"""One seed, one latent, one picture: helpers that make sampling reproducible."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr
from genstudio.domain.settings import Settings, setting
from genstudio.models.protocol import Artifact, Request

# Pictures that are drawn at once. On processors more are hardly faster, and would only come later
# (tests/bench/RESULTS.md).
DRAWN_AT_ONCE = 16


def seeded_latents(seeds: Sequence[int], latent_size: int) -> Tensor:
    """Standard normal latents of shape (number of seeds, latent_size), float32 on the CPU.

    Each seed has a generator of its own on the CPU, so that its latent is the
    same in any batch and on any device.
    """
    rows = [
        torch.randn(latent_size, generator=torch.Generator().manual_seed(seed)) for seed in seeds
    ]
    return torch.stack(rows)


def class_label() -> Any:
    """The setting of a ``Sampling`` class that asks for one class of pictures."""
    return setting(
        "",
        title=tr("Which kind — class"),
        help=tr("The name of one of the folders that the model learned from; empty for any."),
        choices="kinds",
    )


def seeded_labels(seeds: Sequence[int], kind: str, classes: Mapping[str, int]) -> Tensor:
    """One-hot class labels: (number of seeds, number of classes).

    Args:
        seeds: Each draws a class if none is asked for, as often as there are pictures of it.
        kind: Name of the class that is asked for; empty for any.
        classes: Name of each that the model knows => pictures of it; may be empty.

    Raises:
        SettingsError: The class is unknown; the hint lists the known ones.
    """
    if kind and kind not in classes:
        raise SettingsError(
            tr("The model knows no kind “{kind}”", kind=kind),
            "",
            tr("It knows: {classes}.", classes=", ".join(classes))
            if classes
            else tr("It was not taught to tell kinds apart."),
        )
    if not classes:
        return torch.zeros(len(seeds), 0)
    # Drawn from generators of their own: a latent is the same with and without classes.
    names, weights = list(classes), torch.tensor([*classes.values()], dtype=torch.float64)
    chosen = [names.index(kind) if kind else _drawn(seed, weights) for seed in seeds]
    return functional.one_hot(torch.tensor(chosen), len(classes)).float()


def _drawn(seed: int, weights: Tensor) -> int:
    return int(torch.multinomial(weights, 1, generator=torch.Generator().manual_seed(seed)))


def one_hot(labels_N: Tensor | None, count: int) -> Tensor | None:
    """Class labels (N,) => one-hot rows (N, count); None stays None."""
    return None if labels_N is None else functional.one_hot(labels_N, count).float()


class _Draws(Protocol):
    def latents(self, seeds: Sequence[int], settings: Settings) -> Tensor: ...

    def decode(self, latents: Tensor, settings: Settings) -> np.ndarray: ...


def draw_seeds(model: _Draws, request: Request) -> Iterator[Artifact]:
    """Draw one picture for each seed: alone, or in batches that are always filled up.

    The network sees the same number of latents whoever is drawn, so that company changes nothing;
    most of a picture that is drawn alone is the time that layers take to begin.
    """
    settings = request.settings
    for first in range(0, len(request.seeds), request.batch):
        seeds = request.seeds[first : first + request.batch]
        rows = [model.latents([seed], settings) for seed in seeds]
        latents = torch.cat([*rows, *[rows[-1]] * (request.batch - len(rows))])
        for seed, image in zip(seeds, model.decode(latents, settings), strict=False):
            yield Artifact(kind="image", seed=seed, data=image.copy())


def to_uint8(images_NCHW: Tensor) -> np.ndarray:
    """Pictures in [-1, 1] => uint8 of shape (N, height, width, channels).

    With an opacity, colours come over white and leave it as picture files have them: by
    themselves, so that they can be laid over anything.
    """
    levels_NCHW = images_NCHW.float().add(1).div(2).clamp(0, 1)
    if levels_NCHW.shape[1] == 4:
        over_white, opacity = levels_NCHW[:, :3], levels_NCHW[:, 3:]
        own = (over_white - 1 + opacity) / opacity.clamp_min(1 / 255)
        levels_NCHW = torch.cat([own.clamp(0, 1), opacity], dim=1)
    scaled = levels_NCHW.mul(255).round().to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).cpu().numpy()


def over_white(image_HWC: np.ndarray) -> np.ndarray:
    """A uint8 picture in RGB: one with an opacity is laid over white paper, grey is repeated."""
    if image_HWC.shape[-1] == 1:
        return image_HWC.repeat(3, axis=-1)
    if image_HWC.shape[-1] != 4:
        return image_HWC
    opacity = image_HWC[..., 3:].astype(np.float32) / 255
    return np.rint(255 + (image_HWC[..., :3] - 255.0) * opacity).astype(np.uint8)


def grey_of(image_HWC: np.ndarray) -> np.ndarray:
    """A uint8 picture of 1, 3 or 4 channels in grey, (height, width, 1), as it looks on white."""
    if image_HWC.shape[-1] == 1:
        return np.ascontiguousarray(image_HWC)
    colours = Image.fromarray(np.ascontiguousarray(over_white(image_HWC)))
    return np.asarray(colours.convert("L"))[..., None]


@contextmanager
def evaluating(network: nn.ModuleDict) -> Iterator[torch.device]:
    """Switch to evaluation mode without gradients; gives the network's device."""
    was_training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            yield next(network.parameters()).device
    finally:
        network.train(was_training)


def drawn_latents(mean: Tensor, log_variance: Tensor, first_row: int = 0) -> Tensor:
    """Latents drawn from what an encoder says, the same for the same rows: as its arguments.

    Args:
        mean: (N, Z).
        log_variance: (N, Z).
        first_row: Place of the first one among all that are drawn, a part at a time.
    """
    noise = torch.stack(
        [
            torch.randn(mean.shape[1], generator=torch.Generator().manual_seed(first_row + at))
            for at in range(len(mean))
        ]
    )
    return mean + noise.to(mean) * (log_variance / 2).exp()


def kl_of_each(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Divergence of each latent's distribution from the standard normal one, in nats (N,)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).float().sum(1)
