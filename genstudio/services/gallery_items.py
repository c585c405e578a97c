"""Pictures of a gallery, of which there may be very many."""

from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from genstudio.domain.recipes import Recipe
from genstudio.services.gallery_index import damaged


class GalleryItem(NamedTuple):
    """One picture of the gallery; a hundred thousand of them are made at once.

    Attributes:
        name: Path relative to the gallery's folder, with forward slashes.
        folder: The gallery's folder.
        recipe_json: How it was made, as the index has it.
        rating: From 0 (not rated) to 5.
        tags: Words that a person gave it, in their order.
    """

    name: str
    folder: Path
    recipe_json: str
    rating: int
    tags: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / self.name

    @property
    def recipe(self) -> Recipe:
        """How it was made; read when it is asked for, which is of few.

        Raises:
            ProjectError: The index has something else in its place.
        """
        try:
            return Recipe.model_validate_json(self.recipe_json)
        except ValidationError as error:
            raise damaged(self.path) from error
