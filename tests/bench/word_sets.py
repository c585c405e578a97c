"""Painted pictures with captions whose every combination is known: shape, colour, place, size."""

import itertools
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

SHAPES = ("circle", "square", "triangle", "cross", "ring")
COLOURS = {
    "red": (214, 48, 49),
    "green": (39, 174, 96),
    "blue": (41, 98, 255),
    "yellow": (244, 208, 63),
    "purple": (142, 68, 173),
    "white": (245, 245, 245),
}
PLACES = {
    "left": (0.3, 0.5),
    "right": (0.7, 0.5),
    "top": (0.5, 0.3),
    "bottom": (0.5, 0.7),
    "middle": (0.5, 0.5),
}
SIZES = {"small": 0.13, "large": 0.24}
WITHHELD_SHARE = 0.15
_TEMPLATES = (
    "a {size} {colour} {shape} at the {place}",
    "{size} {colour} {shape}, {place}",
    "at the {place} a {colour} {shape}, {size}",
    "{place}: {shape}, {colour} and {size}",
)
# Painted larger and shrunk, so that edges are soft.
_OVERSAMPLING = 4

Combination = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaintedSet:
    """Pictures and what is on them.

    Attributes:
        images_NHWC: uint8.
        captions: One for each.
        combinations: Shape, colour, place and size of each.
    """

    images_NHWC: np.ndarray
    captions: list[str]
    combinations: list[Combination]


def all_combinations() -> list[Combination]:
    """Every shape in every colour at every place in every size."""
    return list(itertools.product(SHAPES, COLOURS, PLACES, SIZES))


def split_combinations(seed: int = 0) -> tuple[list[Combination], list[Combination]]:
    """Combinations that are learned from, and those that are withheld."""
    combinations = all_combinations()
    order = np.random.default_rng(seed).permutation(len(combinations))
    count = round(WITHHELD_SHARE * len(combinations))
    return (
        [combinations[at] for at in np.sort(order[count:])],
        [combinations[at] for at in np.sort(order[:count])],
    )


def caption_of(combination: Combination, template: int = 0) -> str:
    """A combination in words."""
    shape, colour, place, size = combination
    return _TEMPLATES[template % len(_TEMPLATES)].format(
        shape=shape, colour=colour, place=place, size=size
    )


def painted(combinations: list[Combination], each: int, size: int, seed: int) -> PaintedSet:
    """Paint each combination several times, never twice the same, in a mixed order."""
    generator = np.random.default_rng(seed)
    wanted = [combination for combination in combinations for _ in range(each)]
    wanted = [wanted[at] for at in generator.permutation(len(wanted))]
    return PaintedSet(
        images_NHWC=np.stack([paint(it, size, generator) for it in wanted]),
        captions=[caption_of(it, int(generator.integers(4))) for it in wanted],
        combinations=wanted,
    )


def paint(combination: Combination, size: int, generator: np.random.Generator) -> np.ndarray:
    """One picture: on a dark ground of any shade, not quite at its place and of its size."""
    shape, colour, place, extent = combination
    side = size * _OVERSAMPLING
    ground = tuple(int(value) for value in generator.integers(10, 60, 3))
    image = Image.new("RGB", (side, side), ground)
    x, y = (side * (at + generator.uniform(-0.04, 0.04)) for at in PLACES[place])
    r = side * SIZES[extent] * generator.uniform(0.92, 1.08)
    fill = tuple(
        int(v) for v in np.clip(np.array(COLOURS[colour]) + generator.normal(0, 8, 3), 0, 255)
    )
    draw = ImageDraw.Draw(image)
    box = (x - r, y - r, x + r, y + r)
    if shape == "circle":
        draw.ellipse(box, fill=fill)
    elif shape == "ring":
        draw.ellipse(box, outline=fill, width=max(1, round(0.42 * r)))
    elif shape == "square":
        draw.rectangle((x - 0.88 * r, y - 0.88 * r, x + 0.88 * r, y + 0.88 * r), fill=fill)
    elif shape == "triangle":
        draw.polygon([(x, y - r), (x + r, y + 0.8 * r), (x - r, y + 0.8 * r)], fill=fill)
    else:
        draw.rectangle((x - 0.32 * r, y - r, x + 0.32 * r, y + r), fill=fill)
        draw.rectangle((x - r, y - 0.32 * r, x + r, y + 0.32 * r), fill=fill)
    return np.asarray(image.resize((size, size), Image.Resampling.BOX))
