"""Augmentations on the device, differentiable and alike for real and generated pictures.

They compute on planes, a channel after the other: with three channels next to each other, the same
arithmetic takes ten times as long (tests/bench/RESULTS.md).
"""

from typing import Any, cast

import torch
from torch import Tensor

Chance = float | Tensor


def diff_augment(
    images_NCHW: Tensor, *, colour: Chance = 0, translation: Chance = 0, cutout: Chance = 0
) -> Tensor:
    """DiffAugment (Zhao et al. 2020, arXiv:2006.10738, section 3 and appendix).

    Args:
        images_NCHW: Float in [-1, 1]; values may leave that range.
        colour: How often, in [0, 1], a picture gets random brightness, saturation and contrast.
        translation: How often one is shifted by up to an eighth, zeros coming in.
        cutout: How often a random square of half its side is set to zero.
    """
    changed = images_NCHW
    if _may_be(translation):
        changed = _translate(changed, translation)
    if _may_be(colour):
        # An opacity is no colour.
        coloured, opacity = _colour(changed[:, :3], colour), changed[:, 3:]
        changed = torch.cat([coloured, opacity], dim=1) if opacity.numel() else coloured
    if _may_be(cutout):
        own = changed.clone() if changed is images_NCHW else changed
        changed = own.masked_fill_(_cut_out_of(own, cutout), 0.0)
    return changed


def _may_be(chance: Chance) -> bool:
    # To ask a tensor would let the processor wait for the device.
    return isinstance(chance, Tensor) or chance > 0


def _chosen(images_NCHW: Tensor, chance: Chance) -> Tensor:
    return torch.rand(len(images_NCHW), 1, 1, 1, device=images_NCHW.device) < chance


def _colour(x: Tensor, chance: Chance) -> Tensor:
    """Change brightness, then saturation, then contrast; all in one, since each is linear."""
    x = x.contiguous()
    chosen = _chosen(x, chance)
    brightness, saturation, contrast = torch.rand(3, len(x), 1, 1, 1, device=x.device)
    brightness = torch.where(chosen, brightness - 0.5, 0.0)
    saturation = torch.where(chosen, saturation * 2, 1.0)
    contrast = torch.where(chosen, contrast + 0.5, 1.0)
    grey = x.mean(dim=1, keepdim=True)
    middle = grey.mean(dim=(2, 3), keepdim=True)
    base = grey * (contrast * (1 - saturation)) + (middle * (1 - contrast) + brightness)
    return torch.addcmul(base, x, contrast * saturation)


def _translate(x: Tensor, chance: Chance) -> Tensor:
    reach = x.shape[-1] // 8
    shift = torch.randint(-reach, reach + 1, (2, len(x)), device=x.device)
    rows, columns = shift * _chosen(x, chance).flatten()
    return cast("Tensor", _Shift.apply(x, rows, columns, reach))


class _Shift(torch.autograd.Function):
    """A shift of each picture, whose gradient is shifted back; that can be differentiated, too."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, rows_N: Tensor, columns_N: Tensor, reach: int) -> Tensor:
        """Give what lies so many rows below and columns to the right, or zero."""
        ctx.save_for_backward(rows_N, columns_N)
        ctx.reach = reach
        count, channels, height, width = x.shape
        padded = x.new_zeros(count, channels, height + 2 * reach, width + 2 * reach)
        padded[:, :, reach : reach + height, reach : reach + width] = x
        planes = torch.arange(count * channels, device=x.device).reshape(count, channels, 1)
        rows = reach + rows_N[:, None, None] + torch.arange(height, device=x.device)
        starts = planes * padded.shape[2] + rows
        starts = starts * padded.shape[3] + reach + columns_N[:, None, None]
        # Rows lie in one piece, whose beginnings are all that has to be looked up.
        found = padded.flatten().unfold(0, width, 1).index_select(0, starts.flatten())
        return found.reshape(x.shape)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        """Shift the gradient back."""
        rows_N, columns_N = ctx.saved_tensors
        return _Shift.apply(gradients[0], -rows_N, -columns_N, ctx.reach), None, None, None


def _cut_out_of(x: Tensor, chance: Chance) -> Tensor:
    """What is cut out of pictures: (N, 1, H, W)."""
    count, _, height, width = x.shape
    side = width // 2
    top = torch.randint(0, height + 1, (count, 1, 1, 1), device=x.device) - side // 2
    left = torch.randint(0, width + 1, (count, 1, 1, 1), device=x.device) - side // 2
    rows = torch.arange(height, device=x.device)[None, None, :, None]
    columns = torch.arange(width, device=x.device)[None, None, None, :]
    inside = (rows >= top) & (rows < top + side) & (columns >= left) & (columns < left + side)
    return inside & _chosen(x, chance)
