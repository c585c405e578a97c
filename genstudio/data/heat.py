"""Heat maps: a number for each pixel as colours that lie over a picture."""

import numpy as np

# From nothing over dark red and orange to light yellow: read in grey, it only becomes lighter.
_COLOURS = np.array(
    [[40, 0, 40], [150, 20, 60], [230, 80, 30], [255, 170, 40], [255, 250, 170]], np.float32
)
_STRONGEST = 0.85


def heat_colours(heat_HW: np.ndarray) -> np.ndarray:
    """A map in [0, 1] => uint8 (height, width, 4): colours, and opacity where it is warm."""
    heat = heat_HW.astype(np.float32).clip(0, 1)
    place = heat * (len(_COLOURS) - 1)
    below = np.minimum(place.astype(int), len(_COLOURS) - 2)
    share = (place - below)[..., None]
    colours = _COLOURS[below] * (1 - share) + _COLOURS[below + 1] * share
    opacity = ((heat - 0.25) / 0.5).clip(0, 1)[..., None] * 255
    return np.rint(np.concatenate([colours, opacity], axis=-1)).astype(np.uint8)


def heated(image_HWC: np.ndarray, heat_HW: np.ndarray, opacity: float = 0.7) -> np.ndarray:
    """A picture, less colourful, with a heat map over it.

    Args:
        image_HWC: uint8, of 1, 3 or 4 channels.
        heat_HW: In [0, 1], of the same height and width.
        opacity: Of the map where it is warmest, from 0 to 1.

    Returns:
        uint8 (height, width, 3).
    """
    picture = image_HWC.astype(np.float32)
    if picture.shape[-1] == 4:
        picture = 255 + (picture[..., :3] - 255) * picture[..., 3:] / 255
    if picture.shape[-1] == 1:
        picture = picture.repeat(3, axis=-1)
    grey = picture.mean(-1, keepdims=True)
    under = picture + (grey - picture) * opacity * _STRONGEST
    colours = heat_colours(heat_HW).astype(np.float32)
    share = colours[..., 3:] / 255 * opacity * _STRONGEST
    return np.rint(under + (colours[..., :3] - under) * share).clip(0, 255).astype(np.uint8)
