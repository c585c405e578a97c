"""The official FID, where a person supplies the network's weights.

The Fréchet distance of Heusel et al. 2017 (arXiv:1706.08500, eq. 6) between Gaussians fitted to
what Inception sees, for both ways of resizing pictures that published figures were made with:
Parmar et al. 2022 (arXiv:2104.11222) show that they give different numbers.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, get_args

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from genstudio.metrics.inception import NUM_FEATURES, SIDE, Inception

# With fewer than there are features, the covariance has directions without any spread.
FEWEST = NUM_FEATURES
# What published figures are made with.
OFFICIAL_COUNT = 50_000
_AT_A_TIME = 16

Resizing = Literal["clean", "legacy"]
RESIZINGS: tuple[Resizing, ...] = get_args(Resizing)


class Moments:
    """Mean and covariance of rows that arrive some at a time, in float64."""

    def __init__(self, size: int = NUM_FEATURES) -> None:
        self.count = 0
        self._sum = torch.zeros(size, dtype=torch.float64)
        self._products = torch.zeros(size, size, dtype=torch.float64)

    def add(self, rows_NC: Tensor) -> None:
        """Take in more rows, (N, C)."""
        rows = rows_NC.double()
        self.count += len(rows)
        self._sum += rows.sum(0)
        self._products.addmm_(rows.T, rows)

    @property
    def mean(self) -> Tensor:
        """Mean row, (C,)."""
        return self._sum / self.count

    @property
    def covariance(self) -> Tensor:
        """Covariance of two rows or more, (C, C), unbiased."""
        centred = self._products - self.count * torch.outer(self.mean, self.mean)
        return centred / (self.count - 1)


def frechet_distance(one: Moments, other: Moments) -> float:
    """Squared distance between two Gaussians; 0 if they are the same.

    The trace of the square root of a product of covariances is the sum of the singular values of
    the product of their factors. So no square root is taken of a matrix that rounding made
    indefinite, or that has no real one.
    """
    off = (one.mean - other.mean).square().sum()
    factors = _factor(one.covariance).T @ _factor(other.covariance)
    overlap = torch.linalg.svdvals(factors).sum()
    spread = one.covariance.trace() + other.covariance.trace() - 2 * overlap
    return max((off + spread).item(), 0.0)


def _factor(covariance: Tensor) -> Tensor:
    """F with F Fᵀ = the covariance, whose negative eigenvalues are rounding."""
    values, vectors = torch.linalg.eigh((covariance + covariance.T) / 2)
    return vectors * values.clamp_min(0).sqrt()


def resized(images_NHWC: np.ndarray, resizing: Resizing) -> Tensor:
    """Pictures as the network takes them.

    Args:
        images_NHWC: uint8 with 3 channels, of any size.
        resizing: "clean" as image programs do it: bicubic, over all pixels that fall into one.
            "legacy" as the early ports did it: bilinear, between neighbours only.

    Returns:
        Float (N, 3, 299, 299) in [-1, 1].
    """
    if resizing == "legacy":
        pixels = torch.from_numpy(np.ascontiguousarray(images_NHWC)).permute(0, 3, 1, 2).float()
        large = functional.interpolate(pixels, (SIDE, SIDE), mode="bilinear", align_corners=False)
    else:
        planes = images_NHWC.astype(np.float32).transpose(0, 3, 1, 2)
        large = torch.from_numpy(np.array([[_bicubic(it) for it in image] for image in planes]))
    return large / 127.5 - 1


def _bicubic(plane_HW: np.ndarray) -> np.ndarray:
    # In floats, channel by channel: rounding to bytes would move the figure.
    large = Image.fromarray(plane_HW).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return np.asarray(large).clip(0, 255)


@torch.inference_mode()
def seen_by(
    network: Inception, images: Iterable[np.ndarray]
) -> Iterator[Mapping[Resizing, Moments]]:
    """Look at pictures one after the other, so that any number of them fits into memory.

    Args:
        network: With the weights of the person.
        images: uint8 of shape (height, width, 3), all of one size; one or more.

    Yields:
        What is known of all pictures so far, after every few of them: the same objects each time.
    """
    moments: dict[Resizing, Moments] = {resizing: Moments() for resizing in RESIZINGS}
    waiting: list[np.ndarray] = []

    def look() -> None:
        for resizing, known in moments.items():
            known.add(network(resized(np.stack(waiting), resizing)))
        waiting.clear()

    for image_HWC in images:
        waiting.append(image_HWC)
        if len(waiting) == _AT_A_TIME:
            look()
            yield moments
    if waiting:
        look()
        yield moments
