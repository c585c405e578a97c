"""A model that can be seen through, and an artist whose taste is known."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from genstudio.domain.places import Place
from genstudio.domain.progress import Working
from genstudio.domain.settings import Settings
from genstudio.models.latents import Directions, find_directions

SIDE = 32
_LATENT_SIZE = 9

Likes = Callable[[np.ndarray], float]


class Discs:
    """Draws a disc before a plain ground: all that there is to see is one number each."""

    def latents(self, seeds: Sequence[int], settings: Settings) -> Tensor:
        del settings
        rows = [
            torch.randn(_LATENT_SIZE, generator=torch.Generator().manual_seed(seed))
            for seed in seeds
        ]
        return torch.stack(rows)

    def decode(self, latents: Tensor, settings: Settings) -> np.ndarray:
        del settings
        return np.stack([_drawn(row) for row in latents.double().numpy()])


def _drawn(latent: np.ndarray) -> np.ndarray:
    share = 1 / (1 + np.exp(-latent))
    down, across = np.mgrid[:SIDE, :SIDE] / SIDE
    away = np.hypot(down - 0.2 - 0.6 * share[6], across - 0.2 - 0.6 * share[7])
    inside = np.clip((0.05 + 0.3 * share[8] - away) * SIDE, 0, 1)[..., None]
    mixed = share[:3] * (1 - inside) + share[3:6] * inside
    return np.rint(255 * mixed).astype(np.uint8)


class DiscExplorer:
    """What :class:`~genstudio.services.exploring.Explorer` is for a trained model."""

    def __init__(self) -> None:
        self._model: Any = Discs()
        self._directions: Directions | None = None

    def find_directions(self) -> Working[Directions]:
        if self._directions is None:
            self._directions = yield from find_directions(
                self._model, Settings(), count=_LATENT_SIZE, samples=256
            )
        return self._directions

    def latent(self, place: Place, settings: Settings) -> Tensor:
        latent = self._model.latents(place.seeds, settings)[0]
        if place.moves:
            assert self._directions is not None
            latent = self._directions.moved(latent, dict(place.moves))
        return latent

    def picture(self, place: Place, settings: Settings) -> np.ndarray:
        return self._model.decode(self.latent(place, settings)[None], settings)[0]


def warmth(image_HWC: np.ndarray) -> float:
    """Red against blue, in the mean."""
    return float(image_HWC[..., 0].mean() - image_HWC[..., 2].mean())


def light(image_HWC: np.ndarray) -> float:
    """How bright it is."""
    return float(image_HWC.mean())


def compared(
    images_NHWC: np.ndarray, likes: Likes, *, flips: float, seed: int
) -> list[tuple[int, int]]:
    """Choices between neighbours (0 and 1, 2 and 3 …), the better one first; some are flipped."""
    generator = np.random.default_rng(seed)
    pairs: list[tuple[int, int]] = []
    for one in range(0, len(images_NHWC) - 1, 2):
        other = one + 1
        is_better = likes(images_NHWC[one]) > likes(images_NHWC[other])
        is_flipped = generator.random() < flips
        pairs.append((one, other) if is_better != is_flipped else (other, one))
    return pairs
