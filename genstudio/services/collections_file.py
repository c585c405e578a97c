"""Collections of a gallery: searches that were kept under a name, in the project."""

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, TypeAdapter, ValidationError

from genstudio.domain.files import is_file, read_file, write_bytes

FILE: Final = "collections.json"
MOST: Final = 200
LONGEST_NAME: Final = 80
_LARGEST_BYTES = 2**20
_COLLECTIONS = TypeAdapter(
    Annotated[
        dict[
            Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)],
            Annotated[str, Field(max_length=2000)],
        ],
        Field(max_length=MOST),
    ]
)


def read_collections(project: Path) -> dict[str, str]:
    """Name => search; none where they cannot be read."""
    path = project / FILE
    if not is_file(path):
        return {}
    try:
        return _COLLECTIONS.validate_json(read_file(path, largest_bytes=_LARGEST_BYTES))
    except (OSError, ValidationError):
        return {}


def save_collections(project: Path, collections: dict[str, str]) -> None:
    """Keep all collections.

    Raises:
        ProjectError: The disk is full or the project cannot be written to.
    """
    kept = dict(sorted(collections.items(), key=lambda it: it[0].casefold())[:MOST])
    write_bytes(project / FILE, _COLLECTIONS.dump_json(kept, indent=1))


def tagged(tag: str) -> str:
    """The search for a tag, as :mod:`genstudio.services.gallery_query` reads it."""
    return f'tag:"{tag.replace(chr(34), "")}"'
