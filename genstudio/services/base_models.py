"""Base models that a person has: where they lie, and the checksum that recipes know them by."""

from pathlib import Path
from typing import Final

import platformdirs

from genstudio.domain.errors import GenStudioError, SettingsError
from genstudio.domain.language import tr
from genstudio.models.stable_diffusion.folders import BaseModel, chosen_base
from genstudio.services.remembered_places import RememberedPlaces

_PREFIX: Final = "sha256:"


def find_base(text: str) -> BaseModel:
    """The base model that a person or a recipe names.

    Args:
        text: A folder, a file, or "sha256:" and the checksum of one that was used before.

    Raises:
        SettingsError: There is none there, or it cannot be used.
    """
    if not text.startswith(_PREFIX):
        return chosen_base(text)
    wanted = text.removeprefix(_PREFIX)
    for place in _PLACES.places_of(wanted):
        base = chosen_base(place)
        if checksum(base) == wanted:
            return base
    raise SettingsError(
        tr("The base model is not known here"),
        tr("The recipe names weights with the checksum {wanted}….", wanted=wanted[:16]),
        tr("Draw one picture with the folder or file that holds them: then they are known."),
    )


def reference(base: BaseModel) -> str:
    """How a recipe names it."""
    return _PREFIX + checksum(base)


def checksum(base: BaseModel) -> str:
    """SHA-256 of the weights; see :meth:`RememberedPlaces.checksum`.

    Raises:
        ProjectError: A file cannot be read.
    """
    return _PLACES.checksum(base.path, base.weights)


def words_about_base(text: str) -> str:
    """What the model at a place is and which licence it states, or why it cannot be used.

    Args:
        text: A folder or a file; nothing of the weights is loaded.
    """
    if not text.strip():
        return ""
    try:
        return find_base(text).title
    except GenStudioError as error:
        return str(error)


def places_of(noted: str) -> list[str]:
    """Places where weights were seen that a recipe or a run names."""
    return _PLACES.places_of(noted.removeprefix(_PREFIX))


def last_base() -> str:
    """The base model that was used last and is still there; empty if there is none."""
    return _PLACES.last()


def _place() -> Path:
    return platformdirs.user_data_path("genstudio", appauthor=False) / "base_models.json"


_PLACES: Final = RememberedPlaces(lambda: _place())  # noqa: PLW0108  # looked up anew each time
