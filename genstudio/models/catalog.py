"""The catalogue of architectures: a line each, imported only when asked for."""

import importlib
from functools import cache
from importlib.metadata import entry_points
from typing import cast

from genstudio.domain.cards import ModelCard
from genstudio.domain.errors import UnknownModelError
from genstudio.models.protocol import TrainableModel

ENTRY_POINT_GROUP = "genstudio.models"

_BUILT_IN = {
    "self-supervised-gan": "genstudio.models.gan.self_supervised:SelfSupervisedGAN",
    "residual-vae": "genstudio.models.vae.residual:ResidualVAE",
    "token-flow": "genstudio.models.vae.token_flow:TokenFlow",
    "paired-translation": "genstudio.models.translation.paired:PairedTranslation",
    "unpaired-translation": "genstudio.models.translation.unpaired:UnpairedTranslation",
}

# What a person means who names only the family.
_DEFAULT_OF_FAMILY = {"gan": "self-supervised-gan", "vae": "residual-vae"}


@cache
def _locations() -> dict[str, str]:
    found = dict(_BUILT_IN)
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        if found.get(entry.name, entry.value) != entry.value:
            raise UnknownModelError(
                f"Two architectures are called “{entry.name}”",
                f"They are {found[entry.name]} and {entry.value}.",
                "Uninstall one of them.",
            )
        found[entry.name] = entry.value
    return found


def model_keys() -> list[str]:
    """Keys of all architectures, built-in ones first."""
    return list(_locations())


def model_class(key: str) -> type[TrainableModel]:
    """Import an architecture.

    Args:
        key: A key of the catalogue, or a family ("gan", "vae") for its default.

    Raises:
        UnknownModelError: No such key; the hint lists the known ones.
    """
    locations = _locations()
    location = locations.get(_DEFAULT_OF_FAMILY.get(key.lower(), key))
    if location is None:
        known = ", ".join([*locations, *_DEFAULT_OF_FAMILY])
        raise UnknownModelError(f"There is no model “{key}”", "", f"Known models: {known}.")
    module_name, _, class_name = location.partition(":")
    return cast("type[TrainableModel]", getattr(importlib.import_module(module_name), class_name))


def model_cards() -> list[ModelCard]:
    """Cards of all architectures; imports them all."""
    return [model_class(key).card for key in model_keys()]
