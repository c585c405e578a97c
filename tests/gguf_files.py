"""Writes small GGUF files, as the format says, for tests."""

import struct
from collections.abc import Mapping
from pathlib import Path


def text(value: str) -> bytes:
    content = value.encode()
    return struct.pack("<Q", len(content)) + content


def entry(name: str, value: str | int | list[str]) -> bytes:
    if isinstance(value, str):
        return text(name) + struct.pack("<I", 8) + text(value)
    if isinstance(value, int):
        return text(name) + struct.pack("<II", 4, value)
    listed = b"".join(map(text, value))
    return text(name) + struct.pack("<IIQ", 9, 8, len(value)) + listed


USUAL: Mapping[str, str | int | list[str]] = {
    "general.architecture": "llama",
    "general.name": "Little Llama",
    "general.license": "mit",
    "llama.context_length": 4096,
    "llama.block_count": 10,
    "llama.embedding_length": 64,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": 2,
    "tokenizer.ggml.tokens": ["a", "b"],
}


def write_gguf(
    path: Path, values: Mapping[str, str | int | list[str]] = USUAL, *, cut: int = 0
) -> Path:
    """A file with one tensor of 256 × 32 halves; ``cut`` bytes of its end missing."""
    tensor = text("token_embd.weight") + struct.pack("<IQQIQ", 2, 256, 32, 1, 0)
    header = b"GGUF" + struct.pack("<IQQ", 3, 1, len(values))
    header += b"".join(entry(name, value) for name, value in values.items()) + tensor
    header += b"\0" * (-len(header) % 32)
    content = header + bytes(256 * 32 * 2)
    path.write_bytes(content[: len(content) - cut])
    return path
