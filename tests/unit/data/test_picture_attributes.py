"""What a picture is like in four numbers."""

import colorsys

import numpy as np
import pytest

from genstudio.data.picture_attributes import attributes_of


def plain(*colour: float, side: int = 16) -> np.ndarray:
    return np.tile(np.rint(np.array(colour) * 255).astype(np.uint8), (side, side, 1))


def test_black_is_dark_and_white_is_bright_and_neither_has_colour() -> None:
    dark, bright = attributes_of(plain(0, 0, 0)), attributes_of(plain(1, 1, 1))
    assert (dark.brightness, dark.saturation, dark.edges) == (0, 0, 0)
    assert bright.brightness == pytest.approx(1)
    assert bright.saturation == pytest.approx(0)


@pytest.mark.parametrize("hue", [0.02, 0.2, 0.4, 0.6, 0.8, 0.97])
def test_the_hue_is_that_of_the_colours_whatever_is_grey(hue: float) -> None:
    picture = plain(*colorsys.hsv_to_rgb(hue, 0.8, 0.9))
    picture[:10] = 128
    assert attributes_of(picture).hue == pytest.approx(hue, abs=0.02)


def test_hues_on_both_sides_of_red_meet_at_red() -> None:
    picture = plain(*colorsys.hsv_to_rgb(0.95, 1, 1))
    picture[8:] = plain(*colorsys.hsv_to_rgb(0.05, 1, 1))[8:]
    hue = attributes_of(picture).hue
    assert min(hue, 1 - hue) < 0.02


def test_more_detail_is_more_edges() -> None:
    random = np.random.default_rng(0)
    coarse = np.kron(random.integers(0, 256, (4, 4, 1)), np.ones((8, 8, 3))).astype(np.uint8)
    fine = np.repeat(random.integers(0, 256, (32, 32, 1)), 3, axis=2).astype(np.uint8)
    assert 0 < attributes_of(coarse).edges < attributes_of(fine).edges < 1


def test_a_single_pixel_is_a_picture() -> None:
    found = attributes_of(np.array([[[255, 0, 0]]], np.uint8))
    assert (found.edges, found.saturation) == (0, 1)
