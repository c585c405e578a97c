"""Weights in the files of TensorFlow.js: read, and refused where they are damaged."""

import json
from typing import Any

import numpy as np
import pytest
import torch

from genstudio.models.blocks.quantised_weights import read_weights


def row(name: str, shape: list[int], **more: Any) -> dict[str, Any]:
    return {"name": name, "shape": shape, "dtype": "float32", **more}


def manifest(*rows: dict[str, Any]) -> bytes:
    return json.dumps([{"weights": rows, "paths": ["a.bin"]}]).encode()


BYTES = row("a", [2, 2], quantization={"dtype": "uint8", "scale": 0.5, "min": -1.0})
WHOLE = row("b", [3])


def test_bytes_and_whole_numbers_are_read_in_order() -> None:
    content = bytes([0, 2, 4, 255]) + np.array([1.5, -2.0, 3.0], "<f4").tobytes()
    found = read_weights(manifest(BYTES, WHOLE), content)
    assert torch.equal(found["a"], torch.tensor([[-1.0, 0.0], [1.0, 126.5]]))
    assert torch.equal(found["b"], torch.tensor([1.5, -2.0, 3.0]))


@pytest.mark.parametrize(
    ("text", "content"),
    [
        (manifest(BYTES), b"\0\0\0"),
        (manifest(BYTES), b"\0" * 5),
        (manifest(row("a", [2**40])), b"\0"),
        (manifest(row("a", [-1])), b"\0"),
        (manifest(row("a", [1, 1, 1, 1, 1])), b"\0" * 4),
        (manifest(row("a", [1]) | {"dtype": "complex64"}), b"\0" * 8),
        (manifest(row("a", [1])), np.array([np.nan], "<f4").tobytes()),
        (b"[]x", b""),
        (b"{}", b"\0"),
        (b"[[1]]", b""),
        (b"[" * 100_000, b""),
    ],
)
def test_what_is_damaged_is_refused(text: bytes, content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_weights(text, content)
