"""Tokens of SMILES."""

from genstudio.domain.smiles import MOST_TOKENS, text_of, token_counts, token_ids, tokens_in
from genstudio.domain.words import PADDING, UNKNOWN


def test_what_belongs_together_is_one_token() -> None:
    assert tokens_in("C[C@@H](Cl)Br%12c") == ["C", "[C@@H]", "(", "Cl", ")", "Br", "%12", "c"]


def test_ids_stand_for_the_text_they_were_made_of() -> None:
    texts = ["CC(=O)Nc1ccc(O)cc1", "C[C@H](N)C(=O)O"]
    vocabulary = token_counts(texts)
    for text in texts:
        ids = token_ids(text, vocabulary)
        assert len(ids) == MOST_TOKENS
        assert text_of(ids, list(vocabulary)) == text
    assert token_ids("[Pt]", vocabulary)[0] == UNKNOWN
    assert text_of([UNKNOWN, PADDING], list(vocabulary)) == "*"


def test_the_vocabulary_serves_other_spellings_too() -> None:
    counts = token_counts(["C[C@H](N)C(=O)O"])
    assert counts["C"] == 1
    assert {"[C@@H]", "2", "/", "\\", "("} <= set(counts)


def test_frequent_tokens_come_first() -> None:
    counts = token_counts(["CC", "CN", "CO"])
    assert next(iter(counts)) == "C"
    assert counts["C"] == 3
