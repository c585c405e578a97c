"""How well pictures were translated: distance to what should come out, what of the input stayed.

Edges are those of Sobel's filter; what counts as strong is what a tenth of the pixels of each
picture exceed, so that a change of contrast changes nothing.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

_LUMA = torch.tensor([0.299, 0.587, 0.114])  # ITU-R BT.601
_STRONG_EDGES = 0.9
# Edges may move by a pixel.
_TOLERANCE_PX = 1


@dataclass(frozen=True, slots=True)
class Kept:
    """What of the inputs is found again in the outputs, means over pictures.

    Attributes:
        luminance_correlation: Pearson's, from -1 to 1; 0 for flat pictures.
        edge_iou: Intersection over union of strong edges within a pixel, from 0 to 1.
    """

    luminance_correlation: float
    edge_iou: float


def l1_distance(made_NHWC: np.ndarray, target_NHWC: np.ndarray) -> float:
    """Mean absolute difference of uint8 pictures, from 0 to 1."""
    difference = made_NHWC.astype(np.int16) - target_NHWC.astype(np.int16)
    return float(np.abs(difference).mean()) / 255


def kept(input_NHWC: np.ndarray, made_NHWC: np.ndarray) -> Kept:
    """Compare inputs and outputs: uint8, (N, height, width, 3), alike in size."""
    before, after = _luminance(input_NHWC), _luminance(made_NHWC)
    return Kept(
        luminance_correlation=_correlation(before, after).mean().item(),
        edge_iou=_edge_iou(before, after).mean().item(),
    )


def _luminance(pictures_NHWC: np.ndarray) -> Tensor:
    return torch.as_tensor(pictures_NHWC[..., :3]).float() @ _LUMA / 255


def _correlation(one_NHW: Tensor, other_NHW: Tensor) -> Tensor:
    one, other = (values.flatten(1) - values.flatten(1).mean(1, keepdim=True) for values in
                  (one_NHW, other_NHW))  # fmt: skip
    lengths = one.norm(dim=1) * other.norm(dim=1)
    return torch.where(lengths > 1e-6, (one * other).sum(1) / lengths.clamp_min(1e-6), 0.0)


def _edge_iou(one_NHW: Tensor, other_NHW: Tensor) -> Tensor:
    one, other = _strong_edges(one_NHW), _strong_edges(other_NHW)
    near_one, near_other = _widened(one), _widened(other)
    # Within the tolerance in either direction.
    common = ((one & near_other).sum((1, 2)) + (other & near_one).sum((1, 2))) / 2
    union = one.sum((1, 2)) + other.sum((1, 2)) - common
    return common / union.clamp_min(1)


def _strong_edges(pictures_NHW: Tensor) -> Tensor:
    kernel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    kernels = torch.stack([kernel, kernel.T])[:, None]
    padded = functional.pad(pictures_NHW[:, None], (1, 1, 1, 1), mode="replicate")
    strength = functional.conv2d(padded, kernels).norm(dim=1)
    threshold = strength.flatten(1).quantile(_STRONG_EDGES, dim=1)
    return strength > threshold.clamp_min(1e-3)[:, None, None]


def _widened(edges_NHW: Tensor) -> Tensor:
    side = 2 * _TOLERANCE_PX + 1
    return functional.max_pool2d(edges_NHW[:, None].float(), side, 1, _TOLERANCE_PX)[:, 0] > 0
