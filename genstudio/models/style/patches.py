"""Distances between pictures as sets of patches, without a downloaded network.

Source: the sliced Wasserstein distance of patches, Elnekave & Weiss 2022 (arXiv:2203.11862): all
patches are projected onto random directions, where the best matching of two sets is their order.

Apart from the paper: values are matched through histograms instead of by sorting, which takes a
sixth of the time; and each step looks at some of the patches, on a grid that lies elsewhere each
time, since it is the number of directions that decides how well two pictures agree.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

PATCH_PX = 7
_BINS = 512


def random_directions(
    count: int, channels: int, generator: torch.Generator | None, side_px: int = PATCH_PX
) -> Tensor:
    """Unit vectors among patches: float32 of shape (count, channels, side, side), on the CPU."""
    drawn = torch.randn(count, channels, side_px, side_px, generator=generator)
    return drawn / drawn.flatten(1).norm(dim=1)[:, None, None, None]


@torch.no_grad()
def transported(values: Tensor, wanted: Tensor, bins: int = _BINS) -> Tensor:
    """Where the best transport moves each value, so that a row is distributed like the wanted one.

    In one dimension that is the quantile function of the wanted values behind the distribution
    function of the given ones; both are taken to be linear within a bin.

    Args:
        values: A row for each direction.
        wanted: As many rows; of any length.
        bins: Of the histograms of each row.

    Returns:
        Values of shape (P, N).
    """
    rows = len(values)
    low = torch.minimum(values.amin(1), wanted.amin(1))[:, None]
    high = torch.maximum(values.amax(1), wanted.amax(1))[:, None]
    width = ((high - low) / bins).clamp_min(1e-6)
    place = (values - low) / width
    from_, to = _distribution(place, bins), _distribution((wanted - low) / width, bins)
    # The bin of the wanted values in which each edge of a bin of the given ones falls.
    bin_ = torch.searchsorted(to, from_, right=True).clamp(1, bins) - 1
    below, above = to.gather(1, bin_), to.gather(1, bin_ + 1)
    share = ((from_ - below) / (above - below).clamp_min(1e-12)).clamp(0, 1)
    edges = low + (bin_ + share).to(values.dtype) * width
    index = place.long().clamp_(0, bins - 1)
    left = edges.gather(1, index)
    moved = left + (edges.gather(1, index + 1) - left) * (place - index)
    return moved.reshape(rows, -1)


def _distribution(place: Tensor, bins: int) -> Tensor:
    """Distribution function at the edges of the bins: float64 of shape (rows, bins + 1)."""
    rows = len(place)
    first = torch.arange(rows, device=place.device)[:, None] * bins
    index = place.long().clamp_(0, bins - 1) + first
    counts = torch.bincount(index.flatten(), minlength=rows * bins).view(rows, bins)
    sums = counts.double().cumsum(1) / place.shape[1]
    return functional.pad(sums, (1, 0))


def patch_distance(
    images_NCHW: Tensor,
    references: Sequence[Tensor],
    *,
    directions: int,
    most_patches: int,
    generator: torch.Generator | None,
    inside_HW: Tensor | None = None,
    side_px: int = PATCH_PX,
    is_each: bool = False,
) -> Tensor:
    """Sliced Wasserstein-1 distance of the patches of pictures to those of others: a scalar.

    Args:
        images_NCHW: Pictures whose patches are taken together, and which get a gradient.
        references: Pictures (M, C, H, W) of as many channels, of any size; their patches are taken
            together.
        directions: Random directions that are looked along.
        most_patches: About so many of the patches of each tensor are looked at, on a grid.
        generator: Draws the directions and where the grids lie; torch's global one by default.
        inside_HW: Where True, a patch in whose middle it lies counts; all by default.
        side_px: Of a patch; 1 compares colours.
        is_each: Whether each picture's own patches are matched, and the mean of all is returned:
            of a batch together, one picture may be all light and another all dark.
    """
    kernels = random_directions(directions, images_NCHW.shape[1], generator, side_px)
    kernels = kernels.to(images_NCHW.device)
    values = _projected(images_NCHW, kernels, most_patches, generator, inside_HW)
    with torch.no_grad():
        wanted = torch.cat(
            [_projected(it, kernels, most_patches, generator) for it in references], dim=1
        )
    if values.shape[1] == 0:
        return values.sum()
    if is_each:
        # Of a direction's row, the pictures lie behind one another.
        count = len(images_NCHW)
        values = values.reshape(directions * count, -1)
        wanted = wanted.repeat_interleave(count, dim=0)
    return (values - transported(values.detach(), wanted)).abs().mean()


def _projected(
    images_NCHW: Tensor,
    kernels: Tensor,
    most_patches: int,
    generator: torch.Generator | None,
    inside_HW: Tensor | None = None,
) -> Tensor:
    side = kernels.shape[-1]
    height, width = (length - side + 1 for length in images_NCHW.shape[-2:])
    stride = max(1, round((len(images_NCHW) * height * width / most_patches) ** 0.5))
    top, left = (
        int(torch.randint(0, min(stride, length), (), generator=generator))
        for length in (height, width)
    )
    projected = functional.conv2d(images_NCHW[..., top:, left:], kernels, stride=stride)
    if inside_HW is None:
        return projected.transpose(0, 1).flatten(1)
    half = side // 2
    middles = inside_HW[top + half :: stride, left + half :: stride]
    rows, columns = projected.shape[-2:]
    return projected.transpose(0, 1)[..., middles[:rows, :columns]].flatten(1)
