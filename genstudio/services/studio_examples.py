"""What the window asks of examples and results that are no pictures."""

from pathlib import Path

import numpy as np

from genstudio.artifacts.catalog import kind_of_file
from genstudio.domain.artifacts import MOLECULE, TEXT
from genstudio.domain.datasets import PictureInfo
from genstudio.domain.errors import GenStudioError
from genstudio.services import studio

# Modalities name a part of a file "FILE#NUMBER".
_PART = "#"


def example_thumbnail(
    path: Path, side: int, material: str, example: PictureInfo | None
) -> np.ndarray:
    """Draw what a report tells of: a file, or by its modality what is only a part of one.

    Args:
        path: The file, or a name of a part of one.
        side: Of the drawing, in pixels.
        material: Key of the modality; empty while its folder is looked through.
        example: What the report says of it; None for a file of which it says nothing.
    """
    if example is not None and (material or _PART in example.name):
        # Here, since modalities need torch, and the window is on the screen before that.
        from genstudio.data.modalities.catalog import MODALITIES  # noqa: PLC0415
        from genstudio.data.modalities.protocol import DrawsExamples  # noqa: PLC0415

        suffix = Path(example.name.rpartition(_PART)[0]).suffix.lower()
        for modality in MODALITIES.usable():
            card = modality.card
            is_its = card.key == material if material else suffix in card.suffixes
            if is_its and isinstance(modality, DrawsExamples):
                return modality.draw(example, side)
    return studio.thumbnail(path, side)


def said_of(path: Path) -> str:
    """What a small file that is no picture says of itself, in a line; empty of pictures."""
    kind = kind_of_file(path)
    if kind is None or kind.card.key not in (MOLECULE, TEXT):
        return ""
    try:
        return kind.words(kind.read(path))
    except GenStudioError as error:
        return str(error)


def text_of(path: Path) -> str:
    """What is written in a file of text, without what it says of itself; else why not."""
    kind = kind_of_file(path)
    if kind is None or kind.card.key != TEXT:
        return ""
    try:
        return str(kind.read(path).data)
    except GenStudioError as error:
        return str(error)
