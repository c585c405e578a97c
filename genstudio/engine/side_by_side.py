"""Convolutions of small maps, done with several pictures side by side in one long row.

oneDNN feeds AMX, the matrix unit of newer processors, with rows of pixels. Where a row has four of
them, most of each tile stays empty, and the gradient by the weights of a 3 × 3 convolution comes at
a tenth of the speed that rows of 32 have. With empty columns between the pictures, as many as the
kernel reaches over, one convolution of a long row gives the same as one of each picture.
"""

import math
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

_Convolution: TypeAlias = nn.Conv2d | nn.ConvTranspose2d

_LARGEST_SIDE = 4
# With fewer products of pictures and channels for each thread, rearranging takes longer than it
# saves; a row has at least so many pictures.
_FEWEST_PRODUCTS = 2**18
_FEWEST_PICTURES = 8


def lay_side_by_side(network: nn.Module) -> None:
    """Let a network's convolutions take small maps side by side from now on, while it learns.

    What they give is the same but for rounding. It pays in bf16 on a processor with AMX, and
    nowhere else.
    """
    for module in network.modules():
        if isinstance(module, _Convolution) and _keeps_neighbours_apart(module):
            detour = _Detour(module)
            module.register_forward_pre_hook(detour.lay)
            module.register_forward_hook(detour.part)


def _keeps_neighbours_apart(module: _Convolution) -> bool:
    """Whether a row that is longer by a stride gives one pixel more, or the other way round."""
    if isinstance(module.padding, str) or module.padding_mode != "zeros":
        return False
    spare, stride = _spare(module), module.stride[1]
    if isinstance(module, nn.ConvTranspose2d):
        fits = spare == module.output_padding[1]
    else:
        fits = 0 <= spare < stride
    return fits and module.kernel_size[1] > 1 and module.groups == 1 and module.dilation[1] == 1


def _spare(module: _Convolution) -> int:
    """Columns that a convolution has, with its padding, beyond those that its strides need."""
    return 2 * int(module.padding[1]) + module.stride[1] - module.kernel_size[1]


class _Detour:
    """Hooks around a convolution: pictures are laid into rows before it, and parted after it."""

    def __init__(self, module: _Convolution) -> None:
        self._is_transposed = isinstance(module, nn.ConvTranspose2d)
        self._stride = module.stride[1]
        self._padding = int(module.padding[1])
        self._spare = _spare(module)
        self._products = module.in_channels * module.out_channels
        self._pictures = 0
        self._side = 0

    def lay(self, _module: nn.Module, args: tuple[Any, ...]) -> tuple[Tensor] | None:
        """Pictures (N, C, H, W) => rows of several of them (R, C, H, N / R · pitch)."""
        self._pictures = 0
        if len(args) != 1 or args[0].dim() != 4:
            return None
        features_NCHW = args[0]
        count, _, _, width = features_NCHW.shape
        small = width if self._is_transposed else (width + self._spare) // self._stride
        threads = torch.get_num_threads()
        if (
            small > _LARGEST_SIDE
            or count < _FEWEST_PICTURES
            or count * self._products < _FEWEST_PRODUCTS * threads
            or not torch.is_grad_enabled()
            or not torch.is_autocast_enabled("cpu")
        ):
            return None
        self._pictures = count
        self._side = small * self._stride if self._is_transposed else small
        rows = math.gcd(count // _FEWEST_PICTURES, threads) if count % _FEWEST_PICTURES == 0 else 1
        given = features_NCHW.to(torch.get_autocast_dtype("cpu"))
        given = given.unflatten(0, (rows, count // rows))  # (R, N / R, C, H, W)
        if given.requires_grad:
            given.register_hook(_in_channels_last)
        pixels = given.permute(0, 3, 1, 4, 2)
        apart = functional.pad(pixels, (0, 0, 0, self._gap(width)))
        return (apart.flatten(2, 3).permute(0, 3, 1, 2),)

    def part(self, _module: nn.Module, _args: tuple[Any, ...], row: Tensor) -> Tensor | None:
        """Rows (R, C, H, …) => pictures (N, C, H, W) in the order that they had."""
        if self._pictures == 0:
            return None
        rows, channels, height, _ = row.shape
        in_a_row = self._pictures // rows
        apart = row.permute(0, 2, 3, 1).reshape(rows, height, in_a_row, -1, channels)
        pictures = apart[:, :, :, : self._side].transpose(1, 2)
        return pictures.flatten(0, 1).contiguous().permute(0, 3, 1, 2)

    def _gap(self, width: int) -> int:
        """Columns between pictures, so that no kernel reaches over them."""
        if self._is_transposed:
            return -(-self._padding // self._stride)
        return -(-(width + self._padding) // self._stride) * self._stride - width


def _in_channels_last(gradient: Tensor | None) -> Tensor | None:
    """What lies before the convolution would be slow with the order that a row has.

    There is no gradient where that of another gradient is taken, which does not come by here.
    """
    if gradient is None:
        return None
    return gradient.movedim(2, 4).contiguous().movedim(4, 2)
