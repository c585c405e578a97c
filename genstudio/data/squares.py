"""Pictures as models learn from them: the middle square of a file, resized."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch.nn import functional

from genstudio.data.decode import SHRUNK_MARGIN, Box, opened, to_opacity, to_rgb
from genstudio.data.limits import HUGE_PIXELS

# A JPEG that is read at 1/2, 1/4 or 1/8, by a filter of its own, keeps at least this times the
# wanted side.
_DRAFT_MARGIN = 1.5


def decode_picture(path: Path, *, size: int, with_opacity: bool = False) -> np.ndarray:
    """Read a picture for training: the middle square, resized by a Lanczos or bicubic filter.

    Args:
        path: The file.
        size: Side in pixels.
        with_opacity: Give the opacity as a fourth channel.

    Returns:
        uint8 array of shape (size, size, 3 or 4). Transparent parts lie over white, also beside
        an opacity: colours that nobody sees are not learned, and both resize alike.

    Raises:
        UnreadablePictureError: It cannot be used; the message says why.
    """
    with opened(path) as image:
        kept, whole = round(size * _DRAFT_MARGIN), image.size
        image.draft("RGB", (kept, kept))
        # What JPEG's own filter has shrunk holds nothing that Lanczos' slower one could keep.
        fit = _fit_by_lanczos if image.size == whole else _fit_by_cubes
        box, factor = None, 1
        if image.width * image.height >= HUGE_PIXELS:
            box = _middle_square(image.size)
            factor = max(1, min(image.size) // (size * SHRUNK_MARGIN))
        layers = [to_rgb(image, box=box, factor=factor)]
        if with_opacity:
            layers.append(to_opacity(image, box=box, factor=factor))
        return np.dstack([fit(layer, size) for layer in layers])


def _fit_by_lanczos(image: Image.Image, size: int) -> np.ndarray:
    return np.asarray(ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS))


def _fit_by_cubes(image: Image.Image, size: int) -> np.ndarray:
    """The same by a bicubic filter: torch's, which takes a third of the time of Pillow's."""
    square = torch.from_numpy(np.array(image.crop(_middle_square(image.size))))
    pixels_NCHW = torch.atleast_3d(square).permute(2, 0, 1)[None]
    fitted = functional.interpolate(pixels_NCHW, (size, size), mode="bicubic", antialias=True)
    return fitted[0].permute(1, 2, 0).numpy()


def _middle_square(size: tuple[int, int]) -> Box:
    side = min(size)
    left, top = (size[0] - side) // 2, (size[1] - side) // 2
    return left, top, left + side, top + side
