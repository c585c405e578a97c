"""Makes the film of a gallery again from the recipe in its file."""

from collections.abc import Generator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from genstudio.domain.artifacts import CLIP, Artifact
from genstudio.domain.errors import ProjectError
from genstudio.domain.language import tr
from genstudio.domain.progress import Progress
from genstudio.domain.recipes import Recipe
from genstudio.services.exporters.video import TOLD, VideoOptions, film_items
from genstudio.services.gallery_items import GalleryItem


def film_gallery_again(
    recipe: Recipe, suffix: str, files: Sequence[Path]
) -> Generator[Progress | Artifact, None, None]:
    """Film the same results again.

    Args:
        recipe: Of the film.
        suffix: Of the film, which is written like the first one.
        files: What it was made from, in order.

    Yields:
        At last the film, which is there until the next step.

    Raises:
        ProjectError: The recipe does not say of what it was made, or is damaged.
    """
    options = _options(recipe)
    items = [
        GalleryItem(name=file.name, folder=file.parent, recipe_json="", rating=0, tags=())
        for file in files
    ]
    with TemporaryDirectory(prefix="genstudio-film-") as folder:
        film = Path(folder) / f"film{suffix}"
        path = yield from film_items(items, film, options, recipe)
        yield Artifact(kind=CLIP, data=path)


def refuse_untold(recipe: Recipe) -> None:
    """Refuse a film that does not say what it was made of, before anything is looked for.

    Raises:
        ProjectError: See above.
    """
    if not recipe.inputs:
        raise ProjectError(
            tr("This film of a gallery cannot be made again"),
            tr(
                "It does not say of which pictures it was made: an earlier version made it, or "
                "there were more than a film can note."
            ),
            tr("Export the gallery anew as a film."),
        )


def _options(recipe: Recipe) -> VideoOptions:
    told = {name: recipe.sampling[name] for name in TOLD if name in recipe.sampling}
    try:
        if len(told) < len(TOLD) or recipe.sampling.get("pictures") != len(recipe.inputs):
            raise _damaged()
        return VideoOptions.model_validate(told)
    except ValidationError as error:
        raise _damaged() from error


def _damaged() -> ProjectError:
    return ProjectError(
        tr("The recipe of this film is damaged"),
        tr("It does not say how the pictures followed each other."),
        tr("Use the original film, as GenStudio saved it."),
    )
