"""Constrained decoding: a model writes nothing but what keeps to a JSON schema.

As in Willard & Louf 2023 (arXiv:2307.09702), a token may follow if what was written and it are the
beginning of an allowed text. Known of JSON Schema are objects (all properties, in their order),
arrays with ``minItems`` and ``maxItems``, strings with ``minLength`` and ``maxLength`` or ``enum``,
and whole numbers from 0 to ``maximum``; JSON is written as ``json.dumps`` does.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

_NEVER = -1e9
# So many allowed tokens are enough to choose from.
_ENOUGH = 40
_CHARACTER = r'(?:[^"\\\x00-\x1f\x7f�]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})'
_STRING = re.compile(f'"({_CHARACTER}*)"')
_STRING_BEGINNING = re.compile(rf'"({_CHARACTER}*)(\\(?:u[0-9a-fA-F]{{0,3}})?)?\Z')
_UNITS = re.compile(_CHARACTER)
_LONGEST_STRING = 400
# What closes comes first; in texts that are too short yet, a point.
_SHORTEST_FIRST = ('"', "]", "}", ".", *map(chr, range(32, 127)))


class _OpenError(Exception):
    """The text ends where more must come: as a beginning it is allowed."""


class _WrongError(Exception):
    """No text that begins so keeps to the schema."""


def may_begin(text: str, schema: Mapping[str, Any]) -> bool:
    """Whether a text, with more behind it, may keep to a schema; yes where it does already."""
    try:
        return _read(text, 0, schema) == len(text)
    except _OpenError:
        return True
    except _WrongError:
        return False


def is_complete(text: str, schema: Mapping[str, Any]) -> bool:
    """Whether a text keeps to a schema, with nothing behind it."""
    try:
        return _read(text, 0, schema) == len(text)
    except (_OpenError, _WrongError):
        return False


def simplest(schema: Mapping[str, Any]) -> Any:
    """The shortest value that keeps to a schema, with dots for texts."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema["type"]:
        case "object":
            return {name: simplest(own) for name, own in schema["properties"].items()}
        case "array":
            return [simplest(schema["items"])] * int(schema.get("minItems", 0))
        case "integer":
            return 0
        case _:
            return "." * int(schema.get("minLength", 0))


class JsonConstraint:
    """Forbids every token that breaks a schema; when it is complete, only the end may follow.

    Args:
        schema: What is written keeps to it.
        contents: What each id stands for; ids that stand for nothing may not be written.
        end: The id that ends a text; None where there is none.
    """

    def __init__(self, schema: Mapping[str, Any], contents: Sequence[str], end: int | None) -> None:
        self._schema = schema
        self._contents = contents
        self._end = end

    def __call__(self, ids: Sequence[int], logits: Tensor) -> Tensor:
        """Logits (K,) of the likeliest ids that may come next; of all others, that they never do.

        Args:
            ids: What was written.
            logits: Of what comes next.
        """
        text = "".join(self._contents[id_] for id_ in ids)
        masked = torch.full_like(logits, _NEVER)
        if is_complete(text, self._schema):
            if self._end is not None:
                masked[self._end] = 0.0
            return masked
        allowed: list[int] = []
        for id_ in logits.argsort(descending=True, stable=True).tolist():
            content = self._contents[int(id_)] if id_ < len(self._contents) else ""
            if content and may_begin(text + content, self._schema):
                allowed.append(id_)
                if len(allowed) == _ENOUGH:
                    break
        some = torch.tensor(allowed, dtype=torch.int64)
        return masked.index_copy(0, some, logits[some])


def _read(text: str, at: int, schema: Mapping[str, Any]) -> int:
    """Read a value; gives the place behind it."""
    if "enum" in schema:
        return _one_of(text, at, [json.dumps(it, ensure_ascii=False) for it in schema["enum"]])
    match schema.get("type"):
        case "object":
            return _object(text, at, schema["properties"])
        case "array":
            return _array(text, at, schema)
        case "string":
            return _string(text, at, schema)
        case "integer":
            return _integer(text, at, int(schema.get("maximum", 999)))
        case other:
            raise ValueError(f"Values of the type {other} are not known.")


def _literal(text: str, at: int, wanted: str) -> int:
    if text.startswith(wanted, at):
        return at + len(wanted)
    if wanted.startswith(text[at:]):
        raise _OpenError
    raise _WrongError


def _one_of(text: str, at: int, options: Sequence[str]) -> int:
    is_open = False
    for option in options:
        try:
            return _literal(text, at, option)
        except _OpenError:
            is_open = True
        except _WrongError:
            continue
    if is_open:
        raise _OpenError
    raise _WrongError


def _object(text: str, at: int, properties: Mapping[str, Any]) -> int:
    for number, (name, own) in enumerate(properties.items()):
        before = "{" if number == 0 else ", "
        at = _literal(text, at, f"{before}{json.dumps(name)}: ")
        at = _read(text, at, own)
    return _literal(text, at, "}")


def _array(text: str, at: int, schema: Mapping[str, Any]) -> int:
    fewest, most = int(schema.get("minItems", 0)), int(schema.get("maxItems", 8))
    at = _literal(text, at, "[")
    count = 0
    while True:
        if count >= fewest:
            if text.startswith("]", at):
                return at + 1
            if at == len(text):
                raise _OpenError
        if count == most:
            return _literal(text, at, "]")
        if count:
            at = _literal(text, at, ", ")
        at = _read(text, at, schema["items"])
        count += 1


def _string(text: str, at: int, schema: Mapping[str, Any]) -> int:
    shortest = int(schema.get("minLength", 0))
    longest = int(schema.get("maxLength", _LONGEST_STRING))
    if at == len(text):
        raise _OpenError
    if found := _STRING.match(text, at):
        # Spaces alone say nothing.
        length = len(_UNITS.findall(found[1].strip()))
        if shortest <= length and len(_UNITS.findall(found[1])) <= longest:
            return found.end()
        raise _WrongError
    found = _STRING_BEGINNING.match(text, at)
    # A character that is begun counts.
    if found and len(_UNITS.findall(found[1])) + bool(found[2]) <= longest:
        raise _OpenError
    raise _WrongError


def _integer(text: str, at: int, maximum: int) -> int:
    found = re.compile(r"0|[1-9]\d*").match(text, at)
    if found is None:
        if at == len(text):
            raise _OpenError
        raise _WrongError
    if int(found[0]) > maximum:
        raise _WrongError
    return found.end()


def completed(text: str, schema: Mapping[str, Any]) -> str:
    """The shortest text that begins so and keeps to a schema: for what was cut short.

    Raises:
        ValueError: No text that begins so does.
    """
    if not may_begin(text, schema):
        raise ValueError("It does not keep to the schema.")
    while not is_complete(text, schema):
        text += next(it for it in _SHORTEST_FIRST if may_begin(text + it, schema))
    return text
