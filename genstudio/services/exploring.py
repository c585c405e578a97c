"""A trained model held ready to be explored: places in its latent space, and directions."""

import hashlib
import json
from collections.abc import Generator, Iterable, Mapping, Sequence
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
from genstudio.domain.places import ZONES, Place
from genstudio.domain.progress import Working
from genstudio.domain.settings import Settings, parse_settings
from genstudio.engine.threads import single_threaded
from genstudio.models.capabilities import Drafts, Encodes, Interpolates, Inverts, Zoned
from genstudio.models.latents import Directions, between, find_directions, on_plane
from genstudio.models.tasks import task_of
from genstudio.services.generation import load_model
from genstudio.services.own_pictures import find_latent
from genstudio.services.runs import Run

MOST_DIRECTIONS = 64
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
        self._pictures: dict[str, Tensor] = {}

    @property
    def has_zones(self) -> bool:
        """Whether form, texture and colour can be drawn from places of their own."""
        return isinstance(self._model, Zoned)

    @property
    def takes_pictures(self) -> bool:
        """Whether a person's picture can be a place."""
        return isinstance(self._model, Encodes | Inverts)

    def settings(self, values: Mapping[str, Any]) -> Settings:
        """Check how pictures are drawn.

        Raises:
            SettingsError: A value is unknown or out of bounds.
        """
        return parse_settings(self._task.settings, values)

    def latent(self, place: Place, settings: Settings) -> Tensor:
        """The latent of a place that is not zoned, of shape (latent size,).

        Raises:
            SettingsError: It moves along a direction that there is not.
        """
        corners = self._corners(place, settings)
        latent = on_plane(corners, place.across, place.down, self._num_classes)
        return self._moved(latent, place, place.moves)

    def zone_latents(self, place: Place, settings: Settings) -> Tensor:
        """The latents of a place, one for each zone: (zones, latent size).

        Raises:
            SettingsError: It moves along a direction that there is not, or a picture is missing.
        """
        corners = self._corners(place, settings)
        rows: list[Tensor] = []
        for number, zone in enumerate(ZONES):
            if zone in place.styles:
                latent = self._model.latents([place.styles[zone]], settings)[0]
            else:
                own = [corner if corner.ndim == 1 else corner[number] for corner in corners]
                latent = on_plane(own, place.across, place.down, self._num_classes)
            latent = self._moved(latent, place, place.moves)
            rows.append(self._moved(latent, place, place.moves_of(zone)))
        return torch.stack(rows)

    def _corners(self, place: Place, settings: Settings) -> list[Tensor]:
        corners: list[Tensor] = []
        for corner, seed in enumerate(place.seeds):
            if corner not in place.pictures:
                # Each alone, so that company changes nothing.
                corners.append(self._model.latents([seed], settings)[0])
                continue
            found = self._pictures.get(place.pictures[corner])
            if found is None:
                raise SettingsError(
                    tr("A picture of this place is not here"),
                    tr("It leads on from a picture of yours."),
                    tr("Give the picture again."),
                )
            corners.append(found)
        return corners

    def _moved(self, latent: Tensor, place: Place, moves: Mapping[int, float]) -> Tensor:
        if not moves:
            return latent
        assert self._directions is not None, "they are found before a place is asked for"
        if place.farthest_direction > len(self._directions.steps_NZ):
            raise SettingsError(
                tr("There is no direction {moves}", moves=place.farthest_direction),
                "",
                tr(
                    "This model has {num_directions}.",
                    num_directions=len(self._directions.steps_NZ),
                ),
            )
        return self._directions.moved(latent, dict(moves))

    def decode(self, latent: Tensor, settings: Settings) -> np.ndarray:
        """The picture of a latent (Z,): uint8 of shape (height, width, channels)."""
        return self._model.decode(latent[None], settings)[0]

    def picture(self, place: Place, settings: Settings) -> np.ndarray:
        """The picture at a place: uint8 of shape (height, width, channels)."""
        if not self._needs_zones(place):
            return self.decode(self.latent(place, settings), settings)
        return self._zoned().decode_zones(self.zone_latents(place, settings)[None], settings)[0]

    def picture_in_parts(
        self, place: Place, settings: Settings, *, with_draft: bool = True
    ) -> Generator[np.ndarray | None, None, np.ndarray]:
        """What :meth:`picture` gives; where the model draws slowly, with pauses to give it up at.

        Args:
            place: Where.
            settings: How pictures are drawn.
            with_draft: Draw a draft first where there is one that comes much sooner.

        Yields:
            The draft, uint8 (height, width, channels), and None at pauses.

        Raises:
            SettingsError: It moves along a direction that there is not, or a picture is missing.
        """
        model: object = self._model
        if not isinstance(model, Drafts) or self._needs_zones(place):
            return self.picture(place, settings)
        latents = self.latent(place, settings)[None]
        draft = model.draft(latents, settings) if with_draft else None
        if draft is not None:
            yield draft[0]
        return (yield from model.decode_in_parts(latents, settings))[0]

    def stops(self, places: Sequence[Place], settings: Settings) -> list[Tensor]:
        """Latents of places that one goes between, all of one shape.

        Returns:
            Each (latent size,); where one of them is zoned, each (zones, latent size).

        Raises:
            SettingsError: It moves along a direction that there is not, or a picture is missing.
        """
        if any(self._needs_zones(place) for place in places):
            return [self.zone_latents(place, settings) for place in places]
        return [self.latent(place, settings) for place in places]

    def picture_between(
        self, start: Tensor, end: Tensor, share: float, settings: Settings
    ) -> np.ndarray:
        """The picture on the way between two stops: uint8 of (height, width, channels)."""
        if start.ndim == 1:
            return self.decode(between(start, end, share, self._num_classes), settings)
        rows = [
            between(one, other, share, self._num_classes)
            for one, other in zip(start, end, strict=True)
        ]
        return self._zoned().decode_zones(torch.stack(rows)[None], settings)[0]

    def _needs_zones(self, place: Place) -> bool:
        """A picture that was searched for has a latent for each zone."""
        searched = any(self._pictures[it].ndim > 1 for it in self._known_pictures(place))
        return place.is_zoned or searched

    def _zoned(self) -> Zoned:
        model: object = self._model
        if not isinstance(model, Zoned):
            raise SettingsError(
                tr("This model has no zones"),
                tr("It draws form, texture and colour from the same layers."),
                tr("Choose a run of a GAN, or leave the zones as they are."),
            )
        return model

    def _known_pictures(self, place: Place) -> list[str]:
        return [it for it in place.pictures.values() if it in self._pictures]

    def knows(self, pictures: Iterable[str]) -> bool:
        """Whether the places of all of these were found, by their content hashes."""
        return all(it in self._pictures for it in pictures)

    @single_threaded
    def find_picture(self, path: Path) -> Working[str]:
        """Find the place of a person's picture; gives its content hash, which places name it by.

        Raises:
            SettingsError: The architecture has no places of pictures.
            DatasetError: The file cannot be read as a picture.
        """
        content_hash, latent = yield from find_latent(
            self.run, self.checkpoint, self._model, self._task.settings(), path
        )
        if latent.ndim > 1 and len(latent) == 1:
            latent = latent[0]  # Without zones.
        self._pictures[content_hash] = latent
        return content_hash

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
                most = torch.tensor(MOST_DIRECTIONS)
                tensors = {"steps": found.steps_NZ, "shares": found.shares_N, "most": most}
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
        if int(found["most"]) != MOST_DIRECTIONS:  # Of a version that looked for fewer.
            return None
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError):
        return None  # It is found anew.
    is_right = steps.ndim == 2 and shares.shape == steps.shape[:1] and steps.dtype == torch.float32
    return Directions(steps_NZ=steps, shares_N=shares) if is_right else None
