"""One file into one picture, whatever the format: upright, RGB, not larger than it may be.

Everything is opened through Pillow within limits; only still-picture formats that artists use
are tried, so that a hostile file cannot reach an exotic parser.
"""

import errno
import hashlib
import stat
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from genstudio.data.colour import profile_of, to_srgb
from genstudio.data.documents import psd_is_opaque, seek_largest_page, why_unreadable
from genstudio.data.formats import FORMATS, PARSER_ERRORS, SUFFIXES, why_of_another_kind
from genstudio.data.levels import DEEP_MODES, Box, Scale, scale_of, usual_greys
from genstudio.data.limits import (
    HUGE_PIXELS,
    MAX_PIXELS,
    TILE_SIDE,
    TooLargeError,
    refuse_too_large,
    room_to_decode,
)
from genstudio.data.metadata import PngSource, jpeg_sources, png_source
from genstudio.domain.language import tr, tr_noop

# Raised whenever decoding changes what the pixels are.
DECODING_VERSION = 5
# A huge picture that is shrunk on the way keeps at least this times the wanted side to filter from.
SHRUNK_MARGIN = 2
# Kept beside a picture: its fourth channel is no transparency.
_IS_OPAQUE = "genstudio_is_opaque"
_MOVING_FORMATS = frozenset({"GIF", "PNG", "WEBP", "AVIF"})
_SEE_THROUGH_MODES = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})
_UNKNOWN = tr_noop("It is no picture, or of an unknown kind.")
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
# The system says so of places that a damaged file leads to.
_NO_SUCH_OFFSET = frozenset({None, errno.EINVAL, errno.EOVERFLOW})

__all__ = [
    "DECODING_VERSION",
    "FORMATS",
    "PARSER_ERRORS",
    "SHRUNK_MARGIN",
    "SUFFIXES",
    "Box",
    "ChangedPictureError",
    "UnreadablePictureError",
    "content_hash_of",
    "decode_thumbnail",
    "has_transparency",
    "is_animated",
    "opened",
    "shrink_factor",
    "to_opacity",
    "to_rgb",
    "upright_size",
    "why_inaccessible",
]

Resize = Callable[[Image.Image], Image.Image]


class UnreadablePictureError(Exception):
    """A file cannot be used as a picture; the message says why, in plain words."""


class ChangedPictureError(UnreadablePictureError):
    """A file is not the one, or does not hold any more, what it did when it was hashed."""


def content_hash_of(file: BufferedReader | BytesIO) -> str:
    """BLAKE2b-128 of a file's bytes, hexadecimal."""
    file.seek(0)
    return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


@contextmanager
def opened(path: Path, *, content_hash: str | None = None) -> Iterator[Image.Image]:
    """Open a picture file lazily; nothing but its header is read yet.

    Args:
        path: The file.
        content_hash: What its hash must be.

    Raises:
        UnreadablePictureError: Here, or from decoding inside the block.
        ChangedPictureError: It cannot be reached, or has another hash; only if one was given.
    """
    gone = UnreadablePictureError if content_hash is None else ChangedPictureError
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # Reading a pipe would wait for ever.
            raise gone(tr("It is not an ordinary file."))
        # Pillow warns from half of what it refuses; we allow all below the refusal. Pictures are
        # opened in several threads, which catch_warnings would leave with each other's filters.
        warnings.filterwarnings("ignore", module=r"PIL\b")
        with path.open("rb") as file:
            if content_hash is not None and content_hash_of(file) != content_hash:
                raise ChangedPictureError(tr("It was changed since the folder was looked through."))
            with _identified(file) as image:
                seek_largest_page(image)
                refuse_too_large(image, path)
                with room_to_decode(image):
                    yield image
    except TooLargeError as error:
        raise UnreadablePictureError(str(error)) from error
    except Image.DecompressionBombError as error:
        reason = tr(
            "Its size is more than a picture may have ({max_pixels} pixels).", max_pixels=MAX_PIXELS
        )
        raise UnreadablePictureError(reason) from error
    except MemoryError as error:
        raise UnreadablePictureError(tr("It does not fit into memory.")) from error
    except PARSER_ERRORS as error:
        if isinstance(error, OSError) and error.errno not in _NO_SUCH_OFFSET:
            raise gone(why_inaccessible(error)) from error
        if "truncated" in str(error).lower():
            raise UnreadablePictureError(tr("It is damaged: it ends too early.")) from error
        what = str(error) or type(error).__name__
        raise UnreadablePictureError(tr("It is damaged: {what}.", what=what)) from error


def why_inaccessible(error: OSError) -> str:
    """Say why the system does not let a file or folder be read."""
    if isinstance(error, PermissionError):
        return tr("It may not be read (permission denied).")
    if isinstance(error, FileNotFoundError):
        return tr("It is not there: it was moved or deleted, or its drive is missing.")
    return tr("It cannot be read: {strerror}.", strerror=error.strerror)


def _identified(file: BinaryIO) -> Image.Image:
    """Open a picture, without metadata that would break its reading."""
    png = png_source(file)
    try:
        file.seek(0)
        image = Image.open(file if png is None else png.file, formats=FORMATS)
    except UnidentifiedImageError as error:
        image = _without_metadata(file)
        if image is None:
            reason = why_of_another_kind(file) or why_unreadable(file)
            raise UnreadablePictureError(reason or tr(_UNKNOWN)) from error
    if png is not None:
        _complete(image, png)
    if image.format == "PSD" and image.mode == "RGBA":
        place = file.tell()
        image.info[_IS_OPAQUE] = psd_is_opaque(file)
        file.seek(place)
    return image


def _without_metadata(file: BinaryIO) -> Image.Image | None:
    for source in jpeg_sources(file):
        try:
            return Image.open(source, formats=("JPEG",))
        except UnidentifiedImageError:
            continue
    return None


def _complete(image: Image.Image, png: PngSource) -> None:
    """Note what was left out of a PNG, and the see-through level in the numbers of its pixels."""
    if png.profile:
        image.info["icc_profile"] = png.profile
    key = image.info.get("transparency")
    if image.mode == "L" and isinstance(key, int) and png.bit_depth < 8:
        most = 2**png.bit_depth - 1
        image.info["transparency"] = (key & most) * 255 // most
    elif image.mode == "RGB" and isinstance(key, tuple) and png.bit_depth == 16:
        image.info["transparency"] = tuple(level >> 8 for level in key)


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height after the camera's rotation is applied."""
    # Pillow gives the size of a TIFF as it will be after it has turned it.
    turned = image.format != "TIFF" and _orientation(image) in (5, 6, 7, 8)
    return (image.height, image.width) if turned else (image.width, image.height)


def _orientation(image: Image.Image) -> int:
    if image.format == "PNG":
        image.load()  # Its EXIF may stand behind the pixels.
    try:
        return image.getexif().get(_ORIENTATION, 1)
    except PARSER_ERRORS:
        return 1


def has_transparency(image: Image.Image) -> bool:
    """Whether some pixels may be see-through."""
    if image.info.get(_IS_OPAQUE):
        return False
    return image.mode in _SEE_THROUGH_MODES or "transparency" in image.info


def is_animated(image: Image.Image) -> bool:
    """Whether there are more pictures after the first; to count them could take long.

    The further pictures of a TIFF are pages, of a Photoshop file layers, and of a phone's JPEG
    (MPO) what belongs to the first, such as its depth.
    """
    return image.format in _MOVING_FORMATS and getattr(image, "is_animated", False)


def shrink_factor(size: tuple[int, int], side: int) -> int:
    """By how much a huge picture can be shrunk on the way to one whose longer side is ``side``."""
    if size[0] * size[1] < HUGE_PIXELS:
        return 1
    return max(1, max(size) // (side * SHRUNK_MARGIN))


def _as_it_is(image: Image.Image) -> Image.Image:
    return image


def to_rgb(
    image: Image.Image, *, box: Box | None = None, factor: int = 1, resize: Resize = _as_it_is
) -> Image.Image:
    """First frame, upright, sRGB; transparent parts over white, more bits scaled to 8.

    Args:
        image: As it was opened.
        box: The part that is wanted, before it is turned; by default all.
        factor: Shrinks the sides by so much.
        resize: What is done with the upright picture; colours are converted after that where
            nothing is transparent, as there are fewer of them then.
    """
    image.load()
    profile, scale = profile_of(image), _scale(image, box, factor)
    if has_transparency(image):

        def flattened(part: Image.Image) -> Image.Image:
            paper = Image.new("RGB", part.size, "white")
            paper.paste(to_srgb(_colours(part, scale), profile), mask=_part_to_opacity(part))
            return paper

        return resize(_in_tiles(image, "RGB", flattened, box, factor))
    mode = _mode_of_colours(image) if profile else "RGB"
    if image.mode == mode and box is None and factor == 1:
        return to_srgb(resize(_upright(image, _orientation(image))), profile)
    whole = _in_tiles(image, mode, lambda part: _in_mode(_colours(part, scale), mode), box, factor)
    return to_srgb(resize(whole), profile)


def to_opacity(
    image: Image.Image, *, box: Box | None = None, factor: int = 1, resize: Resize = _as_it_is
) -> Image.Image:
    """How opaque each pixel of :func:`to_rgb` is: one channel, 255 where nothing shows through."""
    image.load()
    return resize(_in_tiles(image, "L", _part_to_opacity, box, factor))


def _to_rgba(image: Image.Image, factor: int) -> Image.Image:
    """First frame, upright, sRGB with its opacity."""
    image.load()
    profile, scale = profile_of(image), _scale(image, None, factor)

    def layer(part: Image.Image) -> Image.Image:
        colours = to_srgb(_colours(part, scale), profile).copy()
        colours.putalpha(_part_to_opacity(part))
        return colours

    return _in_tiles(image, "RGBA", layer, None, factor)


def _scale(image: Image.Image, box: Box | None, factor: int) -> Scale | None:
    if image.mode not in DEEP_MODES:
        return None
    return scale_of(image, _tiles(box or (0, 0, *image.size), factor))


def greys_of(image: Image.Image) -> tuple[float, float, float] | None:
    """Of a grey picture of more than eight bits: what 99 of 100 levels lie between, and white."""
    if image.mode not in DEEP_MODES:
        return None
    image.load()
    return usual_greys(image, _tiles((0, 0, *image.size), 1))


def _in_tiles(
    image: Image.Image,
    mode: str,
    convert: Resize,
    box: Box | None,
    factor: int,
) -> Image.Image:
    """Convert a part at a time, so that a huge picture never stands in memory twice."""
    left, top, right, bottom = box or (0, 0, *image.size)
    whole = Image.new(mode, (-(-(right - left) // factor), -(-(bottom - top) // factor)))
    for tile in _tiles((left, top, right, bottom), factor):
        part = convert(image.crop(tile))
        place = (tile[0] - left) // factor, (tile[1] - top) // factor
        whole.paste(part.reduce(factor) if factor > 1 else part, place)
    return _upright(whole, _orientation(image))


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _tiles(box: Box, factor: int) -> Iterator[Box]:
    left, top, right, bottom = box
    step = max(TILE_SIDE // factor, 1) * factor
    for y in range(top, bottom, step):
        for x in range(left, right, step):
            yield x, y, min(x + step, right), min(y + step, bottom)


def _mode_of_colours(image: Image.Image) -> str:
    """The mode that :func:`_colours` gives parts of a picture in."""
    if image.mode in ("1", "L", "LA", "La") or image.mode in DEEP_MODES:
        return "L"
    return "CMYK" if image.mode == "CMYK" else "RGB"


def _colours(part: Image.Image, scale: Scale | None) -> Image.Image:
    """Eight bits in the picture's own colour space, opaque: mode L, RGB or CMYK."""
    if scale is not None:
        return scale.to_grey(part)
    if part.mode in ("L", "RGB", "CMYK"):
        return part
    if part.mode == "1":
        return part.convert("L")
    if part.mode in ("LA", "La"):
        return part.convert("LA").getchannel("L")
    if part.mode in ("P", "PA", "RGBa"):
        return part.convert("RGBA").convert("RGB")
    return part.convert("RGB")


def _in_mode(part: Image.Image, mode: str) -> Image.Image:
    return part if part.mode == mode else part.convert(mode)


def _part_to_opacity(part: Image.Image) -> Image.Image:
    if not has_transparency(part):
        return Image.new("L", part.size, 255)
    key = part.info.get("transparency")
    if isinstance(key, int) and (part.mode in ("1", "L") or part.mode in DEEP_MODES):
        levels = np.asarray(part.convert("L") if part.mode == "1" else part)
        return Image.fromarray(np.where(levels == key, 0, 255).astype(np.uint8))
    return part.convert("RGBA").getchannel("A")


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

        def shrunk(shown: Image.Image) -> Image.Image:
            # Pillow weighs colours by their opacity, so that hidden ones do not bleed into edges.
            shown.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
            return shown

        if keeps_opacity:
            return np.asarray(shrunk(_to_rgba(image, factor)))
        return np.asarray(to_rgb(image, factor=factor, resize=shrunk))
