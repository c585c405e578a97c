"""How much of a text stands word for word in others: the measure of copying of a language model."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from genstudio.data.plain_texts import words_of

# Shorter runs are language, and nobody's.
SHORTEST: Final = 3
# Runs of so many words are hardly ever found by chance.
COPIED: Final = 8
_MOST_PLACES = 256
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Runs of words that a text has in common with others.

    Attributes:
        longest: Words of the longest one; 2 where none has three.
        words: That run.
        share: Of the words of the text, those that stand in runs of eight or more.
    """

    longest: int
    words: str
    share: float


class VerbatimIndex:
    """Finds runs of words that stand in some texts, whatever their capitals and punctuation.

    Args:
        texts: What is looked through; no run reaches from one into the next.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._number: dict[str, int] = {}
        ids: list[int] = []
        for text in texts:
            ids += [self._number.setdefault(word, len(self._number) + 1) for word in words_of(text)]
            ids.append(0)
        self._ids = np.array(ids, np.int64)
        hashes = _hashes(self._ids)
        self._order = np.argsort(hashes, kind="stable")
        self._hashes = hashes[self._order]

    def __call__(self, text: str) -> Overlap:
        """Compare a text."""
        words = words_of(text)
        ids = np.array([self._number.get(word, -1) for word in words], np.int64)
        lengths = self._run_lengths(ids)
        if not len(lengths):
            return Overlap(min(len(words), SHORTEST - 1), "", 0.0)
        at = int(lengths.argmax())
        longest = int(lengths[at])
        is_copied = np.zeros(len(words), bool)
        for start in np.flatnonzero(lengths >= COPIED).tolist():
            is_copied[start : start + int(lengths[start])] = True
        if longest < SHORTEST:
            return Overlap(SHORTEST - 1, "", 0.0)
        return Overlap(longest, " ".join(words[at : at + longest]), float(is_copied.mean()))

    def _run_lengths(self, ids: np.ndarray) -> np.ndarray:
        """Length of the longest run from each word on; 0 where it has fewer than three."""
        hashes = _hashes(ids)
        lengths = np.zeros(len(hashes), np.int64)
        firsts = np.searchsorted(self._hashes, hashes, "left")
        lasts = np.searchsorted(self._hashes, hashes, "right")
        for at in np.flatnonzero(lasts > firsts).tolist():
            places = self._order[firsts[at] : lasts[at]][:_MOST_PLACES]
            lengths[at] = max(self._common(ids, at, place) for place in places.tolist())
        return lengths

    def _common(self, ids: np.ndarray, at: int, place: int) -> int:
        length = min(len(ids) - at, len(self._ids) - place)
        same = ids[at : at + length] == self._ids[place : place + length]
        # Separators are 0, and no word of a text is.
        return length if bool(same.all()) else int(same.argmin())


def _hashes(ids: np.ndarray) -> np.ndarray:
    """A number for each run of three ids."""
    count = max(len(ids) - SHORTEST + 1, 0)
    found = np.zeros(count, np.uint64)
    for number in range(SHORTEST):
        found = found * _FACTOR + ids[number : number + count].astype(np.uint64)
    return found
