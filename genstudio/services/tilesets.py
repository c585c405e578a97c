"""Sets of tiles whose edges match: one for each way in which two grounds can meet."""

import html
import json
from collections.abc import Sequence

import numpy as np

TILES_IN_A_ROW = 4
NUM_TILES = 16
# Tiled counts the places of a tile's terrains clockwise from the top edge: corners are the odd
# ones. Ours are top left, top right, bottom left, bottom right.
_WANG_PLACES = (7, 1, 5, 3)


def corners_of(number: int) -> tuple[int, int, int, int]:
    """Which ground lies at each corner of a tile, 0 or 1: top left, top right, bottom ones."""
    return number & 1, number >> 1 & 1, number >> 2 & 1, number >> 3 & 1


def border_noise(side: int, seed: int, *, waves: int = 4) -> np.ndarray:
    """Smooth noise of mean 0 and largest value 1 that goes on beside itself.

    Args:
        side: Of the square, in pixels.
        seed: Decides it.
        waves: Most waves on a side.
    """
    generator = np.random.default_rng(seed)
    at = 2 * np.pi * (np.arange(side) + 0.5) / side
    noise = np.zeros((side, side))
    for down in range(waves + 1):
        for across in range(-waves, waves + 1):
            frequency = np.hypot(down, across)
            if 0 < frequency <= waves:
                phase = generator.uniform(0, 2 * np.pi)
                height = generator.normal() / frequency
                noise += height * np.cos(down * at[:, None] + across * at[None] + phase)
    return noise / np.abs(noise).max()


def masks(side: int, noise: np.ndarray, roughness: float) -> np.ndarray:
    """Where ground 1 lies in each tile: bool (16, side, side).

    Between corners the border runs where the bilinear mean of the corners, moved by the noise, is
    one half. At an edge that mean is of the two corners there alone, and the noise goes on beside
    itself: so tiles that share two corners fit together.
    """
    at = (np.arange(side) + 0.5) / side
    down, across = at[:, None], at[None]
    found: list[np.ndarray] = []
    for number in range(NUM_TILES):
        top_left, top_right, bottom_left, bottom_right = corners_of(number)
        top = top_left * (1 - across) + top_right * across
        bottom = bottom_left * (1 - across) + bottom_right * across
        mean = top * (1 - down) + bottom * down
        # Where all corners are of one ground there is no border, however rough.
        found.append(mean + roughness * noise * 4 * mean * (1 - mean) > 0.5)
    return np.stack(found)


def drawn_tiles(ground: np.ndarray, other: np.ndarray | None, is_ground: np.ndarray) -> np.ndarray:
    """All tiles in one picture of four rows.

    Args:
        ground: uint8 (side, side, 3), lies where the mask is true.
        other: The same of the other ground; None for nothing there.
        is_ground: See :func:`masks`.

    Returns:
        uint8 (4 × side, 4 × side, 3), or 4 channels where there is no other ground.
    """
    rows: list[np.ndarray] = []
    for row in np.split(is_ground, TILES_IN_A_ROW):
        tiles = [_tile(ground, other, mask) for mask in row]
        rows.append(np.concatenate(tiles, axis=1))
    return np.concatenate(rows)


def _tile(ground: np.ndarray, other: np.ndarray | None, mask: np.ndarray) -> np.ndarray:
    if other is not None:
        return np.where(mask[..., None], ground, other)
    opacity = np.where(mask, 255, 0).astype(np.uint8)
    return np.dstack([ground * mask[..., None], opacity])


def tiled_tileset(image: str, side: int, names: Sequence[str]) -> bytes:
    """A tileset of Tiled (.tsx) whose terrain brush knows which tile fits where.

    Args:
        image: Name of the picture that lies beside it.
        side: Of a tile in pixels.
        names: Of the other ground, and of the ground.
    """
    size = side * TILES_IN_A_ROW
    colours = [
        f'   <wangcolor name="{html.escape(name)}" color="{colour}" tile="{tile}" probability="1"/>'
        for name, colour, tile in zip(
            names, ("#3b7dd8", "#d8843b"), (0, NUM_TILES - 1), strict=True
        )
    ]
    tiles: list[str] = []
    for number in range(NUM_TILES):
        places = [0] * 8
        for place, ground in zip(_WANG_PLACES, corners_of(number), strict=True):
            places[place] = ground + 1
        wang = ",".join(map(str, places))
        tiles.append(f'   <wangtile tileid="{number}" wangid="{wang}"/>')
    head = (
        f'<tileset version="1.10" name="{html.escape(image.rpartition(".")[0])}" '
        f'tilewidth="{side}" tileheight="{side}" tilecount="{NUM_TILES}" '
        f'columns="{TILES_IN_A_ROW}">'
    )
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        head,
        f' <image source="{html.escape(image)}" width="{size}" height="{size}"/>',
        " <wangsets>",
        '  <wangset name="Grounds" type="corner" tile="-1">',
        *colours,
        *tiles,
        "  </wangset>",
        " </wangsets>",
        "</tileset>",
        "",
    ]
    return "\n".join(lines).encode()


def tileset_json(image: str, side: int, names: Sequence[str]) -> bytes:
    """The same as a plain list, for engines without Tiled's format."""
    tiles = [
        {
            "x": number % TILES_IN_A_ROW * side,
            "y": number // TILES_IN_A_ROW * side,
            "corners": dict(
                zip(
                    ("top_left", "top_right", "bottom_left", "bottom_right"),
                    (names[it] for it in corners_of(number)),
                    strict=True,
                )
            ),
        }
        for number in range(NUM_TILES)
    ]
    content = {"image": image, "tile_width": side, "tile_height": side, "tiles": tiles}
    return json.dumps(content, ensure_ascii=False, indent=1).encode()
