"""Grey levels of more than eight bits, whatever numbers they are, to eight."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image

DEEP_MODES = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N", "F"})
_PHOTOMETRIC, _BITS, _FORMAT = 262, 258, 339
_WHITE_IS_ZERO = 0
_UNSIGNED, _SIGNED = 1, 2
# Floating point is written with white at one, and highlights somewhat above it.
_BRIGHTEST_AROUND_ONE = 1.5
_TYPICALLY_BRIGHTEST = 99
_USUAL = (0.5, 99.5)
# Of a large picture, about so many levels tell what is usual.
_ASKED = 2**18

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How levels become eight bits.

    Attributes:
        white: The level of white.
        is_unsigned: Whether Pillow's signed 32 bits stand for unsigned ones.
        is_inverted: Whether white is written as zero.
    """

    white: float
    is_unsigned: bool = False
    is_inverted: bool = False

    def to_grey(self, part: Image.Image) -> Image.Image:
        """Scale a part of the picture: mode L."""
        levels = self.levels(part)
        if levels.dtype.kind == "f":
            scaled = np.nan_to_num(levels * (255 / self.white) + 0.5).clip(0, 255)
        else:
            scaled = (levels * 256 // (int(self.white) + 1)).clip(0, 255)
        grey = scaled.astype(np.uint8)
        return Image.fromarray(255 - grey if self.is_inverted else grey)

    def levels(self, part: Image.Image) -> np.ndarray:
        """Levels of a part of the picture: float64, or int64."""
        levels = np.asarray(part)
        if levels.dtype.kind == "f":
            return levels.astype(np.float64)
        return (levels.view(np.uint32) if self.is_unsigned else levels).astype(np.int64)


def scale_of(image: Image.Image, tiles: Iterable[Box]) -> Scale:
    """Find out where white is, by the kind of numbers and by the brightest of them.

    Args:
        image: Of one of ``DEEP_MODES``.
        tiles: The parts of it that are wanted.
    """
    tags = getattr(image, "tag_v2", {}) if image.format == "TIFF" else {}
    bits, kind = _first(tags.get(_BITS, 16)), _first(tags.get(_FORMAT, _UNSIGNED))
    raw = Scale(white=0, is_unsigned=image.mode == "I" and bits == 32 and kind == _UNSIGNED)
    brightest = max((_brightest(raw.levels(image.crop(tile))) for tile in tiles), default=0.0)
    return Scale(
        white=_white_of_floats(brightest) if image.mode == "F" else _white(brightest, bits, kind),
        is_unsigned=raw.is_unsigned,
        is_inverted=tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO,
    )


def usual_greys(image: Image.Image, tiles: Iterable[Box]) -> tuple[float, float, float]:
    """What 99 of 100 levels lie between, and the level of white.

    Args:
        image: Of one of ``DEEP_MODES``.
        tiles: The parts of it that are wanted.
    """
    tiles = list(tiles)
    scale = scale_of(image, tiles)
    every = max(1, math.isqrt(image.width * image.height // _ASKED))
    some = np.concatenate(
        [scale.levels(image.crop(tile))[::every, ::every].reshape(-1) for tile in tiles]
    )
    finite = some[np.isfinite(some)]
    if not finite.size:
        return 0.0, 0.0, scale.white
    low, high = np.percentile(finite, _USUAL)
    return float(low), float(high), scale.white


def _first(value: object) -> int:
    if isinstance(value, tuple):
        value = value[0] if value else 0
    return value if isinstance(value, int) else 0


def _brightest(levels: np.ndarray) -> float:
    if levels.dtype.kind != "f":
        return float(levels.max(initial=0))
    finite = levels[np.isfinite(levels)]
    return float(np.percentile(finite, _TYPICALLY_BRIGHTEST)) if finite.size else 0.0


def _white_of_floats(brightest: float) -> float:
    if brightest <= _BRIGHTEST_AROUND_ONE:
        return 1.0
    return next((white for white in (255.0, 65535.0) if brightest <= white), brightest)


def _white(brightest: float, bits: int, kind: int) -> float:
    """The level of white of integers; small ones often stand in larger ones."""
    full = 2.0 ** (bits - (kind == _SIGNED)) - 1
    steps = (255.0, 65535.0) if bits > 16 else (255.0,)
    return next((white for white in steps if brightest <= white), full)
