"""Painted textures with defects and their masks, for measuring what finds them.

Every texture varies from picture to picture as a camera would see it (phase, light, grain). What
finds defects is trained on whole textures only, and never sees one of these kinds of defects.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

Image = np.ndarray  # float32 (side, side, 3) in [0, 1]
Random = np.random.Generator


def _noise(random: Random, side: int, sigma: float | tuple[float, float]) -> np.ndarray:
    field = ndimage.gaussian_filter(random.standard_normal((side, side)), sigma, mode="wrap")
    return (field - field.mean()) / field.std()


def _coloured(value: np.ndarray, dark: tuple[float, ...], light: tuple[float, ...]) -> Image:
    share = value.clip(0, 1)[..., None]
    return (np.asarray(dark) * (1 - share) + np.asarray(light) * share).astype(np.float32)


def _weave(random: Random, side: int) -> Image:
    y, x = np.mgrid[:side, :side] + random.uniform(0, 16, 2)[:, None, None]
    bend = _noise(random, side, side / 8)
    across, down = np.sin((x + bend) * np.pi / 4), np.sin((y + bend) * np.pi / 4)
    over = (np.floor((x + bend) / 4) + np.floor((y + bend) / 4)) % 2 == 0
    value = 0.5 + 0.3 * np.where(over, np.abs(across), np.abs(down))
    return _coloured(value + 0.05 * _noise(random, side, 0.6), (0.1, 0.12, 0.2), (0.7, 0.65, 0.5))


def _dots(random: Random, side: int) -> Image:
    y, x = np.mgrid[:side, :side] + random.uniform(0, 16, 2)[:, None, None]
    row = np.floor(y / 16)
    distance = np.hypot((x + 8 * (row % 2)) % 16 - 8, y % 16 - 8)
    value = 1 / (1 + np.exp((distance - 4.5) * 1.5))
    return _coloured(value + 0.04 * _noise(random, side, 0.8), (0.75, 0.7, 0.6), (0.55, 0.1, 0.12))


def _bricks(random: Random, side: int) -> Image:
    y, x = np.mgrid[:side, :side] + random.uniform(0, 40, 2)[:, None, None]
    row = np.floor(y / 16)
    x = x + 16 * (row % 2)
    edge = np.minimum(np.minimum(y % 16, 16 - y % 16), np.minimum(x % 32, 32 - x % 32))
    brick = np.clip(edge - 1, 0, 1)
    tone = np.sin(12.9 * row + 78.2 * np.floor(x / 32)) * 0.12
    value = brick * (0.62 + tone + 0.07 * _noise(random, side, 1.2))
    return _coloured(value + 0.05 * _noise(random, side, 0.7), (0.72, 0.7, 0.66), (0.6, 0.2, 0.12))


def _wood(random: Random, side: int) -> Image:
    y, x = np.mgrid[:side, :side].astype(float)
    bend = 5 * _noise(random, side, (side / 3, side / 10))
    rings = np.sin((x + bend) * 2 * np.pi / 21 + random.uniform(0, 7))
    fibre = _noise(random, side, (9, 0.7))
    value = 0.55 + 0.2 * rings + 0.09 * fibre + y * 0
    return _coloured(value, (0.28, 0.15, 0.07), (0.8, 0.56, 0.34))


def _leather(random: Random, side: int) -> Image:
    cells = 300 * side * side // 128**2
    points = random.uniform(0, side, (cells, 2)).astype(int) % side
    seeds = np.ones((side, side), bool)
    seeds[points[:, 0], points[:, 1]] = False
    distance = ndimage.distance_transform_edt(seeds)
    value = 0.75 - 0.09 * distance + 0.06 * _noise(random, side, 1)
    return _coloured(value, (0.16, 0.08, 0.06), (0.55, 0.32, 0.22))


def _carpet(random: Random, side: int) -> Image:
    coarse, fine = _noise(random, side, (1.5, 0.8)), _noise(random, side, 0.6)
    value = 0.5 + 0.14 * coarse + 0.1 * fine
    image = _coloured(value, (0.2, 0.22, 0.3), (0.75, 0.72, 0.66))
    image[..., 0] += 0.05 * _noise(random, side, 1)
    return image


TEXTURES: dict[str, Callable[[Random, int], Image]] = {
    "weave": _weave, "dots": _dots, "bricks": _bricks,
    "wood": _wood, "leather": _leather, "carpet": _carpet,
}  # fmt: skip


def _place(random: Random, side: int, size: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Distances to a random place inside, down and across, and a radius about ``size``."""
    radius = size * random.uniform(0.8, 1.3)
    middle = random.uniform(radius + 4, side - radius - 4, 2)
    y, x = np.mgrid[:side, :side].astype(float)
    return y - middle[0], x - middle[1], radius


def _blob(random: Random, side: int, size: float) -> np.ndarray:
    y, x, radius = _place(random, side, size)
    rough = 1 + 0.25 * _noise(random, side, 6)
    return (np.hypot(y, x * random.uniform(0.7, 1.4)) < radius * rough).astype(float)


def _scratch(image: Image, random: Random, texture: str) -> tuple[Image, np.ndarray]:
    del texture
    side = image.shape[0]
    y, x, _ = _place(random, side, side / 5)
    angle = random.uniform(0, np.pi)
    along = y * np.sin(angle) + x * np.cos(angle)
    across = y * np.cos(angle) - x * np.sin(angle) + 3 * np.sin(along / 14)
    mask = ((np.abs(across) < 1.5) & (np.abs(along) < side / 6)).astype(float)
    tone = random.choice([0.08, 0.95])
    return image * (1 - 0.75 * mask[..., None]) + 0.75 * tone * mask[..., None], mask


def _spot(image: Image, random: Random, texture: str) -> tuple[Image, np.ndarray]:
    del texture
    mask = _blob(random, image.shape[0], 5)
    soft = ndimage.gaussian_filter(mask, 1)[..., None]
    return image * (1 - 0.6 * soft) + 0.6 * soft * random.choice([0.05, 0.95]), mask


def _missing(image: Image, random: Random, texture: str) -> tuple[Image, np.ndarray]:
    """What is drawn is gone; the ground shows, with its grain."""
    del texture
    side = image.shape[0]
    mask = _blob(random, side, 9)
    ground = np.median(image.reshape(-1, 3), axis=0) + 0.015 * random.standard_normal(image.shape)
    soft = ndimage.gaussian_filter(mask, 0.7)[..., None]
    return image * (1 - soft) + ground * soft, mask


def _wrong_colour(image: Image, random: Random, texture: str) -> tuple[Image, np.ndarray]:
    del texture
    mask = _blob(random, image.shape[0], 10)
    turned = np.roll(image, random.choice([1, 2]), axis=-1)
    soft = 0.7 * ndimage.gaussian_filter(mask, 1)[..., None]
    return image * (1 - soft) + turned * soft, mask


def _misplaced(image: Image, random: Random, texture: str) -> tuple[Image, np.ndarray]:
    """A part is turned by a right angle or a half and lies where another should."""
    del texture
    side, half = image.shape[0], image.shape[0] // 10
    y, x = random.integers(half + 2, side - half - 2, 2)
    from_y, from_x = random.integers(half + 2, side - half - 2, 2)
    out, mask = image.copy(), np.zeros((side, side))
    part = image[from_y - half : from_y + half, from_x - half : from_x + half]
    out[y - half : y + half, x - half : x + half] = np.rot90(part)
    mask[y - half : y + half, x - half : x + half] = 1
    return out, mask


def _foreign(image: Image, random: Random, texture: str) -> tuple[Image, np.ndarray]:
    others = [name for name in TEXTURES if name != texture]
    other = TEXTURES[str(random.choice(others))](random, image.shape[0])
    # Brought to the same colours, so that these alone do not tell it.
    other = (other - other.mean((0, 1))) / other.std((0, 1)) * image.std((0, 1)) + image.mean(
        (0, 1)
    )
    mask = _blob(random, image.shape[0], 11)
    soft = ndimage.gaussian_filter(mask, 0.7)[..., None]
    return image * (1 - soft) + other * soft, mask


DEFECTS: dict[str, Callable[[Image, Random, str], tuple[Image, np.ndarray]]] = {
    "scratch": _scratch, "spot": _spot, "missing part": _missing,
    "wrong colour": _wrong_colour, "misplacement": _misplaced, "foreign texture": _foreign,
}  # fmt: skip


@dataclass(frozen=True)
class DefectSet:
    """Whole pictures to learn from, and tests.

    Attributes:
        normal_NHWC: uint8, to learn from.
        test_NHWC: uint8: whole ones first, then those with defects.
        masks_NHW: bool; where the defect of each test is.
        kinds: Name of the defect of each test; empty for whole ones.
    """

    normal_NHWC: np.ndarray
    test_NHWC: np.ndarray
    masks_NHW: np.ndarray
    kinds: list[str]

    @property
    def is_defective_N(self) -> np.ndarray:
        """Whether each test has a defect."""
        return np.array([bool(kind) for kind in self.kinds])


def make_set(
    texture: str, *, side: int, num_normal: int, num_whole: int, per_kind: int, seed: int = 0
) -> DefectSet:
    """Paint a set; the same arguments give the same pixels."""
    own = list(TEXTURES).index(texture)

    def whole(number: int) -> Image:
        random = np.random.default_rng([seed, own, number])
        light = random.uniform(0.93, 1.07)
        return TEXTURES[texture](random, side) * np.float32(light)

    normal = [whole(number) for number in range(num_normal)]
    tests = [whole(num_normal + number) for number in range(num_whole)]
    masks, kinds = [np.zeros((side, side))] * num_whole, [""] * num_whole
    at = num_normal + num_whole
    for kind, spoil in DEFECTS.items():
        for _ in range(per_kind):
            image, mask = spoil(whole(at), np.random.default_rng([seed, own, at, 1]), texture)
            tests.append(image)
            masks.append(mask)
            kinds.append(kind)
            at += 1
    return DefectSet(_bytes(normal), _bytes(tests), np.stack(masks) > 0.5, kinds)


def _bytes(images: list[Image]) -> np.ndarray:
    return (np.stack(images).clip(0, 1) * 255).round().astype(np.uint8)
