"""Byte-pair encoding: the tokens in which a model of texts reads and writes.

Sources: merging the pair that stands together most often, Sennrich et al. 2016 (arXiv:1508.07909,
section 3.2); over bytes, so that nothing is unknown, Radford et al. 2019 (section 2.2).
"""

import heapq
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, TypeAlias

from genstudio.domain.words import FIRST_WORD, LONGEST_WORD, MOST_WORDS, PADDING

# Stands before and behind each text.
BOUNDARY: Final = PADDING + 1
FIRST_TOKEN: Final = FIRST_WORD
NUM_BYTES: Final = 256
MOST_MERGES: Final = MOST_WORDS - NUM_BYTES
# Characters of text for each further token: a token that is rarely seen is not learned.
_CHARACTERS_PER_MERGE = 250
_FEWEST_MERGES, _MOST_MERGES = 32, 1792
_RAREST = 3
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_NO_RANK = 2**31

# A word with the space before it, some digits, signs, or what is left of spaces. Tokens never reach
# from one of these into the next.
_PART = re.compile(r"['’](?:s|t|re|ve|m|ll|d)\b| ?[^\W\d_]+| ?\d{1,3}| ?[^\s\w]+| ?_+|\s+(?!\S)|\s")

Pair: TypeAlias = tuple[str, str]


def _printable_bytes() -> dict[int, str]:
    """Each byte as a character that can be printed, so that a vocabulary is readable text."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(NUM_BYTES) if byte not in kept]
    table = {byte: chr(byte) for byte in kept}
    return table | {byte: chr(NUM_BYTES + at) for at, byte in enumerate(others)}


_TO_CHARACTER: Final = _printable_bytes()
_TO_BYTE: Final = {character: byte for byte, character in _TO_CHARACTER.items()}


def cleaned(text: str) -> str:
    """A text as it is learned: composed characters (NFC), line feeds, no byte order mark."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    return unicodedata.normalize("NFC", plain)


def as_written(text: str) -> str:
    """What a model wrote, as text files have it: cleaned, without bytes that no text has."""
    return cleaned(_CONTROL.sub("", text)).rstrip("�")


def parts_in(text: str) -> list[str]:
    """Words, signs and spaces in order; joined, they are the text again."""
    return _PART.findall(text)


def token_counts(texts: Iterable[str]) -> dict[str, int]:
    """Learn the tokens of some texts: token => how often it stands in them, in order of ids.

    First all bytes, whether they occur or not, then what was merged, the earliest first: the
    vocabulary of a run.
    """
    parts: Counter[str] = Counter()
    for text in texts:
        parts.update(parts_in(text))
    size = sum(len(part) * count for part, count in parts.items())
    most = min(max(size // _CHARACTERS_PER_MERGE, _FEWEST_MERGES), _MOST_MERGES, MOST_MERGES)
    merged = _learned_merges(parts, most)
    vocabulary = [*_TO_CHARACTER.values(), *merged]
    tokeniser = Tokeniser(vocabulary)
    counted: Counter[str] = Counter()
    for part, count in parts.items():
        for id_ in tokeniser.ids(part):
            counted[vocabulary[id_ - FIRST_TOKEN]] += count
    # A run counts from 1 on; bytes that never occur are known all the same.
    return {token: max(1, counted[token]) for token in vocabulary}


class Tokeniser:
    """Texts <=> ids, with the tokens of a run.

    Args:
        vocabulary: Tokens in the order of their ids, from :func:`token_counts`.
    """

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self.num_ids = FIRST_TOKEN + len(vocabulary)
        self._vocabulary = tuple(vocabulary)
        self._number = {token: id_ for id_, token in enumerate(vocabulary, start=FIRST_TOKEN)}
        self._bytes = {
            id_: bytes(_TO_BYTE.get(character, ord("?")) for character in token)
            for id_, token in enumerate(vocabulary, start=FIRST_TOKEN)
        }
        self._ids_of_part = lru_cache(maxsize=65_536)(self._merged_ids)

    def ids(self, text: str) -> list[int]:
        """Ids of a text, without a boundary."""
        return [id_ for part in parts_in(text) for id_ in self._ids_of_part(part)]

    def content(self, id_: int) -> bytes:
        """The bytes that an id stands for; none of padding and boundaries."""
        return self._bytes.get(id_, b"")

    def text(self, ids: Iterable[int]) -> str:
        """The text that ids stand for; bytes that are no characters become �."""
        return b"".join(map(self.content, ids)).decode("utf-8", "replace")

    def num_bytes(self) -> list[int]:
        """How many bytes each id stands for, from 0 on."""
        return [len(self.content(id_)) for id_ in range(self.num_ids)]

    def _merged_ids(self, part: str) -> tuple[int, ...]:
        symbols = [_TO_CHARACTER[byte] for byte in part.encode("utf-8", "replace")]
        while len(symbols) > 1:
            ranks = [self._number.get(one + other, _NO_RANK) for one, other in pairwise(symbols)]
            least = min(ranks)
            if least >= _NO_RANK:
                break
            symbols = list(_joined(symbols, ranks, least))
        # A vocabulary that a stranger cut short lacks bytes.
        return tuple(self._number.get(symbol, FIRST_TOKEN) for symbol in symbols)


def _joined(symbols: Sequence[str], ranks: Sequence[int], rank: int) -> Iterator[str]:
    """Join the pairs of one rank, from left to right."""
    at = 0
    while at < len(symbols):
        if at < len(ranks) and ranks[at] == rank:
            yield symbols[at] + symbols[at + 1]
            at += 2
        else:
            yield symbols[at]
            at += 1


def _learned_merges(parts: Counter[str], most: int) -> list[str]:
    """What pairs are merged into, in the order of learning."""
    pairs = _Pairs(parts)
    merged: dict[str, None] = {}
    while len(merged) < most and (pair := pairs.most_frequent()) is not None:
        token = pair[0] + pair[1]
        if len(token) <= LONGEST_WORD and token not in _TO_BYTE:
            merged.setdefault(token)
            pairs.merge(pair)
        else:
            pairs.forget(pair)
    return list(merged)


class _Pairs:
    """How often pairs of symbols stand together, kept up while they are merged."""

    def __init__(self, parts: Counter[str]) -> None:
        self._words = [
            ([_TO_CHARACTER[byte] for byte in part.encode("utf-8", "replace")], count)
            for part, count in sorted(parts.items())
        ]
        self._counts: Counter[Pair] = Counter()
        self._where: defaultdict[Pair, set[int]] = defaultdict(set)
        for at, (symbols, count) in enumerate(self._words):
            for pair in pairwise(symbols):
                self._counts[pair] += count
                self._where[pair].add(at)
        self._heap = [(-count, pair) for pair, count in self._counts.items()]
        heapq.heapify(self._heap)

    def most_frequent(self) -> Pair | None:
        """The most frequent pair, of equals the first by its characters; None if all are rare."""
        while self._heap:
            count, pair = self._heap[0]
            if -count == self._counts.get(pair, 0):
                return pair if -count >= _RAREST else None
            heapq.heappop(self._heap)
        return None

    def forget(self, pair: Pair) -> None:
        """Merge a pair never."""
        self._counts.pop(pair, None)

    def merge(self, pair: Pair) -> None:
        """Make one symbol of a pair wherever it stands."""
        changed: set[Pair] = set()
        for at in sorted(self._where.pop(pair, ())):
            symbols, count = self._words[at]
            for old in pairwise(symbols):
                self._counts[old] -= count
                changed.add(old)
            ranks = [int(found != pair) for found in pairwise(symbols)]
            joined = list(_joined(symbols, ranks, 0))
            self._words[at] = (joined, count)
            for new in pairwise(joined):
                self._counts[new] += count
                self._where[new].add(at)
                changed.add(new)
        self._counts.pop(pair, None)
        changed.discard(pair)
        for it in changed:
            if (count := self._counts.get(it, 0)) > 0:
                heapq.heappush(self._heap, (-count, it))
