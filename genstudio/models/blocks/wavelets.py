"""Haar's wavelets: a picture as details of one scale after the other."""

import torch
from torch import Tensor
from torch.nn import functional

_NUM_LEVELS = 3


def haar_levels(images_NCHW: Tensor) -> list[Tensor]:
    """Take pictures apart into the details of three scales, the finest first, and what is left.

    The transform is orthonormal: a Gaussian in these numbers is one in pixels (Haar 1910).

    Args:
        images_NCHW: Sides divisible by eight.

    Returns:
        Tensors of shapes (N, 3C, H/2, W/2), (N, 3C, H/4, W/4), (N, 3C, H/8, W/8), (N, C, H/8, W/8).
    """
    levels: list[Tensor] = []
    coarse = images_NCHW
    for _ in range(_NUM_LEVELS):
        corners = functional.pixel_unshuffle(coarse.contiguous(), 2).unflatten(1, (-1, 4))
        a, b, c, d = corners.unbind(2)
        details = (a - b + c - d, a + b - c - d, a - b - c + d)
        levels.append(torch.cat(details, dim=1) / 2)
        coarse = (a + b + c + d) / 2
    return [*levels, coarse]
