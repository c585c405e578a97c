"""What can be said of a picture without knowing what it shows: colours, light, contrast, detail."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from genstudio.data.picture_attributes import attributes_of

_SIDE = 64
# Smaller shares of a picture are no colour of it.
_LEAST_SHARE = 0.08
_MOST_COLOURS = 3
_NAMES: Final = (
    (15, "red"), (42, "orange"), (68, "yellow"), (165, "green"), (195, "turquoise"), (258, "blue"),
    (295, "purple"), (340, "pink"), (361, "red"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A picture in words.

    Attributes:
        colours: Names of its colours, that with the largest share first.
        light: Such as "dark" or "bright, with strong contrasts".
        detail: Such as "smooth".
        is_black: Whether there is nothing to see.
    """

    colours: tuple[str, ...]
    light: str
    detail: str
    is_black: bool

    @property
    def words(self) -> str:
        """All of it in a line."""
        colours = " and ".join(self.colours) if self.colours else "no colour"
        return f"{self.light}; {colours}; {self.detail}"


def seen_in(image_HWC: np.ndarray) -> Seen:
    """Describe a picture: uint8 (height, width, 3)."""
    small = Image.fromarray(image_HWC[..., :3]).resize((_SIDE, _SIDE), Image.Resampling.BOX)
    pixels = np.asarray(small)
    luma = pixels.astype(np.float64) @ np.array([0.299, 0.587, 0.114]) / 255
    names = [_name_of(*row) for row in _hsv(pixels.reshape(-1, 3))]
    shares = {name: names.count(name) / len(names) for name in dict.fromkeys(names)}
    ranked = sorted(shares, key=lambda name: (-shares[name], name))
    colours = tuple(name for name in ranked if shares[name] >= _LEAST_SHARE)[:_MOST_COLOURS]
    return Seen(
        colours=colours,
        light=_light(float(luma.mean()), float(luma.std())),
        detail=_detail(attributes_of(image_HWC).edges),
        is_black=bool(np.percentile(luma, 99) < 0.06),
    )


def moving(motion: float) -> str:
    """How much moves in a shot, in a word."""
    if motion < 0.002:
        return "still"
    return "slow" if motion < 0.012 else "lively" if motion < 0.05 else "hasty"


def _light(mean: float, deviation: float) -> str:
    words = "dark" if mean < 0.2 else "dim" if mean < 0.4 else "light" if mean < 0.7 else "bright"
    return f"{words}, with strong contrasts" if deviation > 0.28 else words


def _detail(edges: float) -> str:
    return "smooth" if edges < 0.25 else "finely textured" if edges > 0.6 else "with some detail"


def _hsv(pixels: np.ndarray) -> np.ndarray:
    """Degrees, saturation and value of each pixel: (N, 3)."""
    rgb = pixels.astype(np.float64) / 255
    most, least = rgb.max(1), rgb.min(1)
    chroma = most - least
    red, green, blue = rgb.T
    safe = np.maximum(chroma, 1e-9)
    hue = np.where(
        most == red,
        (green - blue) / safe % 6,
        np.where(most == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    return np.stack([60 * hue, chroma / np.maximum(most, 1e-9), most], axis=1)


def _name_of(hue: float, saturation: float, value: float) -> str:
    if value < 0.14:
        return "black"
    if saturation < 0.14 or (saturation < 0.3 and value < 0.3):
        return "white" if value > 0.86 else "grey"
    if 12 <= hue < 45 and value < 0.66:
        return "brown"
    return next(name for end, name in _NAMES if hue < end)
