"""Steers what a model draws towards what a person likes: best of some, then along a direction."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from genstudio.domain.language import tr
from genstudio.domain.places import Place
from genstudio.domain.progress import Progress, Working
from genstudio.domain.settings import Settings
from genstudio.metrics.preferences import steepest
from genstudio.models.latents import Directions
from genstudio.services.tastes import LearnedTaste

_BEST_OF = 4
_PROBES = 192
# So few that a person who explores meanwhile does not wait.
_PROBES_AT_ONCE = 8
_PROBE_SEEDS = 90_000_000
# How far to go along the direction, in sigmas of what a model usually draws.
_STEPS = (0.75, 1.5, 2.25)
# Moves below this change nothing that could be seen.
_SMALLEST_MOVE = 0.02


class Explores(Protocol):
    """What is asked of a model: see :class:`~genstudio.services.exploring.Explorer`."""

    def find_directions(self) -> Working[Directions]:
        """Principal directions."""
        ...

    def latent(self, place: Place, settings: Settings) -> Tensor:
        """The latent of a place (Z,)."""
        ...

    def picture(self, place: Place, settings: Settings) -> np.ndarray:
        """uint8 (height, width, channels)."""
        ...


@dataclass(frozen=True, slots=True)
class Steered:
    """A picture, and the place that it lies at.

    Attributes:
        image_HWC: uint8.
        place: For recipes.
        is_guided: Whether taste had a say; else it is there to surprise.
    """

    image_HWC: np.ndarray
    place: Place
    is_guided: bool


class Steering:
    """One model, and one taste.

    Args:
        explorer: Holds the model.
        settings: How pictures are drawn.
        learned: What is known of the taste.
    """

    def __init__(self, explorer: Explores, settings: Settings, learned: LearnedTaste) -> None:
        self._explorer = explorer
        self._settings = settings
        self._learned = learned
        self._slope: Tensor | None = None

    def find_slope(self) -> Working[Tensor]:
        """Find the way along the model's directions on which taste rises most.

        Returns:
            Sigmas of each direction (N,), of length 1; of length 0 where no way is better.
        """
        directions = yield from self._explorer.find_directions()
        steps_NZ = directions.steps_NZ
        coordinates: list[Tensor] = []
        scores: list[Tensor] = []
        for first in range(0, _PROBES, _PROBES_AT_ONCE):
            seeds = range(_PROBE_SEEDS + first, _PROBE_SEEDS + first + _PROBES_AT_ONCE)
            places = [Place(seeds=(seed,)) for seed in seeds]
            latents = torch.stack([self._explorer.latent(it, self._settings) for it in places])
            images = [self._explorer.picture(it, self._settings) for it in places]
            coordinates.append(latents @ steps_NZ.T / steps_NZ.square().sum(dim=1))
            scores.append(self._learned.scores(np.stack(images)))
            yield Progress(tr("Learning your taste"), first + _PROBES_AT_ONCE, _PROBES)
        slope = steepest(torch.cat(coordinates).double(), torch.cat(scores))
        self._slope = slope
        return slope

    def picture(self, seed: int) -> Steered:
        """The best of some seeds that follow from this one, moved to where taste is higher yet."""
        generator = np.random.default_rng(seed)
        places = [Place(seeds=(int(it),)) for it in generator.integers(0, 2**31, _BEST_OF)]
        best = self._best(places)
        if self._slope is None:
            return best
        tried = [best.place.with_values(moves=moves) for moves in self._moves()]
        return self._best([best.place, *tried])

    def surprise(self, seed: int) -> Steered:
        """What the model draws by itself."""
        place = Place(seeds=(int(np.random.default_rng(seed).integers(0, 2**31)),))
        return Steered(self._explorer.picture(place, self._settings), place, is_guided=False)

    def _best(self, places: list[Place]) -> Steered:
        images = [self._explorer.picture(place, self._settings) for place in places]
        best = int(self._learned.scores(np.stack(images)).argmax())
        return Steered(images[best], places[best], is_guided=True)

    def _moves(self) -> Iterator[dict[int, float]]:
        assert self._slope is not None
        for step in _STEPS:
            # Rounded as a recipe writes them.
            moves = {at + 1: round(step * float(it), 3) for at, it in enumerate(self._slope)}
            yield {at: it for at, it in moves.items() if abs(it) >= _SMALLEST_MOVE}
