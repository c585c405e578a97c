"""What a GGUF file holds, read from its header before anything of it is loaded.

The format is that of ggml (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), versions 2
and 3. The file may be a stranger's: everything is read within limits.
"""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, cast

from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_MOST_ENTRIES = 10_000
_MOST_TENSORS = 100_000
_LONGEST_STRING = 2**20
_MOST_SKIPPED = 2**28
# Bytes of the numbers that an entry may be, by their type.
_FORMATS: Final = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q",
    12: "<d",
}  # fmt: skip
_STRING, _ARRAY = 8, 9
# Numbers in a block and bytes of it, by the type of a tensor; what is not listed is not checked.
_BLOCKS: Final = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 30: (1, 2),
}  # fmt: skip
_ALIGNMENT = 32
_BYTES_PER_CACHED = 2
_FIXED_BYTES = 200 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class GgufHeader:
    """What a GGUF says of itself.

    Attributes:
        path: The file.
        num_bytes: Its size.
        values: Its entries, without long lists.
        num_parameters: Numbers of all tensors.
        num_layers_with_cache: Layers that keep keys and values.
    """

    path: Path
    num_bytes: int
    values: Mapping[str, object] = field(default_factory=dict[str, object])
    num_parameters: int = 0

    @property
    def architecture(self) -> str:
        """Such as "llama"."""
        return str(self.values.get("general.architecture", ""))

    @property
    def name(self) -> str:
        """As it calls itself, or its file is called."""
        return str(self.values.get("general.name", "") or self.path.stem)[:80]

    @property
    def licence(self) -> str:
        """As it states it; empty if it states none."""
        return str(self.values.get("general.license", ""))[:80]

    @property
    def context(self) -> int:
        """Tokens that it was trained to see at once; 0 where it does not say."""
        return self._number("context_length")

    @property
    def chat_template(self) -> str:
        """How a conversation is written for it (Jinja); empty where it has none."""
        return str(self.values.get("tokenizer.chat_template", ""))

    def memory_bytes(self, context: int) -> int:
        """About how much memory it needs with so many tokens of context."""
        layers = self._number("block_count")
        heads = self._number("attention.head_count_kv") or self._number("attention.head_count")
        width = self._number("embedding_length") // max(self._number("attention.head_count"), 1)
        keys = self._number("attention.key_length") or width
        values = self._number("attention.value_length") or width
        cached = layers * heads * (keys + values) * _BYTES_PER_CACHED * context
        return self.num_bytes + cached + _FIXED_BYTES

    def _number(self, name: str) -> int:
        found = self.values.get(f"{self.architecture}.{name}", 0)
        return found if isinstance(found, int) and 0 <= found < 2**32 else 0


def read_header(path: Path) -> GgufHeader:
    """Read what a GGUF says of itself, and whether all of it is there.

    Raises:
        SettingsError: It is no GGUF, of a version that is not known, or cut short.
    """
    try:
        with path.open("rb") as file:
            return _read(path, file)
    except OSError as error:
        raise SettingsError(
            tr("{name} cannot be read", name=path.name),
            str(error.strerror or error),
            tr("Is it still there?"),
        ) from error
    except (_ShortError, struct.error) as error:
        raise _cut_short(path, tr("Its header ends in the middle.")) from error
    except (ValueError, OverflowError) as error:
        raise SettingsError(
            tr("{name} is damaged", name=path.name),
            str(error)[:200],
            tr("Copy or download it again."),
        ) from error


class _ShortError(Exception):
    """The file ends where more was to come."""


def _read(path: Path, file: BinaryIO) -> GgufHeader:
    magic = file.read(4)
    if magic != _MAGIC:
        raise SettingsError(
            tr("{name} is no GGUF file", name=path.name),
            tr("It does not begin as one does."),
            tr("Choose a language model as .gguf, or a folder with .safetensors."),
        )
    (version,) = _unpacked(file, "<I")
    if version not in _VERSIONS:
        raise SettingsError(
            tr("{name} has version {version} of its format", name=path.name, version=version),
            tr("Known are {known}.", known=" and ".join(map(str, _VERSIONS))),
            tr("Take a newer copy of the model."),
        )
    num_tensors, num_entries = _unpacked(file, "<QQ")
    if num_entries > _MOST_ENTRIES or num_tensors > _MOST_TENSORS:
        raise ValueError(
            tr(
                "It claims {num_entries:,} entries and {num_tensors:,} tensors.",
                num_entries=num_entries,
                num_tensors=num_tensors,
            )
        )
    values: dict[str, object] = {}
    for _ in range(num_entries):
        name = _string(file)
        (kind,) = _unpacked(file, "<I")
        found = _value(file, kind)
        if found is not None:
            values[name] = found
    num_parameters, last = 0, 0
    for _ in range(num_tensors):
        _string(file)
        (num_dimensions,) = _unpacked(file, "<I")
        if num_dimensions > 8:
            raise ValueError(f"A tensor claims {num_dimensions} dimensions.")
        shape = _unpacked(file, f"<{num_dimensions}Q")
        kind, offset = _unpacked(file, "<IQ")
        count = math.prod(shape)
        num_parameters += count
        numbers, size = _BLOCKS.get(kind, (1, 0))
        last = max(last, offset + count // numbers * size)
    alignment = values.get("general.alignment", _ALIGNMENT)
    alignment = alignment if isinstance(alignment, int) and alignment > 0 else _ALIGNMENT
    begin = -(-file.tell() // alignment) * alignment
    num_bytes = path.stat().st_size
    if num_bytes < begin + last:
        missing = (begin + last - num_bytes) / 2**20
        raise _cut_short(path, tr("Its last {missing:,.1f} MB are missing.", missing=missing))
    return GgufHeader(path=path, num_bytes=num_bytes, values=values, num_parameters=num_parameters)


def _cut_short(path: Path, why: str) -> SettingsError:
    return SettingsError(
        tr("{name} is cut short", name=path.name),
        why,
        tr("It was not copied or downloaded to the end: do it again."),
    )


def _unpacked(file: BinaryIO, form: str) -> tuple[int, ...]:
    content = file.read(struct.calcsize(form))
    if len(content) < struct.calcsize(form):
        raise _ShortError
    return cast("tuple[int, ...]", struct.unpack(form, content))


def _string(file: BinaryIO) -> str:
    (length,) = _unpacked(file, "<Q")
    if length > _LONGEST_STRING:
        raise ValueError("A text in its header is too long.")
    content = file.read(length)
    if len(content) < length:
        raise _ShortError
    return content.decode("utf-8", "replace")


def _value(file: BinaryIO, kind: int) -> object:
    """An entry; None of lists, which are passed over."""
    if kind in _FORMATS:
        return _unpacked(file, _FORMATS[kind])[0]
    if kind == _STRING:
        return _string(file)
    if kind != _ARRAY:
        raise ValueError(f"An entry of its header is of the unknown type {kind}.")
    (inner,) = _unpacked(file, "<I")
    (count,) = _unpacked(file, "<Q")
    if count > _MOST_SKIPPED:
        raise ValueError("A list in its header is too long.")
    if inner in _FORMATS:
        file.seek(count * struct.calcsize(_FORMATS[inner]), 1)
        return None
    if inner != _STRING:
        raise ValueError(f"A list in its header is of the unknown type {inner}.")
    for _ in range(count):
        _string(file)
    return None
