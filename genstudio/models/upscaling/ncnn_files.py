"""Networks in the files of ncnn: a text that names the layers (.param), and their weights (.bin).

Read by ourselves: so they need no ncnn, run on graphics cards as well, and a damaged file is
told from a good one before anything is computed. Only the kinds of layers that networks for
enlarging are built of are known.

The format is described in ncnn's documentation (docs/developer-guide/param-and-model-file-structure
and operation-param-weight-table).
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import torch
from torch import Tensor

LARGEST_PARAM_BYTES: Final = 2**20
LARGEST_BIN_BYTES: Final = 2**28
_MAGIC = "7767517"
_MOST_LAYERS = 10_000
_MOST_CHANNELS = 4096
_LARGEST_KERNEL = 9
_FP16, _FP32 = 0x01306B47, 0
# Keys from here on down are arrays: "-23310=1,0.2" is the array 10.
_FIRST_ARRAY = -23300


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One line of the text.

    Attributes:
        kind: Such as "Convolution".
        inputs: Names of the values that it takes.
        outputs: Names of the values that it gives.
        numbers: Its parameters that are single numbers, by their key.
        arrays: Its parameters that are several.
        weights: What it learned, by name; empty for most.
    """

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    numbers: Mapping[int, float]
    arrays: Mapping[int, tuple[float, ...]]
    weights: Mapping[str, Tensor] = field(default_factory=dict[str, Tensor])

    def whole(self, key: int, default: int) -> int:
        """A parameter that is a whole number."""
        return int(self.numbers.get(key, default))


def read_network(param: str, weights: bytes) -> list[Layer]:
    """Read a network's layers in the order in which they are computed.

    Args:
        param: The text.
        weights: The other file.

    Raises:
        ValueError: It is no such network, damaged, or has layers of unknown kinds.
    """
    layers = list(_layers(param))
    known: set[str] = set()
    for layer in layers:
        missing = set(layer.inputs) - known
        if missing:
            raise ValueError(f"no layer gives {missing.pop()!r}")
        known |= set(layer.outputs)
    reader = _Weights(weights)
    read = [_with_weights(layer, reader) for layer in layers]
    reader.refuse_rest()
    return read


def _layers(param: str) -> Iterator[Layer]:
    lines = [line for line in param.splitlines() if line.strip()]
    if len(lines) < 3 or lines[0].strip() != _MAGIC:
        raise ValueError("it does not begin as files of ncnn do")
    if len(lines) > _MOST_LAYERS:
        raise ValueError("it has too many layers")
    if lines[1].split()[:1] != [str(len(lines) - 2)]:
        raise ValueError("layers are missing")
    for line in lines[2:]:
        yield _layer(line.split())


def _layer(words: Sequence[str]) -> Layer:
    try:
        kind, _, num_inputs, num_outputs = words[0], words[1], int(words[2]), int(words[3])
        last = 4 + num_inputs + num_outputs
        names, parameters = words[4:last], words[last:]
        numbers: dict[int, float] = {}
        arrays: dict[int, tuple[float, ...]] = {}
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if int(key) <= _FIRST_ARRAY:
                arrays[_FIRST_ARRAY - int(key)] = _finite(value.split(",")[1:])
            else:
                numbers[int(key)] = _finite([value])[0]
    except (ValueError, IndexError) as error:
        raise ValueError(f"a layer cannot be read: {' '.join(words)[:80]!r}") from error
    if min(num_inputs, num_outputs) < 0 or len(names) != num_inputs + num_outputs:
        raise ValueError(f"a layer cannot be read: {' '.join(words)[:80]!r}")
    if kind not in _WEIGHTS:
        raise ValueError(f"it has a layer of an unknown kind, {kind[:40]!r}")
    return Layer(
        kind=kind,
        inputs=tuple(names[:num_inputs]),
        outputs=tuple(names[num_inputs:]),
        numbers=numbers,
        arrays=arrays,
    )


def _finite(words: Sequence[str]) -> tuple[float, ...]:
    found = tuple(float(word) for word in words)
    if not all(math.isfinite(number) for number in found):
        raise ValueError
    return found


class _Weights:
    """Takes weights from a file, one array after the other."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def plain(self, count: int) -> np.ndarray:
        """So many float32."""
        return np.frombuffer(self._take(4 * count), "<f4")

    def flagged(self, count: int) -> np.ndarray:
        """So many numbers that say how they are stored, as float32."""
        flag = int(np.frombuffer(self._take(4), "<u4")[0])
        if flag == _FP16:
            # Filled up to whole words.
            stored = np.frombuffer(self._take(2 * count + 2 * (count % 2)), "<f2")
            return stored[:count].astype(np.float32)
        if flag == _FP32:
            return self.plain(count)
        raise ValueError("its weights are stored in a way that is not known")

    def refuse_rest(self) -> None:
        """See that nothing is left over."""
        if self._at != len(self._content):
            raise ValueError("its weights belong to another network")

    def _take(self, size: int) -> bytes:
        found = self._content[self._at : self._at + size]
        if len(found) != size:
            raise ValueError("weights are missing")
        self._at += size
        return found


def _with_weights(layer: Layer, reader: _Weights) -> Layer:
    weights = {name: torch.tensor(it) for name, it in _WEIGHTS[layer.kind](layer, reader).items()}
    if not all(bool(it.isfinite().all()) for it in weights.values()):
        raise ValueError("some of its weights are no numbers")
    return Layer(
        kind=layer.kind,
        inputs=layer.inputs,
        outputs=layer.outputs,
        numbers=layer.numbers,
        arrays=layer.arrays,
        weights=weights,
    )


def _of_convolution(layer: Layer, reader: _Weights) -> dict[str, np.ndarray]:
    num_outputs, kernel, size = layer.whole(0, 0), layer.whole(1, 0), layer.whole(6, 0)
    if not (0 < num_outputs <= _MOST_CHANNELS and 0 < kernel <= _LARGEST_KERNEL):
        raise ValueError("a convolution has an impossible size")
    num_inputs, rest = divmod(size, num_outputs * kernel**2)
    same = layer.whole(11, kernel) == kernel and layer.whole(2, 1) == layer.whole(3, 1) == 1
    if rest or not 0 < num_inputs <= _MOST_CHANNELS or not same:
        raise ValueError("a convolution has an impossible size")
    if layer.whole(4, 0) != kernel // 2 or kernel % 2 == 0:
        raise ValueError("a convolution changes the size of the picture")
    shape = num_outputs, num_inputs, kernel, kernel
    found = {"weight": reader.flagged(size).reshape(shape)}
    if layer.whole(5, 0):
        found["bias"] = reader.plain(num_outputs)
    return found


def _of_prelu(layer: Layer, reader: _Weights) -> dict[str, np.ndarray]:
    count = layer.whole(0, 0)
    if not 0 < count <= _MOST_CHANNELS:
        raise ValueError("an activation has an impossible size")
    return {"slope": reader.plain(count)}


def _of_none(layer: Layer, reader: _Weights) -> dict[str, np.ndarray]:
    del layer, reader
    return {}


_WEIGHTS: Final[Mapping[str, Callable[[Layer, _Weights], dict[str, np.ndarray]]]] = {
    "Input": _of_none,
    "Split": _of_none,
    "Concat": _of_none,
    "Eltwise": _of_none,
    "BinaryOp": _of_none,
    "Interp": _of_none,
    "PixelShuffle": _of_none,
    "PReLU": _of_prelu,
    "Convolution": _of_convolution,
}
