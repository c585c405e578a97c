"""Tokens of SMILES: atoms, bonds, branches and ring closures, as a model reads and writes them."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from genstudio.domain.words import FIRST_WORD, LONGEST_WORD, MOST_WORDS, PADDING, UNKNOWN

# Longer molecules are left out: most that are like drugs have about 40 tokens.
MOST_TOKENS: Final = 120

# What stands in brackets, two-letter elements and ring closures beyond 9 are one token each.
# Whichever way a molecule is written, these may be needed.
_ALWAYS = (*"()=#-/\\123456789", "%10")
_TOKEN = re.compile(r"\[[^\[\]]*\]|Br|Cl|%\d\d|.", re.DOTALL)


def tokens_in(smiles: str) -> list[str]:
    """Tokens in order; joined, they are the text again."""
    return _TOKEN.findall(smiles)


def token_counts(smiles: Iterable[str]) -> dict[str, int]:
    """Each token => molecules that have it, the most frequent first: the vocabulary of a run."""
    counted: Counter[str] = Counter(dict.fromkeys(_ALWAYS, 1))
    for text in smiles:
        counted.update(token for token in set(tokens_in(text)) if len(token) <= LONGEST_WORD)
    # Written from another atom on, a centre has the other sign.
    for token in [token for token in counted if "@" in token]:
        other = token.replace("@@", "@") if "@@" in token else token.replace("@", "@@")
        counted.setdefault(other, 1)
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return dict(ranked[:MOST_WORDS])


def token_ids(smiles: str, vocabulary: Sequence[str] | dict[str, int]) -> list[int]:
    """A SMILES as ``MOST_TOKENS`` ids: its tokens in order, then padding; what is longer is cut.

    Args:
        smiles: The text.
        vocabulary: Tokens in the order of their ids.
    """
    number = {token: id_ for id_, token in enumerate(vocabulary, start=FIRST_WORD)}
    return numbered(smiles, number)


def numbered(smiles: str, number: dict[str, int]) -> list[int]:
    """The same, with the id of each token looked up already."""
    ids = [number.get(token, UNKNOWN) for token in tokens_in(smiles)[:MOST_TOKENS]]
    return ids + [PADDING] * (MOST_TOKENS - len(ids))


def text_of(ids: Iterable[int], vocabulary: Sequence[str]) -> str:
    """The SMILES that ids stand for, up to the first padding; unknown ones are a ``*``."""
    parts: list[str] = []
    for id_ in ids:
        if id_ == PADDING:
            break
        parts.append("*" if id_ == UNKNOWN else vocabulary[id_ - FIRST_WORD])
    return "".join(parts)
