"""Large pictures worked on in tiles that overlap, so that no seams show."""

from collections.abc import Callable

import numpy as np

Work = Callable[[np.ndarray], np.ndarray]


def in_tiles(image_HWC: np.ndarray, work: Work, *, tile: int, overlap: int) -> np.ndarray:
    """Do something to a picture tile by tile; where tiles overlap, one fades into the other.

    Args:
        image_HWC: uint8, of any size.
        work: Given a tile of at most ``tile`` pixels a side, gives one of the same height and width
            with any number of channels.
        tile: Side of a tile in pixels.
        overlap: By how much neighbouring tiles overlap at least, in pixels; less than a tile.

    Returns:
        uint8 of the same height and width.
    """
    height, width = image_HWC.shape[:2]
    rows, columns = places(height, tile, overlap), places(width, tile, overlap)
    if len(rows) == len(columns) == 1:
        return work(image_HWC)
    total: np.ndarray | None = None
    weights = np.zeros((height, width, 1), np.float32)
    for top, bottom in rows:
        for left, right in columns:
            made = work(np.ascontiguousarray(image_HWC[top:bottom, left:right])).astype(np.float32)
            if total is None:
                total = np.zeros((height, width, made.shape[-1]), np.float32)
            weight = (
                _ramp(top, bottom, height, overlap)[:, None, None]
                * (_ramp(left, right, width, overlap)[None, :, None])
            )
            total[top:bottom, left:right] += made * weight
            weights[top:bottom, left:right] += weight
    assert total is not None
    return np.rint(total / weights).clip(0, 255).astype(np.uint8)


def places(length: int, tile: int, overlap: int) -> list[tuple[int, int]]:
    """Begin and end of each tile along one side, evenly spread, the last one at the end.

    Args:
        length: Of the side, in pixels.
        tile: Side of a tile; what is shorter is one tile.
        overlap: By how much neighbours overlap at least; less than a tile.
    """
    if length <= tile:
        return [(0, length)]
    count = -(-(length - overlap) // (tile - overlap))
    begins = np.linspace(0, length - tile, count).round().astype(int)
    return [(int(begin), int(begin) + tile) for begin in begins]


def _ramp(begin: int, end: int, length: int, overlap: int) -> np.ndarray:
    """Weights of a tile along one side: 1 in its middle, falling to the edges it shares."""
    position = np.arange(end - begin, dtype=np.float32) + 0.5
    weights = np.ones(end - begin, np.float32)
    if begin > 0:
        weights = np.minimum(weights, position / overlap)
    if end < length:
        weights = np.minimum(weights, (end - begin - position) / overlap)
    return weights
