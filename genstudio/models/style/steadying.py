"""Holds a painted film together: what moves keeps its paint."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from genstudio.models.style.motion import is_within, optical_flow, sampled

# Mean difference, from 0 to 1, by which a place counts as followed; and of parts of a window.
_TOLERANCE = 0.04
_WINDOW_PX = 5


class Steadier:
    """Blends each painted frame with the painted one before, moved as the film moves.

    Where the film itself shows that the motion was not understood (what comes into view, a cut, a
    change of light), the new paint is taken alone.

    Source: short-term temporal consistency of Ruder et al. 2016 (arXiv:1604.08610), here as a
    recursive filter with optical flow of our own.

    Args:
        strength: Share of the paint before, from 0 to 1; 0 leaves films as they are.
    """

    def __init__(self, strength: float) -> None:
        self._strength = strength
        self._before: tuple[np.ndarray, Tensor] | None = None

    def steady(self, seen_HWC: np.ndarray, painted_HWC: np.ndarray) -> np.ndarray:
        """Take the next frame of a film.

        Args:
            seen_HWC: Of the film: uint8 of shape (height, width, 3).
            painted_HWC: What was made of it, of the same shape.

        Returns:
            Of the same shape.
        """
        if self._strength == 0:
            return painted_HWC
        painted = _tensor(painted_HWC)
        if self._before is not None and self._before[0].shape == seen_HWC.shape:
            seen_before, painted_before = self._before
            flow = optical_flow(seen_before, seen_HWC)
            share = self._strength * _followed(seen_before, seen_HWC, flow)
            painted = torch.lerp(painted, sampled(painted_before, flow), share)
        painted = painted.clamp(0, 1)
        self._before = seen_HWC, painted
        return painted.mul(255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()


def _followed(before_HWC: np.ndarray, after_HWC: np.ndarray, flow: Tensor) -> Tensor:
    """How surely each place was found in the frame before: float32 (1, height, width), 0 to 1."""
    difference = (sampled(_tensor(before_HWC), flow) - _tensor(after_HWC)).abs().mean(0)
    around = functional.avg_pool2d(
        difference[None],
        2 * (_WINDOW_PX // 2) + 1,
        stride=1,
        padding=_WINDOW_PX // 2,
        count_include_pad=False,
    )
    return torch.exp(-((around / _TOLERANCE) ** 2)) * is_within(flow)


def _tensor(image_HWC: np.ndarray) -> Tensor:
    return torch.from_numpy(image_HWC.astype(np.float32)).permute(2, 0, 1) / 255
