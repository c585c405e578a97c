"""Ways through a latent space: between points, and along directions that change pictures most."""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from genstudio.domain.language import tr
from genstudio.domain.progress import Progress
from genstudio.domain.settings import Settings
from genstudio.models.capabilities import Drafts, Interpolates

# Side that pictures are averaged down to before their variation is looked at: coarse enough that
# what moves a little does not count as another picture.
_SIDE = 16
_AT_A_TIME = 32
_DIRECTIONS_AT_A_TIME = 32
# Ridge of the regression, as a share of the mean variance of a coordinate.
_RIDGE = 1e-2
_NEARLY_PARALLEL = 1e-4


def between(start: Tensor, end: Tensor, share: float, num_classes: int = 0) -> Tensor:
    """A latent on the way: spherical in direction, linear in length (Shoemake 1985).

    Standard normal latents of many dimensions lie near a sphere; a straight line between two
    leads through its inside, where the model was never trained.

    Args:
        start: Latent of shape (Z,), its last ``num_classes`` numbers those of the class.
        end: Another one.
        share: From 0 (the start) to 1 (the end).
        num_classes: Of these the way is straight.
    """
    cut = len(start) - num_classes
    straight = torch.lerp(start, end, share)
    one, other = start[:cut], end[:cut]
    lengths = one.norm(), other.norm()
    if min(lengths) == 0:
        return straight
    cosine = (one @ other / (lengths[0] * lengths[1])).clamp(-1, 1)
    angle = torch.arccos(cosine)
    if torch.sin(angle) < _NEARLY_PARALLEL:
        return straight  # Of opposite ones no way is shorter than another.
    direction = (
        torch.sin((1 - share) * angle) * one / lengths[0]
        + torch.sin(share * angle) * other / lengths[1]
    ) / torch.sin(angle)
    length = torch.lerp(lengths[0], lengths[1], share)
    return torch.cat([direction * length, straight[cut:]])


def on_plane(corners: Sequence[Tensor], across: float, down: float, num_classes: int = 0) -> Tensor:
    """A latent between one, two or four others.

    Args:
        corners: Latents of shape (Z,): the only one; left and right; or top left, top right,
            bottom left, bottom right.
        across: From 0 (left) to 1 (right).
        down: From 0 (top) to 1 (bottom).
        num_classes: See :func:`between`.
    """
    if len(corners) == 1:
        return corners[0]
    top = between(corners[0], corners[1], across, num_classes)
    if len(corners) == 2:
        return top
    bottom = between(corners[2], corners[3], across, num_classes)
    return between(top, bottom, down, num_classes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directions:
    """Directions in a latent space, the one that changes pictures most first.

    Attributes:
        steps_NZ: Float32 of shape (directions, latent size): what one sigma of each adds.
        shares_N: Share of the variation between pictures that each accounts for.
    """

    steps_NZ: Tensor
    shares_N: Tensor

    def moved(self, latent: Tensor, moves: dict[int, float]) -> Tensor:
        """A latent of shape (Z,) moved by so many sigmas along directions, counted from 1."""
        for number, sigmas in moves.items():
            latent = latent + sigmas * self.steps_NZ[number - 1]
        return latent


def find_directions(
    model: Interpolates,
    settings: Settings,
    *,
    count: int,
    samples: int,
    num_classes: int = 0,
) -> Generator[Progress, None, Directions]:
    """Principal directions of what the model draws (GANSpace: Härkönen 2020, arXiv:2004.02546).

    Pictures of random latents are averaged down, their principal components found, and latents
    regressed on the coordinates along these. A GAN's own latents are isotropic by construction, so
    that their components would say nothing; what is drawn of them does.

    Args:
        model: Not touched.
        settings: Of its task "generate".
        count: Directions wanted; at most the latent size.
        samples: Pictures to look at; several times the latent size.
        num_classes: Numbers of the class at the end of a latent, which no direction changes.

    Returns:
        The same for the same weights.
    """
    latents: list[Tensor] = []
    features: list[Tensor] = []
    for first in range(0, samples, _AT_A_TIME):
        seeds = range(first, min(first + _AT_A_TIME, samples))
        part = model.latents(seeds, settings)
        decoded = yield from _decoded(
            model, part, settings, Progress(tr("Finding directions"), first, samples)
        )
        pictures = torch.from_numpy(decoded).permute(0, 3, 1, 2).float()
        features.append(functional.adaptive_avg_pool2d(pictures / 255, _SIDE).flatten(1))
        latents.append(part.float().cpu())
        yield Progress(tr("Finding directions"), len(seeds) + first, samples)
    cut = latents[0].shape[1] - num_classes
    z = torch.cat(latents)[:, :cut]
    return _principal(z, torch.cat(features), min(count, cut), num_classes)


def _decoded(
    model: Interpolates, latents: Tensor, settings: Settings, progress: Progress
) -> Generator[Progress, None, np.ndarray]:
    """Pictures of latents; a slow model lets others draw in between."""
    slow: object = model
    if not isinstance(slow, Drafts):
        return model.decode(latents, settings)
    parts = slow.decode_in_parts(latents, settings)
    while True:
        try:
            next(parts)
        except StopIteration as end:
            return end.value
        yield progress


def _principal(z: Tensor, features: Tensor, count: int, num_classes: int) -> Directions:
    centred = (features - features.mean(0)).double()
    z = (z - z.mean(0)).double()
    _, values, components = torch.linalg.svd(centred, full_matrices=False)
    count = min(count, int((values > values[0] * 1e-6).sum()))
    # In parts, so that the first are to the last bit what they were when there were no others.
    parts = [
        _steps_along(components[first : min(first + _DIRECTIONS_AT_A_TIME, count)], centred, z)
        for first in range(0, count, _DIRECTIONS_AT_A_TIME)
    ]
    steps = torch.cat(parts)
    # The sign of a component means nothing: let each brighten.
    brightness = components[:count].sum(1)
    steps *= torch.where(brightness < 0, -1.0, 1.0)[:, None]
    variances = values.square()
    return Directions(
        steps_NZ=functional.pad(steps.float(), (0, num_classes)),
        shares_N=(variances[:count] / variances.sum()).float(),
    )


def _steps_along(components: Tensor, centred: Tensor, z: Tensor) -> Tensor:
    coordinates = centred @ components.T
    scaled = coordinates / coordinates.std(0)
    # Coordinates are uncorrelated, so the regression is one division.
    return scaled.T @ z / (len(z) * (1 + _RIDGE))


def blended_in_batch(z_NZ: Tensor) -> Tensor:
    """Blends of each latent with its neighbour in the batch at random angles: (N, Z).

    They spread around the mean as the latents do, about as draws from a fitted prior will.
    """
    angle = torch.rand(len(z_NZ), 1, device=z_NZ.device) * (math.pi / 2)
    mean = z_NZ.mean(dim=0)
    return mean + (z_NZ - mean) * angle.cos() + (z_NZ.roll(1, 0) - mean) * angle.sin()
