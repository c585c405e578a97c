"""Molecules as SELFIES: texts of which each is a molecule (Krenn et al. 2020, arXiv:1905.13741).

The package ``selfies`` translates; it belongs to the pack of molecules.
"""

from functools import lru_cache
from importlib import import_module
from typing import Any

from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr
from genstudio.domain.pack_hints import how_to_get
from genstudio.domain.smiles import MOST_TOKENS, tokens_in

# So many translations are remembered: a set is asked for its own several times.
_REMEMBERED = 2**18


@lru_cache(maxsize=1)
def selfies() -> Any:
    """The package that translates.

    Raises:
        SettingsError: It is not installed.
    """
    try:
        return import_module("selfies")
    except ImportError as error:
        raise SettingsError(
            tr("SELFIES need the package selfies"),
            tr("It is not installed; molecules as SMILES work without it."),
            how_to_get("molecules"),
        ) from error


@lru_cache(maxsize=_REMEMBERED)
def selfies_of(smiles: str) -> str:
    """A SMILES as SELFIES; empty where it cannot be written so, or is too long then.

    Some molecules break the rules of valence that SELFIES have, such as iodine
    with five neighbours.

    Raises:
        SettingsError: The package is not installed.
    """
    package = selfies()
    try:
        text = package.encoder(smiles)
    except package.EncoderError:
        return ""
    return text if text and len(tokens_in(text)) <= MOST_TOKENS else ""


def smiles_of(text: str) -> str:
    """SELFIES as SMILES; empty where they stand for nothing.

    Raises:
        SettingsError: The package is not installed.
    """
    package = selfies()
    try:
        return str(package.decoder(text) or "")
    except package.DecoderError:
        return ""
