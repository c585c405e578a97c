"""Where each pixel of a frame was in the frame before: dense optical flow.

Source: iterative registration of local windows on a pyramid, Le Besnerais & Champagnat 2005 (ICIP,
"Dense optical flow by iterative local window registration").
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

# Standard deviation of a window: a smaller one holds too little to follow, a larger one mixes what
# moves apart.
_WINDOW_PX = 4
_ITERATIONS = 3
# Larger frames are followed at a half or a quarter of their size: it costs less than painting then.
_LARGEST_SIDE = 400
_SMALLEST_SIDE = 16
# Where a window shows nothing, the motion of the coarser level stays.
_DAMPING = 1e-4
# A level is halved until what is left to find moves by about a pixel.
_MOST_PX = 1.5


def optical_flow(before_HWC: np.ndarray, after_HWC: np.ndarray) -> Tensor:
    """How a frame is sampled from the one before.

    Args:
        before_HWC: uint8 of shape (height, width, 3).
        after_HWC: The next frame, of the same shape.

    Returns:
        float32 of shape (2, height, width): to the right and downwards, in pixels; what is at p in
        the later frame was at p plus this in the earlier one.
    """
    levels = list(zip(_pyramid(before_HWC), _pyramid(after_HWC), strict=True))
    flow = torch.zeros(1, 2, *levels[-1][0].shape[-2:])
    for before, after in reversed(levels):
        flow = _median(_enlarged(flow, before.shape[-2:]))
        for _ in range(_ITERATIONS):
            flow = flow + _correction(before, after, flow)
    return _enlarged(flow, torch.Size(before_HWC.shape[:2]))[0]


def sampled(image_CHW: Tensor, flow: Tensor) -> Tensor:
    """Bicubic samples of a picture at p plus the flow at p.

    Args:
        image_CHW: float32 of shape (channels, height, width).
        flow: Of ``optical_flow``.

    Returns:
        Of the picture's shape; beyond its edges its outermost pixels go on.
    """
    return _moved(image_CHW[None], flow[None], "bicubic")[0]


def is_within(flow: Tensor) -> Tensor:
    """Whether p plus the flow at p is in the picture: bool of shape (height, width)."""
    columns, rows = _places(flow[None])[0]
    height, width = flow.shape[-2:]
    return (columns >= 0) & (columns <= width - 1) & (rows >= 0) & (rows <= height - 1)


def _correction(before: Tensor, after: Tensor, flow: Tensor) -> Tensor:
    """One step of Gauss and Newton in each window."""
    moved = _moved(before, flow, "bilinear")
    across, down = _gradients((moved + after) / 2)
    difference = after - moved
    products = [across * across, across * down, down * down, across * difference, down * difference]
    xx, xy, yy, xt, yt = _window(torch.cat(products, 1)).unbind(1)
    xx, yy = xx + _DAMPING, yy + _DAMPING
    determinant = xx * yy - xy * xy
    step = torch.stack([yy * xt - xy * yt, xx * yt - xy * xt], 1) / determinant[:, None]
    return step.clamp(-_MOST_PX, _MOST_PX)


def _moved(image: Tensor, flow: Tensor, mode: str) -> Tensor:
    height, width = image.shape[-2:]
    scale = torch.tensor([2 / max(1, width - 1), 2 / max(1, height - 1)]).view(1, 2, 1, 1)
    places = (_places(flow) * scale - 1).permute(0, 2, 3, 1)
    return functional.grid_sample(
        image, places, mode=mode, padding_mode="border", align_corners=True
    )


def _places(flow: Tensor) -> Tensor:
    height, width = flow.shape[-2:]
    rows, columns = torch.meshgrid(
        torch.arange(height, dtype=torch.float32),
        torch.arange(width, dtype=torch.float32),
        indexing="ij",
    )
    return torch.stack([columns, rows])[None] + flow


def _gradients(image: Tensor) -> tuple[Tensor, Tensor]:
    padded = functional.pad(image, (1, 1, 1, 1), mode="replicate")
    across = (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) / 2
    down = (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) / 2
    return across, down


def _window(values: Tensor) -> Tensor:
    """Weighted means around each place, of each channel by itself."""
    radius = 3 * _WINDOW_PX
    weights = torch.exp(-((torch.arange(-radius, radius + 1) / _WINDOW_PX) ** 2) / 2)
    weights = weights / weights.sum()
    padded = functional.pad(values.transpose(0, 1), (radius,) * 4, mode="replicate")
    across = functional.conv2d(padded, weights.view(1, 1, 1, -1))
    return functional.conv2d(across, weights.view(1, 1, -1, 1)).transpose(0, 1)


def _median(flow: Tensor) -> Tensor:
    """Windows that follow something else than their neighbours do are outvoted."""
    padded = functional.pad(flow, (1, 1, 1, 1), mode="replicate")
    around = padded.unfold(2, 3, 1).unfold(3, 3, 1)
    return around.flatten(-2).median(-1).values


def _pyramid(image_HWC: np.ndarray) -> list[Tensor]:
    """Its greys, from 0 to 1, at the largest size that is looked at, at half of it, and so on."""
    weights = np.array([0.299, 0.587, 0.114], np.float32) / 255
    grey = torch.from_numpy(image_HWC.astype(np.float32) @ weights)[None, None]
    while max(grey.shape[-2:]) > _LARGEST_SIDE:
        grey = _halved(grey)
    levels = [grey]
    while min(levels[-1].shape[-2:]) >= 2 * _SMALLEST_SIDE:
        levels.append(_halved(levels[-1]))
    return levels


def _halved(image: Tensor) -> Tensor:
    return functional.interpolate(image, scale_factor=0.5, mode="area")


def _enlarged(flow: Tensor, size: torch.Size) -> Tensor:
    if flow.shape[-2:] == size:
        return flow
    larger = functional.interpolate(flow, size=tuple(size), mode="bilinear", align_corners=False)
    scale = [size[1] / flow.shape[-1], size[0] / flow.shape[-2]]
    return larger * torch.tensor(scale).view(1, 2, 1, 1)
