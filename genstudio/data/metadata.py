"""Files without those blocks of metadata that can break the reading of their pixels.

What a picture carries beside its pixels is often large or broken; other programs pass over it,
while Pillow refuses the whole file. The files themselves are left as they are: Pillow reads
them through a view that leaves such blocks out.
"""

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import BinaryIO

# Colour profiles of printers reach some MB; what unpacks to more is a trap.
MAX_PROFILE_BYTES = 8 * 2**20
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# More than a picture of the largest allowed size has, in the blocks that are usual.
_MOST_CHUNKS = 200_000
_MAX_KEPT_BYTES = 2**20
# Chunks beside the pixels that say how they look: transparency, colours, orientation, frames.
_USED_CHUNKS = frozenset({b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"eXIf", b"acTL", b"fcTL"})
_LENGTHS = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"acTL": 8, b"fcTL": 26}
_UNREAD_CHUNKS = frozenset({b"fdAT"})
_TEXT_CHUNKS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
# Texts in which some programs write down how a picture is turned.
_USED_TEXTS = (b"XML:com.adobe.xmp\0", b"Raw profile type exif\0", b"Raw profile type APP1\0")
_START_OF_SCAN = 0xDA
# Of a JPEG only these say how it looks: APP0 (JFIF), APP1 (EXIF), APP2 (ICC) and APP14 (Adobe).
_JPEG_USED = frozenset({0xE0, 0xE1, 0xE2, 0xEE})
_JPEG_NEEDED = frozenset({0xE0, 0xEE})
_JPEG_NOTHING: frozenset[int] = frozenset()
_JPEG_METADATA = frozenset({*range(0xE0, 0xF0), 0xFE})

# Where a part of a file begins and ends.
_Range = tuple[int, int]


class SplicedFile(io.RawIOBase):
    """Parts of a file as if they were all of it; read-only."""

    def __init__(self, file: BinaryIO, ranges: list[_Range]) -> None:
        self._file = file
        self._ranges = ranges
        self._ends = list(accumulate(end - start for start, end in ranges))
        self._position = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read from anywhere."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        size = self._ends[-1] if self._ends else 0
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: size}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def tell(self) -> int:
        """Where it is read from next."""
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # any buffer will do
        """Fill a buffer as far as the part of the file reaches that is read from next."""
        start = 0
        for (first, _), end in zip(self._ranges, self._ends, strict=True):
            if self._position < end:
                self._file.seek(first + self._position - start)
                content = self._file.read(min(len(buffer), end - self._position))
                buffer[: len(content)] = content
                self._position += len(content)
                return len(content)
            start = end
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PngSource:
    """A PNG that Pillow can read.

    Attributes:
        file: What to read it from.
        profile: Its ICC profile, which the file does not hold any more.
        bit_depth: Bits of each channel.
    """

    file: BinaryIO
    profile: bytes | None = None
    bit_depth: int = 8


def png_source(file: BinaryIO) -> PngSource | None:
    """Look through the chunks of a PNG; None if the file is none."""
    file.seek(0)
    head = file.read(26)
    if not head.startswith(_PNG_SIGNATURE) or len(head) < 26:
        return None
    ranges: list[_Range] = [(0, 8)]
    profile = None
    for kind, start, end in _png_chunks(file):
        if kind == b"iCCP":
            profile = profile or _png_profile(_checked_content(file, start, end))
        elif _is_kept(file, kind, start, end):
            first = ranges.pop()[0] if ranges[-1][1] == start else start
            ranges.append((first, end))
    return PngSource(
        file=io.BufferedReader(SplicedFile(file, ranges)), profile=profile, bit_depth=head[24]
    )


def _png_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Kind, begin and end of each chunk; what is no chunk any more comes as one, ``????``."""
    size = file.seek(0, io.SEEK_END)
    start = len(_PNG_SIGNATURE)
    for _ in range(_MOST_CHUNKS):
        file.seek(start)
        head = file.read(8)
        if len(head) < 8 or not head[4:].isalpha():
            break
        end = min(start + 12 + int.from_bytes(head[:4]), size)
        yield head[4:], start, end
        start = end
        if head[4:] == b"IEND":
            return
    if start < size:
        yield b"????", start, size


def _is_kept(file: BinaryIO, kind: bytes, start: int, end: int) -> bool:
    is_ancillary = kind[:1].islower()
    if not is_ancillary or kind in _UNREAD_CHUNKS:
        return True
    if kind in _TEXT_CHUNKS:
        content = _checked_content(file, start, end)
        return content is not None and content.startswith(_USED_TEXTS) and _unpacks(kind, content)
    has_its_length = end - start - 12 == _LENGTHS.get(kind, end - start - 12)
    is_of_use = kind in _USED_CHUNKS and has_its_length
    return is_of_use and _checked_content(file, start, end) is not None


def _checked_content(file: BinaryIO, start: int, end: int) -> bytes | None:
    """What is in a chunk; None if its checksum is wrong or it is too large."""
    if not 12 <= end - start <= MAX_PROFILE_BYTES:
        return None
    file.seek(start + 4)
    body = file.read(end - start - 8)
    checksum = int.from_bytes(file.read(4))
    return body[4:] if zlib.crc32(body) == checksum else None


def _unpacks(kind: bytes, text: bytes) -> bool:
    """Whether a text is not too large, and not when it is unpacked either."""
    _, _, rest = text.partition(b"\0")
    packed = rest[1:] if kind == b"zTXt" else b""
    if kind == b"iTXt" and rest[:1] == b"\1":
        # Behind the method stand a language and a translated keyword.
        packed = rest[2:].split(b"\0", 2)[-1]
    return len(text) <= _MAX_KEPT_BYTES and _unpacked(packed, _MAX_KEPT_BYTES // 2) is not None


def _png_profile(content: bytes | None) -> bytes | None:
    _, separator, packed = (content or b"").partition(b"\0")
    return _unpacked(packed[1:], MAX_PROFILE_BYTES) if separator else None


def _unpacked(packed: bytes, most: int) -> bytes | None:
    """What is packed; empty if that is nothing, None if it is too large."""
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(packed, most)
    except zlib.error:
        return b""
    return None if unpacking.unconsumed_tail else content


def jpeg_sources(file: BinaryIO) -> Iterator[BinaryIO]:
    """A JPEG without metadata that is of no use here, without most, and without any."""
    for kept in (_JPEG_USED, _JPEG_NEEDED, _JPEG_NOTHING):
        ranges = list(_jpeg_ranges(file, kept))
        if ranges:
            yield io.BufferedReader(SplicedFile(file, ranges))


def _jpeg_ranges(file: BinaryIO, kept: frozenset[int]) -> Iterator[_Range]:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if file.read(2) != b"\xff\xd8":
        return
    yield 0, 2
    start = 2
    while True:
        file.seek(start)
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF or head[1] == _START_OF_SCAN:
            yield start, size
            return
        end = start + (1 if head[1] == 0xFF else 2 + int.from_bytes(head[2:]))
        if head[1] not in _JPEG_METADATA or head[1] in kept:
            yield start, min(end, size)
        start = end
