"""Squares of a picture that are learned from: the middle, where most is to see, several, tiles.

A crop is (left, top, side) in pixels of the upright picture. Where a picture has none, its middle
square is learned.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal

import numpy as np

from genstudio.data.decode import UnreadablePictureError, decode_thumbnail
from genstudio.domain.datasets import Crop, PictureInfo

Rule = Literal["middle", "salient", "several", "tiles"]
RULES: Final[tuple[Rule, ...]] = ("middle", "salient", "several", "tiles")
SMALLEST_TILE_PX = 32
MOST_CROPS = 400
_LOOKED_AT_SIDE = 128
# Neighbouring squares may share so much of their side before one less is taken.
_LEAST_STEP = 0.6


def middle(width: int, height: int) -> Crop:
    """The largest square in the middle."""
    side = min(width, height)
    return ((width - side) // 2, (height - side) // 2, side)


def several(width: int, height: int) -> tuple[Crop, ...]:
    """Squares as large as the shorter side, spread evenly along the longer one to both its ends.

    Nearly square pictures have one.
    """
    side, longer = min(width, height), max(width, height)
    count = min(MOST_CROPS, max(1, int((longer - side) / (_LEAST_STEP * side)) + 1))
    if count == 1:
        return (middle(width, height),)
    starts = [round(place * (longer - side) / (count - 1)) for place in range(count)]
    if width >= height:
        return tuple((start, 0, side) for start in starts)
    return tuple((0, start, side) for start in starts)


def tiles(width: int, height: int, side: int) -> tuple[Crop, ...]:
    """Squares of a fixed side beside and below each other, centred; what is left over is cut off.

    Args:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        side: Of each tile, in pixels. A picture that has no room for one gives its middle square.
    """
    columns, rows = width // side, height // side
    if columns * rows < 1:
        return (middle(width, height),)
    if columns * rows > MOST_CROPS:
        # As many as may be, from the middle on: others would never end.
        share = (MOST_CROPS / (columns * rows)) ** 0.5
        columns, rows = max(1, int(columns * share)), max(1, int(rows * share))
    left, top = (width - columns * side) // 2, (height - rows * side) // 2
    return tuple(
        (left + column * side, top + row * side, side)
        for row in range(rows)
        for column in range(columns)
    )


def salient(rgb_HWC: np.ndarray, width: int, height: int) -> Crop:
    """The square, as large as the shorter side, in which most is to see.

    What is to see is where brightness changes, and colours that are rare in the picture.

    Args:
        rgb_HWC: The whole picture, small: uint8 of shape (height, width, 3).
        width: Of the picture itself, in pixels.
        height: Of the picture itself, in pixels.
    """
    side = min(width, height)
    if width == height:
        return (0, 0, side)
    picture = rgb_HWC.astype(np.float32)
    grey = picture.mean(axis=2)
    edges = np.zeros_like(grey)
    edges[:, 1:] += np.abs(np.diff(grey, axis=1))
    edges[1:, :] += np.abs(np.diff(grey, axis=0))
    distinct = np.linalg.norm(picture - picture.mean(axis=(0, 1)), axis=2)
    weight = edges / max(float(edges.mean()), 1e-6) + distinct / max(float(distinct.mean()), 1e-6)
    along = weight.sum(axis=0 if width > height else 1)
    window = max(1, round(len(along) * side / max(width, height)))
    sums = np.convolve(along, np.ones(window, np.float32), "valid")
    # Of equal ones the middle one, as without saliency.
    best = np.flatnonzero(sums >= sums.max() - 1e-3 * max(float(sums.max()), 1e-6))
    start = int(best[len(best) // 2])
    room = max(width, height) - side
    place = round(start / max(1, len(along) - window) * room)
    return (place, 0, side) if width > height else (0, place, side)


def crops_by_rule(
    rule: Rule, picture: PictureInfo, folder: Path, *, tile_px: int = 256
) -> tuple[Crop, ...]:
    """Squares of a picture by a rule; none for its middle square, or where it cannot be read.

    Args:
        rule: Which.
        picture: The picture.
        folder: That its name is relative to.
        tile_px: Side of tiles.
    """
    width, height = picture.width, picture.height
    found: Iterable[Crop]
    match rule:
        case "middle":
            return ()
        case "several":
            found = several(width, height)
        case "tiles":
            found = tiles(width, height, max(SMALLEST_TILE_PX, tile_px))
        case "salient":
            if width == height:
                return ()
            try:
                small = decode_thumbnail(folder / picture.name, side=_LOOKED_AT_SIDE)
            except UnreadablePictureError:
                return ()
            found = (salient(small, width, height),)
    crops = tuple(found)
    return () if crops == (middle(width, height),) else crops


def fitted(crop: Crop, width: int, height: int) -> Crop:
    """A crop brought inside a picture: not larger than it, not beyond its edges."""
    left, top, side = crop
    side = max(1, min(max(SMALLEST_TILE_PX, side), width, height))
    return (min(max(0, left), width - side), min(max(0, top), height - side), side)
