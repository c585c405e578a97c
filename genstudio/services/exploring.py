"""A trained model held ready to be explored: places in its latent space, and directions."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field, TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from genstudio.domain.errors import SettingsError
from genstudio.domain.files import is_file, read_file, write_bytes
from genstudio.domain.language import tr
from genstudio.domain.operations import GENERATE
from genstudio.domain.places import Place
from genstudio.domain.progress import Working
from genstudio.domain.settings import Settings, parse_settings
from genstudio.engine.threads import single_threaded
from genstudio.models.latents import Directions, find_directions, on_plane
from genstudio.models.protocol import Interpolates
from genstudio.models.tasks import task_of
from genstudio.services.generation import load_model
from genstudio.services.runs import Run

MOST_DIRECTIONS = 32
_LEAST_SAMPLES = 512
# Some for each latent number, that the regression is not of noise.
_SAMPLES_PER_NUMBER = 3
_LARGEST_CACHE_BYTES = 2**26
# Raised when directions are found otherwise.
_REVISION = 1
_NAMES = TypeAdapter(dict[int, Annotated[str, Field(max_length=60)]])


class Explorer:
    """One checkpoint of a run, in memory.

    Attributes:
        run: It.
        step: Of the checkpoint.
        checkpoint: With its checksums.
    """

    def __init__(self, run: Run, which: str = "best") -> None:
        """Load the averaged weights.

        Args:
            run: A run that has a checkpoint.
            which: A step, "best" or "last".

        Raises:
            SettingsError: There is nothing between the pictures of this architecture.
            CheckpointError: There is no such checkpoint, or it is damaged.
        """
        self.run = run
        self.checkpoint = run.checkpoint(which)
        self.step = self.checkpoint.state.step
        model = load_model(run, self.checkpoint)
        if not isinstance(model, Interpolates):
            raise SettingsError(
                tr("“{title}” cannot be explored", title=model.card.title),
                tr("It has no space of pictures that one could walk through."),
                tr("Choose a run of a GAN or a VAE."),
            )
        self._model: Interpolates = model
        self._task = task_of(model, GENERATE)
        self._num_classes = len(run.data.classes)
        self._directions: Directions | None = None

    def settings(self, values: Mapping[str, Any]) -> Settings:
        """Check how pictures are drawn.

        Raises:
            SettingsError: A value is unknown or out of bounds.
        """
        return parse_settings(self._task.settings, values)

    def latent(self, place: Place, settings: Settings) -> Tensor:
        """The latent of a place, of shape (latent size,).

        Raises:
            SettingsError: It moves along a direction that there is not.
        """
        # Each alone, so that company changes nothing.
        corners = [self._model.latents([seed], settings)[0] for seed in place.seeds]
        latent = on_plane(corners, place.across, place.down, self._num_classes)
        if not place.moves:
            return latent
        assert self._directions is not None, "they are found before a place is asked for"
        if max(place.moves) > len(self._directions.steps_NZ):
            raise SettingsError(
                tr("There is no direction {moves}", moves=max(place.moves)),
                "",
                tr(
                    "This model has {num_directions}.",
                    num_directions=len(self._directions.steps_NZ),
                ),
            )
        return self._directions.moved(latent, dict(place.moves))

    def decode(self, latent: Tensor, settings: Settings) -> np.ndarray:
        """The picture of a latent (Z,): uint8 of shape (height, width, channels)."""
        return self._model.decode(latent[None], settings)[0]

    def picture(self, place: Place, settings: Settings) -> np.ndarray:
        """The picture at a place: uint8 of shape (height, width, channels)."""
        return self.decode(self.latent(place, settings), settings)

    @single_threaded
    def find_directions(self) -> Working[Directions]:
        """Find them, or read what was found before of the same weights."""
        if self._directions is None:
            path = self._cache()
            found = _read(path)
            if found is None:
                settings = self._task.settings()
                latent_size = self._model.latents([0], settings).shape[1]
                found = yield from find_directions(
                    self._model,
                    settings,
                    count=MOST_DIRECTIONS,
                    samples=max(_LEAST_SAMPLES, _SAMPLES_PER_NUMBER * latent_size),
                    num_classes=self._num_classes,
                )
                tensors = {"steps": found.steps_NZ, "shares": found.shares_N}
                write_bytes(path, save({name: it.contiguous() for name, it in tensors.items()}))
            self._directions = found
        return self._directions

    def names(self) -> dict[int, str]:
        """What a person called directions, by number."""
        path = self._cache().with_suffix(".json")
        try:
            return _NAMES.validate_json(read_file(path, largest_bytes=2**16))
        except (OSError, ValidationError):
            return {}  # They are only comfort.

    def name_direction(self, number: int, name: str) -> None:
        """Call a direction something; empty takes its name away.

        Raises:
            ProjectError: The disk is full or the project cannot be written to.
        """
        names = {**self.names(), number: name.strip()[:60]}
        kept = {str(key): value for key, value in sorted(names.items()) if value}
        text = json.dumps(kept, ensure_ascii=False)
        write_bytes(self._cache().with_suffix(".json"), text.encode())

    def _cache(self) -> Path:
        weights = self.checkpoint.checksums["ema.safetensors"]
        key = hashlib.sha256(f"{weights} {_REVISION}".encode()).hexdigest()[:32]
        return self.run.project().path / "directions" / f"{key}.safetensors"


def _read(path: Path) -> Directions | None:
    if not is_file(path):
        return None
    try:
        found = load(read_file(path, largest_bytes=_LARGEST_CACHE_BYTES))
        steps, shares = found["steps"], found["shares"]
    except (OSError, SafetensorError, KeyError):
        return None  # It is found anew.
    is_right = steps.ndim == 2 and shares.shape == steps.shape[:1] and steps.dtype == torch.float32
    return Directions(steps_NZ=steps, shares_N=shares) if is_right else None
