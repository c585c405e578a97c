"""Titles for a text: of its own runs of words, those that make it most likely.

For each candidate, the pointwise mutual information of title and text is estimated by a language
model: how many nats likelier the text is behind the title than behind nothing (Church & Hanks 1990,
doi:10.3115/981623.981633, eq. 1).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from genstudio.data.plain_texts import num_words, words_of
from genstudio.models.capabilities import Writes

_MOST_CANDIDATES = 160
_MOST_CHARACTERS = 700
_CHUNK = re.compile(r"[^.!?;:,…\n—()“”\"«»]+")
_BETWEEN = "\n\n"
# A longer title costs so many nats a word: else the longest would always win.
_WORD_COSTS = 0.6
# Shorter words say little.
_LONG = 4


@dataclass(frozen=True, slots=True)
class Title:
    """A title, and how many nats likelier it makes the text."""

    text: str
    fit: float


def titles_for(model: Writes, text: str, longest: int, count: int) -> list[Title]:
    """Find titles, the best first; fewer where there are no more candidates.

    Args:
        model: Judges how well a title fits.
        text: Its first page counts.
        longest: Words of a title.
        count: How many are wanted.
    """
    page = text[:_MOST_CHARACTERS]
    alone = model.nats_of_text(page, after=_BETWEEN)
    found: list[Title] = []
    for candidate in _candidates(page, longest):
        gain = alone - model.nats_of_text(page, after=candidate + _BETWEEN)
        fit = gain - _WORD_COSTS * num_words(candidate)
        found.append(Title(candidate, round(fit, 3)))
    ranked = sorted(found, key=lambda it: (-it.fit, it.text))
    chosen: list[Title] = []
    said: set[str] = set()
    for title in ranked:
        words = {word for word in words_of(title.text) if len(word) >= _LONG}
        # Of titles that say the same, the best is enough.
        if not words & said:
            chosen.append(title)
            said |= words
        if len(chosen) == count:
            break
    return chosen


def _candidates(text: str, longest: int) -> Iterator[str]:
    """Runs of words between signs, each once, as titles are written."""
    seen: set[str] = set()
    for chunk in _CHUNK.findall(text):
        words = chunk.split()
        for start in range(len(words)):
            for end in range(start + 1, min(start + longest, len(words)) + 1):
                some = words[start:end]
                # What ends or begins with a short word is half a phrase.
                if min(len(some[0]), len(some[-1])) < _LONG or not any(map(str.isalpha, some)):
                    continue
                title = " ".join(some).strip("-–*#_ ")
                title = title[:1].upper() + title[1:]
                if title and title.casefold() not in seen and len(seen) < _MOST_CANDIDATES:
                    seen.add(title.casefold())
                    yield title
