"""Augmentations on the device, differentiable and alike for real and generated pictures."""

import torch
from torch import Tensor
from torch.nn import functional


def diff_augment(images_NCHW: Tensor, *, colour: bool, translation: bool, cutout: bool) -> Tensor:
    """DiffAugment (Zhao et al. 2020, arXiv:2006.10738, section 3 and appendix).

    Args:
        images_NCHW: Float in [-1, 1]; values may leave that range.
        colour: Random brightness, saturation and contrast.
        translation: Random shift by up to an eighth, zeros coming in.
        cutout: A random square of half the side set to zero.
    """
    if colour:
        # An opacity is no colour.
        coloured = _colour(images_NCHW[:, :3])
        images_NCHW = torch.cat([coloured, images_NCHW[:, 3:]], dim=1)
    if translation:
        images_NCHW = _translate(images_NCHW, images_NCHW.shape[-1] // 8)
    if cutout:
        images_NCHW = _cut_out(images_NCHW, images_NCHW.shape[-1] // 2)
    return images_NCHW


def _uniform(images_NCHW: Tensor) -> Tensor:
    return torch.rand(images_NCHW.shape[0], 1, 1, 1, device=images_NCHW.device)


def _colour(x: Tensor) -> Tensor:
    x = x + (_uniform(x) - 0.5)
    grey = x.mean(dim=1, keepdim=True)
    x = (x - grey) * (_uniform(x) * 2) + grey
    middle = x.mean(dim=(1, 2, 3), keepdim=True)
    return (x - middle) * (_uniform(x) + 0.5) + middle


def _translate(x: Tensor, reach: int) -> Tensor:
    count, channels, height, width = x.shape
    padded = functional.pad(x, (reach, reach, reach, reach))
    shift = torch.randint(0, 2 * reach + 1, (2, count), device=x.device)
    rows = (shift[0, :, None] + torch.arange(height, device=x.device))[:, None, :, None]
    columns = (shift[1, :, None] + torch.arange(width, device=x.device))[:, None, None, :]
    batch = torch.arange(count, device=x.device)[:, None, None, None]
    planes = torch.arange(channels, device=x.device)[None, :, None, None]
    return padded[batch, planes, rows, columns]


def _cut_out(x: Tensor, side: int) -> Tensor:
    count, _, height, width = x.shape
    top = torch.randint(0, height + 1, (count, 1, 1, 1), device=x.device) - side // 2
    left = torch.randint(0, width + 1, (count, 1, 1, 1), device=x.device) - side // 2
    rows = torch.arange(height, device=x.device)[None, None, :, None]
    columns = torch.arange(width, device=x.device)[None, None, None, :]
    inside = (rows >= top) & (rows < top + side) & (columns >= left) & (columns < left + side)
    return x.masked_fill(inside, 0.0)
