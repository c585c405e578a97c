"""What a picture is like in four numbers that music can follow."""

from dataclasses import dataclass

import numpy as np

# Differences of neighbours at which half of all is reached.
_HALF_OF_EDGES = 0.06
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class PictureAttributes:
    """Numbers from 0 to 1.

    Attributes:
        brightness: Mean luma.
        saturation: Mean saturation.
        edges: Density of edges.
        hue: The commonest hue, colourful pixels counting most; 0 is red, 1/3 green.
    """

    brightness: float
    saturation: float
    edges: float
    hue: float


def attributes_of(image_HWC: np.ndarray) -> PictureAttributes:
    """Measure a picture: uint8 (height, width, 3)."""
    rgb = image_HWC[..., :3].astype(np.float64) / 255
    luma = rgb @ np.array([0.299, 0.587, 0.114])
    most, least = rgb.max(-1), rgb.min(-1)
    chroma = most - least
    saturation = chroma / np.maximum(most, _TINY)
    across = np.abs(np.diff(luma, axis=1)).mean() if luma.shape[1] > 1 else 0.0
    down = np.abs(np.diff(luma, axis=0)).mean() if luma.shape[0] > 1 else 0.0
    steps = across + down
    red, green, blue = np.moveaxis(rgb, -1, 0)
    # Hue as an angle in the plane of colours.
    angle = np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue)
    middle = np.angle((chroma * np.exp(1j * angle)).sum() + _TINY)
    return PictureAttributes(
        brightness=float(luma.mean()),
        saturation=float((saturation * most).mean() / max(float(most.mean()), _TINY)),
        edges=float(steps / (steps + _HALF_OF_EDGES)),
        hue=float(middle / (2 * np.pi) % 1),
    )
