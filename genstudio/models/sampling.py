"""One seed, one latent, one picture: helpers that make sampling reproducible."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn


def seeded_latents(seeds: Sequence[int], latent_size: int) -> Tensor:
    """Standard normal latents of shape (number of seeds, latent_size), float32 on the CPU.

    Each seed has a generator of its own on the CPU, so that its latent is the
    same in any batch and on any device.
    """
    rows = [
        torch.randn(latent_size, generator=torch.Generator().manual_seed(seed)) for seed in seeds
    ]
    return torch.stack(rows)


def to_uint8(images_NCHW: Tensor) -> np.ndarray:
    """Pictures in [-1, 1] => uint8 of shape (N, height, width, channels)."""
    scaled = images_NCHW.float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).cpu().numpy()


@contextmanager
def evaluating(network: nn.ModuleDict) -> Iterator[torch.device]:
    """Switch to evaluation mode without gradients; gives the network's device."""
    was_training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            yield next(network.parameters()).device
    finally:
        network.train(was_training)
