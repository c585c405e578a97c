"""What recipes say, in the words that are on the cards and forms."""

from collections.abc import Callable, Mapping

from genstudio.domain.language import tr, written
from genstudio.domain.recipes import Recipe
from genstudio.domain.settings import Settings, setting_fields
from genstudio.services.studio import CatalogueEntry
from genstudio.services.studio_operations import OperationEntry
from genstudio.ui.run_words import VALUE_WORDS, value_word


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
        entry = self._models().get(recipe.model_key)
        return recipe.model_key if entry is None else entry.card.title

    def operation(self, recipe: Recipe) -> str:
        """What was done."""
        entry = self._operations().get(recipe.operation)
        return recipe.operation if entry is None else entry.card.title

    def choices(self, recipe: Recipe) -> str:
        """What was chosen; what was left open, such as the kind, says nothing."""
        titles = self._titles(recipe)
        return ", ".join(
            f"{_named(name, titles)} {_shown(value)}"
            for name, value in recipe.sampling.items()
            if value != ""
        )

    def _titles(self, recipe: Recipe) -> Mapping[str, str]:
        model = self._models().get(recipe.model_key)
        operation = self._operations().get(recipe.operation)
        forms: list[type[Settings] | None] = [model.sampling if model else None]
        if operation is not None:
            forms += [operation.settings.get(key) for key in ("", recipe.model_key)]
        return {field.name: field.words for it in forms if it for field in setting_fields(it)}


def _named(name: str, titles: Mapping[str, str]) -> str:
    """Its usual short word, or else the words of its form."""
    word = name.replace("_", " ")
    return f"{titles[name]}:" if name in titles and word not in VALUE_WORDS else value_word(name)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    if isinstance(value, float):
        return written(value, "")
    return str(value)
