"""Photoshop and TIFF documents come as they look, or with the true reason why they do not."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genstudio.data.decode import (
    UnreadablePictureError,
    decode_thumbnail,
    has_transparency,
    is_animated,
    opened,
    upright_size,
)
from genstudio.data.scan import scan_folder
from genstudio.data.squares import decode_picture
from genstudio.domain.datasets import ScanReport
from genstudio.domain.progress import drain

COLOUR = (50, 100, 200)


def psd(
    levels: tuple[int, ...], *, layers: int | None = None, depth: int = 8, mode: int = 3
) -> bytes:
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, len(levels), 64, 64, depth, mode)
    section = b"" if layers is None else struct.pack(">Ih2x", 4, layers)
    planes = b"".join(bytes([level]) * (4096 * depth // 8) for level in levels)
    return head + bytes(8) + struct.pack(">I", len(section)) + section + bytes(2) + planes


def tiff(data: bytes, *, samples: int = 1, bits: int = 8, photo: int = 1, kind: int = 1) -> bytes:
    entries = [
        (256, 4, 64), (257, 4, 64), (258, 3, bits), (259, 3, 1), (262, 3, photo), (273, 4, 8),
        (277, 3, samples), (278, 4, 64), (279, 4, len(data)), (339, 3, kind),
    ]  # fmt: skip
    directory = struct.pack("<H", len(entries))
    for tag, number, value in entries:
        directory += struct.pack("<HHII", tag, number, 1, value)
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + directory + bytes(4)


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def reason(path: Path) -> str:
    with pytest.raises(UnreadablePictureError) as caught:
        decode_picture(path, size=16)
    return str(caught.value)


# Photoshop


@pytest.mark.parametrize("layers", [None, 0, 1, 3])
def test_a_saved_selection_is_no_transparency(tmp_path: Path, layers: int | None) -> None:
    path = put(tmp_path / "a.psd", psd((*COLOUR, 0), layers=layers))

    assert decode_picture(path, size=16, channels=4)[8, 8].tolist() == [*COLOUR, 255]
    assert decode_thumbnail(path, side=16, with_opacity=True)[8, 8].tolist() == [*COLOUR]
    with opened(path) as image:
        assert not has_transparency(image)


def test_the_transparency_of_layers_is_kept(tmp_path: Path) -> None:
    path = put(tmp_path / "a.psd", psd((*COLOUR, 128), layers=-1))

    shown = decode_thumbnail(path, side=16, with_opacity=True)[8, 8].astype(int)
    assert np.abs(shown - (*COLOUR, 128)).max() <= 1
    assert decode_picture(path, size=16, channels=4)[8, 8, 3] == 128


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (psd((0, 0, 0), depth=16), "Photoshop file with 16 bits per channel (RGB colours)"),
        (psd((0, 0, 0), depth=32), "Photoshop file with 32 bits per channel"),
        (psd((0,), depth=16, mode=1), "16 bits per channel (grey colours)"),
        (psd((0, 0, 0), mode=5), "unknown colours"),
    ],
)
def test_photoshop_files_that_are_not_read_are_told_as_such(
    tmp_path: Path, content: bytes, words: str
) -> None:
    assert words in reason(put(tmp_path / "a.psd", content))


# TIFF


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (tiff(bytes(12 * 4096), samples=3, bits=32, photo=2, kind=3), "3 channels of floating"),
        (tiff(bytes(2 * 4096), bits=16, kind=3), "16 bits per channel (1 channels of floating"),
        (tiff(bytes(4 * 4096), samples=2, bits=16), "TIFF with 16 bits per channel (2 channels)"),
        (b"II*\0" + b"\xff" * 40, "TIFF that is damaged"),
    ],
)
def test_tiffs_that_are_not_read_are_told_as_such(
    tmp_path: Path, content: bytes, words: str
) -> None:
    assert words in reason(put(tmp_path / "a.tif", content))


def test_pages_and_second_pictures_are_no_animation(tmp_path: Path) -> None:
    first, second = Image.new("RGB", (64, 64), COLOUR), Image.new("RGB", (64, 64))
    # Pillow leaves its settings for one kind with a picture that it saves as another.
    first.copy().save(tmp_path / "x.mpo", save_all=True, append_images=[second.copy()])
    (tmp_path / "x.mpo").rename(tmp_path / "phone.jpg")
    first.save(tmp_path / "pages.tif", save_all=True, append_images=[second])
    first.save(tmp_path / "film.gif", save_all=True, append_images=[second])

    for name in ("phone.jpg", "pages.tif"):
        with opened(tmp_path / name) as image:
            assert not is_animated(image)
        assert np.abs(decode_picture(tmp_path / name, size=16) - np.array(COLOUR)).max() <= 3
    with opened(tmp_path / "film.gif") as image:
        assert is_animated(image)


def test_a_large_phone_picture_is_read_at_a_fraction_like_any_jpeg(tmp_path: Path) -> None:
    first = Image.new("RGB", (1024, 768), COLOUR)
    first.save(tmp_path / "x.mpo", save_all=True, append_images=[Image.new("RGB", (64, 64))])

    with opened(tmp_path / "x.mpo") as image:
        image.draft("RGB", (90, 90))
        assert image.size == (128, 96)
    assert np.abs(decode_picture(tmp_path / "x.mpo", size=32) - np.array(COLOUR)).max() <= 3


@pytest.mark.parametrize("place", [1, 2])
def test_the_largest_page_is_the_picture_where_the_first_is_its_thumbnail(
    tmp_path: Path, place: int
) -> None:
    pages = [Image.new("RGB", (16, 12), "red"), Image.new("RGB", (20, 15), "lime")]
    pages.insert(place, Image.new("RGB", (400, 300), COLOUR))
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])

    assert (decode_picture(tmp_path / "a.tif", size=32) == COLOUR).all()
    assert decode_thumbnail(tmp_path / "a.tif", side=400).shape == (300, 400, 3)
    report = drain(scan_folder(tmp_path))
    assert isinstance(report, ScanReport)
    assert [(it.width, it.height) for it in report.pictures] == [(400, 300)]


@pytest.mark.parametrize("second", [(64, 64), (100, 100), (16, 16)])
def test_pages_of_about_one_size_are_pictures_and_the_first_is_taken(
    tmp_path: Path, second: tuple[int, int]
) -> None:
    other = Image.new("RGB", second, "red")
    Image.new("RGB", (64, 64), COLOUR).save(
        tmp_path / "a.tif", save_all=True, append_images=[other]
    )

    assert (decode_picture(tmp_path / "a.tif", size=32) == COLOUR).all()


def test_a_first_page_is_taken_where_the_others_are_damaged(tmp_path: Path) -> None:
    content = bytearray(tiff(bytes([70]) * 4096))
    content[-4:] = struct.pack("<I", 3)  # The next page would be within the header.

    path = put(tmp_path / "a.tif", bytes(content))

    assert (decode_picture(path, size=32) == 70).all()


def test_a_tiff_whose_pages_go_round_in_a_circle_is_read(tmp_path: Path) -> None:
    content = bytearray(tiff(bytes([70]) * 4096))
    content[-4:] = content[4:8]

    with opened(put(tmp_path / "a.tif", bytes(content))) as image:
        assert upright_size(image) == (64, 64)
    assert (decode_picture(tmp_path / "a.tif", size=32) == 70).all()


# Named as something else


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isom", "video"),
        (b"\xff\x0a\xff\x07", "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"8BPS\0\2" + bytes(20), "PSB"),
        (b"%PDF-1.7", "PDF"),
        (b"gimp xcf v011", "GIMP"),
        (b"PK\3\4" + bytes(20), "zip"),
        (b"II*\0\x10\0\0\0CR\2\0", "raw"),
        (b'<?xml version="1.0"?>\n<svg>', "SVG"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"", "empty"),
    ],
)
def test_what_only_has_a_pictures_name_is_called_what_it_is(
    tmp_path: Path, head: bytes, kind: str
) -> None:
    assert kind in reason(put(tmp_path / "a.jpg", head and head + bytes(40)))
