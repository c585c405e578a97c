"""Weights in the files of TensorFlow.js: a manifest in JSON, and the numbers in a file beside it.

Read by ourselves, within limits, so that a stranger's file is told from a good one before anything
is computed. A tensor may be kept as bytes, with a scale and a smallest value. The format is that of
TensorFlow.js' converter (github.com/tensorflow/tfjs, tfjs-core/src/io/types.ts).
"""

import json
import math
from typing import Any, Final, cast

import numpy as np
import torch
from torch import Tensor

LARGEST_MANIFEST_BYTES: Final = 2**20
LARGEST_WEIGHTS_BYTES: Final = 2**26
_MOST_TENSORS = 1000
_MOST_SIDES = 4
_TYPES: Final = {"float32": "<f4", "uint8": "u1", "uint16": "<u2"}


def read_weights(manifest: bytes, content: bytes) -> dict[str, Tensor]:
    """Read all tensors of a model whose numbers lie in one file.

    Args:
        manifest: The JSON.
        content: The numbers.

    Returns:
        Name => float32 of the shape that the manifest says.

    Raises:
        ValueError: One is damaged, or they do not belong together.
    """
    if len(manifest) > LARGEST_MANIFEST_BYTES or len(content) > LARGEST_WEIGHTS_BYTES:
        raise ValueError("the files are too large")
    try:
        parsed: Any = json.loads(manifest)
        rows = [row for group in parsed for row in group["weights"]]
        if len(rows) > _MOST_TENSORS:
            raise ValueError("there are too many tensors")
        found: dict[str, Tensor] = {}
        at = 0
        for row in rows:
            tensor, at = _read(cast("dict[str, Any]", row), content, at)
            found[str(row["name"])] = tensor
    except (KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError("it is no manifest of weights") from error
    if at != len(content):
        raise ValueError(f"{len(content)} bytes, of which {at} are told of")
    return found


def _read(row: dict[str, Any], content: bytes, at: int) -> tuple[Tensor, int]:
    shape = [int(side) for side in row["shape"]]
    if len(shape) > _MOST_SIDES or any(not 0 < side <= LARGEST_WEIGHTS_BYTES for side in shape):
        raise ValueError("a shape is none")
    quantised: dict[str, Any] = row.get("quantization") or {}
    kind = np.dtype(_TYPES[str(quantised.get("dtype", row["dtype"]))])
    end = at + math.prod(shape) * kind.itemsize
    if end > len(content):
        raise ValueError("the numbers end too early")
    values = np.frombuffer(content[at:end], kind).astype(np.float32)
    if quantised:
        scale, least = (np.float32(quantised[name]) for name in ("scale", "min"))
        values = values * scale + least
    if not np.isfinite(values).all():
        raise ValueError("a number is none")
    return torch.from_numpy(values.reshape(shape).copy()), end
