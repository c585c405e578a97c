"""Pictures to learn from are the middle square of a file, at the size asked for."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile

from genstudio.data import squares
from genstudio.data.samples import paint_flower
from genstudio.data.squares import decode_picture, decode_whole

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def saved(path: Path, image: Image.Image, **options: Any) -> Path:
    image.save(path, **options)
    return path


def test_the_middle_square_is_kept(tmp_path: Path) -> None:
    wide = np.zeros((32, 96, 3), np.uint8)
    wide[:, :32], wide[:, 32:64], wide[:, 64:] = RED, GREEN, BLUE
    tall = wide.transpose(1, 0, 2)

    for name, pixels in (("wide.png", wide), ("tall.png", tall)):
        picture = decode_picture(saved(tmp_path / name, Image.fromarray(pixels)), size=32)
        assert (picture == GREEN).all()


def test_detail_too_fine_to_show_becomes_grey_and_not_a_pattern(tmp_path: Path) -> None:
    board = (np.indices((128, 128)).sum(0) % 2 * 255).astype(np.uint8)
    path = saved(tmp_path / "a.png", Image.fromarray(board))

    inner = decode_picture(path, size=32)[2:-2, 2:-2].astype(int)

    assert np.abs(inner - 127).max() <= 3


def test_a_small_picture_is_enlarged_to_the_size_asked_for(tmp_path: Path) -> None:
    picture = decode_picture(saved(tmp_path / "a.png", Image.new("RGB", (3, 2), BLUE)), size=32)

    assert (picture == BLUE).all()
    assert picture.shape == (32, 32, 3)


def test_a_large_photo_is_read_at_a_fraction_and_looks_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = Image.fromarray(paint_flower(512, seed=0, index=1))
    path = saved(tmp_path / "a.jpg", photo, quality=95)
    read_at: list[tuple[int, int]] = []
    to_rgb = squares.to_rgb

    def watched(image: Image.Image, **how: Any) -> Image.Image:
        read_at.append(image.size)
        return to_rgb(image, **how)

    monkeypatch.setattr(squares, "to_rgb", watched)
    picture = decode_picture(path, size=32)

    assert read_at == [(64, 64)]
    monkeypatch.setattr(JpegImageFile, "draft", lambda *_: None)
    whole = decode_picture(path, size=32)
    assert read_at[1] == (512, 512)
    assert np.abs(picture.astype(int) - whole).mean() < 2


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (512, 512)])
def test_a_photo_that_was_read_at_a_fraction_is_resized_as_pillow_does_it(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    photo = Image.fromarray(paint_flower(640, seed=0, index=1)).resize(size)
    path = saved(tmp_path / "a.jpg", photo, quality=95)

    with Image.open(path) as image:
        image.draft("RGB", (240, 240))
        assert image.size != size
        expected = ImageOps.fit(image, (160, 160), Image.Resampling.BICUBIC)
    difference = np.abs(decode_picture(path, size=160).astype(int) - np.asarray(expected))
    assert difference.mean() < 0.02


def test_the_opacity_comes_as_a_fourth_channel_beside_colours_over_white(tmp_path: Path) -> None:
    layer = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    layer.paste((255, 0, 0, 255), (0, 0, 32, 16))
    path = saved(tmp_path / "a.png", layer)

    pixels = decode_picture(path, size=32, channels=4)

    assert pixels.shape == (32, 32, 4)
    np.testing.assert_array_equal(pixels[..., :3], decode_picture(path, size=32))
    assert pixels[0, 0].tolist() == [255, 0, 0, 255]
    assert pixels[31, 31].tolist() == [255, 255, 255, 0]


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
@pytest.mark.parametrize("colour", [(1, 2, 3), 60])
def test_a_picture_without_transparency_is_opaque(
    tmp_path: Path, name: str, colour: tuple[int, ...] | int
) -> None:
    mode = "L" if isinstance(colour, int) else "RGB"
    path = saved(tmp_path / name, Image.new(mode, (256, 256), colour))

    assert (decode_picture(path, size=32, channels=4)[..., 3] == 255).all()


@pytest.mark.parametrize("size", [(511, 509), (509, 511), (450, 450), (387, 386)])
def test_a_huge_picture_lies_where_a_smaller_one_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    photo = Image.fromarray(paint_flower(512, seed=0, index=1)).resize(size)
    path = saved(tmp_path / "a.png", photo)
    whole = decode_picture(path, size=32).astype(int)

    monkeypatch.setattr(squares, "HUGE_PIXELS", 1000)
    shrunk = decode_picture(path, size=32).astype(int)

    assert np.abs(shrunk - whole).mean() < 1


def test_grey_comes_as_one_channel(tmp_path: Path) -> None:
    levels = np.arange(32 * 32, dtype=np.uint16).reshape(32, 32).astype(np.uint8)
    path = saved(tmp_path / "a.png", Image.fromarray(levels))
    np.testing.assert_array_equal(decode_picture(path, size=32, channels=1)[..., 0], levels)
    coloured = saved(tmp_path / "b.png", Image.new("RGB", (40, 32), (255, 0, 0)))
    assert set(np.unique(decode_picture(coloured, size=32, channels=1))) == {76}
    assert decode_whole(coloured, size=32, channels=1).shape == (32, 40, 1)
