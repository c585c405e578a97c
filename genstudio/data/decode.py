"""One file into one picture, whatever the format: upright, RGB, not larger than it may be.

Everything is opened through Pillow within limits; only still-picture formats that artists use
are tried, so that a hostile file cannot reach an exotic parser.
"""

import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from genstudio.data.limits import (
    HUGE_PIXELS,
    MAX_PIXELS,
    TILE_SIDE,
    TooLargeError,
    refuse_too_large,
    room_to_decode,
)

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "TGA", "AVIF", "JPEG2000", "PSD")
SUFFIXES = frozenset(
    f".{kind}"
    for kind in [
        "apng",
        "avif",
        "bmp",
        "gif",
        "jfif",
        "jp2",
        "jpe",
        "jpeg",
        "jpg",
        "pgm",
        "png",
        "pnm",
        "ppm",
        "psd",
        "tga",
        "tif",
        "tiff",
        "webp",
    ]
)
# A huge picture that is shrunk on the way keeps at least this times the wanted side to filter from.
SHRUNK_MARGIN = 2
_SIXTEEN_BIT_MODES = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# What Pillow's parsers raise on damaged files; they share no base class.
PARSER_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    TypeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    AssertionError,
    AttributeError,
    struct.error,
)

Box = tuple[int, int, int, int]


class UnreadablePictureError(Exception):
    """A file cannot be used as a picture; the message says why, in plain words."""


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """Open a picture file lazily; nothing but its header is read yet.

    Raises:
        UnreadablePictureError: Here, or from decoding inside the block.
    """
    try:
        if path.exists() and not path.is_file():
            # Reading a pipe would wait for ever.
            raise UnreadablePictureError("It is not an ordinary file.")
        # Pillow warns from half of what it refuses; we allow all below the refusal. Pictures are
        # opened in several threads, which catch_warnings would leave with each other's filters.
        warnings.filterwarnings("ignore", module=r"PIL\b")
        with Image.open(path, formats=FORMATS) as image:
            refuse_too_large(image, path)
            with room_to_decode(image):
                yield image
    except UnidentifiedImageError as error:
        raise UnreadablePictureError("It is no picture, or of an unknown kind.") from error
    except TooLargeError as error:
        raise UnreadablePictureError(str(error)) from error
    except Image.DecompressionBombError as error:
        reason = f"Its size is more than a picture may have ({MAX_PIXELS} pixels)."
        raise UnreadablePictureError(reason) from error
    except MemoryError as error:
        raise UnreadablePictureError("It does not fit into memory.") from error
    except PermissionError as error:
        raise UnreadablePictureError("It may not be read (permission denied).") from error
    except PARSER_ERRORS as error:
        reason = str(error) or type(error).__name__
        raise UnreadablePictureError(f"It is damaged: {reason}.") from error


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height after the camera's rotation is applied."""
    # Pillow gives the size of a TIFF as it will be after it has turned it.
    turned = image.format != "TIFF" and image.getexif().get(_ORIENTATION) in (5, 6, 7, 8)
    return (image.height, image.width) if turned else (image.width, image.height)


def has_transparency(image: Image.Image) -> bool:
    """Whether some pixels may be see-through."""
    return image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info


def is_animated(image: Image.Image) -> bool:
    """Whether there are more pictures after the first; to count them could take long."""
    # The pictures inside a Photoshop file are its layers.
    return image.format != "PSD" and getattr(image, "is_animated", False)


def shrink_factor(size: tuple[int, int], side: int) -> int:
    """By how much a huge picture can be shrunk on the way to one whose longer side is ``side``."""
    if size[0] * size[1] < HUGE_PIXELS:
        return 1
    return max(1, max(size) // (side * SHRUNK_MARGIN))


def to_rgb(image: Image.Image, *, box: Box | None = None, factor: int = 1) -> Image.Image:
    """First frame, upright, RGB; transparent parts over white, 16 bits scaled to 8.

    Args:
        image: As it was opened.
        box: The part that is wanted, before it is turned; by default all.
        factor: Shrinks the sides by so much.
    """
    image.load()
    brightest = 0
    if image.mode in _SIXTEEN_BIT_MODES:
        tiles = _tiles(box or (0, 0, *image.size), factor)
        brightest = max(int(np.asarray(image.crop(tile)).max(initial=0)) for tile in tiles)
    return _in_tiles(image, "RGB", lambda part: _part_to_rgb(part, brightest), box, factor)


def to_opacity(image: Image.Image, *, box: Box | None = None, factor: int = 1) -> Image.Image:
    """How opaque each pixel of :func:`to_rgb` is: one channel, 255 where nothing shows through."""
    image.load()
    return _in_tiles(image, "L", _part_to_opacity, box, factor)


def _to_rgba(image: Image.Image, factor: int) -> Image.Image:
    """First frame, upright, RGB with its opacity."""
    image.load()
    return _in_tiles(image, "RGBA", lambda part: part.convert("RGBA"), None, factor)


def _in_tiles(
    image: Image.Image,
    mode: str,
    convert: Callable[[Image.Image], Image.Image],
    box: Box | None,
    factor: int,
) -> Image.Image:
    """Convert a part at a time, so that a huge picture never stands in memory twice."""
    if image.mode == mode == "RGB" and box is None and factor == 1 and not has_transparency(image):
        return _upright(image, image.getexif().get(_ORIENTATION, 1))
    left, top, right, bottom = box or (0, 0, *image.size)
    whole = Image.new(mode, (-(-(right - left) // factor), -(-(bottom - top) // factor)))
    for tile in _tiles((left, top, right, bottom), factor):
        part = convert(image.crop(tile))
        place = (tile[0] - left) // factor, (tile[1] - top) // factor
        whole.paste(part.reduce(factor) if factor > 1 else part, place)
    return _upright(whole, image.getexif().get(_ORIENTATION, 1))


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _tiles(box: Box, factor: int) -> Iterator[Box]:
    left, top, right, bottom = box
    step = max(TILE_SIDE // factor, 1) * factor
    for y in range(top, bottom, step):
        for x in range(left, right, step):
            yield x, y, min(x + step, right), min(y + step, bottom)


def _part_to_rgb(part: Image.Image, brightest: int) -> Image.Image:
    if part.mode in _SIXTEEN_BIT_MODES:
        # Pillow would clip instead of scale.
        levels = np.asarray(part).astype(np.int64)
        scaled = levels >> 8 if brightest > 255 else levels
        return Image.fromarray(scaled.clip(0, 255).astype(np.uint8)).convert("RGB")
    if has_transparency(part):
        layer = part.convert("RGBA")
        paper = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(paper, layer).convert("RGB")
    if part.mode == "F":
        levels = np.nan_to_num(np.asarray(part)).clip(0, 255)
        return Image.fromarray(levels.astype(np.uint8)).convert("RGB")
    return part.convert("RGB")


def _part_to_opacity(part: Image.Image) -> Image.Image:
    if has_transparency(part):
        return part.convert("RGBA").getchannel("A")
    return Image.new("L", part.size, 255)


def decode_thumbnail(path: Path, *, side: int, with_opacity: bool = False) -> np.ndarray:
    """Read a picture for looking at: whole, its longer side at most ``side``.

    Args:
        path: The file.
        side: Longest side in pixels.
        with_opacity: Give the opacity of one that has see-through parts as a fourth channel,
            instead of laying it on white.

    Returns:
        uint8 array of shape (height, width, 3 or 4); colours beside an opacity are their own.

    Raises:
        UnreadablePictureError: It cannot be shown; the message says why.
    """
    with opened(path) as image:
        image.draft("RGB", (side, side))
        factor = shrink_factor(image.size, side)
        keeps_opacity = with_opacity and has_transparency(image)
        shown = _to_rgba(image, factor) if keeps_opacity else to_rgb(image, factor=factor)
        # Pillow weighs colours by their opacity, so that hidden ones do not bleed into edges.
        shown.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        return np.asarray(shown)
