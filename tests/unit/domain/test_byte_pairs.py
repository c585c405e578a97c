"""Byte pairs: nothing is lost, frequent words are one token, and learning is the same each time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genstudio.domain.byte_pairs import (
    BOUNDARY,
    FIRST_TOKEN,
    NUM_BYTES,
    Tokeniser,
    cleaned,
    parts_in,
    token_counts,
)

TEXT = "The old fox saw the other fox. " * 40


@pytest.fixture(scope="module")
def tokeniser() -> Tokeniser:
    return Tokeniser(list(token_counts([TEXT])))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_from_its_ids(tokeniser: Tokeniser, text: str) -> None:
    assert "".join(parts_in(text)) == text
    assert tokeniser.text(tokeniser.ids(text)) == text


def test_frequent_words_become_one_token_and_bytes_are_always_there(tokeniser: Tokeniser) -> None:
    counts = token_counts([TEXT])
    assert len(tokeniser.ids(" fox")) == 1
    assert len(tokeniser.ids(" xof")) > 1
    assert len(list(counts)[:NUM_BYTES]) == NUM_BYTES
    # As often as it stands in the text, and never less than once.
    fox = list(counts)[tokeniser.ids(" fox")[0] - FIRST_TOKEN]
    assert counts[fox] == 80
    assert min(counts.values()) == 1


def test_tokens_never_reach_over_the_edge_of_a_word() -> None:
    vocabulary = list(token_counts(["of the " * 500]))
    assert all("Ġ" not in token[1:] for token in vocabulary[NUM_BYTES:])


def test_the_order_of_texts_does_not_matter() -> None:
    texts = ["a bright day", "a dark night", "bright, bright, bright"] * 9
    assert list(token_counts(texts)) == list(token_counts(texts[::-1]))


def test_boundaries_stand_for_no_text(tokeniser: Tokeniser) -> None:
    assert tokeniser.text([BOUNDARY, *tokeniser.ids("a fox"), BOUNDARY]) == "a fox"
    sizes = tokeniser.num_bytes()
    assert sizes[BOUNDARY] == 0
    ids = tokeniser.ids("fünf Füchse")
    assert sum(sizes[id_] for id_ in ids) == len("fünf Füchse".encode())


def test_a_text_is_learned_in_one_form() -> None:
    assert cleaned("\ufeffa\r\nb\rc e\u0301") == "a\nb\nc é"
