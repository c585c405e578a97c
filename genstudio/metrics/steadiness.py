"""How steady a film is: what changes beyond what moves.

Source: the temporal loss of Ruder et al. 2016 (arXiv:1604.08610, eq. 6), here as a figure: each
frame is compared with the one before, moved as the scene moved, where both show the same.
"""

from collections.abc import Sequence

import numpy as np

# (rows, columns) by which the scene moved from a frame to the next: whole pixels.
Shift = tuple[int, int]


def warp_error(frames: Sequence[np.ndarray], shifts: Sequence[Shift]) -> float:
    """Mean absolute difference of each frame to the one before, moved; from 0 to 1.

    Args:
        frames: uint8 of shape (height, width, channels), alike in size.
        shifts: How far the scene moved from each frame to the next, one fewer than frames.
    """
    errors = [
        np.abs(_moved(before, shift) - _moved_from(after, shift)).mean()
        for before, after, shift in zip(frames, frames[1:], shifts, strict=False)
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


def _change(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(one.astype(np.float32) - other).mean(axis=-1)


def _moved(frame: np.ndarray, shift: Shift) -> np.ndarray:
    """The part of a frame that is still seen in the next one."""
    rows, columns = shift
    height, width = frame.shape[:2]
    top, left = max(0, -rows), max(0, -columns)
    return frame[top : height - max(0, rows), left : width - max(0, columns)].astype(np.float32)


def _moved_from(frame: np.ndarray, shift: Shift) -> np.ndarray:
    """The same part, where it is in the next frame."""
    rows, columns = shift
    return _moved(frame, (-rows, -columns))
