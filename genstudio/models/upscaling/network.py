"""A network that enlarges pictures, computed layer by layer from what ncnn's files say.

Real-ESRGAN (Wang et al. 2021, https://arxiv.org/abs/2107.10833) and its small relatives: plain
stacks of convolutions, or residual dense blocks, with the enlarging at the end.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.models.upscaling.ncnn_files import Layer

_INPUT, _OUTPUT = "data", "output"
_PROBED_PX = 8
_MOST_FACTOR = 16


class UpscalingNetwork(nn.Module):
    """A network whose layers are data.

    Args:
        layers: In the order in which they are computed.

    Attributes:
        factor: How much larger a side becomes.
        reach_px: How far around a pixel what is given decides what comes out, at most.

    Raises:
        ValueError: The layers do not fit each other, or enlarge nothing.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        super().__init__()  # pyright: ignore[reportUnknownMemberType]
        self._layers = [it for it in layers if it.kind != "Input"]
        self._uses = Counter(name for it in self._layers for name in it.inputs)
        if not any(it.kind == "Input" and it.outputs == (_INPUT,) for it in layers):
            raise ValueError(f"nothing is called {_INPUT!r}")
        if _OUTPUT not in {name for it in self._layers for name in it.outputs}:
            raise ValueError(f"nothing is called {_OUTPUT!r}")
        for number, layer in enumerate(self._layers):
            for name, value in layer.weights.items():
                self.register_buffer(f"{name}_{number}", value)
        self.factor = self._probed()
        self.reach_px = _reach(layers)

    def forward(self, images_NCHW: Tensor) -> Tensor:
        """RGB pictures in [0, 1] => larger ones, not quite within [0, 1]."""
        values = {_INPUT: images_NCHW}
        left = Counter(self._uses)
        for number, layer in enumerate(self._layers):
            taken = [values[name] for name in layer.inputs]
            weights = {
                name: cast("Tensor", getattr(self, f"{name}_{number}")) for name in layer.weights
            }
            given = _COMPUTED[layer.kind](layer, taken, weights)
            left.subtract(layer.inputs)
            for name in set(layer.inputs):
                if left[name] == 0:
                    del values[name]  # Features of a tile take a hundred times its memory.
            values.update(dict.fromkeys(layer.outputs, given))
        return values[_OUTPUT]

    def _probed(self) -> int:
        """See by a tiny picture whether everything fits, and how much larger it becomes."""
        try:
            with torch.inference_mode():
                made = self(torch.full((1, 3, _PROBED_PX, _PROBED_PX), 0.5))
        except (RuntimeError, IndexError) as error:
            raise ValueError("its layers do not fit each other") from error
        factor, rest = divmod(made.shape[-1], _PROBED_PX)
        side = factor * _PROBED_PX
        if rest or not 1 < factor <= _MOST_FACTOR or tuple(made.shape) != (1, 3, side, side):
            raise ValueError("it does not enlarge pictures")
        return factor


def _reach(layers: Sequence[Layer]) -> int:
    """Half the width of the receptive field, rounded up."""
    reaches: dict[str, tuple[float, int]] = {}
    for layer in layers:
        given = [reaches[name] for name in layer.inputs] or [(0.0, 1)]
        reach, scale = max(it for it, _ in given), max(it for _, it in given)
        if layer.kind == "Convolution":
            reach += layer.whole(4, 0) / scale
        elif layer.kind == "PixelShuffle":
            scale *= layer.whole(0, 1)
        elif layer.kind == "Interp":
            scale *= int(layer.numbers[1])
        reaches.update(dict.fromkeys(layer.outputs, (reach, scale)))
    return math.ceil(reaches[_OUTPUT][0])


_Weights = Mapping[str, Tensor]


def _convolution(layer: Layer, values: Sequence[Tensor], weights: _Weights) -> Tensor:
    padding = layer.whole(4, 0)
    made = functional.conv2d(values[0], weights["weight"], weights.get("bias"), padding=padding)
    activation = layer.whole(9, 0)
    if activation == 0:
        return made
    if activation == 1:
        return functional.relu(made)
    if activation == 2:
        return functional.leaky_relu(made, layer.arrays[10][0])
    raise ValueError("a convolution has an activation of an unknown kind")


def _prelu(layer: Layer, values: Sequence[Tensor], weights: _Weights) -> Tensor:
    del layer
    return functional.prelu(values[0], weights["slope"])


def _same(layer: Layer, values: Sequence[Tensor], weights: _Weights) -> Tensor:
    del layer, weights
    return values[0]


def _concat(layer: Layer, values: Sequence[Tensor], weights: _Weights) -> Tensor:
    del weights
    if layer.whole(0, 0) != 0:
        raise ValueError("values are joined along an unknown side")
    return torch.cat(list(values), dim=1)


def _weighted_sum(layer: Layer, values: Sequence[Tensor], weights: _Weights) -> Tensor:
    del weights
    if layer.whole(0, 0) != 1:
        raise ValueError("values are put together in an unknown way")
    factors = layer.arrays.get(1, ()) or (1.0,) * len(values)
    if len(factors) != len(values):
        raise ValueError("values are put together in an unknown way")
    made = values[0] * factors[0]
    for value, factor in zip(values[1:], factors[1:], strict=True):
        made = made.add(value, alpha=factor)
    return made


def _added(layer: Layer, values: Sequence[Tensor], weights: _Weights) -> Tensor:
    del weights
    if layer.whole(0, 0) != 0 or len(values) != 2:
        raise ValueError("values are put together in an unknown way")
    return values[0] + values[1]


def _resized(layer: Layer, values: Sequence[Tensor], weights: _Weights) -> Tensor:
    del weights
    high, wide = layer.numbers.get(1, 0.0), layer.numbers.get(2, 0.0)
    if layer.whole(0, 0) != 1 or high != wide or high not in range(1, _MOST_FACTOR + 1):
        raise ValueError("values are enlarged in an unknown way")
    return functional.interpolate(values[0], scale_factor=int(high), mode="nearest")


def _shuffled(layer: Layer, values: Sequence[Tensor], weights: _Weights) -> Tensor:
    del weights
    if layer.whole(1, 0) != 0 or not 1 <= layer.whole(0, 1) <= _MOST_FACTOR:
        raise ValueError("pixels are shuffled in an unknown way")
    return functional.pixel_shuffle(values[0], layer.whole(0, 1))


_COMPUTED: Final[Mapping[str, Callable[[Layer, Sequence[Tensor], _Weights], Tensor]]] = {
    "Split": _same,
    "Concat": _concat,
    "Eltwise": _weighted_sum,
    "BinaryOp": _added,
    "Interp": _resized,
    "PixelShuffle": _shuffled,
    "PReLU": _prelu,
    "Convolution": _convolution,
}
