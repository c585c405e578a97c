"""What is large or broken beside the pixels of a picture does not cost the picture."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from genstudio.data.colour import matrix_profile
from genstudio.data.decode import decode_thumbnail, is_animated, opened, upright_size
from genstudio.data.metadata import MAX_PROFILE_BYTES, SplicedFile, jpeg_sources, png_source
from genstudio.data.squares import decode_picture

COLOUR = (50, 100, 200)
P3 = matrix_profile(2.2, (0.3127, 0.3290, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06))
TURNED = b"MM\0*\0\0\0\x08\0\1" + struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0) + bytes(4)


def chunk(kind: bytes, content: bytes, *, checksum_off_by: int = 0) -> bytes:
    checksum = zlib.crc32(kind + content) ^ checksum_off_by
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def png(*before: bytes, after: tuple[bytes, ...] = (), width: int = 64) -> bytes:
    header = struct.pack(">IIBBBBB", width, 64, 8, 2, 0, 0, 0)
    rows = (b"\0" + bytes(COLOUR) * width) * 64
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(before)
        + chunk(b"IDAT", zlib.compress(rows)) + b"".join(after) + chunk(b"IEND", b"")
    )  # fmt: skip


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def assert_read(path: Path, colour: tuple[int, ...] = COLOUR, *, within: int = 0) -> None:
    for picture in (decode_picture(path, size=16), decode_thumbnail(path, side=16)):
        assert np.abs(picture.astype(int) - colour).max() <= within


LARGE_TEXT = zlib.compress(b"brush " * 400_000)
SIDE_CHUNKS = {
    "zTXt": b"history\0\0" + LARGE_TEXT,
    "iTXt": b"history\0\1\0\0\0" + LARGE_TEXT,
    "tEXt": b"history\0" + b"brush " * 400_000,
    "pHYs": bytes(9),
    "tIME": bytes(7),
    "iCCP": b"p\0\0" + zlib.compress(bytes(2_000_000)),
    "eXIf": b"\0\x08\0\x02\x01\x12\0\x03",
    "acTL": b"",
    "gAMA": b"",
    "cHRM": b"\0",
    "sRGB": b"",
    "bKGD": b"",
    "caNv": bytes(3),
}


@pytest.mark.parametrize("kind", SIDE_CHUNKS)
@pytest.mark.parametrize("checksum_off_by", [0, 1])
@pytest.mark.parametrize("is_after", [False, True])
def test_a_png_is_read_whatever_stands_beside_its_pixels(
    tmp_path: Path, kind: str, checksum_off_by: int, is_after: bool
) -> None:
    side = chunk(kind.encode(), SIDE_CHUNKS[kind], checksum_off_by=checksum_off_by)
    content = png(after=(side,)) if is_after else png(side)

    assert_read(put(tmp_path / "a.png", content))


def test_very_many_large_texts_are_passed_over(tmp_path: Path) -> None:
    texts = [chunk(b"zTXt", f"t{number}\0\0".encode() + LARGE_TEXT) for number in range(80)]

    assert_read(put(tmp_path / "a.png", png(*texts)))


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (b"zTXt", b"Raw profile type exif\0\0" + LARGE_TEXT),
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0x-default\0\0" + LARGE_TEXT),
        (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + b"<x/>" * 400_000),
        (b"zTXt", b"Raw profile type exif\0\0junk"),
        (b"iTXt", b"XML:com.adobe.xmp\0\1"),
    ],
)
def test_texts_that_say_how_it_is_turned_are_passed_over_where_they_are_too_large(
    tmp_path: Path, kind: bytes, content: bytes
) -> None:
    assert_read(put(tmp_path / "a.png", png(chunk(kind, content))))


def test_a_large_profile_still_counts(tmp_path: Path) -> None:
    packed = zlib.compress(P3 + bytes(2_000_000))
    content = png(chunk(b"iCCP", b"Display P3\0\0" + packed))

    with opened(put(tmp_path / "a.png", content)) as image:
        assert image.info["icc_profile"][: len(P3)] == P3


def test_a_profile_that_unpacks_to_more_than_any_is_passed_over(tmp_path: Path) -> None:
    packed = zlib.compress(P3 + bytes(MAX_PROFILE_BYTES))
    path = put(tmp_path / "a.png", png(chunk(b"iCCP", b"P3\0\0" + packed)))

    with opened(path) as image:
        assert "icc_profile" not in image.info
    assert_read(path)


@pytest.mark.parametrize(
    "side",
    [
        chunk(b"eXIf", TURNED),
        chunk(
            b"tEXt", b"Raw profile type exif\0\nexif\n%8d\n" % 32 + TURNED.hex().encode() + b"\n"
        ),
        chunk(
            b"iTXt",
            b'XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation="6"/>',
        ),
    ],
    ids=["eXIf", "raw profile", "XMP"],
)
@pytest.mark.parametrize("is_after", [False, True])
def test_how_a_png_is_turned_is_still_read(tmp_path: Path, side: bytes, is_after: bool) -> None:
    content = png(after=(side,), width=32) if is_after else png(side, width=32)
    path = put(tmp_path / "a.png", content)

    with opened(path) as image:
        assert upright_size(image) == (64, 32)
    assert decode_thumbnail(path, side=64).shape == (32, 64, 3)


def test_moving_pngs_are_still_known(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "lime", "blue")]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])

    with opened(tmp_path / "a.png") as image:
        assert is_animated(image)
    assert_read(tmp_path / "a.png", (255, 0, 0))


def test_a_png_with_damaged_pixels_is_still_damaged(tmp_path: Path) -> None:
    from genstudio.data.decode import UnreadablePictureError

    content = bytearray(png())
    content[content.index(b"IDAT") + 12] ^= 0xFF
    with pytest.raises(UnreadablePictureError, match="damaged"):
        decode_picture(put(tmp_path / "a.png", bytes(content)), size=16)


@pytest.mark.parametrize("exif", [b"junkjunkjunkjunk", b"", b"MM\0*\xff\xff\xff\xff", TURNED[:12]])
def test_broken_exif_leaves_a_webp_upright(tmp_path: Path, exif: bytes) -> None:
    image = Image.new("RGB", (64, 64), COLOUR)
    image.save(tmp_path / "a.webp", lossless=True, exif=exif)

    assert_read(tmp_path / "a.webp")


def jpeg(**options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), COLOUR).save(file, "JPEG", quality=95, **options)
    return file.getvalue()


def with_segments(content: bytes, *segments: tuple[int, bytes]) -> bytes:
    inserted = b"".join(
        bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body for marker, body in segments
    )
    return content[:2] + inserted + content[2:]


PHOTOSHOP = b"Photoshop 3.0\0" + b"8BIM\x03\xed\0\0" + struct.pack(">I", 16) + bytes(16)


@pytest.mark.parametrize("cut", range(14, len(PHOTOSHOP)))
def test_a_jpeg_with_a_cut_photoshop_block_is_read(tmp_path: Path, cut: int) -> None:
    content = with_segments(jpeg(), (0xED, PHOTOSHOP[:cut]))

    assert_read(put(tmp_path / "a.jpg", content), within=3)


@pytest.mark.parametrize(
    "segment",
    [
        (0xE0, b"JFIF\0"),
        (0xE1, b"Exif\0\0junk"),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0<broken"),
        (0xE2, b"ICC_PROFILE\0"),
        (0xE2, b"ICC_PROFILE\0\7\3junk"),
        (0xE2, b"MPF\0junk"),
        (0xE2, b"MPF\0MM\0*\0\0\0\x08\0\1"),
        (0xED, b"Photoshop 3.0\x008BIM"),
        (0xEE, b"Adobe"),
        (0xFE, b""),
        (0xEF, b""),
    ],
)
def test_a_jpeg_is_read_whatever_stands_beside_its_pixels(
    tmp_path: Path, segment: tuple[int, bytes]
) -> None:
    assert_read(put(tmp_path / "a.jpg", with_segments(jpeg(), segment)), within=3)


def test_a_turned_jpeg_with_a_cut_block_still_stands_upright(tmp_path: Path) -> None:
    content = with_segments(
        jpeg(icc_profile=P3), (0xE1, b"Exif\0\0" + TURNED), (0xED, b"Photoshop 3.0\x008BIM\3\xed")
    )
    path = put(tmp_path / "a.jpg", content)

    with opened(path) as image:
        assert image.getexif()[0x0112] == 6
        assert image.info["icc_profile"] == P3


# Views of files


def test_parts_of_a_file_read_like_one() -> None:
    view = SplicedFile(io.BytesIO(bytes(range(100))), [(0, 3), (10, 12), (50, 50), (97, 100)])
    whole = io.BufferedReader(view).read()

    assert whole == bytes([0, 1, 2, 10, 11, 97, 98, 99])
    assert (view.seek(-4, io.SEEK_END), view.read(2), view.tell()) == (4, bytes([11]), 5)
    assert (view.seek(1, io.SEEK_CUR), view.read(9)) == (6, bytes([98, 99]))
    assert (view.seek(99), view.read(1)) == (99, b"")
    assert SplicedFile(io.BytesIO(), []).read(1) == b""


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"GIF89a" * 9])
def test_what_is_neither_png_nor_jpeg_has_no_such_view(content: bytes) -> None:
    assert png_source(io.BytesIO(content)) is None
    assert all(source.read()[:2] == b"\xff\xd8" for source in jpeg_sources(io.BytesIO(content)))


def test_a_png_of_endless_chunks_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    from genstudio.data import metadata

    monkeypatch.setattr(metadata, "_MOST_CHUNKS", 10)
    source = png_source(io.BytesIO(png(*[chunk(b"tEXt", b"a\0b")] * 50)))

    assert source is not None
    # The header of the file and its first chunk, then what was not looked through.
    assert len(source.file.read()) == len(png(*[chunk(b"tEXt", b"a\0b")] * 41))
