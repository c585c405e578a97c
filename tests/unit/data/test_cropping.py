"""Squares of pictures: inside them, as many as wanted, and where most is to see."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from genstudio.data.cropping import (
    MOST_CROPS,
    crops_by_rule,
    fitted,
    middle,
    salient,
    several,
    tiles,
)
from genstudio.data.squares import decode_picture
from genstudio.domain.datasets import Crop, PictureInfo

SIDES = st.integers(1, 6000)


def is_inside(crop: Crop, width: int, height: int) -> bool:
    left, top, side = crop
    return left >= 0 and top >= 0 and side >= 1 and left + side <= width and top + side <= height


@given(SIDES, SIDES, st.integers(32, 2000))
def test_all_squares_lie_inside_their_picture(width: int, height: int, side: int) -> None:
    found = (middle(width, height), *several(width, height), *tiles(width, height, side))
    assert all(is_inside(crop, width, height) for crop in found)
    assert len(found) <= 1 + 2 * MOST_CROPS


@given(st.tuples(st.integers(0, 9000), st.integers(0, 9000), st.integers(1, 9000)), SIDES, SIDES)
def test_a_square_is_brought_inside(crop: Crop, width: int, height: int) -> None:
    assert is_inside(fitted(crop, width, height), width, height)


def test_a_wide_picture_gives_squares_to_both_its_ends() -> None:
    assert several(300, 100) == ((0, 0, 100), (67, 0, 100), (133, 0, 100), (200, 0, 100))
    assert several(100, 250)[-1] == (0, 150, 100)
    assert several(110, 100) == (middle(110, 100),)


def test_tiles_lie_beside_each_other_in_the_middle() -> None:
    assert tiles(230, 110, 100) == ((15, 5, 100), (115, 5, 100))
    assert tiles(90, 300, 100) == (middle(90, 300),)


@pytest.mark.parametrize(("width", "height"), [(300, 100), (100, 300)])
def test_the_square_is_where_most_is_to_see(width: int, height: int) -> None:
    picture = np.full((height, width, 3), 200, np.uint8)
    noise = np.random.default_rng(0).integers(0, 255, (60, 60, 3))
    if width > height:
        picture[20:80, 230:290] = noise
    else:
        picture[230:290, 20:80] = noise
    left, top, side = salient(picture, width, height)
    place = max(left, top)
    assert side == 100
    assert min(left, top) == 0
    assert place <= 230
    assert place + side >= 290


def test_of_an_even_picture_it_is_the_middle() -> None:
    plain = np.full((100, 300, 3), 128, np.uint8)
    left, top, side = salient(plain, 300, 100)
    assert abs(left - 100) <= 1
    assert (top, side) == (0, 100)


@pytest.fixture
def halves(tmp_path: Path) -> PictureInfo:
    """A picture, red at the left and blue at the right."""
    pixels = np.zeros((100, 300, 3), np.uint8)
    pixels[:, :150, 0] = 255
    pixels[:, 150:, 2] = 255
    Image.fromarray(pixels).save(tmp_path / "halves.png")
    return PictureInfo(name="halves.png", width=300, height=100, content_hash="x")


def test_rules_give_none_where_the_middle_is_meant(halves: PictureInfo, tmp_path: Path) -> None:
    assert crops_by_rule("middle", halves, tmp_path) == ()
    assert len(crops_by_rule("several", halves, tmp_path)) == 4
    assert crops_by_rule("tiles", halves, tmp_path, tile_px=4000) == ()
    gone = halves.model_copy(update={"name": "gone.png"})
    assert crops_by_rule("salient", gone, tmp_path) == ()


def test_a_square_is_what_is_learned(halves: PictureInfo, tmp_path: Path) -> None:
    path = tmp_path / halves.name
    before = path.read_bytes()
    left = decode_picture(path, size=32, crop=(0, 0, 100))
    right = decode_picture(path, size=32, crop=(5000, 0, 100))
    assert left.shape == (32, 32, 3)
    assert tuple(left.reshape(-1, 3).mean(0)) == (255, 0, 0)
    assert tuple(right.reshape(-1, 3).mean(0)) == (0, 0, 255)
    assert path.read_bytes() == before


def test_a_square_of_a_turned_photo_is_of_what_a_person_sees(tmp_path: Path) -> None:
    pixels = np.zeros((100, 300, 3), np.uint8)
    pixels[:, :150, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # To be turned clockwise: what is left here is at the top then.
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    top = decode_picture(tmp_path / "turned.png", size=32, crop=(0, 0, 100))
    bottom = decode_picture(tmp_path / "turned.png", size=32, crop=(0, 200, 100))
    assert top[..., 0].mean() == 255
    assert bottom[..., 0].mean() == 0
