"""What decoding a picture may cost in memory and time: a small file can ask for a lot."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from genstudio.domain.language import tr

# Scans and panoramas stay below this; a small file that unpacks to more is a trap.
MAX_PIXELS = 178_956_970
# Most memory that a decoder may take, and that pictures decoded side by side take together.
MAX_BYTES = 2**30
# From here on a picture is shrunk, tile by tile, while it is converted: it is held once, not twice.
HUGE_PIXELS = 2**23
TILE_SIDE = 1024
# What decoders were measured to take for a pixel; those not named here need the pixels only.
_BYTES_PER_PIXEL = {"WEBP": 18, "AVIF": 20, "JPEG2000": 28}
_PROGRESSIVE_BYTES_PER_PIXEL = 8
_BYTES_OF_A_PIXEL = 4
# Large ones are read at half their sides or less.
_DRAFTED_BYTES_PER_PIXEL = 1
_BYTES_TO_CONVERT_A_PIXEL = 32
_ROWS_PER_STRIP = 278
# Progressive JPEGs have about ten scans. Each is a pass over the whole picture, and some hundred
# bytes of file are enough for one.
_MOST_SCANS = 50
_SCAN = b"\xff\xda"
_CHUNK_BYTES = 2**20


class TooLargeError(Exception):
    """Decoding would cost more than it may; the message says what, in plain words."""


def refuse_too_large(image: Image.Image, path: Path) -> None:
    """Stop before a picture is decoded that is too large for it; only its header was read yet.

    Raises:
        TooLargeError: It has too many pixels, or needs too much memory or time.
    """
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        raise _too_many_pixels(image, MAX_PIXELS)
    per_pixel = _bytes_per_pixel(image)
    if pixels * per_pixel > MAX_BYTES:
        raise _too_many_pixels(image, int(MAX_BYTES // per_pixel))
    if image.info.get("progressive") and _has_too_many_scans(path):
        raise TooLargeError(
            tr("It is drawn in more passes than it may be ({most_scans}).", most_scans=_MOST_SCANS)
        )


def _too_many_pixels(image: Image.Image, most: int) -> TooLargeError:
    size = f"{image.width} × {image.height}"
    return TooLargeError(
        tr(
            "{size} is more than a picture of its kind may have ({most} pixels).",
            size=size,
            most=most,
        )
    )


def _bytes_per_pixel(image: Image.Image) -> float:
    if image.info.get("progressive"):
        return _PROGRESSIVE_BYTES_PER_PIXEL
    if image.format == "JPEG":
        return _DRAFTED_BYTES_PER_PIXEL
    if image.format == "TIFF":
        # A strip is unpacked whole beside the picture, with up to twice the bytes.
        rows = image.tag_v2.get(_ROWS_PER_STRIP, image.height)  # type: ignore[attr-defined]  # a TIFF has it
        share = min(rows / max(image.height, 1), 1)
        return _BYTES_OF_A_PIXEL * (1 + 2 * share)
    return _BYTES_PER_PIXEL.get(image.format or "", _BYTES_OF_A_PIXEL)


def _has_too_many_scans(path: Path) -> bool:
    """Count the marks that scans begin with, which cannot occur inside of one."""
    count, last = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            count += (last + chunk).count(_SCAN)
            last = chunk[-1:]
    return count > _MOST_SCANS


class Room:
    """Lets threads work side by side while together they need no more memory than there is.

    Args:
        size_bytes: What they may take together; who needs more works alone.
    """

    def __init__(self, size_bytes: int) -> None:
        self._size_bytes = size_bytes
        self._taken_bytes = 0
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, num_bytes: int) -> Generator[None]:
        """Wait until there is room, and keep it."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_room_for(num_bytes))
            self._taken_bytes += num_bytes
        try:
            yield
        finally:
            with self._changed:
                self._taken_bytes -= num_bytes
                self._changed.notify_all()

    def _has_room_for(self, num_bytes: int) -> bool:
        return self._taken_bytes == 0 or self._taken_bytes + num_bytes <= self._size_bytes


_room = Room(MAX_BYTES)


@contextmanager
def room_to_decode(image: Image.Image) -> Generator[None]:
    """Wait until a picture can be decoded beside those that other threads decode."""
    pixels = image.width * image.height
    num_bytes = pixels * _bytes_per_pixel(image)
    num_bytes += min(pixels, TILE_SIDE**2) * _BYTES_TO_CONVERT_A_PIXEL
    if pixels < HUGE_PIXELS:
        num_bytes += pixels * _BYTES_OF_A_PIXEL
    with _room.taken(int(num_bytes)):
        yield
