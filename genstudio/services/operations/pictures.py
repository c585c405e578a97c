"""Pictures of a person's own, as operations on single pictures take them."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genstudio.data.decode import (
    UnreadablePictureError,
    decode_thumbnail,
    opened,
    upright_size,
)
from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr

_LARGEST_SIDE = 4096
SMALLEST_SIDE = 8


def read_picture(path: Path, *, for_what: str, largest_side: int | None = None) -> np.ndarray:
    """Read a picture as uint8 (height, width, 3), see-through parts over white.

    Args:
        path: Only read.
        for_what: What cannot be done if it cannot be read, such as "translated".
        largest_side: Larger ones are made smaller; 4096 by default.

    Raises:
        DatasetError: It cannot be read, or has sides of less than 8 pixels.
    """
    try:
        image_HWC = decode_thumbnail(path, side=largest_side or _LARGEST_SIDE)
    except UnreadablePictureError as error:
        raise DatasetError(
            tr("{name} cannot be {for_what}", name=path.name, for_what=for_what),
            str(error),
            tr("Choose another picture."),
        ) from error
    if min(image_HWC.shape[:2]) < SMALLEST_SIDE:
        raise _too_small(path, for_what, image_HWC.shape[:2])
    return image_HWC


def _too_small(path: Path, for_what: str, made: tuple[int, ...]) -> DatasetError:
    """Why a picture is refused, and what its own size has to do with it."""
    with opened(path) as image:
        width, height = upright_size(image)
    told = tr("{name} cannot be {for_what}", name=path.name, for_what=for_what)
    if min(width, height) >= SMALLEST_SIDE:
        return DatasetError(
            told,
            tr(
                "It has {width:,} × {height:,} pixels. Made smaller for this, it has {width2:,} × "
                "{height2:,}, and nothing is seen in it.",
                width=width,
                height=height,
                width2=made[1],
                height2=made[0],
            ),
            tr("Cut a piece out of it, or ask for a larger result where that can be chosen."),
        )
    return DatasetError(
        told,
        tr(
            "It has {width} × {height} pixels, which is too small to see anything in it.",
            width=width,
            height=height,
        ),
        tr(
            "Choose pictures with sides of {smallest_side} pixels or more.",
            smallest_side=SMALLEST_SIDE,
        ),
    )


def as_tensor(image_HWC: np.ndarray) -> Tensor:
    """uint8 (height, width, C) => float32 in [-1, 1] of shape (1, C, height, width)."""
    return torch.as_tensor(np.array(image_HWC)).permute(2, 0, 1)[None] / 127.5 - 1
