"""What the window asks of places with weights, without importing torch before it is needed."""

from importlib import import_module
from pathlib import Path
from typing import Final

import platformdirs

from genstudio.services.base_models import last_base
from genstudio.services.remembered_places import RememberedPlaces


def words_about_language_model(text: str) -> str:
    """What the language model at a place is, or why it cannot be used; nothing is loaded."""
    if not text.strip():
        return ""
    return str(import_module("genstudio.services.language_models").words_about_language_model(text))


def last_place(opens: str) -> str:
    """The place of a kind that was used last and is still there; empty if there is none."""
    if opens == "model":
        return last_base()
    # A palette belongs to one set of sprites, and is asked for each time.
    return LANGUAGE_MODELS.last() if opens == "language-model" else ""


def _file() -> Path:
    return platformdirs.user_data_path("genstudio", appauthor=False) / "language_models.json"


LANGUAGE_MODELS: Final = RememberedPlaces(lambda: _file())  # noqa: PLW0108  # looked up anew each time
