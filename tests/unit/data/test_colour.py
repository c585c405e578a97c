"""Pixels come in sRGB, whatever colour space a picture is in and however it says so."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from genstudio.data import colour
from genstudio.data.colour import grey_profile, matrix_profile, profile_of, to_srgb
from genstudio.data.decode import decode_thumbnail, opened
from genstudio.data.scan import scan_folder
from genstudio.data.squares import decode_picture
from genstudio.domain.datasets import ScanReport
from genstudio.domain.progress import drain

ADOBE = matrix_profile(563 / 256, (0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06))
P3 = matrix_profile(2.2, (0.3127, 0.3290, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06))
GREY = grey_profile(1.8)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GREEN, RED = (40, 200, 60), (200, 60, 60)


def inks() -> bytes:
    """A CMYK profile with a table of 2⁴ colours: Lab of what each mixture of inks looks like."""
    header = struct.pack(">I4sI4s4s4s", 0, b"none", 0x02400000, b"prtr", b"CMYK", b"Lab ")
    header = (header + bytes(12) + b"acsp").ljust(68, b"\0") + struct.pack(
        ">3i", 63190, 65536, 54061
    )
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    curve = bytes(range(256))
    table = b""
    for corner in range(16):
        cyan, magenta, yellow, black = (corner >> bit & 1 for bit in (3, 2, 1, 0))
        lightness = max(240 - 70 * (cyan + magenta) - 10 * yellow - 100 * black, 20)
        green_red = 0 if black else 30 * (magenta - cyan)
        blue_yellow = 0 if black else 40 * yellow - 20 * cyan
        table += bytes((lightness, 128 + green_red, 128 + blue_yellow))
    lut = b"mft1\0\0\0\0" + bytes((4, 3, 2, 0)) + identity + curve * 4 + table + curve * 3
    # The way back, from which the darkest colour is found.
    back = b"mft1\0\0\0\0" + bytes((3, 4, 2, 0)) + identity + curve * 3
    back += b"\xff" * 16 + b"\0" * 16 + curve * 4
    tags = [
        (b"A2B0", lut),
        (b"B2A0", back),
        (b"wtpt", b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)),
    ]
    place, index, data = 132 + 12 * len(tags), b"", b""
    for name, content in tags:
        index += name + struct.pack(">II", place + len(data), len(content))
        data += content
    body = struct.pack(">I", len(tags)) + index + data
    return struct.pack(">I", 128 + len(body)) + header[4:].ljust(124, b"\0") + body


def expected(image: Image.Image, profile: bytes) -> tuple[int, ...]:
    """The colour by littleCMS, asked directly."""
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        image.mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None
    return tuple(np.asarray(converted)[0, 0].tolist())


def saved(path: Path, image: Image.Image, **options: Any) -> Path:
    image.save(path, **options)
    return path


def learned(path: Path, size: int = 16) -> list[int]:
    return decode_picture(path, size=size)[size // 2, size // 2].tolist()


def shown(path: Path) -> list[int]:
    return decode_thumbnail(path, side=16, with_opacity=True)[8, 8].tolist()


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp", "a.avif"])
@pytest.mark.parametrize(
    ("profile", "stored", "right"),
    [
        (ADOBE, GREEN, (0, 201, 37)),
        (ADOBE, RED, (231, 57, 57)),
        (P3, GREEN, (0, 205, 0)),
        (P3, RED, (219, 37, 49)),
    ],
)
def test_photos_of_wider_colours_come_as_they_look(
    tmp_path: Path, name: str, profile: bytes, stored: tuple[int, ...], right: tuple[int, ...]
) -> None:
    options = {
        "a.jpg": {"quality": 100, "subsampling": 0},
        "a.avif": {"quality": 100, "subsampling": "4:4:4"},
        "a.webp": {"lossless": True},
    }.get(name, {})
    path = saved(
        tmp_path / name, Image.new("RGB", (64, 64), stored), icc_profile=profile, **options
    )

    for found in (learned(path), shown(path)):
        assert np.abs(np.subtract(found, right)).max() <= 6


def test_a_large_photo_that_is_read_at_a_fraction_is_converted_too(tmp_path: Path) -> None:
    photo = Image.new("RGB", (1024, 1024), RED)
    path = saved(tmp_path / "a.jpg", photo, icc_profile=P3, quality=100, subsampling=0)

    assert np.abs(np.subtract(learned(path), (219, 37, 49))).max() <= 3


@pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
def test_grey_follows_its_own_curve(tmp_path: Path, mode: str) -> None:
    image = Image.new("L", (32, 32), 60).convert("LA" if mode == "LA" else "L")
    if mode == "I;16":
        image = Image.fromarray(np.full((32, 32), 60 * 257, np.uint16))
    path = saved(tmp_path / "a.png", image, icc_profile=GREY)

    assert learned(path)[0] in (76, 77)
    assert shown(path)[0] in (76, 77)


def test_inks_look_as_their_profile_says(tmp_path: Path) -> None:
    profile = inks()
    image = Image.new("CMYK", (64, 64), (200, 60, 20, 40))
    right = expected(image, profile)
    assert np.abs(np.subtract(right, np.asarray(image.convert("RGB"))[0, 0])).max() > 20
    for name in ("a.tif", "a.jpg"):
        options = {"quality": 100, "subsampling": 0} if name == "a.jpg" else {}
        path = saved(tmp_path / name, image, icc_profile=profile, **options)

        assert np.abs(np.subtract(learned(path), right)).max() <= 3
        assert np.abs(np.subtract(shown(path), right)).max() <= 3


def test_the_darkest_ink_is_black(tmp_path: Path) -> None:
    # On paper it is a dark grey; with black point compensation it is shown as black.
    image = Image.new("CMYK", (64, 64), (255, 255, 255, 255))
    path = saved(tmp_path / "a.tif", image, icc_profile=inks())

    assert max(learned(path)) <= 12


def without_colours(profile: bytes) -> bytes:
    """The same profile with black primaries."""
    content = bytearray(profile)
    for place in range(132, 132 + 12 * content[131], 12):
        start = int.from_bytes(content[place + 4 : place + 8])
        if content[place + 1 : place + 4] == b"XYZ":
            content[start + 8 : start + 20] = bytes(12)
    return bytes(content)


def test_opacity_is_kept_and_colours_are_converted_before_they_lie_on_white(
    tmp_path: Path,
) -> None:
    path = saved(tmp_path / "a.png", Image.new("RGBA", (32, 32), (*RED, 128)), icc_profile=P3)

    assert np.abs(np.subtract(shown(path), (219, 37, 49, 128))).max() <= 1
    assert np.abs(np.subtract(learned(path), (237, 146, 152))).max() <= 1
    assert decode_picture(path, size=16, channels=4)[8, 8, 3] == 128


@pytest.mark.parametrize("transparency", [None, 1])
def test_colours_of_a_palette_are_converted(tmp_path: Path, transparency: int | None) -> None:
    image = Image.new("P", (32, 32), 0)
    image.putpalette([*RED, *GREEN])
    options = {} if transparency is None else {"transparency": transparency}
    path = saved(tmp_path / "a.png", image, icc_profile=P3, **options)

    assert np.abs(np.subtract(learned(path), (219, 37, 49))).max() <= 1


@pytest.mark.parametrize(
    "profile",
    [
        b"",
        b"junk" * 100,
        ADOBE[:200],
        SRGB,
        GREY,
        inks(),
        ADOBE[:12] + b"link" + ADOBE[16:],
        without_colours(ADOBE),
        matrix_profile(2.2, (0.3, 0.3, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)),
    ],
    ids=[
        "empty",
        "junk",
        "cut",
        "sRGB",
        "of grey",
        "of inks",
        "of another class",
        "black",
        "of no colours",
    ],
)
def test_profiles_that_are_broken_or_of_another_kind_change_nothing(
    tmp_path: Path, profile: bytes
) -> None:
    path = saved(tmp_path / "a.png", Image.new("RGB", (32, 32), RED), icc_profile=profile)

    assert learned(path) == list(RED)
    assert shown(path) == list(RED)


def test_a_picture_in_srgb_is_not_touched() -> None:
    image = Image.new("RGB", (8, 8), RED)

    assert to_srgb(image, SRGB) is image
    assert to_srgb(image, None) is image


def test_a_set_of_one_profile_is_looked_into_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colour, "_known", {})
    built: list[str] = []
    build = colour._built

    def watched(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
        built.append(mode)
        return build(profile, mode)

    monkeypatch.setattr(colour, "_built", watched)
    for _ in range(3):
        to_srgb(Image.new("RGB", (8, 8)), bytes(bytearray(P3)))
        to_srgb(Image.new("RGB", (8, 8)), SRGB)

    assert built == ["RGB", "RGB"]


def test_no_more_profiles_are_kept_than_are_likely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colour, "_known", {})
    monkeypatch.setattr(colour, "_MOST_KNOWN", 3)
    for step in range(8):
        to_srgb(Image.new("L", (8, 8)), grey_profile(1 + step / 8))

    assert len(colour._known) == 3


# Colours without a profile


def png(*chunks: tuple[bytes, bytes], grey: bool = False, level: int = 60) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", 32, 32, 8, 0 if grey else 2, 0, 0, 0)
    rows = (b"\0" + bytes([level]) * (32 if grey else 96)) * 32
    body = b"".join(chunk(*content) for content in chunks)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body
        + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )  # fmt: skip


def gamma(value: float) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", round(value * 100_000))


def primaries(*values: float) -> tuple[bytes, bytes]:
    return b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in values))


SRGB_XY = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize(
    ("chunks", "right"),
    [
        ([gamma(1.0)], 133),
        ([gamma(0.45455)], 60),
        ([gamma(0.45455), primaries(*SRGB_XY)], 60),
        ([gamma(1.0), (b"sRGB", b"\0")], 60),
        ([gamma(0.0)], 60),
        ([gamma(21474.0)], 60),
    ],
)
def test_the_gamma_of_a_png_counts_where_nothing_says_more(
    tmp_path: Path, chunks: list[tuple[bytes, bytes]], right: int, grey: bool
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(*chunks, grey=grey))

    assert np.abs(np.array(learned(path)) - right).max() <= 1


def test_the_primaries_of_a_png_count_as_those_of_a_profile(tmp_path: Path) -> None:
    image = Image.new("RGB", (32, 32), RED)
    file = io.BytesIO()
    image.save(file, "PNG")
    content = file.getvalue()
    chunks = b""
    for kind, body in (
        gamma(1 / 2.2), primaries(0.3127, 0.3290, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    ):  # fmt: skip
        crc = struct.pack(">I", zlib.crc32(kind + body))
        chunks += struct.pack(">I", len(body)) + kind + body + crc
    path = tmp_path / "a.png"
    path.write_bytes(content[:33] + chunks + content[33:])

    assert np.abs(np.subtract(learned(path), (219, 37, 49))).max() <= 1


def marked_by_index(exif: Image.Exif) -> None:
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}


def marked_by_space(exif: Image.Exif) -> None:
    exif.get_ifd(0x8769)[0xA001] = 2


@pytest.mark.parametrize("mark", [marked_by_index, marked_by_space])
def test_a_cameras_mark_of_adobe_rgb_counts_as_its_profile(
    tmp_path: Path, mark: Callable[[Image.Exif], None]
) -> None:
    exif = Image.Exif()
    mark(exif)
    photo = Image.new("RGB", (64, 64), RED)
    path = saved(tmp_path / "a.jpg", photo, exif=exif, quality=100, subsampling=0)
    with opened(path) as image:
        assert profile_of(image) == ADOBE
    assert np.abs(np.subtract(learned(path), (231, 57, 57))).max() <= 3

    path = saved(path, photo, exif=exif, quality=100, subsampling=0, icc_profile=SRGB)
    assert np.abs(np.subtract(learned(path), RED)).max() <= 2


# What a scan makes of it


def test_pictures_that_differ_by_their_profile_look_different_and_others_the_same(
    tmp_path: Path,
) -> None:
    photo = Image.new("RGB", (64, 64), RED)
    saved(tmp_path / "0.png", photo)
    saved(tmp_path / "1.png", photo, icc_profile=P3)
    saved(tmp_path / "2.png", Image.new("RGB", (64, 64), (219, 37, 49)))

    report = drain(scan_folder(tmp_path))

    assert isinstance(report, ScanReport)
    assert [picture.duplicate_of for picture in report.pictures] == [None, None, "1.png"]
