"""Places in a model's latent space, in plain values: in forms, commands and recipes."""

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr
from genstudio.domain.values import Count

# A plane has four corners; a line two.
_CORNERS = (1, 2, 4)
_MOST_SIGMAS = 10.0
_MOST_DIRECTIONS = 512
# Parts of a picture that a model may draw from latents of their own: coarse, middle, fine layers.
ZONES: Final = ("form", "texture", "colour")
_ZONE = "|".join(ZONES)
_MOVE = re.compile(rf"\s*(?:({_ZONE})\s+)?(\d{{1,3}})\s*:\s*([+-]?\d{{1,3}}(?:\.\d{{1,6}})?)\s*")
_STYLE = re.compile(rf"\s*({_ZONE})\s*:\s*(\d{{1,19}})\s*")


class Place(BaseModel):
    """A point between seeds, moved along directions.

    Attributes:
        seeds: One; two, of which ``across`` leads from the first to the second; or the four
            corners of a plane: top left, top right, bottom left, bottom right.
        across: How far to the right, from 0 to 1.
        down: How far down, from 0 to 1.
        moves: Number of a direction, from 1 on => sigmas along it.
        zone_moves: Zone => the same, of that zone alone, beside the moves of all.
        styles: Zone => seed that it is taken of, in the place of what lies between the corners.
        pictures: Number of a corner, from 0 on => content hash of a person's picture that is there
            in the place of its seed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seeds: tuple[Count, ...]
    across: float = Field(default=0.0, ge=0, le=1, allow_inf_nan=False)
    down: float = Field(default=0.0, ge=0, le=1, allow_inf_nan=False)
    moves: Mapping[int, float] = Field(default_factory=dict[int, float])
    zone_moves: Mapping[str, Mapping[int, float]] = Field(
        default_factory=dict[str, Mapping[int, float]]
    )
    styles: Mapping[str, Count] = Field(default_factory=dict[str, Count])
    pictures: Mapping[int, str] = Field(default_factory=dict[int, str])

    @field_validator("seeds")
    @classmethod
    def _are_corners(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(seeds) not in _CORNERS:
            raise ValueError("one, two or four seeds")
        return seeds

    @field_validator("moves")
    @classmethod
    def _are_moves(cls, moves: Mapping[int, float]) -> dict[int, float]:
        return _checked_moves(moves)

    @field_validator("zone_moves")
    @classmethod
    def _are_zone_moves(
        cls, zone_moves: Mapping[str, Mapping[int, float]]
    ) -> dict[str, dict[int, float]]:
        _refuse_other_zones(zone_moves)
        checked = {zone: _checked_moves(zone_moves.get(zone, {})) for zone in ZONES}
        return {zone: moves for zone, moves in checked.items() if moves}

    @field_validator("styles")
    @classmethod
    def _are_styles(cls, styles: Mapping[str, int]) -> dict[str, int]:
        _refuse_other_zones(styles)
        return {zone: styles[zone] for zone in ZONES if zone in styles}

    @model_validator(mode="after")
    def _have_corners(self) -> "Place":
        if any(not 0 <= corner < len(self.seeds) for corner in self.pictures):
            raise ValueError("a picture at a corner that there is not")
        return self

    @property
    def is_zoned(self) -> bool:
        """Whether zones are drawn from latents of their own."""
        return bool(self.styles or self.zone_moves)

    @property
    def farthest_direction(self) -> int:
        """The highest number of a direction that it is moved along; 0 for none."""
        return max([0, *self.moves, *(it for moves in self.zone_moves.values() for it in moves)])

    def moves_of(self, zone: str) -> Mapping[int, float]:
        """Moves of a zone alone; of all zones where it is empty."""
        return self.zone_moves.get(zone, {}) if zone else self.moves

    def moved(self, zone: str, moves: Mapping[int, float]) -> "Place":
        """The same place, with other moves of a zone; of all zones where it is empty."""
        if not zone:
            return self.with_values(moves=moves)
        return self.with_values(zone_moves={**self.zone_moves, zone: moves})

    def with_seed(self, corner: int, seed: int) -> "Place":
        """The same place with a seed at a corner, counted from 0; a picture there goes."""
        seeds = (*self.seeds[:corner], seed, *self.seeds[corner + 1 :])
        pictures = {at: it for at, it in self.pictures.items() if at != corner}
        return self.with_values(seeds=seeds, pictures=pictures)

    def with_values(self, **changes: Any) -> "Place":
        """The same place with other values, checked."""
        return Place.model_validate({**self.model_dump(), **changes})


def parse_seeds(text: str) -> tuple[int, ...]:
    """Read ``"3, 17, 5"``.

    Raises:
        SettingsError: A part is no whole number from 0 on.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdecimal() and len(part) < 20 for part in parts):
        raise SettingsError(
            tr("“{words}” names no seeds", words=text),
            "",
            tr("Give whole numbers with commas: 3, 17, 5."),
        )
    return tuple(int(part) for part in parts)


def _checked_moves(moves: Mapping[int, float]) -> dict[int, float]:
    for number, sigmas in moves.items():
        if not 1 <= number <= _MOST_DIRECTIONS or not abs(sigmas) <= _MOST_SIGMAS:
            raise ValueError(f"direction {number} moved by {sigmas} sigmas")
    # No move is no move: two ways to write one place would be two recipes.
    return {number: moves[number] for number in sorted(moves) if moves[number]}


def _refuse_other_zones(named: Mapping[str, object]) -> None:
    unknown = sorted(set(named) - set(ZONES))
    if unknown:
        raise ValueError(f"no zone “{unknown[0]}”")


def parse_moves(text: str) -> tuple[dict[int, float], dict[str, dict[int, float]]]:
    """Read ``"1:+1.5, colour 4:-0.5"``: number of a direction, sigmas along it.

    Returns:
        Moves of all zones, and those of single ones by zone.

    Raises:
        SettingsError: A part is not of that form.
    """
    moves: dict[int, float] = {}
    zone_moves: dict[str, dict[int, float]] = {}
    for part in filter(str.strip, text.split(",")):
        found = _MOVE.fullmatch(part)
        if found is None:
            raise SettingsError(
                tr("“{part}” is no move along a direction", part=part.strip()),
                "",
                tr("Write its number and how far to go, such as 1:1.5, 4:-0.5."),
            )
        wanted = zone_moves.setdefault(found[1], {}) if found[1] else moves
        wanted[int(found[2])] = float(found[3])
    return moves, zone_moves


def moves_text(
    moves: Mapping[int, float], zone_moves: Mapping[str, Mapping[int, float]] | None = None
) -> str:
    """Write moves as :func:`parse_moves` reads them."""
    all_moves = {"": moves, **(zone_moves or {})}
    return ", ".join(
        f"{zone} {number}:{sigmas:g}".strip()
        for zone, own in all_moves.items()
        for number, sigmas in sorted(own.items())
        if sigmas
    )


def parse_styles(text: str) -> dict[str, int]:
    """Read ``"texture:17, colour:3"``: a zone, and the seed that it is taken of.

    Raises:
        SettingsError: A part is not of that form.
    """
    styles: dict[str, int] = {}
    for part in filter(str.strip, text.split(",")):
        found = _STYLE.fullmatch(part)
        if found is None:
            raise SettingsError(
                tr("“{part}” takes no zone of a seed", part=part.strip()),
                "",
                tr("Write form, texture or colour and a seed, such as texture:17, colour:3."),
            )
        styles[found[1]] = int(found[2])
    return styles


def styles_text(styles: Mapping[str, int]) -> str:
    """Write styles as :func:`parse_styles` reads them."""
    return ", ".join(f"{zone}:{seed}" for zone, seed in styles.items())


def place_settings(place: Place) -> dict[str, str | float]:
    """Write a place as the settings of the operation “explore”."""
    return {
        "seeds": ", ".join(str(seed) for seed in place.seeds),
        "across": place.across,
        "down": place.down,
        "moves": moves_text(place.moves, place.zone_moves),
        "styles": styles_text(place.styles),
        "corners": ", ".join(str(corner + 1) for corner in sorted(place.pictures)),
    }
