"""Names of what is on a picture, where a tagger is installed; said only where it is sure.

The tagger is one file of weights, of the pack “seeing” or in a person's data folder;
``packaging/convert_tagger.py`` makes it of a package that ships such weights under Apache-2.0.
"""

from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import torch

from genstudio.domain.files import is_file
from genstudio.models.blocks.efficientnet_lite import judged, named_classes, read_weights
from genstudio.services.seeing import place_of

NAME: Final = "tagger.safetensors"

# Below, names were found to be mostly wrong (nine of nine right from there on).
SURE: Final = 0.6
_MOST_NAMES = 3


class Tagger(Protocol):
    """Recognises things."""

    def shares(self, image_HWC: np.ndarray) -> dict[str, float]:
        """Name => how sure it is, from 0 to 1, of the likeliest few."""
        ...


class EfficientNetTagger:
    """Knows the thousand classes of ImageNet.

    Args:
        path: Weights in our names, with those of the classes beside them.

    Raises:
        ValueError: They are no such weights.
    """

    def __init__(self, path: Path) -> None:
        self._network, self._names = read_weights(path)
        self._network.eval()

    def shares(self, image_HWC: np.ndarray) -> dict[str, float]:
        """The likeliest three."""
        return named_classes(
            judged(self._network, torch.tensor(image_HWC)), self._names, _MOST_NAMES
        )


def tags_of(image_HWC: np.ndarray, tagger: Tagger | None) -> dict[str, float]:
    """What a tagger is sure of; nothing where there is none."""
    if tagger is None:
        return {}
    return {name: share for name, share in tagger.shares(image_HWC).items() if share >= SURE}


def tagger_file() -> Path:
    """Where the tagger lies, if there is one."""
    return place_of(NAME)


def installed_tagger() -> Tagger | None:
    """The tagger of this machine; None where there is none that can be read."""
    path = tagger_file()
    if not is_file(path):
        return None
    try:
        return _loaded(path, path.stat().st_mtime_ns)
    except ValueError:
        return None


@lru_cache(maxsize=1)
def _loaded(path: Path, stamp: int) -> Tagger:
    del stamp  # Another file is loaded anew.
    return EfficientNetTagger(path)
