"""What can be read of a preview: its texts, one after the other, in one file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from genstudio.domain.artifacts import TEXT, Artifact
from genstudio.domain.errors import ProjectError
from genstudio.domain.files import is_file, read_file, write_text

_LARGEST_BYTES = 2**20
_BETWEEN: Final = "\n\n· · ·\n\n"


def save_written(path: Path, results: Sequence[Artifact]) -> None:
    """Write the texts of a preview; nothing if there are none.

    Args:
        path: A text file; replaced if it exists.
        results: What a preview shows.

    Raises:
        ProjectError: The disk is full or the folder cannot be written to.
    """
    texts = [str(it.data).strip() for it in results if it.kind == TEXT]
    if texts:
        write_text(path, _BETWEEN.join(texts) + "\n")


def read_written(path: Path) -> str:
    """The texts of a preview; empty where there are none that can be read."""
    if not is_file(path):
        return ""
    try:
        return read_file(path, largest_bytes=_LARGEST_BYTES).decode("utf-8", "replace").strip()
    except (OSError, ProjectError):
        return ""
