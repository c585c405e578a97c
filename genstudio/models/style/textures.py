"""Textures grown from samples, patch by patch.

Source: drop the GAN, Granot et al. 2022 (arXiv:2103.15545): from coarse to fine, each patch gives
way to the one of the sample that is nearest to it, and where patches overlap they are averaged. An
exemplar that was used often is not preferred: distances are normalised by each one's own nearest
(eq. 2 there), so that all of the sample is used.

Apart from the paper: at each level, among a random part of the patches only.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from genstudio.models.style.optimisation import Effort, Stage, crisp, resized, scaled
from genstudio.models.style.patches import PATCH_PX

_RATIO = 0.75
_COARSEST_PX = 20
_ROUNDS = 6
_FINE_ROUNDS = 2
_FINE_FROM_PX = 200
_MOST_EXEMPLARS = 4_000
_MOST_QUERIES = 12_000
_AT_ONCE = 2_048
# Of a distance, against exemplars that are near to nothing.
_COMPLETENESS = 5e-3
_NOISE = 0.75
_CRISP = Effort(steps=40)


def grown(
    samples: Sequence[Tensor], *, height: int, width: int, seed: int, wraps: bool = False
) -> Iterator[Stage]:
    """Grow a texture from noise; the last stage holds it.

    Args:
        samples: Pictures (1, C, H, W) in [-1, 1], whose grain is as large as it shall be.
        height: In pixels.
        width: In pixels.
        seed: Decides what comes out.
        wraps: Whether left and right, and top and bottom, shall fit together.
    """
    generator = torch.Generator().manual_seed(seed)
    channels = samples[0].shape[1]
    scales = _scales(min(height, width, *(min(it.shape[-2:]) for it in samples)))
    sizes = [(_side(height, scale), _side(width, scale)) for scale in scales]
    rounds = [_FINE_ROUNDS if min(size) > _FINE_FROM_PX else _ROUNDS for size in sizes]
    done, total = 0, sum(rounds) + _CRISP.steps
    image = torch.zeros(1, channels, *sizes[0])
    for scale, size, count in zip(scales, sizes, rounds, strict=True):
        if done == 0:
            coarse = [scaled(it, scale) for it in samples]
            mean = torch.stack([it.mean(dim=(0, 2, 3)) for it in coarse]).mean(dim=0)
            noise = torch.randn(1, channels, *size, generator=generator)
            image = mean[None, :, None, None] + _NOISE * noise
        else:
            image = resized(image, size)
        shrunk = [scaled(it, scale) for it in samples]
        for number in range(count):
            exemplars = _drawn_patches(shrunk, generator)
            image = _replaced(image, exemplars, generator, wraps=wraps)
            done += 1
            is_last = number + 1 == count
            yield Stage(done, total, image.clamp(-1, 1) if is_last else None)
    # Averages are paler than what they are averages of: the distribution of patches is put right.
    for stage in crisp(image.clamp(-1, 1), samples, generator, _CRISP, wraps=wraps):
        yield Stage(done + stage.done, total, stage.image_NCHW)


def _scales(shortest: int) -> list[float]:
    """From the one at which the shortest side has about as many pixels as three patches, to 1."""
    scales = [1.0]
    while shortest * scales[-1] * _RATIO >= _COARSEST_PX:
        scales.append(scales[-1] * _RATIO)
    return scales[::-1]


def _side(length: int, scale: float) -> int:
    return length if scale == 1 else max(PATCH_PX + 1, round(length * scale))


def _drawn_patches(images: Sequence[Tensor], generator: torch.Generator) -> Tensor:
    """Some of the patches of pictures as rows; all of a large one would take gigabytes."""
    counts = [(it.shape[-2] - PATCH_PX + 1) * (it.shape[-1] - PATCH_PX + 1) for it in images]
    rows: list[Tensor] = []
    for image, count in zip(images, counts, strict=True):
        share = max(1, round(_MOST_EXEMPLARS * count / sum(counts)))
        if share >= count:
            rows.append(_patches(image))
            continue
        places = torch.randint(0, count, (share,), generator=generator)
        windows = image[0].unfold(1, PATCH_PX, 1).unfold(2, PATCH_PX, 1)
        columns = windows.shape[2]
        drawn = windows[:, places // columns, places % columns]
        rows.append(drawn.transpose(0, 1).flatten(1))
    return torch.cat(rows)


def _patches(image_NCHW: Tensor, stride: int = 1) -> Tensor:
    """All patches as rows."""
    return functional.unfold(image_NCHW, PATCH_PX, stride=stride)[0].T


def _replaced(
    image_NCHW: Tensor, exemplars: Tensor, generator: torch.Generator, *, wraps: bool
) -> Tensor:
    """Each patch by its nearest exemplar, averaged where they overlap."""
    height, width = image_NCHW.shape[-2:]
    stride = max(1, min(PATCH_PX // 2, round((height * width / _MOST_QUERIES) ** 0.5)))
    # Around the picture lies either its other side or its mirror image; the grid of patches
    # covers all of it, wherever it begins.
    begin = [int(torch.randint(0, stride, (), generator=generator)) for _ in range(2)]
    before = [PATCH_PX - 1 + it for it in begin]
    after = [
        PATCH_PX - 1 + -(length + first + PATCH_PX - 2) % stride
        for length, first in zip((height, width), before, strict=True)
    ]
    mode = "circular" if wraps else "reflect"
    around = (before[1], after[1], before[0], after[0])
    padded = functional.pad(image_NCHW, around, mode=mode)
    queries = _patches(padded, stride)
    found = exemplars[_nearest(queries, exemplars)]
    size = padded.shape[-2:]
    weight = torch.ones_like(found[:, :1]).expand(-1, PATCH_PX * PATCH_PX)
    total = functional.fold(found.T[None], size, PATCH_PX, stride=stride)
    counts = functional.fold(weight.T[None], size, PATCH_PX, stride=stride)
    mean = total / counts.clamp_min(1)
    return mean[..., before[0] : before[0] + height, before[1] : before[1] + width]


def _nearest(queries: Tensor, keys: Tensor) -> Tensor:
    """Row of the nearest key of each query, by distances normalised for completeness."""
    squares = keys.square().sum(dim=1)
    best = torch.full((len(keys),), torch.inf)
    parts = queries.split(_AT_ONCE)
    for part in parts:
        best = torch.minimum(best, _distances(part, keys, squares).amin(dim=0))
    scale = 1 / (best + _COMPLETENESS * PATCH_PX * PATCH_PX)
    return torch.cat([(_distances(part, keys, squares) * scale).argmin(dim=1) for part in parts])


def _distances(queries: Tensor, keys: Tensor, squares: Tensor) -> Tensor:
    own = queries.square().sum(dim=1, keepdim=True)
    return torch.addmm(own + squares, queries, keys.T, alpha=-2).clamp_min_(0)
