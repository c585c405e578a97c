"""Recipes in plain words: what made a result, from what, and when."""

from collections.abc import Callable, Mapping, Sequence

from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import tr, written
from genstudio.domain.recipes import Recipe
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.studio import CatalogueEntry
from genstudio.services.studio_operations import OperationEntry
from genstudio.ui.kind_words import counted_files
from genstudio.ui.run_words import model_name, value_word


class Titles:
    """What architectures and operations are called on the screen.

    Args:
        models: Gives the architectures that are known by now, by key.
        operations: Gives the operations that are known by now, by key.
    """

    def __init__(
        self,
        models: Callable[[], Mapping[str, CatalogueEntry]],
        operations: Callable[[], Mapping[str, OperationEntry]],
    ) -> None:
        self._models = models
        self._operations = operations

    def model(self, key: str) -> str:
        """Of an architecture; its key, where it is not known here."""
        return model_name(key, self._models())

    def operation(self, key: str) -> str:
        """Of an operation; its key, where it is not known here."""
        entry = self._operations().get(key)
        return key if entry is None else entry.card.title


def caption(item: GalleryItem, titles: Titles, *, is_copy: bool) -> str:
    """A line below a result."""
    try:
        said = _in_short(item.recipe, titles)
    except GenStudioError:
        said = ""  # What is wrong with it is told beside the picture when it is selected.
    return tr("nearly a copy · {caption}", caption=said) if is_copy else said


def described(items: Sequence[GalleryItem], titles: Titles) -> str:
    """All that is known of a result, in lines; of several, how many they are."""
    if len(items) > 1:
        return tr(
            "{counted_files} are selected; the first one is shown.",
            counted_files=counted_files([it.path.name for it in items]),
        )
    try:
        recipe = items[0].recipe
    except GenStudioError as error:
        return str(error)
    what, how = _what(recipe, titles), _how(recipe)
    when = recipe.created.astimezone().strftime("%Y-%m-%d %H:%M")
    if not recipe.run:
        return f"{what}\n{how}\n{when}"
    return tr(
        "{model_key} · step {step:,} · {what}\n{how}\n{when} · run {run}",
        model_key=titles.model(recipe.model_key),
        step=recipe.step,
        what=what,
        how=how,
        when=when,
        run=recipe.run,
    )


def _in_short(recipe: Recipe, titles: Titles) -> str:
    what = _seed_or_operation(recipe, titles)
    if not recipe.run:
        return what
    return tr(
        "{model_key}, step {step:,}, {what}",
        model_key=titles.model(recipe.model_key),
        step=recipe.step,
        what=what,
    )


def _what(recipe: Recipe, titles: Titles) -> str:
    what = _seed_or_operation(recipe, titles)
    if not recipe.inputs:
        return what
    names = ", ".join(given.name for given in recipe.inputs)
    return tr("{what} of {names}", what=what, names=names)


def _seed_or_operation(recipe: Recipe, titles: Titles) -> str:
    if recipe.seed is not None and recipe.run:
        return tr("seed {seed}", seed=recipe.seed)
    return titles.operation(recipe.operation)


def _how(recipe: Recipe) -> str:
    size = f"{recipe.size} × {recipe.size} px" if recipe.size else ""
    # What was left open, such as the kind, says nothing.
    sampling = (
        f"{value_word(name)} {written(value, '') if isinstance(value, float) else value}"
        for name, value in recipe.sampling.items()
        if value != ""
    )
    return " · ".join(words for words in (size, ", ".join(sampling)) if words)
