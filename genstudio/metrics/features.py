"""What pictures are like, in numbers: the responses of a network that was never trained.

Random convolutional networks rank generators much like trained ones do (Lee 2022,
arXiv:2208.09218), need no download and know no other artist's pictures.
"""

import hashlib
import math
from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from genstudio.metrics.pictures import batches

# Larger pictures are brought down: five times the pixels would take five times as long.
_LARGEST_SIDE = 128
_SMALLEST_SIDE = 32
_CHANNELS = (24, 48, 64, 96)
# Of the last layers, it also counts where in a picture they respond.
_LAYERS_WITH_PLACES = 2
_PLACES = 4
_COLOUR_PLACES = 8
_SEED = 20220909
# A response this far from the ordinary counts as no further: without that, the few strangest
# pictures decide every distance, and blur drowns in their chance.
_BOUND = 1.5
_NUM_LEAF_PICTURES = 64
_LEAVES = 60
_DESCRIPTION = (
    f"conv3x3 reflect, channels {_CHANNELS}, abs, average pool 2; per layer mean and log sd; "
    f"means on {_PLACES}x{_PLACES} of the last {_LAYERS_WITH_PLACES}; "
    f"colour on {_COLOUR_PLACES}x{_COLOUR_PLACES}; standardised on {_NUM_LEAF_PICTURES} dead "
    f"leaves pictures of seed {_SEED}; {_BOUND} tanh; at most {_LARGEST_SIDE} px"
)


class RandomFeatures:
    """Turns pictures into rows of numbers in which distances mean something.

    The same on every machine: weights come from whole numbers of torch's generator on the CPU.
    Each number is standardised by what pictures of overlapping discs give (dead leaves: Lee,
    Mumford & Huang 2001), which have the statistics of natural ones, and never by the pictures
    at hand: figures of different sets can be told from each other, and a set cannot hide a defect
    by having it throughout.

    Attributes:
        digest: SHA-256 of weights and description: figures with the same digest were made alike.
    """

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(_SEED)
        inputs = (3, *_CHANNELS)
        self._weights = [
            _kernels(generator, outputs, inputs[layer], is_first=layer == 0)
            for layer, outputs in enumerate(_CHANNELS)
        ]
        content = hashlib.sha256(_DESCRIPTION.encode())
        for weights in self._weights:
            content.update(weights.numpy().tobytes())
        self.digest = content.hexdigest()
        self._scales: dict[int, tuple[Tensor, Tensor]] = {}

    @torch.inference_mode()
    def __call__(self, images_NHWC: np.ndarray) -> Tensor:
        """Pictures => features.

        Args:
            images_NHWC: uint8, square, sides from 32 on, 1, 3 or 4 channels.

        Returns:
            float32 of shape (N, D) in [-1.5, 1.5]; a picture's row does not depend on the others.
        """
        side = min(images_NHWC.shape[1], _LARGEST_SIDE)
        mean, deviation = self._scale(side)
        rows = torch.cat(
            [self._responses(part, self._weights) for part in batches(images_NHWC, side)]
        )
        return rows.sub_(mean).div_(deviation).div_(_BOUND).tanh_().mul_(_BOUND)

    def of_tensor(self, images_NCHW: Tensor) -> Tensor:
        """The same with gradients, for pictures that a network is drawing, on their device.

        Args:
            images_NCHW: In [-1, 1], three channels, square, sides from 32 to 128.
        """
        device = images_NCHW.device
        # Copies, since what was computed in inference mode takes no part in gradients.
        mean, deviation = (it.clone().to(device) for it in self._scale(images_NCHW.shape[-1]))
        weights = [it.clone().to(device) for it in self._weights]
        rows = (self._responses(images_NCHW.float(), weights) - mean) / deviation
        return (rows / _BOUND).tanh() * _BOUND

    def _scale(self, side: int) -> tuple[Tensor, Tensor]:
        """Mean and deviation of each number among dead leaves of that side."""
        assert _SMALLEST_SIDE <= side <= _LARGEST_SIDE, "pictures have sides from 32 on"
        if side not in self._scales:
            with torch.inference_mode():
                leaves = torch.cat(
                    [self._responses(part, self._weights) for part in batches(_leaves(side), side)]
                )
                self._scales[side] = leaves.mean(0), leaves.std(0).clamp_min(1e-3)
        return self._scales[side]

    @staticmethod
    def _responses(images_NCHW: Tensor, kernels: Sequence[Tensor]) -> Tensor:
        parts = [functional.adaptive_avg_pool2d(images_NCHW, _COLOUR_PLACES).flatten(1)]
        hidden = images_NCHW
        for layer, weights in enumerate(kernels):
            padded = functional.pad(hidden, (1, 1, 1, 1), mode="reflect")
            hidden = functional.conv2d(padded, weights).abs_()
            variance, mean = torch.var_mean(hidden, dim=(2, 3), correction=0)
            # In logarithms: halving the finest detail counts as much as halving the coarsest.
            parts += [mean, variance.add(1e-4).log().div(2)]
            if layer >= len(kernels) - _LAYERS_WITH_PLACES:
                parts.append(functional.adaptive_avg_pool2d(hidden, _PLACES).flatten(1))
            hidden = functional.avg_pool2d(hidden, 2)
        return torch.cat(parts, dim=1)


@cache
def random_features() -> RandomFeatures:
    """The one instance that everybody shares."""
    return RandomFeatures()


def _kernels(generator: torch.Generator, outputs: int, inputs: int, *, is_first: bool) -> Tensor:
    """Kernels of length one; those that see the picture are blind to plain areas."""
    numbers = torch.randint(-(2**15), 2**15, (outputs, inputs, 3, 3), generator=generator)
    kernels = numbers.double()
    if is_first:
        kernels -= kernels.mean(dim=(1, 2, 3), keepdim=True)
    lengths = kernels.square().sum(dim=(1, 2, 3), keepdim=True).sqrt()
    return (kernels / lengths).float()


def _leaves(side: int) -> np.ndarray:
    """Discs of all sizes one over the other: uint8 of shape (64, side, side, 3)."""
    generator = torch.Generator().manual_seed(_SEED)
    rows, columns = np.mgrid[:side, :side]
    pictures = np.empty((_NUM_LEAF_PICTURES, side, side, 3), np.uint8)
    numbers = torch.randint(0, 2**16, (_NUM_LEAF_PICTURES, _LEAVES + 1, 6), generator=generator)
    for picture, leaves in zip(pictures, numbers.tolist(), strict=True):
        picture[:] = [level // 2**8 for level in leaves[0][3:]]
        for x, y, rank, *colour in leaves[1:]:
            # Radii whose number falls with their third power, from 1/25 of the side on.
            radius = side * 0.04 / math.sqrt(1 - 0.98 * rank / 2**16)
            distance = (columns - x * side / 2**16) ** 2 + (rows - y * side / 2**16) ** 2
            picture[distance < radius**2] = [level // 2**8 for level in colour]
    return pictures
