"""The guide: chapters in Markdown, and where words stand in them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from genstudio.domain.language import language
from genstudio.domain.resources import resource

_MARKUP = re.compile(r"!?\[([^\]]*)\]\([^)]*\)|[*_`#|>]")
_AROUND = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One file of the guide.

    Attributes:
        key: Its name without number and suffix, such as "choosing-pictures".
        path: The file; pictures and other chapters are named from its folder.
        title: The first heading.
        text: Markdown.
    """

    key: str
    path: Path
    title: str
    text: str

    @property
    def plain_text(self) -> str:
        """What is read, without the signs of Markdown, in one line."""
        return " ".join(_MARKUP.sub(r"\1", self.text).split())


@dataclass(frozen=True, slots=True)
class Hit:
    """A chapter in which words stand: how often, and a piece around the first place."""

    chapter: Chapter
    count: int
    around: str


def chapters() -> tuple[Chapter, ...]:
    """All chapters in their order, in the language that is spoken."""
    return _chapters(language())


@cache
def _chapters(code: str) -> tuple[Chapter, ...]:
    english = resource("guide")
    folder = english / code if (english / code).is_dir() else english
    found: list[Chapter] = []
    for path in sorted(folder.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        title = text.partition("\n")[0].removeprefix("# ").strip()
        _, _, key = path.stem.partition("-")
        found.append(Chapter(key=key, path=path, title=title, text=text))
    return tuple(found)


def look_up(query: str, among: Sequence[Chapter]) -> list[Hit]:
    """Chapters that have every one of the words, those with most places first.

    A word also counts at the beginning of a longer one: "blur" finds "blurred".
    """
    words = query.casefold().split()
    if not words:
        return []
    hits: list[Hit] = []
    for chapter in among:
        plain = chapter.plain_text
        low = plain.casefold()
        places = [
            [it.start() for it in re.finditer(rf"\b{re.escape(word)}", low)] for word in words
        ]
        if all(places):
            first = min(places[0])
            # From word to word.
            begin = plain.rfind(" ", 0, max(0, first - _AROUND)) + 1
            end = plain.find(" ", first + _AROUND)
            around = f"{'…' if begin else ''}{plain[begin : end if end > 0 else None]}…"
            # In the title it is what the chapter is about.
            in_title = sum(word in chapter.title.casefold() for word in words)
            hits.append(Hit(chapter, sum(map(len, places)) + 100 * in_title, around))
    return sorted(hits, key=lambda it: -it.count)
