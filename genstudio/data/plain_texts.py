"""Text files as people have them, read within limits, and cut into pieces of about a page."""

import re
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Final

from genstudio.data.decode import why_inaccessible
from genstudio.domain.byte_pairs import cleaned
from genstudio.domain.files import is_file, read_file
from genstudio.domain.language import tr

SUFFIXES: Final = (".txt", ".md")
LARGEST_BYTES: Final = 16 * 2**20
# What a text that GenStudio made says of itself, at its end.
FOOTER_LINE: Final = "-------- GenStudio --------"
FOOTER: Final = re.compile(rf"\n*^{FOOTER_LINE}\n.*\Z", re.MULTILINE | re.DOTALL)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])[\"”’»)]*\s+")
# Of control characters, texts have tabs, line feeds and form feeds.
_NO_TEXT = re.compile(r"[\x00-\x08\x0e-\x1f]")


class UnreadableTextError(Exception):
    """A file that is no text, with a sentence that says why."""


def read_text(path: Path) -> str:
    """Read a text file in UTF-8, cleaned.

    Raises:
        UnreadableTextError: It is missing, too large, in another encoding, or no text.
    """
    if not path.name.lower().endswith(SUFFIXES):
        raise UnreadableTextError(
            tr("It is no text file: those end with {suffixes}.", suffixes=" or ".join(SUFFIXES))
        )
    if not is_file(path):
        raise UnreadableTextError(tr("There is no such file."))
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise UnreadableTextError(
                tr(
                    "It is larger than {largest_bytes} MB; cut it into several files.",
                    largest_bytes=LARGEST_BYTES // 2**20,
                )
            )
        content = read_file(path, largest_bytes=LARGEST_BYTES)
    except OSError as error:
        raise UnreadableTextError(why_inaccessible(error)) from error
    return FOOTER.sub("", text_in(content)).rstrip()


def text_in(content: bytes) -> str:
    """The text of a file's bytes, cleaned.

    Raises:
        UnreadableTextError: It is in another encoding than UTF-8, or no text.
    """
    if content.startswith(_UTF16):
        raise UnreadableTextError(tr("It is written in UTF-16; save it as UTF-8."))
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        if b"\0" in content[: 2**16]:
            raise UnreadableTextError(tr("It holds other data than text.")) from error
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableTextError(
            tr(
                "It is not written in UTF-8 (line {line}), but perhaps in Windows-1252 or "
                "Latin-1; save it as UTF-8.",
                line=line,
            )
        ) from error
    if _NO_TEXT.search(text):
        raise UnreadableTextError(tr("It holds other data than text."))
    return cleaned(text)


def num_words(text: str) -> int:
    """How many words a text has."""
    return sum(1 for _ in _WORD.finditer(text))


def words_of(text: str) -> list[str]:
    """Words in order, in small letters, without punctuation."""
    return [found[0].casefold() for found in _WORD.finditer(text)]


def pieces_of(text: str, size: int) -> Iterator[str]:
    """Cut a text into pieces of about so many characters, between paragraphs where that goes.

    Joined, with the spaces between them, they are the text again; each but the last ends with the
    spaces behind it.

    Args:
        text: Cleaned.
        size: Characters; no piece has more than twice as many.
    """
    piece = ""
    for part in _cut(text, size):
        if piece and len(piece) + len(part) > size * 3 // 2:
            yield piece
            piece = ""
        piece += part
        if len(piece) >= size:
            yield piece
            piece = ""
    if piece.strip():
        yield piece


def _cut(text: str, size: int) -> Iterator[str]:
    """Paragraphs; of long ones sentences; of long ones parts at spaces, or anywhere."""
    for paragraph in _split_behind(_PARAGRAPH, text):
        if len(paragraph) <= size:
            yield paragraph
            continue
        for sentence in _split_behind(_SENTENCE_END, paragraph):
            yield from _at_spaces(sentence, size)


def _split_behind(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    start = 0
    for found in pattern.finditer(text):
        yield text[start : found.end()]
        start = found.end()
    if start < len(text):
        yield text[start:]


def _at_spaces(text: str, size: int) -> Iterator[str]:
    while len(text) > size:
        cut = text.rfind(" ", size // 2, size) + 1 or size
        yield text[:cut]
        text = text[cut:]
    if text:
        yield text


def piece_size(lengths: list[int]) -> int:
    """Characters of a piece, so that of short texts, too, some can be kept aside.

    Args:
        lengths: Characters of each text.
    """
    (*_, total) = accumulate(lengths, initial=0)
    return min(max(total // 100, 240), 1200)
