"""Texts that were kept in one language, in the one that is spoken now.

What the coach says of a run is written into the run's record as it was told; whoever changes the
language, or gets the project of a friend, reads it in their own. The catalogues know both sides.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from genstudio.domain.language import ENGLISH, LANGUAGES, SEPARATORS, language, tr
from genstudio.domain.resources import resource

# Format of the GNU gettext manual, "The Format of GNU MO Files".
_MAGIC = 0x950412DE
_PLACE = re.compile(r"\{(\w+)[^{}]*\}")
_NUMBER = re.compile(r"[-−]?\d[\d.,\u202f]*")
# Shorter frames, such as "{one}: {other}", would fit what is no text of ours.
_FEWEST_LETTERS = 6
# A record may be a stranger's: no text of ours is longer, or holds others more deeply.
_LONGEST = 2000
_DEEPEST = 2


@dataclass(frozen=True, slots=True)
class _Frame:
    """A text with places for values, as it is in one language.

    Attributes:
        message: The same in English, which the catalogues look up.
        pieces: What stands before, between and behind the places.
        names: Of the places.
    """

    message: str
    pieces: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def num_letters(self) -> int:
        """Letters besides the places."""
        return sum(map(len, self.pieces))

    def values_in(self, text: str) -> dict[str, str] | None:
        """What stands in the places; None if the text is another one.

        Goes through the text once: it may be a stranger's, which must not hold anything up.
        """
        first, *between, last = self.pieces
        if not (text.startswith(first) and text.endswith(last)):
            return None
        found: list[str] = []
        begin, end = len(first), len(text) - len(last)
        for piece in between:
            at = text.find(piece, begin + 1, end)
            if at < 0:
                return None
            found.append(text[begin:at])
            begin = at + len(piece)
        found.append(text[begin:end])
        return dict(zip(self.names, found, strict=True)) if begin < end else None


@dataclass(frozen=True, slots=True)
class _Book:
    """All texts of a language: as they are => English, and those with places for values."""

    plain: dict[str, str] = field(default_factory=dict[str, str])
    frames: list[_Frame] = field(default_factory=list[_Frame])


def retold(text: str) -> str:
    """A text in the language that is spoken; as it is, where nothing is known of it."""
    return _retold(text, _DEEPEST)


def _retold(text: str, depth: int) -> str:
    spoken = language()
    if spoken not in LANGUAGES or len(text) > _LONGEST or depth < 0:
        return text
    for code in (spoken, *(it for it in LANGUAGES if it != spoken)):
        found = _found(text, code)
        if found is not None:
            return text if code == spoken else _said(*found, code, depth)
    return text


def _found(text: str, code: str) -> tuple[str, dict[str, str]] | None:
    """The English message of a text, and what stands in its places."""
    book = _book(code)
    if text in book.plain:
        return book.plain[text], {}
    fitting = (
        (frame, values) for frame in book.frames if (values := frame.values_in(text)) is not None
    )
    # Of several that fit, the one with most letters of its own is meant.
    best = max(fitting, key=lambda it: it[0].num_letters, default=None)
    return None if best is None else (best[0].message, best[1])


def _said(message: str, values: dict[str, str], code: str, depth: int) -> str:
    told = {
        name: _number(value, code) or _retold(value, depth - 1) for name, value in values.items()
    }
    return _PLACE.sub(lambda place: told.get(place[1], place[0]), tr(message))


def _number(text: str, code: str) -> str:
    """A number as the language writes it that is spoken; empty if it is none."""
    if not _NUMBER.fullmatch(text):
        return ""
    plain = (",", ".")
    (before, after), (thousands, decimals) = (
        SEPARATORS.get(code, plain),
        SEPARATORS.get(language(), plain),
    )
    return text.translate(str.maketrans({before: thousands, after: decimals}))


@cache
def _book(code: str) -> _Book:
    book = _Book()
    # The English texts stand in every catalogue.
    catalogue = code if code != ENGLISH else next(it for it in LANGUAGES if it != ENGLISH)
    for message, translation in _entries(catalogue):
        _add(book, message, message if code == ENGLISH else translation)
    return book


def _add(book: _Book, message: str, text: str) -> None:
    pieces = _PLACE.split(text)
    if len(pieces) == 1:
        book.plain.setdefault(text, message)
        return
    frame = _Frame(message, tuple(pieces[::2]), tuple(pieces[1::2]))
    if frame.num_letters >= _FEWEST_LETTERS and len(set(frame.names)) == len(frame.names):
        book.frames.append(frame)


def _entries(code: str) -> Iterator[tuple[str, str]]:
    """English messages and their translations; plurals, which say no verdicts, are passed over."""
    content = resource(f"translations/{code}.mo").read_bytes()
    magic, _, count, originals, translations = struct.unpack_from("<5I", content)
    assert magic == _MAGIC, "our own catalogues are of this kind"
    for number in range(count):
        message, translation = (
            content[at : at + length].decode()
            for length, at in (
                struct.unpack_from("<2I", content, table + 8 * number)
                for table in (originals, translations)
            )
        )
        if message and "\0" not in message:
            yield message, translation
