"""A picture becomes another one's, patch by patch, from coarse to fine.

Source: generation by direct patch distribution matching, Elnekave & Weiss 2022 (arXiv:2203.11862,
algorithm 1): the pixels themselves are what is optimised, level by level of a pyramid.

Apart from the paper: from level to level the detail of the content is put back, and where edges
of the content would be lost, that costs something; steps are short, on few of the patches.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from genstudio.models.style.patches import PATCH_PX, patch_distance

_FIRST_RATE, _LAST_RATE = 0.04, 0.004
_SECOND_BETA = 0.99
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
# Weight of lost edges beside the distance of patches, which is seldom above 1.
_EDGES = 2.0
# Weight of the distance of single pixels, and how many directions among colours are looked along.
_COLOURS = 0.5
_COLOUR_DIRECTIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is done at each level.

    Attributes:
        steps: Of Adam at each level.
        directions: Random directions that each step looks along.
        patches: That each step looks at, about.
        coarsest_px: Shorter side of the first level, about; forms larger than it are left alone.
        momentum: Adam's first beta. Each step looks along other directions: with 0.5 a restyled
            picture ends closer to the style than with the usual 0.9, and with more of its edges.
    """

    steps: int = 60
    directions: int = 32
    patches: int = 16_384
    coarsest_px: int = 128
    momentum: float = 0.9


@dataclass(frozen=True, slots=True)
class Stage:
    """How far it is.

    Attributes:
        done: Steps done.
        total: Steps in all.
        image_NCHW: As it is now, in [-1, 1], perhaps small still; only at the end of a level.
    """

    done: int
    total: int
    image_NCHW: Tensor | None = None


def edge_strength(image_NCHW: Tensor) -> Tensor:
    """Sobel's gradient magnitude of the luma (or of the one channel): (N, H - 2, W - 2)."""
    luma = image_NCHW[:, :1]
    if image_NCHW.shape[1] >= len(_LUMA):
        red, green, blue = (image_NCHW[:, number : number + 1] for number in range(3))
        luma = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
    kernel = image_NCHW.new_tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    gradient = functional.conv2d(luma, torch.stack([kernel, kernel.T])[:, None])
    return (gradient.square().sum(dim=1) + 1e-6).sqrt()


def edge_correlation(image_NCHW: Tensor, content_NCHW: Tensor) -> Tensor:
    """Pearson's correlation of edge strengths, from -1 to 1: (N,); 0 where there are no edges."""
    one, other = (edge_strength(it).flatten(1) for it in (image_NCHW, content_NCHW))
    one, other = (it - it.mean(dim=1, keepdim=True) for it in (one, other))
    lengths = one.square().sum(dim=1) * other.square().sum(dim=1)
    return (one * other).sum(dim=1) / (lengths + 1e-9).sqrt()


def restyled(
    content_NCHW: Tensor,
    styles: Sequence[Tensor],
    *,
    seed: int,
    keep_edges: float = 0.0,
    inside_HW: Tensor | None = None,
    effort: Effort | None = None,
) -> Iterator[Stage]:
    """Give a picture the patches of others; the last stage holds it.

    Args:
        content_NCHW: The picture, float32 in [-1, 1].
        styles: Pictures whose strokes are as large as they shall be.
        seed: Decides the random directions.
        keep_edges: Edge correlation with the content below which the optimisation pays.
        inside_HW: Where the style goes; everywhere by default. Elsewhere pixels stay.
        effort: How much is done.
    """
    effort = effort or Effort()
    generator = torch.Generator().manual_seed(seed)
    image: Tensor | None = None
    before = content_NCHW
    levels = _levels(content_NCHW.shape, effort.coarsest_px)
    for number, scale in enumerate(levels):
        content = scaled(content_NCHW, scale)
        size = content.shape[-2:]
        if image is None:
            image = content.clone()
        else:
            detail = content - resized(before, size)
            image = (resized(image, size) + detail).clamp(-1, 1)
        before = content
        goal = _Goal(
            styles=[scaled(style, scale) for style in styles],
            content=content,
            keep_edges=keep_edges,
            inside_HW=None if inside_HW is None else _shrunk(inside_HW, size),
        )
        yield from _matched(image, goal, effort, generator, number, len(levels))
        image = image.detach()


def crisp(
    image_NCHW: Tensor,
    styles: Sequence[Tensor],
    generator: torch.Generator,
    effort: Effort,
    *,
    wraps: bool = False,
) -> Iterator[Stage]:
    """Bring the patches of a picture closer to those of others, at its own size only.

    Args:
        image_NCHW: In [-1, 1].
        styles: Likewise.
        generator: Draws the directions.
        effort: How much is done.
        wraps: Whether patches across the edges count as well.
    """
    goal = _Goal(styles=styles, wraps=wraps)
    return _matched(image_NCHW.clone(), goal, effort, generator, 0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Goal:
    """What one level is to become."""

    styles: Sequence[Tensor]
    content: Tensor | None = None
    keep_edges: float = 0.0
    inside_HW: Tensor | None = None
    wraps: bool = False


def _matched(
    image: Tensor, goal: _Goal, effort: Effort, generator: torch.Generator, level: int, levels: int
) -> Iterator[Stage]:
    """Optimise one level in place."""
    image.requires_grad_(True)
    optimizer = torch.optim.Adam([image], lr=_FIRST_RATE, betas=(effort.momentum, _SECOND_BETA))
    total = levels * effort.steps
    for step in range(effort.steps):
        share = step / max(1, effort.steps - 1)
        for group in optimizer.param_groups:
            group["lr"] = _FIRST_RATE * (_LAST_RATE / _FIRST_RATE) ** share
        optimizer.zero_grad(set_to_none=True)
        # Whoever reads this may be in a mode without gradients.
        with torch.enable_grad():
            _cost(image, goal, effort, generator).backward()
        if goal.inside_HW is not None and image.grad is not None:
            image.grad.mul_(goal.inside_HW)
        optimizer.step()
        if step + 1 < effort.steps:
            yield Stage(level * effort.steps + step + 1, total)
    image.requires_grad_(False).clamp_(-1, 1)
    yield Stage((level + 1) * effort.steps, total, image.clone())


def _cost(image: Tensor, goal: _Goal, effort: Effort, generator: torch.Generator) -> Tensor:
    looked_at = image
    if goal.wraps:
        around = (PATCH_PX - 1, 0, PATCH_PX - 1, 0)
        looked_at = functional.pad(image, around, mode="circular")
    cost = patch_distance(
        looked_at,
        goal.styles,
        directions=effort.directions,
        most_patches=effort.patches,
        generator=generator,
        inside_HW=goal.inside_HW,
    )
    # Single pixels too: few of the directions among patches see a colour that is not the style's.
    cost = cost + _COLOURS * patch_distance(
        image,
        goal.styles,
        directions=_COLOUR_DIRECTIONS,
        most_patches=effort.patches,
        generator=generator,
        inside_HW=goal.inside_HW,
        side_px=1,
    )
    if goal.content is not None and goal.keep_edges > 0:
        correlation = edge_correlation(image, goal.content)
        cost = cost + _EDGES * functional.relu(goal.keep_edges - correlation).mean()
    return cost


def _levels(shape: Sequence[int], coarsest_px: int) -> list[float]:
    """Scales from the coarsest to 1, each twice the one before."""
    shorter = min(shape[-2:])
    halvings = 0
    while shorter / 2 ** (halvings + 1) >= coarsest_px * 0.75:
        halvings += 1
    return [0.5**number for number in range(halvings, -1, -1)]


def scaled(image_NCHW: Tensor, scale: float) -> Tensor:
    """Resize by a factor, to no less than a patch and a bit; in [-1, 1]."""
    if scale == 1:
        return image_NCHW
    height, width = (max(PATCH_PX + 1, round(side * scale)) for side in image_NCHW.shape[-2:])
    return resized(image_NCHW, (height, width)).clamp(-1, 1)


def resized(image_NCHW: Tensor, size: Sequence[int]) -> Tensor:
    """Resize to a height and width, smoothly; may leave [-1, 1] a little."""
    if tuple(image_NCHW.shape[-2:]) == tuple(size):
        return image_NCHW
    return functional.interpolate(image_NCHW, size=tuple(size), mode="bicubic", antialias=True)


def _shrunk(inside_HW: Tensor, size: Sequence[int]) -> Tensor:
    share = functional.interpolate(inside_HW[None, None].float(), size=tuple(size), mode="area")
    return share[0, 0] > 0.5
