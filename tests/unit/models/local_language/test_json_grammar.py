"""Constrained decoding: whatever a model would like, what it writes keeps to the schema."""

import json
import random
from typing import Any

import pytest
import torch

from genstudio.models.blocks.text_writing import chosen_id
from genstudio.models.local_language.json_grammar import (
    JsonConstraint,
    completed,
    is_complete,
    may_begin,
    simplest,
)

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 2, "maxLength": 12},
        "kind": {"enum": ["beast", "bird", "stone"]},
        "lines": {
            "type": "array",
            "items": {"type": "string", "minLength": 1, "maxLength": 20},
            "minItems": 1,
            "maxItems": 3,
        },
        "strength": {"type": "integer", "maximum": 20},
    },
}
GOOD = {"name": 'Fén "x"', "kind": "bird", "lines": ["Who?", "I, \\ alone."], "strength": 12}


def test_every_beginning_of_what_is_allowed_is_allowed() -> None:
    text = json.dumps(GOOD, ensure_ascii=False)
    assert is_complete(text, SCHEMA)
    for end in range(len(text)):
        assert may_begin(text[:end], SCHEMA), text[:end]
        assert not is_complete(text[:end], SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        '{"kind"',
        '{"name": "A", ',
        '{"name": "' + "a" * 13,
        '{"name": "  ", ',
        '{"name": "Abc", "kind": "fish',
        '{"name": "Abc", "kind": "bird", "lines": []',
        '{"name": "Abc", "kind": "bird", "lines": ["a", "b", "c", ',
        '{"name": "Abc", "kind": "bird", "lines": ["a"], "strength": 21',
        '{"name": "Abc", "kind": "bird", "lines": ["a"], "strength": 07',
        '{"name": "Abc\n',
        '{"name": "Abc", "kind": "bird", "lines": ["a"], "strength": 7} and',
        "Sure! {",
    ],
)
def test_what_breaks_the_schema_is_no_beginning(text: str) -> None:
    assert not may_begin(text, SCHEMA)


def test_the_simplest_value_keeps_to_it() -> None:
    assert is_complete(json.dumps(simplest(SCHEMA)), SCHEMA)


def test_what_was_cut_short_is_brought_to_its_end() -> None:
    text = json.dumps(GOOD, ensure_ascii=False)
    for end in range(len(text) + 1):
        whole = completed(text[:end], SCHEMA)
        assert whole.startswith(text[:end])
        assert is_complete(whole, SCHEMA)
        assert list(json.loads(whole)) == list(SCHEMA["properties"])
    with pytest.raises(ValueError, match="schema"):
        completed("Sure!", SCHEMA)


@pytest.mark.parametrize("seed", range(12))
def test_random_wishes_come_out_as_json_of_the_schema(seed: int) -> None:
    chance = random.Random(seed)
    characters = [chr(code) for code in range(32, 127)] + ["é", "\n", "\x01"]
    pieces = ["".join(chance.choices(characters, k=3)) for _ in range(300)]
    contents = ["", "", *characters, *pieces, '{"', '": "', '", "', "bea", "st"]
    constraint = JsonConstraint(SCHEMA, contents, end=1)
    generator = torch.Generator().manual_seed(seed)
    ids: list[int] = []
    for _ in range(400):
        # Wishes that a model without a clue has; to end texts among them.
        wishes = torch.randn(len(contents), generator=generator) * 3
        id_ = chosen_id(constraint(ids, wishes), generator, 1.0, 0.95)
        if id_ == 1:
            break
        ids.append(id_)
    text = "".join(contents[id_] for id_ in ids)
    found = json.loads(text)
    assert list(found) == list(SCHEMA["properties"])
    assert found["kind"] in ("beast", "bird", "stone")
    assert 1 <= len(found["lines"]) <= 3
    assert 0 <= found["strength"] <= 20
