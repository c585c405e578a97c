"""What can be told from the inside of a model, computed alike for all architectures."""

from collections.abc import Callable

import torch
from torch import Tensor

# As many as a training step has: a discriminator may judge each picture in view of its neighbours.
_PART = 32
_ACTIVE_VARIANCE = 0.01


def in_parts(
    images_NCHW: Tensor, device: torch.device, judge: Callable[[Tensor], Tensor]
) -> Tensor:
    """Pictures => one row each, on the CPU in float32; some at a time, so that memory suffices.

    Args:
        images_NCHW: One picture or more, on any device.
        device: Where the model is.
        judge: Pictures of shape (n, C, H, W) on that device => rows of shape (n, …).
    """
    rows = [judge(part.to(device)).float().cpu() for part in images_NCHW.split(_PART)]
    return torch.cat(rows)


def win_rate(first_N: Tensor, second_N: Tensor) -> float:
    """Chance that one of the first numbers is above one of the second; a tie counts half.

    From 0 to 1, and 0.5 if nothing tells them apart: the area under the ROC curve (Mann & Whitney
    1947). Either may be of any length from 1 on.
    """
    signs = (first_N[:, None] - second_N[None, :]).sign().double()
    return (0.5 + signs.mean() / 2).item()


def confidence(first_N: Tensor, second_N: Tensor) -> float:
    """Mean σ(first - second) over all pairs: logits say how sure of it something is.

    From 0 to 1, and 0.5 if nothing is said; unlike :func:`win_rate` it sees how small differences
    are (Jolicoeur-Martineau 2018, arXiv:1807.00734, eq. 5).
    """
    return (first_N[:, None] - second_N[None, :]).double().sigmoid().mean().item()


def share_of_active_units(means_NZ: Tensor) -> float:
    """Share of the latent numbers that say anything, from 0 to 1.

    Those whose posterior mean varies from picture to picture by more than 0.01 (Burda et al.
    2016, arXiv:1509.00519, section 5.2).

    Args:
        means_NZ: Posterior mean of each of two or more pictures.
    """
    return (means_NZ.var(dim=0) > _ACTIVE_VARIANCE).double().mean().item()
