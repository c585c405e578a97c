"""Pictures as every measure wants them: RGB, numbers in [-1, 1], not larger than they need be."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

_PIXELS_AT_A_TIME = 2**21


def batches(images_NHWC: np.ndarray, side: int) -> Iterator[Tensor]:
    """Hand out pictures a few at a time, so that large ones fit into memory.

    See-through parts are laid over white, as pictures are decoded for training: two pictures that
    look the same are the same, whatever colour hides where nothing is to be seen.

    Args:
        images_NHWC: uint8 with 1, 3 or 4 channels; square.
        side: Larger pictures are brought down to it, by averaging areas.

    Yields:
        Float tensors of shape (some, 3, H, W) in [-1, 1].
    """
    height, width = images_NHWC.shape[1:3]
    count = max(1, _PIXELS_AT_A_TIME // (height * width))
    for first in range(0, len(images_NHWC), count):
        numbers_NCHW = _rgb(images_NHWC[first : first + count])
        if height > side:
            numbers_NCHW = functional.adaptive_avg_pool2d(numbers_NCHW, side)
        yield numbers_NCHW


def at_most(images_NHWC: np.ndarray, side: int) -> Tensor:
    """All pictures of :func:`batches` in one tensor."""
    return torch.cat(list(batches(images_NHWC, side)))


def _rgb(images_NHWC: np.ndarray) -> Tensor:
    levels_NCHW = torch.as_tensor(np.ascontiguousarray(images_NHWC)).permute(0, 3, 1, 2).float()
    numbers_NCHW = levels_NCHW.div_(127.5).sub_(1)
    channels = numbers_NCHW.shape[1]
    if channels == 1:
        return numbers_NCHW.expand(-1, 3, -1, -1)
    if channels == 4:
        opacity = (numbers_NCHW[:, 3:] + 1) / 2
        return 1 - (1 - numbers_NCHW[:, :3]) * opacity
    return numbers_NCHW
