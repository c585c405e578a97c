"""Words of captions and prompts."""

import pytest

from genstudio.domain.words import (
    FIRST_WORD,
    LONGEST_WORD,
    MOST_TOKENS,
    MOST_WORDS,
    PADDING,
    UNKNOWN,
    counting,
    read_prompt,
    token_ids,
    vocabulary,
    words_in,
)

KNOWN = ("red", "circle", "left", "on", "the")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A Red circle, on the LEFT!", ["a", "red", "circle", "on", "the", "left"]),
        ("man’s well-known_name", ["man’s", "well-known", "name"]),
        ("Straße, ÉTÉ", ["strasse", "été"]),
        ("赤い丸", ["赤", "い", "丸"]),
        ("🌷 2nd-place ... -", ["2nd-place"]),
        ("", []),
    ],
)
def test_words_are_small_letters_without_punctuation(text: str, words: list[str]) -> None:
    assert words_in(text) == words


def test_a_vocabulary_counts_captions_the_most_frequent_first() -> None:
    words = vocabulary(["red red circle", "red square", "blue square", ""])

    assert words == {"red": 2, "square": 2, "blue": 1, "circle": 1}
    assert list(words) == ["red", "square", "blue", "circle"]


def test_a_vocabulary_has_limits() -> None:
    words = vocabulary([f"common w{number}" for number in range(MOST_WORDS + 9)] + ["x" * 10_000])

    assert len(words) == MOST_WORDS
    assert next(iter(words)) == "common"
    assert max(map(len, words)) <= LONGEST_WORD


def test_a_caption_becomes_ids_unknown_words_and_padding() -> None:
    ids = token_ids("the red dragon", KNOWN)

    assert len(ids) == MOST_TOKENS
    assert ids[:3] == [FIRST_WORD + 4, FIRST_WORD, UNKNOWN]
    assert set(ids[3:]) == {PADDING}


def test_a_caption_that_is_too_long_is_cut() -> None:
    assert token_ids("red " * 10_000, KNOWN) == [FIRST_WORD] * MOST_TOKENS


def test_a_prompt_of_known_words_is_read_as_it_is() -> None:
    reading = read_prompt("Red circle on the left.", KNOWN)

    assert reading.words == ("red", "circle", "on", "the", "left")
    assert reading.remark == ""


def test_a_slip_of_the_pen_is_taken_for_the_nearest_word_and_told() -> None:
    reading = read_prompt("red circles, dragon", KNOWN)

    assert reading.words == ("red", "circle")
    assert reading.replaced == {"circles": "circle"}
    assert reading.left_out == ("dragon",)
    assert "“circles” is taken for “circle”" in reading.remark
    assert "“dragon” is not known and left out" in reading.remark


def test_a_very_long_prompt_is_cut_and_told_in_a_line() -> None:
    reading = read_prompt("red " * 2_000 + "zzzz", KNOWN)

    assert len(reading.words) == MOST_TOKENS
    assert reading.num_cut == 2_001 - MOST_TOKENS
    assert reading.remark == f"only the first {MOST_TOKENS} words are read"
    strange = read_prompt(" ".join(f"q{letter}x" for letter in "abcdefgh"), KNOWN)
    assert "…" in strange.remark


def test_an_empty_prompt_and_no_vocabulary_are_no_accidents() -> None:
    assert read_prompt("", KNOWN).words == ()
    assert read_prompt("red", ()).left_out == ("red",)


def test_words_are_counted_bit_by_bit_and_the_same_text_once() -> None:
    captions = ["a red rose", "a blue rose", "a red rose", "a rose"]
    told = list(counting(captions, every=1))
    # Three texts that differ.
    assert told[:-1] == [None, None]
    assert told[-1] == vocabulary(captions) == {"a": 4, "rose": 4, "red": 2, "blue": 1}
    assert list(counting([], every=1)) == [{}]
