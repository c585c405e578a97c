"""Tiles that share two corners fit together; lists say which these are."""

import json
from itertools import product
from xml.etree import ElementTree

import numpy as np

from genstudio.services.tilesets import (
    NUM_TILES,
    border_noise,
    corners_of,
    drawn_tiles,
    masks,
    tiled_tileset,
    tileset_json,
)

SIDE = 32


def largest_shift(one: np.ndarray, other: np.ndarray) -> int:
    """How far a border jumps from one line of pixels to the next, in pixels."""
    return int((one != other).sum())


def test_borders_go_on_from_tile_to_tile() -> None:
    tiles = masks(SIDE, border_noise(SIDE, 3), 0.8)
    inside = max(
        largest_shift(tile[:, at], tile[:, at + 1]) for tile in tiles for at in range(SIDE - 1)
    )
    wrong = 0
    for one, other in product(range(NUM_TILES), repeat=2):
        left, right = corners_of(one), corners_of(other)
        shift = largest_shift(tiles[one][:, -1], tiles[other][:, 0])
        if (left[1], left[3]) == (right[0], right[2]):
            assert shift <= inside
        else:
            wrong = max(wrong, shift)
    assert wrong > SIDE // 2  # Tiles that do not belong together do not fit.


def test_a_tile_has_the_grounds_of_its_corners() -> None:
    tiles = masks(SIDE, border_noise(SIDE, 1), 1.0)
    assert not tiles[0].any()
    assert tiles[NUM_TILES - 1].all()
    for number, tile in enumerate(tiles):
        found = (tile[0, 0], tile[0, -1], tile[-1, 0], tile[-1, -1])
        assert tuple(int(it) for it in found) == corners_of(number)


def test_noise_goes_on_beside_itself() -> None:
    noise = border_noise(SIDE, 0)
    inside = np.abs(np.diff(noise, axis=0)).max()
    assert np.abs(noise[0] - noise[-1]).max() <= inside * 1.05
    assert np.abs(noise[:, 0] - noise[:, -1]).max() <= np.abs(np.diff(noise, axis=1)).max() * 1.05
    assert not np.array_equal(noise, border_noise(SIDE, 1))


def test_what_lies_beside_nothing_is_see_through() -> None:
    ground = np.full((SIDE, SIDE, 3), 200, np.uint8)
    mask = masks(SIDE, border_noise(SIDE, 0), 0.5)
    clear = drawn_tiles(ground, None, mask)
    assert clear.shape == (4 * SIDE, 4 * SIDE, 4)
    np.testing.assert_array_equal(clear[:SIDE, :SIDE], 0)
    np.testing.assert_array_equal(clear[-SIDE:, -SIDE:, 3], 255)
    both = drawn_tiles(ground, 255 - ground, mask)
    assert both.shape == (4 * SIDE, 4 * SIDE, 3)
    np.testing.assert_array_equal(both[..., 0] == 200, clear[..., 3] == 255)


def test_lists_name_the_corners_of_each_tile() -> None:
    text = tiled_tileset("a.png", SIDE, ('deep & "blue"', "sand"))
    root = ElementTree.fromstring(text)  # noqa: S314  # our own
    assert root.get("tilecount") == "16"
    assert [it.get("name") for it in root.iter("wangcolor")] == ['deep & "blue"', "sand"]
    for tile in root.iter("wangtile"):
        places = [int(it) for it in str(tile.get("wangid")).split(",")]
        assert places[::2] == [0, 0, 0, 0]
        clockwise = [places[7], places[1], places[5], places[3]]
        assert [it - 1 for it in clockwise] == list(corners_of(int(str(tile.get("tileid")))))
    listed = json.loads(tileset_json("a.png", SIDE, ("sea", "sand")))
    assert listed["tiles"][2]["corners"]["top_right"] == "sand"
    assert (listed["tiles"][5]["x"], listed["tiles"][5]["y"]) == (SIDE, SIDE)
