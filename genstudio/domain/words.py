"""Words of captions and prompts: the vocabulary of a run, and what a prompt is taken for."""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from genstudio.domain.language import quoted, tr, trn

# Ids of tokens that stand for no word of the vocabulary; its words come after them.
PADDING: Final = 0
UNKNOWN: Final = 1
FIRST_WORD: Final = 2
# Longer captions are cut: what comes later is rarely about the whole picture.
MOST_TOKENS: Final = 32
# A vocabulary is kept with its run, in a file that is read back within limits.
MOST_WORDS: Final = 4096
LONGEST_WORD: Final = 40

# Scripts without spaces between words are taken character by character.
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_IDEOGRAPHS}]|[^\W_{_IDEOGRAPHS}]+(?:['’-][^\W_{_IDEOGRAPHS}]+)*")
_IDEOGRAPH = re.compile(f"[{_IDEOGRAPHS}]")
# Below this share of common letters, one word is hardly a slip of the pen for another.
_ALIKE = 0.75
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptReading:
    """What a prompt is taken for.

    Attributes:
        words: Known words, in order; these alone decide what is drawn.
        replaced: Word as it was written => the known word that it is taken for.
        left_out: Words that are like none that is known.
        num_cut: Words beyond those that a model reads.
    """

    words: tuple[str, ...] = ()
    replaced: Mapping[str, str] = field(default_factory=dict[str, str])
    left_out: tuple[str, ...] = ()
    num_cut: int = 0

    @property
    def remark(self) -> str:
        """What a person should know of it, in a line; empty if all is read as it was written."""
        parts = [
            tr("“{written}” is taken for “{known}”", written=written, known=known)
            for written, known in self.replaced.items()
        ]
        if self.left_out:
            named = ", ".join(quoted(word) for word in self.left_out[:_MOST_NAMED])
            more = " …" if len(self.left_out) > _MOST_NAMED else ""
            parts.append(
                trn(
                    "{named}{more} is not known and left out",
                    "{named}{more} are not known and left out",
                    len(self.left_out),
                    named=named,
                    more=more,
                )
            )
        if self.num_cut:
            parts.append(tr("only the first {most_tokens} words are read", most_tokens=MOST_TOKENS))
        return "; ".join(parts)


def words_in(text: str) -> list[str]:
    """Words of a caption in order, in small letters and without punctuation."""
    return [word[:LONGEST_WORD] for word in _WORD.findall(text.casefold())]


def vocabulary(captions: Iterable[str]) -> dict[str, int]:
    """Each word => captions that have it, the most frequent first; at most ``MOST_WORDS``."""
    return next(it for it in counting(captions, every=MOST_WORDS) if it is not None)


def counting(captions: Iterable[str], *, every: int) -> Iterator[dict[str, int] | None]:
    """Count words bit by bit, for whoever must not wait for very many captions.

    Args:
        captions: In any order; the same text is read once.
        every: So many texts are read at once.

    Yields:
        None after so many texts, and at last the vocabulary.
    """
    counted: Counter[str] = Counter()
    texts = Counter(captions)
    for done, (text, times) in enumerate(texts.items(), start=1):
        for word in set(words_in(text)[:MOST_TOKENS]):
            counted[word] += times
        if done % every == 0 and done < len(texts):
            yield None
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    yield dict(ranked[:MOST_WORDS])


def token_ids(text: str, words: Iterable[str]) -> list[int]:
    """A caption as ``MOST_TOKENS`` ids: words of the vocabulary in order, then padding.

    Args:
        text: The caption.
        words: The vocabulary, in order.
    """
    number = {word: id_ for id_, word in enumerate(words, start=FIRST_WORD)}
    ids = [number.get(word, UNKNOWN) for word in words_in(text)[:MOST_TOKENS]]
    return ids + [PADDING] * (MOST_TOKENS - len(ids))


def text_of(ids: Sequence[int], words: Sequence[str]) -> str:
    """The words that ids stand for, with spaces where their script has such."""
    text = ""
    for id_ in ids:
        if id_ >= FIRST_WORD:
            word = words[id_ - FIRST_WORD]
            is_close = bool(text) and all(map(_IDEOGRAPH.match, (text[-1], word)))
            text += word if is_close or not text else f" {word}"
    return text


def read_prompt(text: str, words: Iterable[str]) -> PromptReading:
    """Read what a person asks for with the words that a model knows.

    A word that it does not know becomes the known word that is spelled most like it, if one is
    near enough, and is left out otherwise.

    Args:
        text: The prompt; may be empty.
        words: The vocabulary.
    """
    known = tuple(words)
    among = frozenset(known)
    found = words_in(text)
    taken: list[str] = []
    replaced: dict[str, str] = {}
    left_out: dict[str, None] = {}
    for word in found[:MOST_TOKENS]:
        like = word if word in among else _nearest(word, known)
        if like is None:
            left_out[word] = None
            continue
        if like != word:
            replaced[word] = like
        taken.append(like)
    return PromptReading(
        words=tuple(taken),
        replaced=replaced,
        left_out=tuple(left_out),
        num_cut=max(0, len(found) - MOST_TOKENS),
    )


@lru_cache(maxsize=1024)
def _nearest(word: str, known: Sequence[str]) -> str | None:
    found = difflib.get_close_matches(word, known, n=1, cutoff=_ALIKE)
    return found[0] if found else None
