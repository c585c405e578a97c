"""What a taste looks at: features that were never trained, and what a person would name first."""

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from genstudio.metrics.features import random_features

SMALLEST_SIDE: Final = 32
LARGEST_SIDE: Final = 128
# About as much, all together, as the features of the network.
_STATISTICS_WEIGHT = 8.0
_LEVELS = 127.5


def taste_features(images_NCHW: Tensor) -> Tensor:
    """Features (N, D) of pictures, with gradients.

    Args:
        images_NCHW: In [-1, 1], square, sides a power of two from 32 on; of four channels, the
            first three, which lie over white; grey is repeated.
    """
    rgb_NCHW = images_NCHW[:, :3].float().clamp(-1, 1).expand(-1, 3, -1, -1)
    side = min(rgb_NCHW.shape[-1], LARGEST_SIDE)
    if rgb_NCHW.shape[-1] > side:
        rgb_NCHW = functional.adaptive_avg_pool2d(rgb_NCHW, side)
    features_N = random_features().of_tensor(rgb_NCHW)
    return torch.cat([features_N, plain_statistics(rgb_NCHW)], dim=1)


def plain_statistics(images_NCHW: Tensor) -> Tensor:
    """Colour, light and contrast of pictures in [-1, 1], whole and in the middle: (N, 10).

    Among thousands of features these would hardly count, and a few choices would not find them.
    """
    levels_NCHW = (images_NCHW.float() + 1) * _LEVELS
    edge = levels_NCHW.shape[-1] // 4
    middle_NCHW = levels_NCHW[:, :, edge:-edge, edge:-edge]
    strength_NHW = levels_NCHW.amax(dim=1) - levels_NCHW.amin(dim=1)
    variance_NC, mean_NC = torch.var_mean(levels_NCHW, dim=(2, 3), correction=0)
    columns = [
        mean_NC / 64,
        (middle_NCHW.mean(dim=(2, 3)) - mean_NC) / 32,
        # The root of nothing has no slope.
        variance_NC.clamp_min(1e-6).sqrt() / 32,
        strength_NHW.mean(dim=(1, 2))[:, None] / 32,
    ]
    return _STATISTICS_WEIGHT * torch.cat(columns, dim=1)
