"""How steady a film is: what changes beyond what moves.

Source: the temporal loss of Ruder et al. 2016 (arXiv:1604.08610, eq. 6), here as a figure: each
frame is compared with the one before, moved as the scene moved, where both show the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

# Bicubic sampling looks at two pixels on each side.
_MARGIN_PX = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """How a scene moves from one frame to the next.

    Attributes:
        rows: Downwards, in pixels; parts of pixels too.
        columns: To the right.
        zoom: By what the scene grows about the middle of the frame, before it moves.
    """

    rows: float = 0.0
    columns: float = 0.0
    zoom: float = 1.0


def warp_error(frames: Sequence[np.ndarray], motions: Sequence[Motion]) -> float:
    """Mean absolute difference of each frame to the one before, moved; from 0 to 1.

    What comes in at the edges is left out. Where the motion is none of whole pixels, a film has an
    error of its own, since sampling between pixels blurs.

    Args:
        frames: uint8 of shape (height, width, channels), alike in size.
        motions: From each frame to the next, one fewer than frames.
    """
    errors = [
        _difference(before, after, motion)
        for before, after, motion in zip(frames, frames[1:], motions, strict=False)
    ]
    return float(np.mean(errors)) / 255


def flicker(frames: Sequence[np.ndarray], given: Sequence[np.ndarray]) -> float:
    """By how much more a film changes from frame to frame than the one that it was made from.

    Of still pictures it is all the change there is; for films that move, compare two results of one
    film. From 0 to 1.

    Args:
        frames: uint8 of shape (height, width, channels).
        given: The film that they were made from, frame by frame.
    """
    changes = [
        np.maximum(_change(one, other) - _change(seen, after), 0).mean()
        for one, other, seen, after in zip(frames, frames[1:], given, given[1:], strict=False)
    ]
    return float(np.mean(changes)) / 255


def moved(image_HWC: np.ndarray, motion: Motion) -> tuple[np.ndarray, np.ndarray]:
    """Move a picture as a scene moves.

    Args:
        image_HWC: uint8 (height, width, channels).
        motion: How.

    Returns:
        float32 of the same shape, sampled bicubically, and where it is known: bool of shape
        (height, width).
    """
    height, width = image_HWC.shape[:2]
    rows, columns = (
        (torch.arange(length) - (length - 1) / 2 - shift) / motion.zoom + (length - 1) / 2
        for length, shift in ((height, motion.rows), (width, motion.columns))
    )
    known = _within(rows, height)[:, None] & _within(columns, width)[None]
    places = torch.stack(
        [
            (columns * 2 / (width - 1) - 1).expand(height, width),
            (rows * 2 / (height - 1) - 1)[:, None].expand(height, width),
        ],
        dim=-1,
    )
    pixels = torch.from_numpy(image_HWC.astype(np.float32)).permute(2, 0, 1)[None]
    sampled = functional.grid_sample(
        pixels, places[None], mode="bicubic", padding_mode="border", align_corners=True
    )
    return sampled[0].permute(1, 2, 0).numpy(), known.numpy()


def _difference(before: np.ndarray, after: np.ndarray, motion: Motion) -> float:
    expected, known = moved(before, motion)
    return float(np.abs(expected - after)[known].mean())


def _within(places: Tensor, length: int) -> Tensor:
    return (places >= _MARGIN_PX) & (places <= length - 1 - _MARGIN_PX)


def _change(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(one.astype(np.float32) - other).mean(axis=-1)
