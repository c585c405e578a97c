"""Palettes hold what pictures need, and pictures hold nothing but their palette."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genstudio.data.palettes import (
    oklab,
    palette_of,
    read_palette,
    to_indices,
    with_hard_edges,
    words_about_palette,
)
from genstudio.domain.errors import SettingsError


def noise(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def test_a_picture_of_few_colours_keeps_each_exactly() -> None:
    # Neighbouring shades, which Pillow's quantize merges.
    colours = np.array([[10 + it, 20, 30 + it] for it in range(20)], np.uint8)
    image = colours[np.random.default_rng(1).integers(0, 20, (16, 16))]
    palette = palette_of([image], 20)
    np.testing.assert_array_equal(palette[to_indices(image, palette)], image)


def test_no_more_colours_than_asked_for_and_the_nearest_ones() -> None:
    image = noise((48, 48, 3))
    palette = palette_of([image], 16)
    assert len(palette) == 16
    shown = palette[to_indices(image, palette)]
    assert len(np.unique(shown.reshape(-1, 3), axis=0)) <= 16
    every = ((oklab(image)[:, :, None] - oklab(palette)) ** 2).sum(axis=-1)
    chosen = ((oklab(image) - oklab(shown)) ** 2).sum(axis=-1)
    np.testing.assert_allclose(chosen, every.min(axis=-1), atol=1e-6)


def test_a_palette_is_better_than_an_even_one_and_keeps_what_is_rare() -> None:
    ramp = np.linspace(0, 255, 64).astype(np.uint8)
    image = np.stack([np.tile(ramp, (64, 1)), np.full((64, 64), 60), np.full((64, 64), 90)], 2)
    image = image.astype(np.uint8)
    image[0, :2] = (0, 255, 0)
    palette = palette_of([image], 8)
    shown = palette[to_indices(image, palette)].astype(int)
    even = np.array([[r, g, b] for r in (0, 255) for g in (0, 255) for b in (0, 255)], np.uint8)
    worse = even[to_indices(image, even)].astype(int)
    assert np.abs(shown - image).mean() < 0.3 * np.abs(worse - image).mean()
    assert (np.abs(shown[0, 0] - (0, 255, 0)) < 30).all()


def test_several_pictures_share_one_palette() -> None:
    red = np.zeros((8, 8, 3), np.uint8) + np.array([200, 0, 0], np.uint8)
    blue = np.zeros((8, 8, 3), np.uint8) + np.array([0, 0, 200], np.uint8)
    assert palette_of([red, blue], 4).tolist() == [[0, 0, 200], [200, 0, 0]]


def test_what_is_not_seen_takes_no_colour() -> None:
    image = np.dstack([noise((8, 8, 3)), np.zeros((8, 8), np.uint8)])
    image[:4] = (5, 6, 7, 255)
    assert palette_of([image], 32).tolist() == [[5, 6, 7]]
    assert palette_of([image[4:]], 32).shape == (1, 3)


def test_dithering_mixes_to_the_mean_that_no_single_colour_has() -> None:
    palette = np.array([[0, 0, 0], [255, 255, 255]], np.uint8)
    grey = np.full((32, 32, 3), 120, np.uint8)
    assert len(np.unique(to_indices(grey, palette))) == 1
    share = to_indices(grey, palette, dither=1.0).mean()
    assert 0.3 < share < 0.8


def test_edges_are_hard_and_hide_no_colours() -> None:
    hard = with_hard_edges(noise((20, 20, 4)))
    assert set(np.unique(hard[..., 3])) == {0, 255}
    assert (hard[hard[..., 3] == 0] == 0).all()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.gpl", "GIMP Palette\nName: x\nColumns: 2\n# note\n255   0   0\tred\n  1   2   3\n"),
        ("a.pal", "JASC-PAL\n0100\n2\n255 0 0\n1 2 3\n"),
        ("a.hex", "ff0000\n010203\n\n"),
        ("a.txt", "; note\n#FF0000\n#010203\n"),
    ],
)
def test_palettes_of_other_programs_are_read(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert read_palette(path).tolist() == [[255, 0, 0], [1, 2, 3]]


def test_a_small_picture_is_a_palette(tmp_path: Path) -> None:
    path = tmp_path / "colours.png"
    Image.fromarray(np.array([[[9, 8, 7], [1, 2, 3], [9, 8, 7]]], np.uint8)).save(path)
    assert read_palette(path).tolist() == [[9, 8, 7], [1, 2, 3]]


def test_what_is_no_palette_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty.gpl").write_text("GIMP Palette\n")
    Image.fromarray(noise((64, 64, 3))).save(tmp_path / "photo.png")
    for name in ("empty.gpl", "photo.png", "missing.hex"):
        with pytest.raises(SettingsError, match="is no palette"):
            read_palette(tmp_path / name)
        assert "is no palette" in words_about_palette(str(tmp_path / name))


def test_what_lies_at_a_place_is_told_as_it_is_typed(tmp_path: Path) -> None:
    (tmp_path / "two.hex").write_text("ff0000\n010203\n")
    assert words_about_palette(f" {tmp_path / 'two.hex'}") == "2 colours"
    assert words_about_palette("") == ""
