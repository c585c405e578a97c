"""What recipes say, in the words that are on the cards and forms."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, get_origin

from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import labelled, tr, written
from genstudio.domain.recipes import Recipe
from genstudio.domain.settings import SettingField, Settings, setting_fields
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.studio import CatalogueEntry
from genstudio.services.studio_operations import OperationEntry
from genstudio.ui.kind_words import counted_files
from genstudio.ui.run_words import VALUE_WORDS, model_name, value_word


class RecipeWords:
    """Looks up what a recipe names by keys; a key stays where what it names is not known here.

    Args:
        models: Gives the architectures that are known by now.
        operations: Gives the operations that are known by now.
    """

    def __init__(
        self,
        models: Callable[[], Mapping[str, CatalogueEntry]] = dict,
        operations: Callable[[], Mapping[str, OperationEntry]] = dict,
    ) -> None:
        self._models = models
        self._operations = operations

    def model(self, recipe: Recipe) -> str:
        """What the architecture is called."""
        return model_name(recipe.model_key, self._models())

    def operation(self, recipe: Recipe) -> str:
        """What was done."""
        entry = self._operations().get(recipe.operation)
        return recipe.operation if entry is None else entry.card.title

    def choices(self, recipe: Recipe) -> str:
        """What was chosen; what was left open, such as the kind, says nothing."""
        fields = self._fields(recipe)
        return ", ".join(
            _chosen(name, value, fields.get(name))
            for name, value in recipe.sampling.items()
            if value != ""
        )

    def _fields(self, recipe: Recipe) -> Mapping[str, SettingField]:
        model = self._models().get(recipe.model_key)
        operation = self._operations().get(recipe.operation)
        forms: list[type[Settings] | None] = [model.sampling if model else None]
        if operation is not None:
            forms += [operation.settings.get(key) for key in ("", recipe.model_key)]
        return {field.name: field for it in forms if it for field in setting_fields(it)}


def caption(item: GalleryItem, words: RecipeWords, *, is_copy: bool) -> str:
    """A line below a result."""
    try:
        said = _in_short(item.recipe, words)
    except GenStudioError:
        said = ""  # What is wrong with it is told beside the picture when it is selected.
    return tr("nearly a copy · {caption}", caption=said) if is_copy else said


def described(items: Sequence[GalleryItem], words: RecipeWords) -> str:
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
    what = _seed_or_operation(recipe, words)
    if recipe.inputs:
        names = ", ".join(given.name for given in recipe.inputs)
        what = tr("{what} of {names}", what=what, names=names)
    size = f"{recipe.size} × {recipe.size} px" if recipe.size else ""
    how = " · ".join(it for it in (size, words.choices(recipe)) if it)
    when = recipe.created.astimezone().strftime("%Y-%m-%d %H:%M")
    if not recipe.run:
        return f"{what}\n{how}\n{when}"
    return tr(
        "{model_key} · step {step:,} · {what}\n{how}\n{when} · run {run}",
        model_key=words.model(recipe),
        step=recipe.step,
        what=what,
        how=how,
        when=when,
        run=recipe.run,
    )


def _in_short(recipe: Recipe, words: RecipeWords) -> str:
    what = _seed_or_operation(recipe, words)
    if not recipe.run:
        return what
    return tr(
        "{model_key}, step {step:,}, {what}",
        model_key=words.model(recipe),
        step=recipe.step,
        what=what,
    )


def _seed_or_operation(recipe: Recipe, words: RecipeWords) -> str:
    if recipe.seed is not None and recipe.run:
        return tr("seed {seed}", seed=recipe.seed)
    return words.operation(recipe)


def _chosen(name: str, value: object, field: SettingField | None) -> str:
    """By its usual short word, or else in the words of its form."""
    word = name.replace("_", " ")
    if field is None or word in VALUE_WORDS:
        return f"{value_word(name)} {_shown(value, field)}"
    return labelled(field.words, _shown(value, field))


def _shown(value: object, field: SettingField | None) -> str:
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    if isinstance(value, float):
        return written(value, "")
    if field is not None and get_origin(field.annotation) is Literal:
        return tr(str(value).replace("_", " "))
    return str(value)
