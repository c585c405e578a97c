"""Shapes that pictures are learned in, hardly cropped: each goes where its aspect fits best.

Aspect bucketing as in NovelAI 2022 (github.com/NovelAI/novelai-aspect-ratio-bucketing): no bucket
holds more pixels than the square, and the pictures of one batch all come from one bucket.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Height and width in pixels.
Sides = tuple[int, int]
# Beyond it, a picture is cropped: networks that learned about squares draw no strips.
MOST_ASPECT = 2


def bucket_sides(size: int, step: int) -> tuple[Sides, ...]:
    """Shapes of at most ``size`` × ``size`` pixels, from 2:1 to 1:2; the square is the first.

    Args:
        size: Side of the square in pixels.
        step: What both sides of all others are multiples of, in pixels.
    """
    found: list[Sides] = []
    for short in range(step, size + 1, step):
        long = min(size * size // short, MOST_ASPECT * short) // step * step
        found += [(short, long)] if long > short else []
    # Without what is smaller than another one of this or more aspect.
    best = [
        (short, long)
        for short, long in found
        if not any(
            (short, long) != it and it[0] >= short and it[1] * short >= long * it[0] for it in found
        )
    ]
    wide = sorted(best, key=lambda it: it[1] / it[0])
    return ((size, size), *wide, *((long, short) for short, long in wide))


def nearest_sides(width: int, height: int, buckets: Sequence[Sides]) -> Sides:
    """The bucket whose aspect is nearest to a picture's; of equal ones that of most pixels.

    Args:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        buckets: As :func:`bucket_sides` gives them.
    """
    aspect = math.log(width / height)

    def distance(place: int) -> tuple[float, int, int]:
        sides = buckets[place]
        # Rounded, so that a tie is one on every machine.
        return round(abs(math.log(sides[1] / sides[0]) - aspect), 9), -sides[0] * sides[1], place

    return buckets[min(range(len(buckets)), key=distance)]


def origin(width: int, height: int, sides: Sides) -> tuple[int, int, int, int]:
    """Where a picture comes from that was made to cover a shape: see :class:`Shapes`.

    Args:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        sides: Of the shape, whose middle is the picture's middle.
    """
    scale = max(sides[0] / height, sides[1] / width)
    top, left = (height * scale - sides[0]) / 2, (width * scale - sides[1]) / 2
    return height, width, round(top), round(left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """Pictures in the shapes of their buckets, beside the squares of all.

    Attributes:
        bucket_N: Bucket of each example, int64; 0 for squares.
        row_N: Row of each example in its bucket, int64; of squares, its own number.
        images: Of bucket 1, 2, …: uint8 (rows, height, width, channels); may be memory maps.
        origins_N: Of each example, int64 (N, 4): height and width of the file’s picture, and how
            many pixels were cut off above and on its left after it was resized.
    """

    bucket_N: np.ndarray
    row_N: np.ndarray
    images: tuple[np.ndarray, ...]
    origins_N: np.ndarray
