"""Changes to valid files, as a stranger might make them: of bytes, of text, of known containers.

Every change takes its chances from the generator that it is given, so a seed gives the same
file again.
"""

import io
import random
import re
import struct
import zlib
from collections.abc import Callable, Sequence

import torch
from safetensors.torch import load, save

Change = Callable[[random.Random, bytes], bytes]

MOST_BYTES = 1_200_000
_EDGES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1)
_LAYOUTS = ("<B", "<H", ">H", "<I", ">I", "<Q", ">Q")


# --- bytes --------------------------------------------------------------------------------------


def _span(chance: random.Random, content: bytes) -> tuple[int, int]:
    """Beginning and end of a part, short more often than long."""
    start = chance.randrange(len(content))
    longest = min(len(content) - start, 1 << chance.randrange(14))
    return start, start + chance.randint(1, longest)


def _flip_bits(chance: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _write_edge(chance: random.Random, content: bytes) -> bytes:
    """Write a number that programs stumble over: a limit, a length, one more than a length."""
    layout = chance.choice(_LAYOUTS)
    number = chance.choice((*_EDGES, len(content), len(content) + 1, len(content) // 2))
    size = struct.calcsize(layout)
    at = chance.randrange(len(content))
    return content[:at] + struct.pack(layout, number % 256**size) + content[at + size :]


def _fill(chance: random.Random, content: bytes) -> bytes:
    start, end = _span(chance, content)
    return content[:start] + chance.choice(b"\0\x7f\xff ").to_bytes(1) * (end - start) + (
        content[end:]
    )  # fmt: skip


def _truncate(chance: random.Random, content: bytes) -> bytes:
    return content[: chance.randrange(len(content))]


def _duplicate(chance: random.Random, content: bytes) -> bytes:
    start, end = _span(chance, content)
    return content[:end] + content[start:end] * chance.choice((1, 1, 2, 50)) + content[end:]


def _delete(chance: random.Random, content: bytes) -> bytes:
    start, end = _span(chance, content)
    return content[:start] + content[end:]


def _insert(chance: random.Random, content: bytes) -> bytes:
    at = chance.randrange(len(content) + 1)
    return content[:at] + chance.randbytes(1 << chance.randrange(10)) + content[at:]


def _shuffle(chance: random.Random, content: bytes) -> bytes:
    start, end = _span(chance, content)
    middle = chance.randint(start, end)
    return content[:start] + content[middle:end] + content[start:middle] + content[end:]


_BYTE_CHANGES: tuple[Change, ...] = (
    _flip_bits, _write_edge, _fill, _truncate, _duplicate, _delete, _insert, _shuffle,
)  # fmt: skip


def change_bytes(chance: random.Random, content: bytes) -> bytes:
    """Change bytes in one to eight places, blind to what they mean."""
    for _ in range(chance.choice((1, 1, 1, 2, 4, 8))):
        if content:
            content = chance.choice(_BYTE_CHANGES)(chance, content)
    return content[:MOST_BYTES]


def splice(chance: random.Random, one: bytes, other: bytes) -> bytes:
    """The beginning of one file and the end of another."""
    return one[: chance.randrange(len(one) + 1)] + other[chance.randrange(len(other) + 1) :]


# --- text ---------------------------------------------------------------------------------------

# What may stand where JSON or TOML has a value; most of it is valid in one of the two.
STRANGE_VALUES: tuple[str, ...] = (
    "0", "-1", "-0.0", "1e308", "1e999", "-1e999", "1e-400", "0.1", str(2**31), str(2**63),
    str(-(2**63) - 1), str(2**64), "9" * 400, "9" * 4299, "9" * 5000, "0x" + "f" * 9000,
    "NaN", "nan", "Infinity", "-Infinity", "inf", "-inf", "true", "false", "null", "",
    '""', '"."', '".."', '"../../canary/keep.txt"', '"/etc/passwd"', '"/dev/zero"', '"C:\\\\nul"',
    '"\\\\\\\\host\\\\share"', '"file:///etc/passwd"', '"\\u0000"', '"\\ud800"', '"\\udfff\\ud800"',
    '"\\ud83d\\ude00"', '"\\u202e"', '"\\n\\r\\t\\u001b[31m"', "'single'", '"nul"', '"-1"',
    '"' + "A" * 300 + '"', '"' + "Ä" * 100_000 + '"', '"' + "a/" * 2000 + '"', '"%s%n{0}$x"',
    "[]", "{}", "[[]]", "[{}]", '[""]', "[null]", "[1, 2, 3]", '{"a": 1}', "{a = 1}",
    "[" * 100_000, "[" * 150 + "]" * 150, "[" * 900 + "]" * 900, "[" * 5000 + "]" * 5000,
    '{"a":' * 100_000, '{"a":' * 190 + "1" + "}" * 190, '{"a":' * 900 + "1" + "}" * 900,
    "{a=" * 300 + "1" + "}" * 300, "[" + "0," * 100_000 + "0]",
    "1979-05-27T07:32:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
    "1979-05-27", "07:32:00", '"9999-12-31T23:59:59-23:59"', '"0001-01-01T00:00:00+23:59"',
    '"2020-01-01"', "1e18", "-1e18",
)  # fmt: skip
_STRANGE_KEYS = (
    '""', '"\\u0000"', '"../x"', '"/x"', '"__class__"', '"\\ud800"', "a.b.c.d", "settings.model",
    "a." * 200 + "a", "a." * 20_000 + "a", '"' + "k" * 50_000 + '"', "[a]", "[[a]]",
    "format_version",
)  # fmt: skip
_VALUE = re.compile(
    r'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+:TZ-]*|\b(?:true|false|null)\b|\[[^\[\]]*\]|\{[^{}]*\}'
)
_KEY = re.compile(r'"[^"\n]*"(?=\s*:)|^[ \t]*[\w.-]+(?=\s*=)', re.MULTILINE)


def _replace_one(chance: random.Random, text: str, pattern: re.Pattern[str], new: str) -> str:
    found = list(pattern.finditer(text))
    if not found:
        return text + new
    place = chance.choice(found)
    return text[: place.start()] + new + text[place.end() :]


def _change_value(chance: random.Random, text: str) -> str:
    return _replace_one(chance, text, _VALUE, chance.choice(STRANGE_VALUES))


def _change_key(chance: random.Random, text: str) -> str:
    return _replace_one(chance, text, _KEY, chance.choice(_STRANGE_KEYS))


def _swap_values(chance: random.Random, text: str) -> str:
    """Put one value of the file where another stands: right in itself, wrong in its place."""
    values = _VALUE.findall(text)
    return _replace_one(chance, text, _VALUE, chance.choice(values)) if values else text


def _add_entry(chance: random.Random, text: str) -> str:
    key, value = chance.choice(_STRANGE_KEYS), chance.choice(STRANGE_VALUES)
    if "{" in text[:2]:
        return text.replace("{", f"{{{key}: {value}, ", 1)
    return f"{key} = {value}\n{text}"


def _repeat_line(chance: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    line = chance.choice(lines)
    lines.insert(chance.randrange(len(lines) + 1), line * chance.choice((1, 1, 3, 300)))
    return "".join(lines)


def _drop_line(chance: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    lines.pop(chance.randrange(len(lines)))
    return "".join(lines)


def _mark(chance: random.Random, text: str) -> str:
    """Put a stray sign somewhere: a quote, a bracket, a sign that ends lines elsewhere."""
    at = chance.randrange(len(text) + 1)
    sign = chance.choice(('"', "'", "[", "]", "{", "}", "#", "\\", "=", ",", "\n", "\x00", "\ufeff",
                          "\u2028", '"""', "'''", "."))  # fmt: skip
    return text[:at] + sign + text[at:]


_TEXT_CHANGES = (
    _change_value, _change_value, _change_value, _change_key, _swap_values, _add_entry,
    _repeat_line, _drop_line, _mark,
)  # fmt: skip


def change_text(chance: random.Random, content: bytes) -> bytes:
    """Change JSON or TOML: mostly words, values and lines, sometimes single bytes."""
    if chance.random() < 0.2:
        return change_bytes(chance, content)
    text = content.decode("utf-8", "surrogateescape")
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        text = chance.choice(_TEXT_CHANGES)(chance, text)[:MOST_BYTES]
    return text.encode("utf-8", "surrogateescape")[:MOST_BYTES]


# --- containers ---------------------------------------------------------------------------------


def change_safetensors(chance: random.Random, content: bytes) -> bytes:
    """Change weights: their bytes, their header behind a right length, or what they are."""
    return chance.choice((change_bytes, _change_header, _change_tensors, _change_tensors))(
        chance, content
    )


def _change_header(chance: random.Random, content: bytes) -> bytes:
    end = 8 + int.from_bytes(content[:8], "little")
    header = change_text(chance, content[8:end])
    return len(header).to_bytes(8, "little") + header + content[end:]


_KINDS = (
    torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool,
    torch.complex64, torch.float8_e4m3fn,
)  # fmt: skip
_NUMBERS = (float("nan"), float("inf"), -float("inf"), 3e38, -3e38, 1e-45, 0.0)


def _change_tensors(chance: random.Random, content: bytes) -> bytes:
    """Write a valid file with a tensor that is missing, renamed, or of another kind or shape."""
    tensors = load(content)
    name = chance.choice(sorted(tensors))
    tensor = tensors.pop(name)
    match chance.randrange(7):
        case 0:
            pass
        case 1:
            other = chance.choice(["", "x", name + "/0", "/".join(name.split("/")[::-1]), "²/²/²"])
            tensors[other] = tensor
        case 2:
            tensors[name] = tensor.to(chance.choice(_KINDS))
        case 3:
            tensors[name] = torch.full_like(tensor.float(), chance.choice(_NUMBERS))
        case 4:
            most = max(MOST_BYTES // (tensor.nbytes or 1), 1)
            tensors[name] = tensor.reshape(-1).repeat(min(chance.choice((1, 2, 1000)), most))
        case 5:
            tensors[name] = torch.zeros(chance.choice([(), (0,), (0, 2**40), (1,) * 60]))
        case _:
            kind = chance.choice(_KINDS)
            tensors = {key: value.to(kind) for key, value in {**tensors, name: tensor}.items()}
    return save(tensors)


def change_png(chance: random.Random, content: bytes) -> bytes:
    """Change a PNG's chunks behind right checksums; sometimes its bytes without mending them."""
    if chance.random() < 0.3:
        return change_bytes(chance, content)
    chunks = png_chunks(content)
    at = chance.randrange(len(chunks))
    kind, data = chunks[at]
    match chance.randrange(5):
        case 0:
            chunks.pop(at)
        case 1:
            chunks[at:at] = [(kind, data)] * chance.choice((1, 2, 200))
        case 2:
            names = (b"tRNS", b"PLTE", b"iCCP", b"zTXt", b"iTXt", b"eXIf", b"acTL", b"fcTL",
                     b"fdAT", b"gAMA", b"cHRM", b"pHYs", b"sRGB", b"IDAT", b"IEND")  # fmt: skip
            chunks.insert(at, (chance.choice(names), change_bytes(chance, data or b"\0\0\0\0")))
        case 3 if kind == b"IDAT":
            rows = change_bytes(chance, zlib.decompress(data))
            chunks[at] = kind, zlib.compress(rows, 1)
        case _:
            chunks[at] = kind, change_bytes(chance, data or b"\0")
    return png_of(chunks)[:MOST_BYTES]


def png_chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    """Name and data of each chunk of a valid PNG."""
    chunks: list[tuple[bytes, bytes]] = []
    stream = io.BytesIO(content[8:])
    while head := stream.read(8):
        length, kind = struct.unpack(">I4s", head)
        chunks.append((kind, stream.read(length)))
        stream.read(4)
    return chunks


def png_of(chunks: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A PNG of chunks, with right lengths and checksums."""
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, data in chunks:
        parts += [
            len(data).to_bytes(4), kind, data, zlib.crc32(kind + data).to_bytes(4),
        ]  # fmt: skip
    return b"".join(parts)


def change_npy(chance: random.Random, content: bytes) -> bytes:
    """Change an array file: its bytes, or its header behind a right length."""
    if chance.random() < 0.4:
        return change_bytes(chance, content)
    length = int.from_bytes(content[8:10], "little")
    header = change_python(chance, content[10 : 10 + length])
    return content[:8] + len(header).to_bytes(4, "little")[:2] + header + content[10 + length :]


_STRANGE_PYTHON = (
    b"-1", b"0", b"2**99", b"True", b"None", b"1.5", b"9" * 30, b"9" * 5000, b"()", b"(1,)",
    b"(-1, 32, 32, 3)", b"(2**62, 32, 32, 3)", b"(4611686018427387904, 32, 32, 3)", b"'|O'",
    b"'|V100000000000'", b"'<U9999999999'", b"'<f8'", b"'|u1, |u1'", b"[('a', '|O')]", b"(" * 3000,
    b"-" * 9000 + b"1", b"[" * 150 + b"]" * 150, b"__import__('os').system('true')", b"'''", b"\\",
    b"1L", b"\x00", b"{'descr': '|u1'}",
)  # fmt: skip


def change_python(chance: random.Random, header: bytes) -> bytes:
    """Change the Python literal at the beginning of an array file."""
    found = list(re.finditer(rb"\([^)]*\)|'[^']*'|\d+|True|False", header))
    if not found or chance.random() < 0.2:
        return change_bytes(chance, header)
    place = chance.choice(found)
    return header[: place.start()] + chance.choice(_STRANGE_PYTHON) + header[place.end() :]


def change_json_lines(chance: random.Random, content: bytes) -> bytes:
    """Change one line of many; the others stay what they are."""
    lines = content.splitlines(keepends=True)
    at = chance.randrange(len(lines))
    lines[at] = change_text(chance, lines[at])
    return b"".join(lines)[:MOST_BYTES]
