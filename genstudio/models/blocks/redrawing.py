"""How strange a picture is to a model that redraws pictures: how far it is from the redrawn one.

This is the plain way, and a weak one: what is redrawn badly is what is hard to draw, strange or not
(tests/bench/RESULTS.md). Models that learn to repair damage find several times as much.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from genstudio.data.tiles import places
from genstudio.models.blocks.local_statistics import blurred
from genstudio.models.blocks.whole_pictures import with_channels
from genstudio.models.capabilities import Scored

_SIGMA_PX = 2.0
_STRANGEST_SHARE = 0.002


def scored_by_redrawing(
    redraw: Callable[[Tensor], Tensor], image_HWC: np.ndarray, *, size: int, channels: int
) -> Scored:
    """Compare a picture with the redrawn one, square by square.

    Args:
        redraw: Squares in [-1, 1] => redrawn ones.
        image_HWC: uint8, no side shorter than ``size``.
        size: Side of the squares.
        channels: That they have.
    """
    pixels_HWC = with_channels(image_HWC, channels)
    image_NCHW = torch.from_numpy(pixels_HWC)[None].permute(0, 3, 1, 2).float().div(127.5).sub(1)
    height, width = pixels_HWC.shape[:2]
    total, counts = torch.zeros(height, width), torch.zeros(height, width)
    for top, bottom in places(height, size, size // 4):
        for left, right in places(width, size, size // 4):
            part = image_NCHW[:, :, top:bottom, left:right]
            error = (redraw(part).cpu().float() - part).square().mean(1, keepdim=True)
            total[top:bottom, left:right] += blurred(error, _SIGMA_PX)[0, 0]
            counts[top:bottom, left:right] += 1
    map_HW = total / counts
    number = max(1, round(_STRANGEST_SHARE * size**2))
    score = map_HW.flatten().topk(number).values.mean()
    return Scored(map_HW=map_HW.numpy(), score=float(score))
