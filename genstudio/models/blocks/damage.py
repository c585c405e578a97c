"""Coherent synthetic damage: what a model learns to repair that shall know whole pictures.

After the corruption of self-supervised autoencoders for anomaly detection (Schlüter et al. 2022,
arXiv:2109.15222; Zavrtanik et al. 2021, arXiv:2108.07610): smooth masks, inside which lies
something coherent of another origin, at varying opacity; and noise on top, as for denoising
autoencoders (Vincent et al. 2008, doi:10.1145/1390156.1390294).
"""

import torch
from torch import Tensor
from torch.nn import functional

# Cells of the noise that masks are cut from: from few, large blots to many, small ones.
_CELLS = (3, 6, 12)
_SHARE_DAMAGED = 0.85
_MOST_COVERED = 0.3
_MOST_NOISE = 0.1


def damaged(images_NCHW: Tensor) -> Tensor:
    """Spoil parts of pictures in [-1, 1]; some are left whole but for the noise.

    The operations are always the same, and no number is asked of the device.
    """
    count, device = len(images_NCHW), images_NCHW.device
    opacity = torch.rand(count, 1, 1, 1, device=device) * 0.7 + 0.3
    is_damaged = torch.rand(count, 1, 1, 1, device=device) < _SHARE_DAMAGED
    share = _masks(images_NCHW) * opacity * is_damaged
    spoiled = torch.lerp(images_NCHW, _origins(images_NCHW), share)
    strength = torch.rand(count, 1, 1, 1, device=device).square() * _MOST_NOISE
    return spoiled + strength * torch.randn_like(spoiled)


def _pick(choices: list[Tensor]) -> Tensor:
    """For each picture one of several."""
    stacked = torch.stack(choices)
    which_N = torch.randint(len(choices), (stacked.shape[1],), device=stacked.device)
    weights = functional.one_hot(which_N, len(choices)).to(stacked).T
    return (weights.reshape(len(choices), -1, 1, 1, 1) * stacked).sum(0)


def _smooth_noise(images_NCHW: Tensor, cells: int, channels: int) -> Tensor:
    count, _, height, width = images_NCHW.shape
    coarse = torch.randn(count, channels, cells, cells, device=images_NCHW.device)
    return functional.interpolate(coarse, (height, width), mode="bicubic")


def _masks(images_NCHW: Tensor) -> Tensor:
    """Soft blots, (N, 1, H, W) in [0, 1], of which each covers up to a third of its picture."""
    field = _pick([_smooth_noise(images_NCHW, cells, 1) for cells in _CELLS])
    count = len(images_NCHW)
    covered = torch.rand(count, 1, 1, 1, device=images_NCHW.device) * _MOST_COVERED + 0.01
    # Where a standard normal exceeds this, it does so with the wanted share.
    deviation = field.std(dim=(1, 2, 3), keepdim=True).clamp_min(1e-3)
    level = torch.special.ndtri(1 - covered) * deviation
    return ((field - level) * 8 / deviation).sigmoid()


def _origins(images_NCHW: Tensor) -> Tensor:
    """What lies in the blots: other pictures, this one stretched, mirrored, coloured; noise."""
    count, channels = images_NCHW.shape[:2]
    device = images_NCHW.device
    tint = torch.rand(count, channels, 1, 1, device=device) * 2 - 1
    grain = torch.rand(count, 1, 1, 1, device=device) * 0.5
    noise = tint + grain * _pick(
        [_smooth_noise(images_NCHW, cells, channels) for cells in _CELLS]
        + [torch.randn_like(images_NCHW)]
    )
    return _pick(
        [
            images_NCHW.roll(1, 0).flip(3),
            _warped(images_NCHW.roll(1, 0)),
            _warped(images_NCHW),
            images_NCHW.flip(1) if channels == 3 else -images_NCHW,
            (images_NCHW + tint).clamp(-1, 1),
            noise.clamp(-1, 1),
            tint.expand_as(images_NCHW),
        ]
    )


def _warped(images_NCHW: Tensor) -> Tensor:
    """Each turned, stretched and shifted at random; what comes in from outside is mirrored."""
    count, device = len(images_NCHW), images_NCHW.device
    angle = torch.rand(count, device=device) * (2 * torch.pi)
    scale = torch.rand(2, count, device=device) * 0.9 + 0.4
    shift = torch.rand(2, count, device=device) * 2 - 1
    cosine, sine = angle.cos(), angle.sin()
    rows = [
        torch.stack([cosine * scale[0], -sine * scale[1], shift[0]], dim=1),
        torch.stack([sine * scale[0], cosine * scale[1], shift[1]], dim=1),
    ]
    grid = functional.affine_grid(
        torch.stack(rows, dim=1), list(images_NCHW.shape), align_corners=False
    )
    return functional.grid_sample(images_NCHW, grid, padding_mode="reflection", align_corners=False)
