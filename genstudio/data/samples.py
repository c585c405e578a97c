"""A picture set that needs no pictures: painted flowers, for demonstrations and tests."""

import colorsys
import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from genstudio.domain.files import explained, replacing
from genstudio.domain.language import tr
from genstudio.domain.progress import Progress

# Lengths are in halves of the picture's side: the middle is (0, 0), the right edge is x = 1.
_SHADOW: Final = 0.09
_LIGHT_X, _LIGHT_Y = -0.57, -0.82
_LIGHT_ANGLE: Final = math.atan2(_LIGHT_Y, _LIGHT_X)

_Window = tuple[slice, slice]
_Colors = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Species:
    """What flowers of one kind have in common.

    Attributes:
        petals: Fewest and most in a ring.
        rings: Fewest and most that lie on each other.
        width: Of a petal, by the room that it has in its ring.
        base, tip: Exponents of a petal's outline at its ends: 0.5 is round, 1 is pointed.
        notch: Depth of the dent in a petal's tip, by its length.
        vein: How much darker the line along a petal is.
        heart: Radius of the middle, by the flower's radius.
        stamens: How many stand around the middle.
        hues: First and last hue of the petals, from 0 to 1; may pass 1.
        dark: Whether the middle is brown instead of golden, and the petals are deep in colour.
    """

    petals: tuple[int, int]
    rings: tuple[int, int]
    width: float
    base: float
    tip: float
    notch: float = 0.0
    vein: float = 0.0
    heart: float
    stamens: int = 0
    hues: tuple[float, float]
    dark: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flower:
    """One flower of a kind; ``turn`` is the angle of its first petal."""

    species: _Species
    x: float
    y: float
    radius: float
    petals: int
    turn: float
    hue: float


# fmt: off
_SPECIES: Final = {
    "daisy": _Species(
        petals=(13, 19), rings=(2, 2), width=0.84, base=0.7, tip=0.5, vein=0.05,
        heart=0.29, hues=(0.82, 1.12)),
    "sunflower": _Species(
        petals=(15, 20), rings=(2, 2), width=1.02, base=0.75, tip=0.8, vein=0.1,
        heart=0.39, hues=(0.09, 0.14), dark=True),
    "cosmos": _Species(
        petals=(7, 9), rings=(1, 1), width=0.76, base=0.95, tip=0.5, notch=0.1, vein=0.1,
        heart=0.19, stamens=13, hues=(0.78, 0.98)),
    "poppy": _Species(
        petals=(5, 6), rings=(1, 2), width=0.88, base=0.75, tip=0.5,
        heart=0.18, stamens=19, hues=(0.96, 1.06), dark=True),
    "clematis": _Species(
        petals=(6, 8), rings=(1, 2), width=0.67, base=0.8, tip=0.85, vein=0.2,
        heart=0.165, stamens=15, hues=(0.62, 0.84)),
    "dahlia": _Species(
        petals=(10, 13), rings=(4, 4), width=1.0, base=0.75, tip=0.65,
        heart=0.105, hues=(0.84, 1.1)),
    "forget-me-not": _Species(
        petals=(5, 5), rings=(1, 1), width=0.71, base=0.85, tip=0.45, notch=0.05,
        heart=0.22, hues=(0.53, 0.72)),
}
# fmt: on


def make_sample_folder(
    folder: Path, *, count: int = 600, size: int = 128, seed: int = 0
) -> Iterator[Progress]:
    """Paint flowers into a folder, as ``flower-0001.png`` and so on.

    A whole picture that has such a name already is kept, so that an
    interrupted call goes on where it ended and nothing of a person's is lost.

    Args:
        folder: Made if missing.
        count: How many pictures the folder shall hold.
        size: Side in pixels.
        seed: Another seed paints other flowers; the same one paints the same.

    Raises:
        ProjectError: The folder cannot be written to, or the disk is full.
    """
    for index in range(1, count + 1):
        path = folder / f"flower-{index:04d}.png"
        if not _is_whole(path):
            picture = Image.fromarray(paint_flower(size, seed=seed, index=index))
            with replacing(path) as temporary:
                picture.save(temporary, "PNG", compress_level=3)
        yield Progress(tr("Drawing flowers"), index, count)


def _is_whole(path: Path) -> bool:
    with explained(path):
        if not path.exists():
            return False
    try:
        with Image.open(path, formats=("PNG",)) as picture:
            picture.load()
    except (OSError, SyntaxError, ValueError):
        return False  # Torn by a crash.
    return True


def paint_flower(size: int, *, seed: int, index: int) -> np.ndarray:
    """Paint one flower.

    Returns:
        uint8 array of shape (size, size, 3).
    """
    random = np.random.default_rng((seed, index))
    species = list(_SPECIES.values())[random.integers(len(_SPECIES))]
    flower = _Flower(
        species=species,
        x=random.uniform(-0.04, 0.04),
        y=random.uniform(-0.2, -0.12),
        radius=random.uniform(0.62, 0.72),
        petals=int(random.integers(*species.petals, endpoint=True)),
        turn=random.uniform(0, 2 * math.pi),
        hue=random.uniform(*species.hues),
    )
    canvas = _Canvas(size, *_background(flower.hue, random))
    _paint_stem(canvas, flower, random)
    _paint_petals(canvas, flower, random)
    if species.stamens:
        _paint_stamens(canvas, flower)
    _paint_heart(canvas, flower)
    return canvas.to_picture()


class _Canvas:
    """A picture in the making: colours from 0 to 1, lighter at the top."""

    def __init__(self, size: int, top: np.ndarray, bottom: np.ndarray) -> None:
        self._pixel = 2 / size
        axis = (np.arange(size, dtype=np.float32) + 0.5) * self._pixel - 1
        self._x, self._y = axis[None, :], axis[:, None]
        self._colors_CHW = _mix(top, bottom, _unit(0.5 + 0.42 * self._y + 0.1 * self._x))

    def around(self, x: float, y: float, radius: float) -> tuple[_Window, np.ndarray, np.ndarray]:
        """Rows and columns that a disc touches, and their coordinates from its middle."""
        (left, right), (top, bottom) = (
            [max(math.floor((middle + side + 1) / self._pixel), 0) for side in (-radius, radius)]
            for middle in (x, y)
        )
        window = slice(top, bottom + 1), slice(left, right + 1)
        return window, self._x[:, window[1]] - x, self._y[window[0]] - y

    def coverage(self, inside: np.ndarray) -> np.ndarray:
        """How much of each pixel a shape covers, by the distance to its edge."""
        return _unit(inside * (1 / self._pixel) + 0.5)

    def shade(self, window: _Window, factor: np.ndarray) -> None:
        """Darken."""
        self._colors_CHW[:, *window] *= factor

    def paint(self, window: _Window, coverage: np.ndarray, color_CHW: np.ndarray) -> None:
        """Lay colour over what is there."""
        part_CHW = self._colors_CHW[:, *window]
        part_CHW += coverage * (color_CHW - part_CHW)

    def to_picture(self) -> np.ndarray:
        """The finished picture: uint8 array of shape (size, size, 3)."""
        picture_CHW = (_unit(self._colors_CHW) * 255 + 0.5).astype(np.uint8)
        return np.ascontiguousarray(picture_CHW.transpose(1, 2, 0))


def _unit(values: np.ndarray) -> np.ndarray:
    above = np.maximum(values, 0)
    return np.minimum(above, 1, out=above)


def _color(hue: float, saturation: float, value: float) -> np.ndarray:
    rgb = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return np.array(rgb, dtype=np.float32)[:, None, None]


def _mix(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    return first + (second - first) * share


def _background(hue: float, random: np.random.Generator) -> _Colors:
    """Colours at the top and bottom that go with the petals: pastel, or sometimes dusk."""
    top = hue + random.choice((0.45, 0.5, 0.55, 0.08, -0.08)) + random.uniform(-0.03, 0.03)
    if random.random() < 0.25:
        dusk = _color(top, 0.45, random.uniform(0.17, 0.25))
        return dusk, _color(top + 0.06, 0.4, random.uniform(0.36, 0.46))
    bottom = _color(top + random.uniform(-0.07, 0.07), random.uniform(0.2, 0.32), 0.9)
    return _color(top, random.uniform(0.06, 0.14), 0.98), bottom


@functools.cache
def _outline(base: float, tip: float) -> tuple[np.ndarray, np.ndarray]:
    """Width of a petal from its base to its tip, at most 1, and the slope of its edge."""
    along = np.linspace(0, 1, 512, dtype=np.float32)
    peak = base / (base + tip)
    width = along**base * (1 - along) ** tip / (peak**base * (1 - peak) ** tip)
    return width, np.clip(np.gradient(width, along), -8, 8)


class _Petal:
    """A petal or leaf, measured at each pixel.

    Attributes:
        room: Distance to the edge along the axes, below 0 outside.
        inside: Distance to the edge at right angles, near the edge.
        along: Place from base (0) to tip (1).
    """

    def __init__(
        self,
        u: np.ndarray,
        v: np.ndarray,
        length: np.ndarray | float,
        width: float,
        *,
        base: float,
        tip: float,
    ) -> None:
        self.along = u / length
        widths, slopes = _outline(base, tip)
        step = (_unit(self.along) * (widths.size - 1)).astype(np.int32)
        half, slope = widths[step] * (width / 2), slopes[step] * (width / 2) / length
        aside = np.abs(v)
        beyond = np.minimum(np.minimum(u, length - u), 0)
        self.room = half - aside + beyond
        self.inside = (half - aside) / np.sqrt(1 + slope * slope) + beyond
        self._across = np.minimum(aside / np.maximum(half, 1e-3), 1)
        self._from_line = aside * (9 / width)

    def relief(self, vein: float) -> np.ndarray:
        """Light on a petal that bends down at its edges and has a line along its middle."""
        line = _unit(1.2 - self._from_line) * _unit(1.3 - 1.3 * self.along)
        return (1.04 - 0.13 * self._across * self._across) * (1 - vein * line)


def _paint_stem(canvas: _Canvas, flower: _Flower, random: np.random.Generator) -> None:
    green = random.uniform(0.26, 0.38)
    colors = _color(green, 0.55, 0.52), _color(green - 0.03, 0.5, 0.72)
    bend, depth = random.uniform(-0.25, 0.25), 1.05 - flower.y
    window, from_x, from_y = canvas.around(flower.x, flower.y, 2.5)
    aside = from_x - bend * _unit(from_y / depth) ** 2
    covered = canvas.coverage(0.028 - np.abs(aside)) * (from_y > 0)
    canvas.paint(window, covered, _mix(*colors, _unit(0.5 - aside * 18)))
    for side in random.permutation((-1, 1))[: random.integers(1, 3)]:
        share = random.uniform(0.55, 0.75)
        foot = flower.x + bend * share * share, flower.y + share * depth
        _paint_leaf(canvas, foot, int(side), colors, random)


def _paint_leaf(
    canvas: _Canvas,
    foot: tuple[float, float],
    side: int,
    colors: _Colors,
    random: np.random.Generator,
) -> None:
    length, angle = random.uniform(0.5, 0.68), side * math.radians(random.uniform(38, 62))
    window, from_x, from_y = canvas.around(*foot, length)
    u = from_x * math.sin(angle) - from_y * math.cos(angle)
    v = from_x * math.cos(angle) + from_y * math.sin(angle)
    v = v + side * 0.35 * u * (1 - u / length)
    leaf = _Petal(u, v, length, length * random.uniform(0.34, 0.46), base=0.8, tip=1.0)
    light = (0.93 + 0.07 * np.sign(v * side)) * (1 - 0.22 * _unit(1.3 - np.abs(v) / 0.014))
    canvas.paint(window, canvas.coverage(leaf.inside), _mix(*colors, _unit(leaf.along)) * light)


def _paint_petals(canvas: _Canvas, flower: _Flower, random: np.random.Generator) -> None:
    colors = _petal_colors(flower, random)
    rings = int(random.integers(*flower.species.rings, endpoint=True))
    for ring in range(rings):
        radius = flower.radius * (1 - 0.62 * ring / max(rings, 2))
        turn = flower.turn + ring * math.pi / flower.petals
        _paint_ring(canvas, replace(flower, radius=radius, turn=turn), colors, random)


def _petal_colors(flower: _Flower, random: np.random.Generator) -> _Colors:
    """Colours at the base and the tip: one deep, one light, either way round."""
    saturation, drift = random.uniform(0.45, 0.8), random.uniform(-0.06, 0.06)
    if flower.species.dark:
        saturation = max(saturation, 0.7)
    elif random.random() < 0.2:
        saturation *= 0.18  # White, with a tinge.
    light = _color(flower.hue, saturation * 0.75, 1.0)
    deep = _color(flower.hue + drift, float(np.clip(saturation * 1.25, 0.35, 0.88)), 0.86)
    return (deep, light) if random.random() < 0.6 else (light, deep)


def _paint_ring(
    canvas: _Canvas, ring: _Flower, colors: _Colors, random: np.random.Generator
) -> None:
    """Paint all petals of a ring at once, each lying on the edge of the one before.

    Turning every pixel into the sector of the petal that is nearest makes the
    ring one petal, and what reaches over from the petals at its two sides.
    """
    species, step = ring.species, 2 * math.pi / ring.petals
    width = species.width * step * ring.radius
    lengths = ring.radius * random.uniform(0.92, 1.05, ring.petals).astype(np.float32)
    lights = 1 + random.uniform(-0.03, 0.03, ring.petals).astype(np.float32)
    lights += 0.1 * np.cos(np.arange(ring.petals) * step + ring.turn - _LIGHT_ANGLE)
    window, x, y = canvas.around(ring.x, ring.y, ring.radius * 1.05 + _SHADOW)
    distance, sector = np.sqrt(x * x + y * y), (np.arctan2(y, x) - ring.turn) * (1 / step)
    nearest = np.floor(sector + 0.5)
    angle = (sector - nearest) * step
    along, aside = distance * np.cos(angle), distance * np.sin(angle)
    tone = light = cover = shadow = np.zeros_like(distance)
    for side in (-1, 0, 1):
        cos, sin = math.cos(side * step), math.sin(side * step)
        which = (nearest + side).astype(np.int32)
        u, v = along * cos + aside * sin, aside * cos - along * sin
        dent = (ring.radius * species.notch) * _unit(1 - np.abs(v) * (4 / width)) ** 2
        petal = _Petal(
            u + dent, v, lengths.take(which, mode="wrap"), width, base=species.base, tip=species.tip
        )
        covered, cast = canvas.coverage(petal.inside), _unit(1 + petal.room * (1 / _SHADOW)) ** 2
        share = np.maximum(covered, 1 - cover)
        tone = _mix(tone, petal.along, share)
        light = _mix(
            light * (1 - 0.3 * cast),
            lights.take(which, mode="wrap") * petal.relief(species.vein),
            share,
        )
        cover, shadow = np.maximum(cover, covered), np.maximum(shadow, cast)
    canvas.shade(window, 1 - 0.28 * shadow)
    canvas.paint(window, cover, _mix(*colors, _unit(tone * 1.15 - 0.15)) * light)


def _paint_stamens(canvas: _Canvas, flower: _Flower) -> None:
    """Paint thin threads around the middle, each with a golden dot at its end."""
    heart, step = flower.radius * flower.species.heart, 2 * math.pi / flower.species.stamens
    window, x, y = canvas.around(flower.x, flower.y, heart * 2 + 0.04)
    distance, sector = np.sqrt(x * x + y * y), (np.arctan2(y, x) - flower.turn) * (1 / step)
    nearest = np.floor(sector + 0.5)
    angle = (sector - nearest) * step
    reach = heart * (1.75 + 0.25 * np.cos(nearest * 2.4))
    thread = np.minimum(0.011 - np.abs(distance * angle), reach - distance)
    canvas.paint(window, canvas.coverage(thread) * 0.8, _heart_colors(flower.species)[0])
    along, aside = distance * np.cos(angle) - reach, distance * np.sin(angle)
    dot = 0.036 - np.sqrt(along * along + aside * aside)
    canvas.paint(window, canvas.coverage(dot), _color(0.135, 0.7, 0.97))


def _paint_heart(canvas: _Canvas, flower: _Flower) -> None:
    """Paint the middle: a ball of florets that stand in crossing spirals."""
    heart = flower.radius * flower.species.heart
    window, x, y = canvas.around(flower.x, flower.y, heart + _SHADOW)
    distance, angle = np.sqrt(x * x + y * y), np.arctan2(y, x)
    canvas.shade(window, 1 - 0.35 * _unit(1 - (distance - heart) * (1 / _SHADOW)) ** 2)
    turn = 14 * np.sqrt(distance / heart)
    florets = np.cos(13 * angle + turn) * np.cos(8 * angle - turn)
    slope = (x * _LIGHT_X + y * _LIGHT_Y - distance * distance * (0.6 / heart)) * (0.35 / heart)
    shade = _unit(0.58 + 0.22 * florets + slope)
    colors = _heart_colors(flower.species)
    canvas.paint(window, canvas.coverage(heart - distance), _mix(*colors, shade))


def _heart_colors(species: _Species) -> _Colors:
    if species.dark:
        return _color(0.04, 0.7, 0.22), _color(0.09, 0.75, 0.5)
    return _color(0.08, 0.9, 0.78), _color(0.14, 0.75, 1.0)
