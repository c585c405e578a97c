"""Finds entries by some letters of their words, the most fitting first."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

_WHOLE_TITLE, _TITLE_START, _WORD_START, _INSIDE, _OTHER_WORDS, _LETTERS = range(6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that can be found and done.

    Attributes:
        title: What it is called.
        where: What it belongs to, such as a menu or "Create".
        act: Does it.
        help: A sentence on it.
        words: Other words that it is found by.
        shortcut: Keys that do the same, as people of this system write them.
        icon: Name of an icon, or none.
        is_enabled: Whether it can be done now.
    """

    title: str
    where: str
    act: Callable[[], object]
    help: str = ""
    words: str = ""
    shortcut: str = ""
    icon: str = ""
    is_enabled: bool = True


def find(query: str, entries: Iterable[Entry]) -> list[Entry]:
    """Entries that have every word of a query, best first; all of them for an empty one.

    A word fits at the beginning of a title better than inside, in a title better than in other
    words, and whole better than as letters in order (“rsm” finds “resume”). Those that cannot be
    done now come after others that fit as well.
    """
    words = query.casefold().split()
    ranked = [(_fit(words, entry), place, entry) for place, entry in enumerate(entries)]
    found = [it for it in ranked if it[0] is not None]
    found.sort(key=lambda it: (it[0], not it[2].is_enabled, it[1]))
    return [entry for _, _, entry in found]


def _fit(words: list[str], entry: Entry) -> int | None:
    """How badly an entry fits: the sum over all words; None if one does not."""
    title, rest = entry.title.casefold(), f"{entry.words} {entry.where} {entry.help}".casefold()
    if " ".join(words) == title:
        return _WHOLE_TITLE
    sum_of_all = 0
    for word in words:
        fit = _fit_of_word(word, title, rest)
        if fit is None:
            return None
        sum_of_all += fit
    return sum_of_all


def _fit_of_word(word: str, title: str, rest: str) -> int | None:
    if title.startswith(word):
        return _TITLE_START
    if any(part.startswith(word) for part in title.split()):
        return _WORD_START
    if word in title:
        return _INSIDE
    if any(part.startswith(word) for part in rest.split()):
        return _OTHER_WORDS
    return _LETTERS if any(_has_letters(word, part) for part in title.split()) else None


def _has_letters(word: str, part: str) -> bool:
    """Whether all letters are in there in order, the first one at the beginning."""
    if len(word) < 2 or word[0] != part[:1]:
        return False
    letters = iter(part)
    return all(letter in letters for letter in word)
