"""Copies of texts: the longest run of words is found, and nothing reaches over an edge."""

import numpy as np

from genstudio.metrics.verbatim import VerbatimIndex

POEM = "The wind went over the hill and the grass bent down before it like water."
PROSE = "Nobody had told the fox that the hens were moved to the other side of the river."


def test_the_longest_run_is_found_whatever_the_signs() -> None:
    index = VerbatimIndex([POEM, PROSE])
    found = index("She said: THE HENS were moved, to the other side — of a lake.")
    assert (found.longest, found.words) == (9, "the hens were moved to the other side of")
    assert 0.6 < found.share < 0.8
    assert index(POEM).longest == 15
    assert index(POEM).share == 1.0


def test_no_run_reaches_from_one_text_into_the_next() -> None:
    index = VerbatimIndex([POEM, PROSE])
    assert index("down before it like water nobody had told the fox").longest == 5


def test_what_is_new_is_called_new() -> None:
    index = VerbatimIndex([POEM, PROSE])
    for text in ("", "two words", "entirely other words stand here tonight"):
        assert index(text).longest <= 2
        assert index(text).share == 0
    assert VerbatimIndex([])("a few words more").longest == 2


def test_it_agrees_with_a_search_of_all_places() -> None:
    random = np.random.default_rng(0)
    learned = [" ".join(random.choice(list("abcd"), 200)) for _ in range(3)]
    index = VerbatimIndex(learned)
    for _ in range(20):
        words = random.choice(list("abcd"), 30).tolist()
        slow = max(
            end - start
            for start in range(30)
            for end in range(start, 31)
            if any(f" {' '.join(words[start:end])} " in f" {text} " for text in learned)
        )
        assert index(" ".join(words)).longest == slow
