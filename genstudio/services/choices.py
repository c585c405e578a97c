"""Which of two pictures or texts a person likes more: a file of the project that only grows."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from genstudio.artifacts.catalog import kind_of_file
from genstudio.domain.artifacts import IMAGE, TEXT
from genstudio.domain.errors import GenStudioError
from genstudio.domain.files import explained, read_file
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.projects import Project

FEWEST: Final = 20
_FILE = "choices.jsonl"
_LARGEST_BYTES = 2**24
# Of so many, one at least has another like it, or there are hardly any.
_MOST_TRIED = 60


class Choice(BaseModel):
    """One of two pictures or texts was liked more.

    Attributes:
        better: Name in the gallery.
        worse: Name of the other.
        when: In UTC.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    better: str = Field(max_length=512)
    worse: str = Field(max_length=512)
    when: datetime


def choose(project: Project, better: str, worse: str) -> None:
    """Keep a choice.

    Raises:
        ProjectError: The disk is full or the project cannot be written to.
    """
    choice = Choice(better=better, worse=worse, when=datetime.now(UTC).replace(microsecond=0))
    path = project.path / _FILE
    with explained(path), path.open("a", encoding="utf-8") as file:
        file.write(choice.model_dump_json() + "\n")


def choices_of(project: Project) -> list[Choice]:
    """All that were made; damaged lines, as the last after a power cut, are left out."""
    try:
        content = read_file(project.path / _FILE, largest_bytes=_LARGEST_BYTES)
    except OSError:
        return []
    found: list[Choice] = []
    for line in content.decode("utf-8", "replace").splitlines():
        try:
            found.append(Choice.model_validate_json(line))
        except ValidationError:
            continue
    return found


def two_to_compare(
    items: Sequence[GalleryItem], generator: random.Random
) -> tuple[GalleryItem, GalleryItem] | None:
    """Two pictures or texts drawn at random; None where there are not two.

    Of pictures of one size where there are such: a large one is not the better one. Of texts only
    such as go on from the same beginning.
    """
    by_kind: dict[str, list[GalleryItem]] = {}
    for it in items:
        by_kind.setdefault(_kind_of(it), []).append(it)
    pool = [*by_kind.get(IMAGE, []), *by_kind.get(TEXT, [])]
    for first in generator.sample(pool, min(len(pool), _MOST_TRIED)):
        kind = _kind_of(first)
        others = [it for it in by_kind[kind] if it.name != first.name]
        alike = [it for it in others if _like(it, kind) == _like(first, kind)]
        if kind == IMAGE:
            alike = alike or others
        if alike:
            return first, generator.choice(alike)
    return None


def _kind_of(item: GalleryItem) -> str:
    kind = kind_of_file(item.path)
    return kind.card.key if kind is not None else ""


def _like(item: GalleryItem, kind: str) -> object:
    """What two must have in common for a choice between them to say something."""
    try:
        recipe = item.recipe
    except GenStudioError:
        return item.name
    if kind == IMAGE:
        return recipe.size
    return recipe.operation, recipe.sampling.get("beginning", ""), recipe.inputs
