"""Grey of every kind of number is scaled to eight bits, see-through levels included."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genstudio.data.decode import decode_thumbnail
from genstudio.data.squares import decode_picture


def png(depth: int, row: bytes, *, key: tuple[int, ...] = (), colour_type: int = 0) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    header = struct.pack(">IIBBBBB", 64, 64, depth, colour_type, 0, 0, 0)
    side = chunk(b"tRNS", b"".join(struct.pack(">H", level) for level in key)) if key else b""
    body = chunk(b"IDAT", zlib.compress((b"\0" + row) * 64))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + side + body + chunk(b"IEND", b"")


def tiff(numbers: np.ndarray, *, bits: int, kind: int = 1, photo: int = 1) -> bytes:
    """A grey TIFF of 64 × 64, in the byte order of the numbers."""
    order = ">" if numbers.dtype.byteorder == ">" else "<"
    data = numbers.tobytes()
    entries = [
        (256, 4, 64), (257, 4, 64), (258, 3, bits), (259, 3, 1), (262, 3, photo), (273, 4, 8),
        (277, 3, 1), (278, 4, 64), (279, 4, len(data)), (339, 3, kind),
    ]  # fmt: skip
    directory = struct.pack(f"{order}H", len(entries))
    for tag, number, value in entries:
        place = (
            struct.pack(f"{order}HH", value, 0) if number == 3 else struct.pack(f"{order}I", value)
        )
        directory += struct.pack(f"{order}HHI", tag, number, 1) + place
    start = b"II*\0" if order == "<" else b"MM\0*"
    return start + struct.pack(f"{order}I", 8 + len(data)) + data + directory + bytes(4)


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def filled(value: float, kind: str) -> np.ndarray:
    return np.full((64, 64), value, kind)


# One see-through level


@pytest.mark.parametrize(
    ("depth", "row", "level", "grey"),
    [
        (1, b"\xff" * 8, 1, 255),
        (1, b"\x00" * 8, 0, 0),
        (2, b"\xaa" * 16, 2, 170),
        (4, b"\x99" * 32, 9, 153),
        (8, b"\x32" * 64, 50, 50),
        (16, struct.pack(">H", 12850) * 64, 12850, 50),
    ],
)
def test_one_level_of_grey_is_see_through_at_every_depth(
    tmp_path: Path, depth: int, row: bytes, level: int, grey: int
) -> None:
    path = put(tmp_path / "a.png", png(depth, row, key=(level,)))
    assert decode_picture(path, size=16, channels=4)[8, 8].tolist() == [255, 255, 255, 0]
    assert decode_thumbnail(path, side=16, with_opacity=True)[8, 8, 3] == 0

    other = level ^ 1
    path = put(tmp_path / "a.png", png(depth, row, key=(other,)))
    opaque = decode_picture(path, size=16, channels=4)[8, 8].tolist()
    assert opaque == [grey, grey, grey, 255]
    assert decode_thumbnail(path, side=16, with_opacity=True)[8, 8].tolist() == opaque


@pytest.mark.parametrize("depth", [8, 16])
def test_one_colour_is_see_through_at_every_depth(tmp_path: Path, depth: int) -> None:
    colour = (10, 200, 30) if depth == 8 else (10 * 257, 200 * 257, 30 * 257)
    row = b"".join(struct.pack(">B" if depth == 8 else ">H", level) for level in colour) * 64
    path = put(tmp_path / "a.png", png(depth, row, key=colour, colour_type=2))
    assert decode_picture(path, size=16, channels=4)[8, 8].tolist() == [255, 255, 255, 0]

    path = put(tmp_path / "a.png", png(depth, row, key=(0, 0, 0), colour_type=2))
    assert decode_picture(path, size=16, channels=4)[8, 8].tolist() == [10, 200, 30, 255]


# Numbers


@pytest.mark.parametrize(
    ("content", "right"),
    [
        (tiff(filled(50, "u1"), bits=8, photo=0), 205),
        (tiff(filled(12850, "<u2"), bits=16), 50),
        (tiff(filled(12850, ">u2"), bits=16), 50),
        (tiff(filled(12850, "<u2"), bits=16, photo=0), 205),
        (tiff(filled(0.5, "<f4"), bits=32, kind=3), 127.5),
        (tiff(filled(0.5, ">f4"), bits=32, kind=3), 127.5),
        (tiff(filled(0.25, "<f4"), bits=32, kind=3, photo=0), 191.25),
        (tiff(filled(100, "<f4"), bits=32, kind=3), 100),
        (tiff(filled(25700, "<f4"), bits=32, kind=3), 100),
        (tiff(filled(np.nan, "<f4"), bits=32, kind=3), 0),
        (tiff(filled(-np.inf, "<f4"), bits=32, kind=3), 0),
        (tiff(filled(2**31, "<u4"), bits=32), 128),
        (tiff(filled(3 * 2**30, "<u4"), bits=32), 192),
        (tiff(filled(25700, "<u4"), bits=32), 100),
        (tiff(filled(2**30, "<i4"), bits=32, kind=2), 128),
        (tiff(filled(-5, "<i4"), bits=32, kind=2), 0),
        (tiff(filled(2**14, "<i2"), bits=16, kind=2), 128),
        (tiff(filled(2**14, ">i2"), bits=16, kind=2), 128),
        (tiff(filled(-5, "<i2"), bits=16, kind=2), 0),
    ],
)
def test_levels_of_every_kind_of_number_are_scaled(
    tmp_path: Path, content: bytes, right: float
) -> None:
    path = put(tmp_path / "a.tif", content)

    for picture in (decode_picture(path, size=16), decode_thumbnail(path, side=16)):
        assert np.abs(picture - np.float64(right)).max() <= 1


def test_highlights_above_white_do_not_darken_the_rest(tmp_path: Path) -> None:
    levels = filled(0.5, "<f4")
    levels[:2, :2] = 8.0
    picture = decode_picture(put(tmp_path / "a.tif", tiff(levels, bits=32, kind=3)), size=64)

    assert picture[40, 40].tolist() == [128] * 3


def test_a_map_of_grey_numbers_is_scaled(tmp_path: Path) -> None:
    Image.new("F", (32, 32), 0.25).save(tmp_path / "a.pfm")

    assert np.abs(decode_picture(tmp_path / "a.pfm", size=16) - 63.75).max() <= 1


def test_a_huge_deep_picture_has_one_scale_for_all_its_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from genstudio.data import decode, squares

    levels = np.zeros((64, 64), np.uint16)
    levels[:, 32:], levels[:, :32] = 60000, 200
    path = tmp_path / "a.png"
    Image.fromarray(levels).save(path)
    for module in (decode, squares):
        monkeypatch.setattr(module, "HUGE_PIXELS", 100)
    monkeypatch.setattr(decode, "TILE_SIDE", 16)

    picture = decode_picture(path, size=64)

    assert picture[32, [5, 60], 0].tolist() == [0, 234]
