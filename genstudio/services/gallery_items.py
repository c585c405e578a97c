"""Pictures of a gallery, of which there may be very many."""

import contextlib
import gc
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from genstudio.domain.recipes import Recipe


@dataclass(frozen=True, slots=True)
class GalleryItem:
    """One picture of the gallery.

    Attributes:
        name: Path relative to the gallery's folder, with forward slashes.
        folder: The gallery's folder.
        recipe: How it was made.
        rating: From 0 (not rated) to 5.
        tags: Words that a person gave it, in their order.
        added: When the file was written.
    """

    name: str
    folder: Path
    recipe: Recipe
    rating: int
    tags: tuple[str, ...]
    added: datetime

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / self.name


@contextlib.contextmanager
def without_collecting() -> Generator[None]:
    """Make very many objects that stay: looking for garbage among them takes half of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
