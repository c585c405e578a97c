"""What an exploring session tells whoever waits for it, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from genstudio.domain.errors import GenStudioError
from genstudio.domain.places import Place
from genstudio.domain.progress import Progress


@dataclass(frozen=True, slots=True)
class Opened:
    """The model is ready.

    Attributes:
        step: Of its checkpoint.
        names: What a person called directions, by number.
        has_zones: Whether form, texture and colour can be drawn from places of their own.
        takes_pictures: Whether a person's picture can be a place.
        is_newer: It took the place of an older checkpoint of the same run.
    """

    step: int
    names: Mapping[int, str]
    has_zones: bool = False
    takes_pictures: bool = False
    is_newer: bool = False


@dataclass(frozen=True, slots=True)
class PlaceShown:
    """The picture of a place.

    Attributes:
        place: It.
        image_HWC: uint8 (height, width, channels).
        is_draft: It is about what the picture will be. That one follows, unless another place is
            wanted before.
    """

    place: Place
    image_HWC: np.ndarray = field(compare=False)
    is_draft: bool = False


@dataclass(frozen=True, slots=True)
class SeedShown:
    """The picture of a seed alone: uint8 (height, width, channels)."""

    seed: int
    image_HWC: np.ndarray = field(compare=False)


@dataclass(frozen=True, slots=True)
class DirectionsFound:
    """Share of the variation between pictures that each direction accounts for, in order."""

    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class TasteFound:
    """The way on which pictures come nearer to a person's taste.

    Attributes:
        way: Sigmas of each direction, of length 1; empty where no taste is known.
        words: What it rests on, or what is missing.
    """

    way: tuple[float, ...]
    words: str


@dataclass(frozen=True, slots=True)
class PictureSought:
    """The place of a person's picture is being searched for: so many steps of so many."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class PictureFound:
    """A person's picture is a place.

    Attributes:
        path: Its file.
        content_hash: That places name it by; empty where the search was given up.
        image_HWC: The picture alone as the model draws it: uint8 (height, width, channels).
    """

    path: Path
    content_hash: str
    image_HWC: np.ndarray | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that was wished for cannot be; the session goes on."""

    error: GenStudioError


Shown = (
    Opened
    | PlaceShown
    | SeedShown
    | DirectionsFound
    | TasteFound
    | PictureSought
    | PictureFound
    | Progress
    | Refused
)
