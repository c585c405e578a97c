"""One file into one picture, whatever the format: upright, RGB, cropped to a square, resized.

Everything is opened through Pillow with its limits on; only still-picture formats that
artists use are tried, so that a hostile file cannot reach an exotic parser.
"""

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

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
# Scans and panoramas stay below this; a small file that unpacks to more is a trap.
MAX_PIXELS = 178_956_970
# Reading a JPEG at 1/2, 1/4 or 1/8 leaves at least this times the wanted side to filter from.
_DRAFT_MARGIN = 2
_SIXTEEN_BIT_MODES = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})


class UnreadablePictureError(Exception):
    """A file cannot be used as a picture; the message says why, in plain words."""


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """Open a picture file lazily; nothing but its header is read yet.

    Raises:
        UnreadablePictureError: Here, or from decoding inside the block.
    """
    try:
        # Pillow warns from half of what it refuses; we allow all below the refusal. Pictures are
        # opened in several threads, which catch_warnings would leave with each other's filters.
        warnings.filterwarnings("ignore", module=r"PIL\b")
        with Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _too_large(f"{image.width} × {image.height}")
            yield image
    except UnidentifiedImageError as error:
        raise UnreadablePictureError("It is no picture, or of an unknown kind.") from error
    except Image.DecompressionBombError as error:
        raise _too_large("Its size in pixels") from error
    except MemoryError as error:
        raise UnreadablePictureError("It does not fit into memory.") from error
    except PermissionError as error:
        raise UnreadablePictureError("It may not be read (permission denied).") from error
    # What Pillow's parsers raise on damaged files; they share no base class.
    except (OSError, ValueError, SyntaxError, EOFError, TypeError, KeyError, IndexError) as error:
        reason = str(error) or type(error).__name__
        raise UnreadablePictureError(f"It is damaged: {reason}.") from error
    except (OverflowError, ZeroDivisionError, RuntimeError, struct.error) as error:
        reason = str(error) or type(error).__name__
        raise UnreadablePictureError(f"It is damaged: {reason}.") from error


def _too_large(what: str) -> UnreadablePictureError:
    return UnreadablePictureError(f"{what} is more than a picture may have ({MAX_PIXELS} pixels).")


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height after the camera's rotation is applied."""
    turned = image.getexif().get(0x0112) in (5, 6, 7, 8)
    return (image.height, image.width) if turned else (image.width, image.height)


def has_transparency(image: Image.Image) -> bool:
    """Whether some pixels may be see-through."""
    return image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info


def to_rgb(image: Image.Image) -> Image.Image:
    """First frame, upright, RGB; transparent parts over white, 16 bits scaled to 8."""
    image.seek(0)
    image = ImageOps.exif_transpose(image)
    if image.mode in _SIXTEEN_BIT_MODES:
        # Pillow would clip instead of scale.
        levels = np.asarray(image).astype(np.int64)
        scaled = levels >> 8 if levels.max(initial=0) > 255 else levels
        return Image.fromarray(scaled.clip(0, 255).astype(np.uint8)).convert("RGB")
    if has_transparency(image):
        layer = image.convert("RGBA")
        paper = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(paper, layer).convert("RGB")
    if image.mode == "F":
        levels = np.nan_to_num(np.asarray(image)).clip(0, 255)
        return Image.fromarray(levels.astype(np.uint8)).convert("RGB")
    return image.convert("RGB")


def decode_picture(path: Path, *, size: int) -> np.ndarray:
    """Read a picture for training: the middle square, resized by a Lanczos filter.

    Returns:
        uint8 array of shape (size, size, 3).

    Raises:
        UnreadablePictureError: It cannot be used; the message says why.
    """
    with opened(path) as image:
        image.draft("RGB", (size * _DRAFT_MARGIN, size * _DRAFT_MARGIN))
        square = ImageOps.fit(to_rgb(image), (size, size), Image.Resampling.LANCZOS)
        return np.asarray(square)


def decode_thumbnail(path: Path, *, side: int) -> np.ndarray:
    """Read a picture for looking at: whole, its longer side at most ``side``.

    Returns:
        uint8 array of shape (height, width, 3).

    Raises:
        UnreadablePictureError: It cannot be shown; the message says why.
    """
    with opened(path) as image:
        image.draft("RGB", (side, side))
        rgb = to_rgb(image)
        rgb.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        return np.asarray(rgb)
