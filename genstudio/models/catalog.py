"""The catalogue of architectures: a line each, imported only when asked for."""

import importlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import cast

from genstudio.domain.cards import ModelCard
from genstudio.domain.errors import UnknownModelError
from genstudio.domain.operations import TaskCard
from genstudio.domain.settings import Settings
from genstudio.models.protocol import TrainableModel

ENTRY_POINT_GROUP = "genstudio.models"

_BUILT_IN = {
    "self-supervised-gan": "genstudio.models.gan.self_supervised:SelfSupervisedGAN",
    "residual-vae": "genstudio.models.vae.residual:ResidualVAE",
    "token-flow": "genstudio.models.vae.token_flow:TokenFlow",
    "paired-translation": "genstudio.models.translation.paired:PairedTranslation",
    "unpaired-translation": "genstudio.models.translation.unpaired:UnpairedTranslation",
    "fast-style": "genstudio.models.style.fast:FastStyle",
}

# What a person means who names only the family.
_DEFAULT_OF_FAMILY = {"gan": "self-supervised-gan", "vae": "residual-vae"}


@cache
def _locations() -> dict[str, str]:
    """Key => "module:Class"; built-in ones first, and of several under one key the first."""
    found = dict(_BUILT_IN)
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        if not _is_reserved(entry.name):
            found.setdefault(entry.name, entry.value)
    return found


def _is_reserved(key: str) -> bool:
    return key.lower() in _DEFAULT_OF_FAMILY


def model_keys() -> list[str]:
    """Keys of all architectures, built-in ones first; some may turn out not to be usable."""
    return list(_locations())


def model_class(key: str) -> type[TrainableModel]:
    """Import an architecture.

    Args:
        key: A key of the catalogue, or a family ("gan", "vae") for its default.

    Raises:
        UnknownModelError: No such key, and the hint lists the known ones; or its package is broken.
    """
    locations = _locations()
    wanted = _DEFAULT_OF_FAMILY.get(key.lower(), key)
    location = locations.get(wanted)
    if location is None:
        known = ", ".join([*locations, *_DEFAULT_OF_FAMILY])
        raise UnknownModelError(f"There is no model “{key}”", "", f"Known models: {known}.")
    return _imported(wanted, location)


def _imported(key: str, location: str) -> type[TrainableModel]:
    module_name, _, class_name = location.partition(":")
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (Exception, SystemExit) as error:
        if location == _BUILT_IN.get(key):
            raise
        # The edge to other people's code: whatever it raises concerns its own package only.
        reason = f"{type(error).__name__}: {error}"
        raise _broken(key, location, f"It cannot be imported: {reason}.") from error
    if fault := _fault(key, found):
        raise _broken(key, location, fault)
    return cast("type[TrainableModel]", found)


def _fault(key: str, found: object) -> str:
    """What is wrong with a class that should be an architecture; empty if nothing is."""
    card = getattr(found, "card", None)
    if not isinstance(card, ModelCard):
        return "It has no model card."
    if card.key != key:
        return f"Its card has another key, “{card.key}”."
    settings = getattr(found, "Config", None)
    if not (isinstance(settings, type) and issubclass(settings, Settings)):
        return "Its Config is no class of settings."
    tasks = getattr(found, "tasks", ())
    if not tasks or not all(isinstance(task, TaskCard) for task in tasks):
        return "It declares no tasks."
    return ""


def _broken(key: str, location: str, why: str) -> UnknownModelError:
    return UnknownModelError(
        f"The model “{key}” cannot be used",
        f"{why} It is {location}, of a package that was installed beside GenStudio.",
        "Install that package again with all that it needs, or uninstall it.",
    )


def _duplicates() -> list[UnknownModelError]:
    locations = _locations()
    return [
        UnknownModelError(
            f"Two architectures are called “{entry.name}”",
            f"They are {taken_by} and {entry.value}; the first one is used.",
            "Uninstall the package of the other one.",
        )
        for entry in entry_points(group=ENTRY_POINT_GROUP)
        if (taken_by := _taken_by(entry.name, locations)) != entry.value
    ]


def _taken_by(key: str, locations: Mapping[str, str]) -> str:
    return f"the family {key}" if _is_reserved(key) else locations[key]


def usable_models() -> tuple[list[type[TrainableModel]], list[UnknownModelError]]:
    """Import all architectures.

    Returns:
        Those that can be used, and what is wrong with the others, which do no harm to them.
    """
    models: list[type[TrainableModel]] = []
    troubles: list[UnknownModelError] = []
    for key in model_keys():
        try:
            models.append(model_class(key))
        except UnknownModelError as error:
            troubles.append(error)
    return models, troubles + _duplicates()


def model_cards() -> list[ModelCard]:
    """Cards of all architectures that can be used; imports them all."""
    return [model.card for model in usable_models()[0]]
