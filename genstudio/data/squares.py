"""Pictures as models learn from them: the middle square or another shape of a file, resized."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch.nn import functional

from genstudio.data.decode import SHRUNK_MARGIN, Box, opened, to_opacity, to_rgb, upright_size
from genstudio.data.limits import HUGE_PIXELS
from genstudio.data.shapes import Sides
from genstudio.domain.datasets import Crop

# A JPEG that is read at 1/2, 1/4 or 1/8, by a filter of its own, keeps at least this times the
# wanted side.
_DRAFT_MARGIN = 1.5
# A strip stays a picture: no side beyond what fits into memory.
_LONGEST = 32


def decode_picture(
    path: Path,
    *,
    size: int,
    channels: int = 3,
    content_hash: str | None = None,
    halves: bool = False,
    crop: Crop | None = None,
) -> np.ndarray:
    """Read a picture for training: a square of it, resized by a Lanczos or bicubic filter.

    Args:
        path: The file.
        size: Side in pixels.
        channels: 3 for RGB, 4 with the opacity, 1 for grey.
        content_hash: What the hash of the file must be; by default whatever it is.
        halves: Take the left and the right half for a picture each. Of an odd width, the middle
            column belongs to neither.
        crop: Which square; by default the middle one. What of it lies beyond the picture is moved
            inside.

    Returns:
        uint8 array of shape (size, size, channels), or with ``halves`` (size, 2 × size, …), sRGB.
        Transparent parts lie over white, also beside an opacity: colours that nobody sees are not
        learned, and both resize alike.

    Raises:
        UnreadablePictureError: It cannot be used; the message says why.
        ChangedPictureError: It has another hash, or cannot be read any more.
    """
    with opened(path, content_hash=content_hash) as image:
        whole, upright = image.size, upright_size(image)
        # Of the shorter side, when the square has the size that is wanted.
        wanted = size if crop is None else round(size * min(upright) / min(crop[2], *upright))
        kept = round(wanted * _DRAFT_MARGIN)
        image.draft("RGB", (kept, kept))
        # What JPEG's own filter has shrunk holds nothing that Lanczos' slower one could keep.
        fit = _fit_by_lanczos if image.size == whole else _fit_by_cubes
        box, factor = None, 1
        if image.width * image.height >= HUGE_PIXELS:
            factor = _even_factor(min(image.size), wanted)
            # Cells that are partly filled would pull the picture aside.
            box = _middle_square(image.size, multiple_of=factor)
            if halves or crop is not None:
                box = _whole(image.size, multiple_of=factor)

        def resize(layer: Image.Image) -> Image.Image:
            if crop is not None:
                return fit(_cut_out(layer, crop, upright), size)
            return _fit_halves(layer, size, fit) if halves else fit(layer, size)

        colours = to_rgb(image, box=box, factor=factor, resize=resize)
        layers = [colours if channels > 1 else colours.convert("L")]
        if channels == 4:
            layers.append(to_opacity(image, box=box, factor=factor, resize=resize))
        return np.dstack([np.asarray(layer) for layer in layers])


def decode_shape(
    path: Path, *, sides: Sides, channels: int = 3, content_hash: str | None = None
) -> np.ndarray:
    """Read the middle of a picture, as much of it as a shape can hold.

    Args:
        path: The file.
        sides: Height and width of the shape in pixels.
        channels: 3 for RGB, 4 with the opacity, 1 for grey.
        content_hash: What the hash of the file must be; by default whatever it is.

    Returns:
        uint8 array of shape (height, width, channels), sRGB, see-through parts over white.

    Raises:
        UnreadablePictureError: It cannot be used; the message says why.
        ChangedPictureError: It has another hash, or cannot be read any more.
    """
    height, width = sides
    with opened(path, content_hash=content_hash) as image:
        whole, upright = image.size, upright_size(image)
        # Of the shorter side, when the whole picture just covers the shape.
        wanted = math.ceil(min(upright) * max(width / upright[0], height / upright[1]))
        kept = round(wanted * _DRAFT_MARGIN)
        image.draft("RGB", (kept, kept))
        fit = _cover_by_lanczos if image.size == whole else _cover_by_cubes
        box, factor = None, 1
        if image.width * image.height >= HUGE_PIXELS:
            factor = _even_factor(min(image.size), wanted)
            box = _whole(image.size, multiple_of=factor)

        def resize(layer: Image.Image) -> Image.Image:
            return fit(layer, (width, height))

        colours = to_rgb(image, box=box, factor=factor, resize=resize)
        layers = [colours if channels > 1 else colours.convert("L")]
        if channels == 4:
            layers.append(to_opacity(image, box=box, factor=factor, resize=resize))
        return np.dstack([np.asarray(layer) for layer in layers])


def decode_whole(path: Path, *, size: int, channels: int = 3) -> np.ndarray:
    """Read all of a picture at the scale that its middle square would be learned in.

    Args:
        path: The file.
        size: Of its shorter side in pixels; the longer one is at most 32 times as long.
        channels: 3 for RGB, 4 with the opacity, 1 for grey.

    Returns:
        uint8 array of shape (height, width, channels), sRGB, see-through parts over white. Of a
        square picture the same as :func:`decode_picture`.

    Raises:
        UnreadablePictureError: It cannot be used; the message says why.
    """
    with opened(path) as image:
        kept, whole = round(size * _DRAFT_MARGIN), image.size
        image.draft("RGB", (kept, kept))
        fit = _resize_by_lanczos if image.size == whole else _resize_by_cubes
        box, factor = None, 1
        if image.width * image.height >= HUGE_PIXELS:
            factor = _even_factor(min(image.size), size)
            box = _whole(image.size, multiple_of=factor)

        def resize(layer: Image.Image) -> Image.Image:
            scale = size / min(layer.size)
            width, height = (
                min(max(size, round(side * scale)), _LONGEST * size) for side in layer.size
            )
            return fit(layer, (width, height))

        colours = to_rgb(image, box=box, factor=factor, resize=resize)
        layers = [colours if channels > 1 else colours.convert("L")]
        if channels == 4:
            layers.append(to_opacity(image, box=box, factor=factor, resize=resize))
        return np.dstack([np.asarray(layer) for layer in layers])


def _cut_out(layer: Image.Image, crop: Crop, upright: tuple[int, int]) -> Image.Image:
    """A square of a picture that may have been shrunk on the way.

    Args:
        layer: The picture, upright.
        crop: In pixels of the picture as it is in its file.
        upright: Its width and height there.
    """
    scale = min(layer.width / upright[0], layer.height / upright[1])
    side = min(max(1, round(crop[2] * scale)), layer.width, layer.height)
    left = min(max(0, round(crop[0] * scale)), layer.width - side)
    top = min(max(0, round(crop[1] * scale)), layer.height - side)
    return layer.crop((left, top, left + side, top + side))


def _resize_by_lanczos(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image.resize(size, Image.Resampling.LANCZOS)


def _resize_by_cubes(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The same by a bicubic filter: torch's, which takes a third of the time of Pillow's."""
    pixels = torch.from_numpy(np.atleast_3d(np.array(image)))
    pixels_NCHW = pixels.permute(2, 0, 1)[None]
    fitted = functional.interpolate(pixels_NCHW, size[::-1], mode="bicubic", antialias=True)
    content = fitted[0].permute(1, 2, 0).contiguous().numpy().tobytes()
    return Image.frombytes(image.mode, size, content)


def _fit_halves(
    layer: Image.Image, size: int, fit: Callable[[Image.Image, int], Image.Image]
) -> Image.Image:
    """The left and the right half, each brought to a square, side by side."""
    width, height = layer.size
    both = Image.new(layer.mode, (2 * size, size))
    both.paste(fit(layer.crop((0, 0, width // 2, height)), size), (0, 0))
    both.paste(fit(layer.crop((width - width // 2, 0, width, height)), size), (size, 0))
    return both


def _fit_by_lanczos(image: Image.Image, size: int) -> Image.Image:
    return ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS)


def _fit_by_cubes(image: Image.Image, size: int) -> Image.Image:
    return _resize_by_cubes(image.crop(_middle_square(image.size)), (size, size))


def _cover_by_lanczos(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return ImageOps.fit(image, size, Image.Resampling.LANCZOS)


def _cover_by_cubes(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    scale = max(size[0] / image.width, size[1] / image.height)
    width = min(image.width, max(1, round(size[0] / scale)))
    height = min(image.height, max(1, round(size[1] / scale)))
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return _resize_by_cubes(image.crop((left, top, left + width, top + height)), size)


def _even_factor(side: int, size: int) -> int:
    """By how much a huge picture is shrunk at most; what is left over of its side is little."""
    most = max(1, side // (size * SHRUNK_MARGIN))
    return min(range(most // 2 + 1, most + 1), key=lambda factor: (side % factor, -factor))


def _whole(size: tuple[int, int], *, multiple_of: int) -> Box:
    width, height = (2 * multiple_of * (side // (2 * multiple_of)) for side in size)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return left, top, left + width, top + height


def _middle_square(size: tuple[int, int], *, multiple_of: int = 1) -> Box:
    side = min(size) // multiple_of * multiple_of
    left, top = (size[0] - side) // 2, (size[1] - side) // 2
    return left, top, left + side, top + side
