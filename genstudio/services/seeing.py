"""Where weights lie that tell what is on a picture: a person's own, or those of a pack."""

from importlib.util import find_spec
from pathlib import Path
from typing import Final

import platformdirs

# What the pack “seeing” brings; no code is imported from it.
PACK: Final = "genstudio_seeing"


def own_place(name: str) -> Path:
    """Where a person's own file or folder of such weights belongs, whether it is there or not."""
    return platformdirs.user_data_path("genstudio", appauthor=False) / name


def place_of(name: str) -> Path:
    """Where a file or folder of such weights is looked for: a person's own goes first."""
    own = own_place(name)
    if own.exists():
        return own
    spec = find_spec(PACK)
    if spec is None or spec.origin is None:
        return own
    return Path(spec.origin).parent / name
