"""Large pictures are worked on in tiles, and no seam shows."""

import numpy as np
import pytest

from genstudio.data.tiles import in_tiles

NOISE = np.random.default_rng(0).integers(0, 256, (300, 210, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(20, 30), (64, 64), (65, 64), (300, 210), (129, 500)])
def test_doing_nothing_changes_nothing(size: tuple[int, int]) -> None:
    picture = np.resize(NOISE, (*size, 3))
    np.testing.assert_array_equal(in_tiles(picture, lambda it: it, tile=64, overlap=16), picture)


def test_small_pictures_are_done_at_once_and_tiles_are_no_larger_than_allowed() -> None:
    seen: list[tuple[int, ...]] = []

    def work(tile: np.ndarray) -> np.ndarray:
        seen.append(tile.shape)
        return tile

    in_tiles(NOISE[:50, :60], work, tile=64, overlap=16)
    assert seen == [(50, 60, 3)]
    in_tiles(NOISE, work, tile=64, overlap=16)
    assert len(seen) == 1 + 6 * 5
    assert all(height <= 64 and width <= 64 for height, width, _ in seen)


def test_tiles_that_differ_fade_into_each_other() -> None:
    """Each tile becomes brighter or darker as a whole, as a network's normalisation may do it."""
    shades = iter(np.random.default_rng(1).integers(0, 200, 1000))

    def work(tile: np.ndarray) -> np.ndarray:
        return np.full_like(tile, next(shades))

    flat = in_tiles(np.zeros((256, 256, 3), np.uint8), work, tile=64, overlap=32).astype(int)
    steps = max(np.abs(np.diff(flat, axis=0)).max(), np.abs(np.diff(flat, axis=1)).max())
    # Beside each other without an overlap they would jump by up to 200.
    assert steps <= 200 / 16


def test_the_number_of_channels_may_change() -> None:
    made = in_tiles(NOISE, lambda it: it[..., :1], tile=64, overlap=16)
    np.testing.assert_array_equal(made, NOISE[..., :1])
