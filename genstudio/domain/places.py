"""Places in a model's latent space, in plain values: in forms, commands and recipes."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr
from genstudio.domain.values import Count

# A plane has four corners; a line two.
_CORNERS = (1, 2, 4)
_MOST_SIGMAS = 10.0
_MOST_DIRECTIONS = 512
_MOVE = re.compile(r"\s*(\d{1,3})\s*:\s*([+-]?\d{1,3}(?:\.\d{1,6})?)\s*")


class Place(BaseModel):
    """A point between seeds, moved along directions.

    Attributes:
        seeds: One; two, of which ``across`` leads from the first to the second; or the four
            corners of a plane: top left, top right, bottom left, bottom right.
        across: How far to the right, from 0 to 1.
        down: How far down, from 0 to 1.
        moves: Number of a direction, from 1 on => sigmas along it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seeds: tuple[Count, ...]
    across: float = Field(default=0.0, ge=0, le=1, allow_inf_nan=False)
    down: float = Field(default=0.0, ge=0, le=1, allow_inf_nan=False)
    moves: Mapping[int, float] = Field(default_factory=dict[int, float])

    @field_validator("seeds")
    @classmethod
    def _are_corners(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(seeds) not in _CORNERS:
            raise ValueError("one, two or four seeds")
        return seeds

    @field_validator("moves")
    @classmethod
    def _are_moves(cls, moves: Mapping[int, float]) -> dict[int, float]:
        for number, sigmas in moves.items():
            if not 1 <= number <= _MOST_DIRECTIONS or not abs(sigmas) <= _MOST_SIGMAS:
                raise ValueError(f"direction {number} moved by {sigmas} sigmas")
        # No move is no move: two ways to write one place would be two recipes.
        return {number: moves[number] for number in sorted(moves) if moves[number]}

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


def parse_moves(text: str) -> dict[int, float]:
    """Read ``"1:+1.5, 4:-0.5"``: number of a direction, sigmas along it.

    Raises:
        SettingsError: A part is not of that form.
    """
    moves: dict[int, float] = {}
    for part in filter(str.strip, text.split(",")):
        found = _MOVE.fullmatch(part)
        if found is None:
            raise SettingsError(
                tr("“{part}” is no move along a direction", part=part.strip()),
                "",
                tr("Write its number and how far to go, such as 1:1.5, 4:-0.5."),
            )
        moves[int(found[1])] = float(found[2])
    return moves


def moves_text(moves: Mapping[int, float]) -> str:
    """Write moves as :func:`parse_moves` reads them."""
    return ", ".join(f"{number}:{sigmas:g}" for number, sigmas in sorted(moves.items()) if sigmas)
