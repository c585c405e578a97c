"""Tokens of SMILES: atoms, bonds, branches and ring closures, as a model reads and writes them.

SELFIES (Krenn et al. 2020, arXiv:1905.13741) are split alike: each of their symbols is in brackets.
"""

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
# SELFIES count atoms of branches and rings by these.
_ALWAYS_IN_SELFIES = (
    "[C]", "[Ring1]", "[Ring2]", "[Branch1]", "[=Branch1]", "[#Branch1]", "[Branch2]",
    "[=Branch2]", "[#Branch2]", "[O]", "[N]", "[=N]", "[=C]", "[#C]", "[S]", "[P]",
)  # fmt: skip
# Before what else a layout says; a column of a table is hardly called so.
_SELFIES = "SELFIES:"
_TOKEN = re.compile(r"\[[^\[\]]*\]|Br|Cl|%\d\d|.", re.DOTALL)


def tokens_in(smiles: str) -> list[str]:
    """Tokens in order; joined, they are the text again."""
    return _TOKEN.findall(smiles)


def layout_with(layout: str, *, is_selfies: bool) -> str:
    """The layout of a set of molecules, which otherwise names a column, with its notation."""
    column = layout.removeprefix(_SELFIES)
    return f"{_SELFIES}{column}" if is_selfies else column


def is_in_selfies(layout: str) -> bool:
    """Whether molecules of such a layout are written as SELFIES, or else as SMILES."""
    return layout.startswith(_SELFIES)


def token_counts(smiles: Iterable[str], *, is_selfies: bool = False) -> dict[str, int]:
    """Each token => molecules that have it, the most frequent first: the vocabulary of a run."""
    counted: Counter[str] = Counter(dict.fromkeys(_ALWAYS_IN_SELFIES if is_selfies else _ALWAYS, 1))
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
