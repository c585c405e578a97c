"""How much of a style arrived, and how much of the picture stayed."""

import numpy as np
import torch
from torch.nn import functional

from genstudio.models.style.optimisation import edge_correlation
from genstudio.models.style.patches import random_directions

_DIRECTIONS = 128
_AT_ONCE = 16
_SEED = 20220322


def patch_swd(image_HWC: np.ndarray, reference_HWC: np.ndarray) -> float:
    """Sliced Wasserstein-1 distance of all 7 × 7 patches of two pictures, from 0 to about 2.

    By sorting, along 128 directions that are always the same (Elnekave & Weiss 2022,
    arXiv:2203.11862, eq. 2); what style transfer minimises is estimated otherwise.

    Args:
        image_HWC: uint8 (height, width, 3).
        reference_HWC: Likewise, of any size.
    """
    generator = torch.Generator().manual_seed(_SEED)
    directions = random_directions(_DIRECTIONS, 3, generator)
    total = 0.0
    for kernels in directions.split(_AT_ONCE):
        # numpy's sorting of rows is several times as fast as torch's.
        one, other = (
            np.sort(functional.conv2d(_pixels(it), kernels)[0].flatten(1).numpy(), axis=1)
            for it in (image_HWC, reference_HWC)
        )
        places = (np.arange(one.shape[1]) + 0.5) / one.shape[1] * other.shape[1] - 0.5
        for row, wanted in zip(one, other, strict=True):
            total += float(np.abs(row - np.interp(places, np.arange(len(wanted)), wanted)).mean())
    return total / _DIRECTIONS


def edges_kept(image_HWC: np.ndarray, content_HWC: np.ndarray) -> float:
    """Pearson's correlation of Sobel edge strengths of two uint8 pictures of one size."""
    return edge_correlation(_pixels(image_HWC), _pixels(content_HWC)).item()


def _pixels(image_HWC: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(image_HWC[..., :3].copy()).permute(2, 0, 1)[None] / 127.5 - 1
