"""How many faces are seen on a picture, where a face finder is installed; never whose they are.

The finder is two files, of the pack “seeing” or in a person's data folder: the tiny face detector
of face-api.js (MIT), as ``packaging/get_faces.py`` takes it out of its npm package. Only these very
weights are taken. They say where a face is and nothing about it, and what they say is not kept: a
count is.
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import torch

from genstudio.domain.files import is_file, read_file
from genstudio.models.blocks.face_detector import Face, FaceNetwork, faces_in, network_of, shared
from genstudio.models.blocks.quantised_weights import LARGEST_WEIGHTS_BYTES, read_weights
from genstudio.services.seeing import place_of

NAME: Final = "faces"
MANIFEST: Final = "tiny_face_detector_model-weights_manifest.json"
WEIGHTS: Final = "tiny_face_detector_model.bin"
SHA256: Final[Mapping[str, str]] = {
    MANIFEST: "5d1af4849ac48d5b985f4a9b16010c512353ddd6fcc63d50fd0bc9e9e64296e5",
    WEIGHTS: "b7503ce7df31039b1c43316a9b865cab6a70dd748cc602d3fa28b551503c3871",
}
# What is taken for a face in the usual size must be taken for one in another, too: so hands, stones
# and cloth hardly ever are (tests/bench/RESULTS.md).
_SIDE, _OTHER_SIDES = 416, (224, 608)
_SURE = 0.5
_SAME = 0.4
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class FaceFinder:
    """Counts faces.

    Args:
        network: With its weights.
    """

    def __init__(self, network: FaceNetwork) -> None:
        self._network = network

    def count(self, image_HWC: np.ndarray) -> int:
        """How many are seen on a picture: uint8 (H, W, 3 or more)."""
        pixels = torch.tensor(image_HWC[..., :3])
        first, *others = (
            faces_in(self._network, pixels, side=side, least=_SURE)
            for side in (_SIDE, *_OTHER_SIDES)
        )
        return len(agreed(first, others))


def agreed(first: Sequence[Face], others: Sequence[Sequence[Face]]) -> list[Face]:
    """Faces of a first look at a picture that another look found in the same place."""
    seen = [face for look in others for face in look]
    return [face for face in first if any(shared(face, other) > _SAME for other in seen)]


def faces_words(count: int) -> str:
    """A count as a fact of a story, such as "two faces"; empty where none is seen."""
    if not count:
        return ""
    number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
    return f"{number} face" if count == 1 else f"{number} faces"


def faces_folder() -> Path:
    """Where the finder lies, if there is one."""
    return place_of(NAME)


def installed_finder() -> FaceFinder | None:
    """The face finder of this machine; None where there is none, or other weights than its own."""
    paths = [faces_folder() / name for name in SHA256]
    if not all(map(is_file, paths)):
        return None
    try:
        return _loaded(*((path, path.stat().st_mtime_ns) for path in paths))
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=1)
def _loaded(manifest: tuple[Path, int], weights: tuple[Path, int]) -> FaceFinder:
    contents: list[bytes] = []
    # Another time of change is another file: it is loaded anew.
    for path, _ in (manifest, weights):
        content = read_file(path, largest_bytes=LARGEST_WEIGHTS_BYTES)
        if hashlib.sha256(content).hexdigest() != SHA256[path.name]:
            raise ValueError(f"{path.name} is another one")
        contents.append(content)
    return FaceFinder(network_of(read_weights(*contents)))
