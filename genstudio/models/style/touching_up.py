"""A style as what its patches look like along many directions, and pictures brought closer to it.

Source: the sliced Wasserstein distance of patches, Elnekave & Weiss 2022 (arXiv:2203.11862).

Apart from the paper: the directions are drawn once, and the quantiles of the style along them are
learned in advance, so that a step looks at the picture alone; and gradients are written out, which
needs no graph. A step so takes less than half of the time.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.grad import conv2d_input

from genstudio.models.style.optimisation import resized, scaled
from genstudio.models.style.patches import PATCH_PX, random_directions

_SETS = 16
# Name, number of directions and side in pixels of what is compared; and what it counts for.
_KINDS = (("patch", 32, PATCH_PX), ("colour", 4, 1))
_WEIGHTS = {"patch": 1.0, "colour": 0.5}
_QUANTILES = 256
_BINS = 256
_MOST_PATCHES = 16_384
_SMALLEST_PX = 32
_MOST_LEVELS = 3
_SEED = 20220322
# Steps at each level, the finest last: more would lose edges. How far a step of Adam goes.
_STEPS = (20, 20, 16)
_FIRST_RATE, _LAST_RATE = 0.08, 0.01
_BETAS = (0.5, 0.99)
# What is seen later counts for at least so much.
_LEAST_WEIGHT = 0.1


class StyleQuantiles(nn.Module):
    """Quantiles of a style's patches and colours, at up to three scales.

    All is in buffers: of several pictures, or of several processes, a mean of quantiles is those of
    the barycentre of their distributions.

    Args:
        channels: Of pictures.
        size: Side of the pictures that the style is seen at, in pixels.
    """

    times_seen: Tensor

    def __init__(self, channels: int, size: int) -> None:
        super().__init__()
        levels = sum(size / 2**halvings >= _SMALLEST_PX for halvings in range(_MOST_LEVELS))
        self._scales = [0.5**halvings for halvings in range(max(1, levels) - 1, -1, -1)]
        rows = len(self._scales) * _SETS
        # Of no more than three dimensions: four are taken for weights of convolutions.
        for name, count, side in _KINDS:
            self.register_buffer(
                f"{name}_directions", torch.zeros(_SETS, count, channels * side**2)
            )
            self.register_buffer(f"{name}_quantiles", torch.zeros(rows, count, _QUANTILES + 1))
        self.register_buffer("times_seen", torch.zeros(len(self._scales), _SETS))
        if not self.times_seen.is_meta:
            self._draw()

    @torch.no_grad()
    def _draw(self) -> None:
        """The same directions always."""
        generator = torch.Generator().manual_seed(_SEED)
        for name, count, side in _KINDS:
            for rows in self.get_buffer(f"{name}_directions"):
                channels = rows.shape[1] // side**2
                rows.copy_(random_directions(count, channels, generator, side).flatten(1))

    @torch.no_grad()
    def see(self, style_NCHW: Tensor, step: int) -> None:
        """Learn a little of a style: one set of directions at one scale, another one each step.

        Args:
            style_NCHW: Pictures in [-1, 1].
            step: Of the training.
        """
        level, set_ = step % len(self._scales), step // len(self._scales) % _SETS
        shrunk = scaled(style_NCHW, self._scales[level])
        seen = self.times_seen[level, set_].add_(1)
        weight = (1 / seen).clamp_min(_LEAST_WEIGHT)
        for name, _, side in _KINDS:
            values = self._values(shrunk, self._kernels(name, set_, side), side)
            at = torch.linspace(0, 1, _QUANTILES + 1, device=values.device)
            place = at * (values.shape[1] - 1)
            below = place.long().clamp(max=values.shape[1] - 2)
            ordered = values.sort(dim=1)[0]
            low, high = ordered[:, below], ordered[:, below + 1]
            quantiles = self._quantiles(name, level, set_)
            quantiles.lerp_(low + (high - low) * (place - below), weight)

    @torch.no_grad()
    def touched_up(self, image_NCHW: Tensor) -> Tensor:
        """Bring a picture closer to the style, from coarse to fine.

        Args:
            image_NCHW: One picture, in [-1, 1]; of any size.

        Returns:
            Of the same shape; the same if nothing was seen of a style yet.
        """
        if not self.times_seen.any():
            return image_NCHW
        generator = torch.Generator().manual_seed(_SEED)
        image: Tensor | None = None
        before = image_NCHW
        for level, scale in enumerate(self._scales):
            given = scaled(image_NCHW, scale)
            if image is None:
                image = given.clone()
            else:
                size = given.shape[-2:]
                detail = given - resized(before, size)
                image = (resized(image, size) + detail).clamp(-1, 1)
            before = given
            self._descend(image, level, generator)
            image.clamp_(-1, 1)
        assert image is not None
        return image

    def _descend(self, image: Tensor, level: int, generator: torch.Generator) -> None:
        """Adam (Kingma & Ba 2015, arXiv:1412.6980) in place, at one level."""
        known = self.times_seen[level].nonzero().flatten().tolist()
        if not known:  # After a first few steps of training.
            return
        steps = _STEPS[level - len(self._scales)]
        mean, square = torch.zeros_like(image), torch.zeros_like(image)
        for step in range(steps):
            gradient = self._gradient(image, level, known[step % len(known)], generator)
            mean.lerp_(gradient, 1 - _BETAS[0])
            square.lerp_(gradient.square(), 1 - _BETAS[1])
            rate = _FIRST_RATE * (_LAST_RATE / _FIRST_RATE) ** (step / max(1, steps - 1))
            first, second = (1 - beta ** (step + 1) for beta in _BETAS)
            image.addcdiv_(mean, (square / second).sqrt_().add_(1e-10), value=-rate / first)

    def _gradient(self, image: Tensor, level: int, set_: int, generator: torch.Generator) -> Tensor:
        """Of the mean distance along one set of directions."""
        gradient = torch.zeros_like(image)
        stride = _stride(image)
        height, width = image.shape[-2:]
        top, left = (
            int(torch.randint(0, min(stride, length - PATCH_PX + 1), (), generator=generator))
            for length in (height, width)
        )
        part = image[..., top:, left:]
        for name, _, side in _KINDS:
            kernels = self._kernels(name, set_, side)
            values = functional.conv2d(part, kernels, stride=stride)
            rows = values[0].flatten(1)
            wanted = _wanted(rows, self._quantiles(name, level, set_))
            signs = (rows - wanted).sign_().view_as(values)
            weighted = kernels * (_WEIGHTS[name] / signs.numel())
            # What autograd does; it is faster than a transposed convolution.
            gradient[..., top:, left:] += conv2d_input(part.shape, weighted, signs, stride=stride)
        return gradient

    def _values(self, images: Tensor, kernels: Tensor, side: int) -> Tensor:
        """Projections of some of the patches, a row for each direction."""
        stride = _stride(images)
        top, left = (
            int(torch.randint(0, min(stride, length - side + 1), ()))
            for length in images.shape[-2:]
        )
        projected = functional.conv2d(images[..., top:, left:].float(), kernels, stride=stride)
        return projected.transpose(0, 1).flatten(1)

    def _kernels(self, name: str, set_: int, side: int) -> Tensor:
        rows = self.get_buffer(f"{name}_directions")[set_]
        return rows.view(len(rows), -1, side, side)

    def _quantiles(self, name: str, level: int, set_: int) -> Tensor:
        return self.get_buffer(f"{name}_quantiles")[level * _SETS + set_]

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *args: Any) -> None:
        """Runs from before there was this have nothing of it: they go on without."""
        if f"{prefix}times_seen" not in state_dict:
            size = round(_SMALLEST_PX / self._scales[0])
            channels = self.get_buffer("colour_directions").shape[2]
            nothing = StyleQuantiles(channels, size)
            state_dict.update(nothing.state_dict(prefix=prefix))
        super()._load_from_state_dict(state_dict, prefix, *args)


def _stride(images: Tensor) -> int:
    """Of a grid of about as many patches as are looked at."""
    height, width = (length - PATCH_PX + 1 for length in images.shape[-2:])
    return max(1, round((len(images) * height * width / _MOST_PATCHES) ** 0.5))


def _wanted(rows: Tensor, quantiles: Tensor) -> Tensor:
    """Where the best transport moves each value, as in :func:`patches.transported`."""
    low = rows.amin(1, keepdim=True)
    width = ((rows.amax(1, keepdim=True) - low) / _BINS).clamp_min(1e-6)
    place = (rows - low) / width
    first = torch.arange(len(rows), device=rows.device)[:, None] * _BINS
    index = place.long().clamp_(0, _BINS - 1)
    counts = torch.bincount((index + first).flatten(), minlength=len(rows) * _BINS)
    counts = counts.view(len(rows), _BINS)
    shares = functional.pad(counts.cumsum(1).float(), (1, 0)) * (_QUANTILES / rows.shape[1])
    below = shares.long().clamp_(0, _QUANTILES - 1)
    reached = quantiles.gather(1, below)
    edges = reached + (quantiles.gather(1, below + 1) - reached) * (shares - below)
    left = edges.gather(1, index)
    return left + (edges.gather(1, index + 1) - left) * (place - index)
