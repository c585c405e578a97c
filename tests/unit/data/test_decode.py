"""Any file becomes a picture of the right size and colours, or a reason in words why not."""

import io
import os
import struct
import sys
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from genstudio.data import decode, limits, squares
from genstudio.data.decode import (
    SUFFIXES,
    UnreadablePictureError,
    decode_thumbnail,
    has_transparency,
    is_animated,
    opened,
    upright_size,
)
from genstudio.data.samples import paint_flower
from genstudio.data.squares import decode_picture

FLOWER = Image.fromarray(paint_flower(24, seed=0, index=0))
QUARTERS = np.zeros((32, 32, 3), np.uint8)
QUARTERS[:16, :16] = 255, 0, 0
QUARTERS[:16, 16:] = 0, 255, 0
QUARTERS[16:, :16] = 0, 0, 255
RED, GREEN, BLUE, BLACK, WHITE = (
    (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0), (255, 255, 255),
)  # fmt: skip


def saved(path: Path, image: Image.Image, **options: Any) -> Path:
    image.save(path, **options)
    return path


def corners(picture_HWC: np.ndarray) -> list[tuple[int, ...]]:
    """Colours a quarter in from each corner: top left, top right, bottom left, bottom right."""
    near, far = len(picture_HWC) // 4, len(picture_HWC) * 3 // 4
    return [
        tuple(map(int, picture_HWC[row, column])) for row in (near, far) for column in (near, far)
    ]


def reason(path: Path) -> str:
    with pytest.raises(UnreadablePictureError) as caught:
        decode_picture(path, size=16)
    return str(caught.value)


# Formats


@pytest.mark.parametrize(
    "name", ["a.png", "a.bmp", "a.tif", "a.ppm", "a.tga", "a.gif", "a.jpg", "a.webp", "a.avif"]
)
def test_pictures_of_every_common_kind_keep_their_colours(tmp_path: Path, name: str) -> None:
    lossless = {"quality": 95} if name.endswith(("jpg", "avif")) else {}
    path = saved(tmp_path / name, Image.fromarray(QUARTERS), **lossless)

    picture = decode_picture(path, size=16)

    assert (picture.shape, picture.dtype) == ((16, 16, 3), np.uint8)
    off = np.abs(np.array(corners(picture)) - np.array([RED, GREEN, BLUE, BLACK]))
    assert off.max() <= 6


def test_names_of_all_those_kinds_are_known_as_pictures() -> None:
    assert {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tiff", ".avif"} <= SUFFIXES


def test_a_name_does_not_matter_for_what_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(saved(tmp_path / "a.jpg", FLOWER).read_bytes())

    np.testing.assert_array_equal(
        decode_picture(tmp_path / "a.png", size=16), decode_picture(tmp_path / "a.jpg", size=16)
    )


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, [RED, GREEN, BLUE, BLACK]),
        (2, [GREEN, RED, BLACK, BLUE]),
        (3, [BLACK, BLUE, GREEN, RED]),
        (6, [BLUE, RED, BLACK, GREEN]),
        (8, [GREEN, BLACK, RED, BLUE]),
    ],
)
def test_a_photo_stands_as_the_camera_was_held(
    tmp_path: Path, orientation: int, expected: list[tuple[int, ...]]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path / "a.png", Image.fromarray(QUARTERS[:, :24]), exif=exif)

    whole = decode_thumbnail(path, side=64)
    with opened(path) as image:
        assert upright_size(image) == (whole.shape[1], whole.shape[0])
    assert corners(decode_picture(saved(path, Image.fromarray(QUARTERS), exif=exif), size=32)) == (
        expected
    )


def test_a_palette_is_looked_up(tmp_path: Path) -> None:
    image = Image.fromarray(QUARTERS).convert("P", palette=Image.Palette.ADAPTIVE, colors=4)

    assert corners(decode_picture(saved(tmp_path / "a.png", image), size=32)) == [
        RED, GREEN, BLUE, BLACK,
    ]  # fmt: skip


def test_inks_become_light(tmp_path: Path) -> None:
    magenta_and_yellow = Image.new("CMYK", (32, 32), (0, 255, 255, 0))
    picture = decode_picture(saved(tmp_path / "a.jpg", magenta_and_yellow, quality=95), size=16)

    assert np.abs(picture.astype(int) - RED).max() <= 6


def test_grey_and_black_and_white_become_rgb(tmp_path: Path) -> None:
    grey = Image.new("L", (8, 8), 77)
    bilevel = Image.new("1", (8, 8), 1)

    assert (decode_picture(saved(tmp_path / "grey.png", grey), size=8) == 77).all()
    assert (decode_picture(saved(tmp_path / "white.png", bilevel), size=8) == 255).all()


def test_sixteen_bits_are_scaled_to_eight_and_not_clipped(tmp_path: Path) -> None:
    levels = np.repeat(np.array([0, 0x0100, 0x4000, 0x80FF, 0xFFFF], np.uint16)[None], 5, axis=0)
    for name in ("a.png", "a.tif"):
        picture = decode_picture(saved(tmp_path / name, Image.fromarray(levels)), size=5)

        assert picture[2, :, 0].tolist() == [0, 1, 64, 128, 255]


def test_sixteen_bits_with_a_transparent_grey_are_still_a_picture(tmp_path: Path) -> None:
    levels = Image.fromarray(np.full((8, 8), 0x8000, np.uint16))
    path = saved(tmp_path / "a.png", levels, transparency=0)

    assert (decode_picture(path, size=8) == 128).all()


def test_a_picture_of_measured_brightness_is_read_within_what_can_be_shown(tmp_path: Path) -> None:
    measured = np.array([[-5.0, 100.0, 1e9, np.nan]], np.float32).repeat(4, axis=0)
    picture = decode_picture(saved(tmp_path / "a.tif", Image.fromarray(measured)), size=4)

    assert picture[0, :, 0].tolist() == [0, 0, 255, 0]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_see_through_parts_lie_on_white(tmp_path: Path, mode: str) -> None:
    layer = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    layer.paste((0, 0, 0, 255), (0, 0, 16, 32))
    image = layer.convert(mode)
    path = saved(tmp_path / ("a.tif" if mode == "PA" else "a.png"), image)

    with opened(path) as found:
        assert has_transparency(found)
    assert corners(decode_picture(path, size=32)) == [BLACK, WHITE, BLACK, WHITE]


def test_half_see_through_is_half_white(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.new("RGBA", (8, 8), (255, 0, 0, 128)))

    assert decode_picture(path, size=8)[4, 4].tolist() == [255, 127, 127]


def test_a_palette_with_see_through_colours_lies_on_white(tmp_path: Path) -> None:
    image = Image.fromarray(QUARTERS).convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    hidden = image.getpixel((8, 8))
    alphas = bytes(0 if index == hidden else 255 for index in range(4))
    path = saved(tmp_path / "a.png", image, transparency=alphas)

    assert corners(decode_picture(path, size=32)) == [WHITE, GREEN, BLUE, BLACK]


def test_of_an_animation_the_first_picture_is_taken(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in (RED, GREEN, BLUE)]
    for name in ("a.gif", "a.png", "a.webp"):
        path = saved(
            tmp_path / name, frames[0], save_all=True, append_images=frames[1:],
            **({"lossless": True} if name == "a.webp" else {}),
        )  # fmt: skip

        assert decode_picture(path, size=8)[4, 4].tolist() == list(RED)


def test_a_photoshop_file_is_read_as_it_looks_and_its_layers_are_no_animation(
    tmp_path: Path,
) -> None:
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 8, 8, 8, 3) + bytes(12)
    (tmp_path / "a.psd").write_bytes(head + bytes(2) + b"\xff" * 64 + bytes(128))

    assert (decode_picture(tmp_path / "a.psd", size=8) == RED).all()
    with opened(tmp_path / "a.psd") as image:
        assert not is_animated(image)


def test_a_turned_tiff_has_the_size_that_it_is_shown_with(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = saved(tmp_path / "a.tif", Image.fromarray(QUARTERS[:, :24]), exif=exif)

    with opened(path) as image:
        assert upright_size(image) == (32, 24)
    assert decode_thumbnail(path, side=64).shape == (24, 32, 3)


# Huge pictures


@pytest.mark.parametrize("turn", [1, 2, 6, 7])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "I;16", "L"])
def test_a_huge_picture_is_shrunk_tile_by_tile_and_looks_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, turn: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    picture = Image.fromarray(paint_flower(400, seed=0, index=1)).crop((0, 30, 390, 330))
    levels = np.asarray(picture.convert("L")).astype(np.uint16) * 257
    image = Image.fromarray(levels) if mode == "I;16" else picture.convert(mode)
    path = saved(tmp_path / "a.png", image, exif=exif)
    whole = decode_picture(path, size=32), decode_thumbnail(path, side=40)

    for module in (decode, squares):
        monkeypatch.setattr(module, "HUGE_PIXELS", 1000)
    monkeypatch.setattr(decode, "TILE_SIDE", 50)
    shrunk = decode_picture(path, size=32), decode_thumbnail(path, side=40)

    for one, other in zip(whole, shrunk, strict=True):
        assert one.shape == other.shape
        assert np.abs(one.astype(int) - other).mean() < 3


@pytest.mark.parametrize("size", [(4000, 3), (3, 4000)])
def test_a_huge_strip_is_read_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    for module in (decode, squares):
        monkeypatch.setattr(module, "HUGE_PIXELS", 1000)
    path = saved(tmp_path / "a.png", Image.new("RGB", size, BLUE))

    assert (decode_picture(path, size=16) == BLUE).all()
    thumbnail = decode_thumbnail(path, side=16)
    assert max(thumbnail.shape) == 16
    assert (thumbnail == BLUE).all()


# Thumbnails


def test_a_thumbnail_shows_the_whole_picture_and_never_enlarges(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", Image.fromarray(QUARTERS[:, :16]))

    assert decode_thumbnail(path, side=8).shape == (8, 4, 3)
    assert decode_thumbnail(path, side=400).shape == (32, 16, 3)
    np.testing.assert_array_equal(decode_thumbnail(path, side=32), QUARTERS[:, :16])


def test_a_thumbnail_keeps_what_is_see_through_where_it_is_asked_to(tmp_path: Path) -> None:
    layer = np.zeros((32, 32, 4), np.uint8)
    layer[:, :16] = (200, 10, 30, 255)
    path = saved(tmp_path / "half.png", Image.fromarray(layer))

    kept = decode_thumbnail(path, side=8, with_opacity=True)
    assert kept.shape == (8, 8, 4)
    assert kept[0, 0].tolist() == [200, 10, 30, 255]
    assert kept[0, -1, 3] == 0
    edges = kept[kept[..., 3] > 128][:, :3]
    np.testing.assert_allclose(edges, np.broadcast_to((200, 10, 30), edges.shape), atol=3)
    assert decode_thumbnail(path, side=8)[0, -1].tolist() == [255, 255, 255], "else on white"
    np.testing.assert_array_equal(decode_thumbnail(path, side=32, with_opacity=True), layer)

    opaque = saved(tmp_path / "opaque.png", Image.fromarray(QUARTERS))
    assert decode_thumbnail(opaque, side=8, with_opacity=True).shape == (8, 8, 3)


# What cannot be used


def png_header(width: int, height: int) -> bytes:
    """A whole PNG whose header claims a size that its few bytes of pixels cannot fill."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_a_text_with_a_pictures_name_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("tulips, poppies")
    assert reason(tmp_path / "a.png") == "It is no picture, or of an unknown kind."

    (tmp_path / "a.png").write_text("")
    assert reason(tmp_path / "a.png") == "It is empty."


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.bmp", "a.tif", "a.gif"])
def test_a_torn_file_is_damaged(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path / name, FLOWER)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 9 // 10])

    assert reason(path).startswith("It is damaged: ")


@pytest.mark.parametrize(
    "size", [(60_000, 60_000), (2**31 - 1, 1), (1, 2**31 - 1), (13_500, 13_500)]
)
def test_a_small_file_that_unpacks_to_a_huge_picture_is_refused_before_it_does(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    (tmp_path / "a.png").write_bytes(png_header(*size))

    assert "more than a picture may have (178956970 pixels)" in reason(tmp_path / "a.png")


def test_the_largest_allowed_picture_is_counted_in_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "a.png", FLOWER)
    monkeypatch.setattr(limits, "MAX_PIXELS", 24 * 24)
    decode_picture(path, size=16)
    monkeypatch.setattr(limits, "MAX_PIXELS", 24 * 24 - 1)

    assert reason(path) == ("24 × 24 is more than a picture of its kind may have (575 pixels).")


def test_a_picture_that_pillow_warns_of_is_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "a.png", FLOWER)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 24 * 24 - 1)

    assert decode_picture(path, size=16).shape == (16, 16, 3)


def test_a_missing_file_and_a_folder_are_reasons_too(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()

    assert "It is not there" in reason(tmp_path / "missing.png")
    assert reason(tmp_path / "folder.png")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "no"), "It may not be read (permission denied)."),
        (MemoryError(), "It does not fit into memory."),
        (ZeroDivisionError(), "It is damaged: ZeroDivisionError."),
        (struct.error("odd entry"), "It is damaged: odd entry."),
        (AssertionError(), "It is damaged: AssertionError."),
    ],
)
def test_what_stops_the_reading_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    path = saved(tmp_path / "a.png", FLOWER)
    monkeypatch.setattr(squares, "to_rgb", fail)

    assert reason(path) == words


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such thing")
def test_a_pipe_with_a_pictures_name_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")

    assert reason(tmp_path / "a.png") == "It is not an ordinary file."


def test_exotic_formats_are_not_even_tried(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.eps", FLOWER).rename(tmp_path / "a.png")

    assert reason(path).startswith("It is a file of another kind (EPS)")


def test_odd_notes_of_a_camera_do_not_cost_its_picture(tmp_path: Path) -> None:
    # To write these notes again would fail, for a width that is a word.
    turned = struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)
    width = struct.pack(">HHI4s", 0x0100, 2, 4, b"odd")
    notes = b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">H", 2) + width + turned + bytes(4)
    path = saved(tmp_path / "a.jpg", Image.fromarray(QUARTERS[:, :24]), exif=notes)

    assert decode_thumbnail(path, side=64).shape == (24, 32, 3)


def test_pictures_opened_side_by_side_leave_the_programs_warnings_as_they_were(
    tmp_path: Path,
) -> None:
    path = saved(tmp_path / "a.png", FLOWER)
    first, second = opened(path), opened(path)

    # As in two threads: the one that began first ends first.
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)

    with pytest.warns(UserWarning, match="still heard"):
        warnings.warn("still heard", UserWarning, stacklevel=1)
    with pytest.raises(UserWarning, match="an error again"):
        warnings.warn("an error again", UserWarning, stacklevel=1)


def encoded(kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    FLOWER.save(file, kind, **options)
    return file.getvalue()


def turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "meadow"
    return exif


ORIGINALS = {
    "png": encoded("PNG", exif=turned()),
    "jpg": encoded("JPEG", exif=turned()),
    "gif": encoded("GIF", save_all=True, append_images=[FLOWER.rotate(90)]),
    "webp": encoded("WEBP"),
    "bmp": encoded("BMP"),
    "tif": encoded("TIFF"),
    "tga": encoded("TGA", compression="tga_rle"),
    "ppm": encoded("PPM"),
    "jp2": encoded("JPEG2000"),
    "avif": encoded("AVIF"),
}


def picture_or_reason(read: Callable[..., np.ndarray], path: Path, **how: int) -> np.ndarray | str:
    try:
        return read(path, **how)
    except UnreadablePictureError as error:
        return str(error)


@pytest.mark.skipif(sys.platform == "win32", reason="a mapped file cannot be replaced there")
@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    kind=st.sampled_from(sorted(ORIGINALS)),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255))),
    kept=st.floats(0, 1) | st.just(1.0),
)
def test_damaged_files_give_a_picture_or_a_reason_and_nothing_else(
    tmp_path: Path, kind: str, changes: list[tuple[float, int]], kept: float
) -> None:
    content = bytearray(ORIGINALS[kind])
    for place, value in changes:
        content[int(place * len(content))] = value
    path = tmp_path / f"a.{kind}"
    path.write_bytes(content[: int(kept * len(content))])

    for picture in (
        picture_or_reason(decode_picture, path, size=16),
        picture_or_reason(decode_thumbnail, path, side=16),
    ):
        assert isinstance(picture, str) or (picture.dtype, picture.ndim) == (np.uint8, 3)
        assert len(picture) > 0
