"""How near pictures come back that a model describes and draws again.

PSNR is 10 log10 (255² / MSE), the mean of single pictures' values. The second figure is in the
place of LPIPS (Zhang et al. 2018, arXiv:1801.03924), by our own features instead of a trained
network's, in units of the mean distance of two different pictures of the set.
"""

import numpy as np
import torch
from torch import Tensor

# What rounding to whole levels alone does: nothing can be told to be nearer.
_LEAST_MSE = 1 / 12
_PEAK = 255.0


def psnr_of_each(images_NHWC: np.ndarray, others_NHWC: np.ndarray) -> np.ndarray:
    """PSNR (N,) in dB of uint8 pictures against others of their shape, 58.9 at most.

    Args:
        images_NHWC: uint8 (N, H, W, C).
        others_NHWC: uint8 of the same shape, or (1, H, W, C): one for all.
    """
    apart = images_NHWC.astype(np.float32) - others_NHWC.astype(np.float32)
    mse_N = np.square(apart).mean(axis=(1, 2, 3), dtype=np.float64)
    return 10 * np.log10(_PEAK**2 / np.maximum(mse_N, _LEAST_MSE))


def relative_distances(features_N: Tensor, others_N: Tensor) -> Tensor:
    """Distance (N,) of each picture to its other, where two pictures of the set are 1 apart.

    Args:
        features_N: Of the pictures, two at least.
        others_N: Of what they became.
    """
    assert len(features_N) >= 2, "one picture has no other"
    apart_N = (features_N - others_N).double().norm(dim=1)
    usual = torch.pdist(features_N.double()).mean()
    return apart_N / usual.clamp_min(1e-9)
