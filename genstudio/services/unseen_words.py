"""Words of a story that name things which nobody saw: those that trace to no tag and no note.

Nouns are found by where they stand in English: behind an article or another determiner, the last
word before one that is none of a thing. That finds most and takes some for nouns that are none; a
mark says “not seen”, and not “wrong”.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SIGN = re.compile(r"[^\w\s'’-]")
_DETERMINERS: Final = frozenset(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "these",
        "those",
        "my",
        "your",
        "his",
        "her",
        "its",
        "our",
        "their",
        "some",
        "any",
        "no",
        "every",
        "each",
        "another",
        "one",
        "two",
        "three",
        "four",
        "five",
        "many",
        "several",
        "few",
    ]
)
_OTHERS: Final = frozenset(
    [
        "and",
        "or",
        "but",
        "nor",
        "so",
        "yet",
        "for",
        "of",
        "in",
        "on",
        "at",
        "to",
        "from",
        "by",
        "with",
        "without",
        "into",
        "onto",
        "over",
        "under",
        "above",
        "below",
        "through",
        "across",
        "behind",
        "beside",
        "between",
        "before",
        "after",
        "during",
        "until",
        "since",
        "as",
        "than",
        "like",
        "about",
        "against",
        "along",
        "around",
        "near",
        "off",
        "out",
        "up",
        "down",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "am",
        "has",
        "have",
        "had",
        "do",
        "does",
        "did",
        "will",
        "would",
        "shall",
        "should",
        "can",
        "could",
        "may",
        "might",
        "must",
        "not",
        "never",
        "always",
        "often",
        "then",
        "there",
        "here",
        "now",
        "when",
        "while",
        "where",
        "who",
        "whom",
        "whose",
        "which",
        "what",
        "that",
        "how",
        "why",
        "if",
        "because",
        "though",
        "although",
        "it",
        "he",
        "she",
        "they",
        "we",
        "you",
        "i",
        "me",
        "him",
        "them",
        "us",
        "all",
        "both",
        "more",
        "most",
        "very",
        "quite",
        "just",
        "only",
        "even",
        "still",
        "too",
        "also",
        "again",
        "once",
        "said",
        "says",
        "say",
        "went",
        "goes",
        "go",
        "came",
        "comes",
        "come",
        "saw",
        "sees",
        "see",
        "looked",
        "looks",
        "look",
        "made",
        "makes",
        "make",
        "took",
        "takes",
        "take",
        "began",
        "begins",
        "begin",
        "seemed",
        "seems",
        "felt",
        "knew",
        "thought",
        "told",
        "could",
        "let",
        "lets",
        "got",
        "gets",
        "stood",
        "sat",
        "lay",
        "ran",
        "fell",
        "left",
        "turned",
        "moved",
        "kept",
    ]
)
_HOW_MUCH: Final = frozenset(
    ["very", "most", "more", "quite", "just", "rather", "too", "so", "even", "still", "only"]
)
# What was done, behind what did it.
_DONE: Final = frozenset(
    [
        "slept",
        "spoke",
        "ate",
        "sang",
        "flew",
        "swam",
        "grew",
        "shone",
        "rose",
        "sank",
        "hid",
        "held",
        "hung",
        "caught",
        "found",
        "gave",
        "heard",
        "left",
        "lost",
        "met",
        "rode",
        "shook",
        "slid",
        "spun",
        "stole",
        "sung",
        "wept",
        "woke",
        "wore",
        "wrote",
        "is",
        "was",
    ]
)
# Words of a description that are no things.
_DESCRIBING: Final = frozenset(
    [
        "red",
        "orange",
        "yellow",
        "green",
        "turquoise",
        "blue",
        "purple",
        "pink",
        "black",
        "white",
        "grey",
        "brown",
        "dark",
        "dim",
        "light",
        "bright",
        "strong",
        "contrast",
        "smooth",
        "finely",
        "textured",
        "with",
        "some",
        "detail",
        "still",
        "slow",
        "lively",
        "hasty",
        "and",
    ]
)
# What a story is made of, and no picture shows as a thing.
_TELLING: Final = frozenset(
    [
        "story",
        "picture",
        "pictures",
        "scene",
        "shot",
        "moment",
        "time",
        "times",
        "day",
        "night",
        "morning",
        "evening",
        "way",
        "end",
        "beginning",
        "light",
        "dark",
        "darkness",
        "colour",
        "colours",
        "color",
        "colors",
        "look",
        "place",
        "part",
        "first",
        "last",
        "next",
        "other",
        "same",
        "thing",
        "things",
        "kind",
        "sort",
        "bit",
        "whole",
        "rest",
        "middle",
    ]
)
_LONGEST_RUN = 4


@dataclass(frozen=True, slots=True)
class Unseen:
    """A word that traces to nothing that was seen: itself, and where it stands."""

    word: str
    start: int
    end: int


def unseen_words(text: str, facts: Iterable[str]) -> list[Unseen]:
    """Nouns of a story that are not among what is known of its pictures.

    Args:
        text: In English.
        facts: What is known, in words: tags, colours, a person's notes.
    """
    known = {_singular(word) for fact in facts for word in _words(fact)}
    found: list[Unseen] = []
    matches = list(_WORD.finditer(text))
    for at, match in enumerate(matches):
        if match[0].casefold() not in _DETERMINERS:
            continue
        head = None
        for follower in matches[at + 1 : at + 1 + _LONGEST_RUN]:
            # Signs end what a determiner belongs to.
            if _SIGN.search(text, match.end(), follower.start()):
                break
            word = follower[0].casefold()
            if head is None and word in _HOW_MUCH:
                continue
            if word in _OTHERS or word in _DETERMINERS or word.endswith("ly"):
                break
            if head is not None and (word in _DONE or word.endswith("ed")):
                break
            head = follower
            if _singular(word) in known - _DESCRIBING:
                break
        if head is None:
            continue
        word = _singular(head[0].casefold())
        if word not in known and word not in _TELLING:
            found.append(Unseen(head[0], head.start(), head.end()))
    return found


def _words(text: str) -> list[str]:
    return [word for found in _WORD.findall(text.casefold()) for word in (found, *found.split("-"))]


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 4 and word.endswith(("ses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
