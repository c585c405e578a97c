"""The latent of a picture that a model without an encoder would draw most alike (GAN inversion).

Source: optimisation of the latent through the generator, Zhu et al. 2016 (arXiv:1609.03552, section
3.2), with latents of their own for groups of layers, as Abdal et al. 2019 (arXiv:1904.03189,
section 3), kept near the sphere that standard normal latents lie on. Pictures are compared by
their pixels at several resolutions, and by the edges there: no network of others is needed.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from genstudio.domain.language import tr
from genstudio.domain.progress import Progress, Working
from genstudio.domain.settings import Settings
from genstudio.models.capabilities import Inverts

NUM_STEPS = 300
# Seeds that are looked at before anything is optimised, and those that are begun from.
_NUM_SEEDS = 64
_AT_A_TIME = 16
_NUM_STARTS = 4
# After so many steps only the best start goes on.
_STEPS_TOGETHER = 80
_LEARNING_RATE = 0.08
_EDGES = 0.5
_COARSEST_PX = 8
# Pull towards the length that standard normal latents have, and of zones towards each other.
_LENGTH_PULL = 0.02
_ZONE_PULL = 0.002


def invert(
    model: Inverts,
    image_CHW: Tensor,
    settings: Settings,
    *,
    zones: int,
    num_classes: int = 0,
    num_steps: int = NUM_STEPS,
) -> Working[Tensor]:
    """Find latents that a picture is drawn by.

    Args:
        model: Its weights are not changed.
        image_CHW: Float in [-1, 1], of the size that the model draws.
        settings: Of its task "generate".
        zones: Groups of layers that may have latents of their own.
        num_classes: Numbers of the class at the end of a latent, which stay those of the seed that
            was begun from.
        num_steps: Of Adam.

    Returns:
        Latents (zones, latent size), float32 on the CPU; the same for the same weights and picture.
    """
    total = _NUM_SEEDS + num_steps
    target = image_CHW[None].float()
    latents = yield from _nearest_seeds(model, target, settings, total)
    cut = latents.shape[1] - num_classes
    labels = latents[:, None, cut:].repeat(1, zones, 1)
    z = latents[:, None, :cut].repeat(1, zones, 1).requires_grad_(True)
    adam = torch.optim.Adam([z], lr=_LEARNING_RATE, betas=(0.9, 0.99))
    best = z.detach().clone()
    lowest = torch.full((len(z),), math.inf)
    for step in range(num_steps):
        if step == _STEPS_TOGETHER:
            first = int(lowest.argmin())
            best, lowest, labels = (it[first : first + 1] for it in (best, lowest, labels))
            z = best.clone().requires_grad_(True)
            adam = torch.optim.Adam([z], lr=_LEARNING_RATE, betas=(0.9, 0.99))
        for group in adam.param_groups:
            # Larger steps first, none at the end.
            group["lr"] = _LEARNING_RATE * 0.5 * (1 + math.cos(math.pi * step / num_steps))
        with torch.enable_grad():
            drawn = model.draw_latents(torch.cat([z, labels], dim=2)).float()
            distances = _distances(drawn, target)
            total_loss = (distances + _prior(z)).sum()
        (gradient,) = torch.autograd.grad(total_loss, [z])
        is_better = distances.detach() < lowest
        best = torch.where(is_better[:, None, None], z.detach(), best)
        lowest = torch.minimum(lowest, distances.detach())
        z.grad = gradient
        adam.step()
        yield Progress(tr("Finding your picture"), _NUM_SEEDS + step + 1, total)
    first = int(lowest.argmin())
    return torch.cat([best[first], labels[first]], dim=1)


def _nearest_seeds(
    model: Inverts, target: Tensor, settings: Settings, total: int
) -> Working[Tensor]:
    found: list[Tensor] = []
    distances: list[Tensor] = []
    for first in range(0, _NUM_SEEDS, _AT_A_TIME):
        seeds: Sequence[int] = range(first, first + _AT_A_TIME)
        latents = model.latents(seeds, settings)
        with torch.no_grad():
            distances.append(_distances(model.draw_latents(latents[:, None]).float(), target))
        found.append(latents)
        yield Progress(tr("Finding your picture"), first + _AT_A_TIME, total)
    nearest = torch.cat(distances).argsort(stable=True)[:_NUM_STARTS]
    return torch.cat(found)[nearest].float()


def _distances(drawn_NCHW: Tensor, target_NCHW: Tensor) -> Tensor:
    """Mean squared difference of pixels, and of edges, at every resolution down to the coarsest."""
    total = torch.zeros(len(drawn_NCHW))
    one, other = drawn_NCHW, target_NCHW
    while True:
        off = one - other
        total = total + off.square().mean((1, 2, 3))
        for axis in (2, 3):
            total = total + _EDGES * off.diff(dim=axis).square().mean((1, 2, 3))
        if one.shape[-1] <= _COARSEST_PX:
            return total
        one, other = functional.avg_pool2d(one, 2), functional.avg_pool2d(other, 2)


def _prior(z: Tensor) -> Tensor:
    length = z.square().mean(2)
    apart = (z - z.mean(1, keepdim=True)).square().mean((1, 2))
    return _LENGTH_PULL * (length - 1).square().mean(1) + _ZONE_PULL * apart
