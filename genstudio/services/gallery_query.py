"""What is typed into the gallery's search: words, and filters such as ``tag:sea stars:>=3``.

    sea dawn                both words, anywhere: model, run, seed, file, tags
    "high tide"             words that stand together
    tag:sea                 a tag that has it in it; tag: alone, anything with a tag
    stars:>=3  stars:5      so many stars: =, <, <=, >, >=
    model:gan  run:night    the model's key, the run's name
    seed:7  made:translate  just this seed; just this operation
    sea OR hills            one of them; AND, which may be left out, binds closer
    -tag:sketch  NOT dawn   what is not to be found
    (sea OR hills) dawn     what belongs together

Whoever types is never told that it is wrong: a bracket that is missing is added at the end, one too
many is passed over, and what means nothing is a word like others.
"""

import re
from collections.abc import Callable
from typing import Final

from genstudio.services.gallery_index import folded

# An expression of SQL over a row of ``pictures``, and what is put in its places.
Condition = tuple[str, list[str | int]]

_TOKEN = re.compile(r'\(|\)|-?(?:\w+:)?"[^"]*"?|[^\s()]+')
_STARS = re.compile(r"(>=|<=|>|<|=|)(\d{1,3})")
_FIELD = re.compile(r"(\w+):(.*)", re.DOTALL)
_ANYTHING: Condition = ("1", [])
_NOTHING: Condition = ("0", [])
# SQLite takes no expressions of more than a thousand levels.
_MOST_VALUES: Final = 600
_DEEPEST: Final = 40

_OWN_TAGS = "SELECT 1 FROM tags WHERE tags.name = pictures.name"
_TAGGED = f"EXISTS ({_OWN_TAGS} AND instr(tags.search, ?) > 0)"
_WITH_TAGS = f"EXISTS ({_OWN_TAGS})"
# The searched words stand in lines: the model, the run, the seed, the file, then others.
_MODEL = "substr(pictures.search, 1, instr(pictures.search, char(10)))"
_REST = "substr(pictures.search, instr(pictures.search, char(10)) + 1)"
_RUN = f"substr({_REST}, 1, instr({_REST}, char(10)))"
_LINE = "instr(pictures.search || char(10), char(10) || ? || char(10)) > 0"


def condition_of(query: str) -> Condition:
    """Say in SQL what is searched for; everything, if nothing is."""
    tokens = [token for token in _TOKEN.findall(query) if token.strip('"')]
    parser = _Parser(tokens)
    found = parser.any_of()
    while parser.rest():  # Behind a bracket too many.
        found = _joined("AND", [found, parser.any_of()])
    return found if len(found[1]) <= _MOST_VALUES else _NOTHING


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def rest(self) -> bool:
        """Whether something is left, without brackets that close nothing."""
        while self._depth == 0 and self._now() == ")":
            self._at += 1
        return self._now() is not None

    def any_of(self) -> Condition:
        parts = [self._all_of()]
        while self._now() == "OR":
            self._at += 1
            parts.append(self._all_of())
        return _joined("OR", parts)

    def _all_of(self) -> Condition:
        parts: list[Condition] = []
        while (token := self._now()) not in (None, ")", "OR"):
            if token == "AND":  # noqa: S105 - a word of the query
                self._at += 1
                continue
            part = self._one()
            if len(parts) <= _MOST_VALUES and part not in parts:
                parts.append(part)
        return _joined("AND", parts)

    def _one(self) -> Condition:
        token = self._tokens[self._at]
        self._at += 1
        if token in ("NOT", "-") and self._now() not in (None, ")", "OR", "AND"):
            return _not(self._one())
        if token == "(" and self._depth < _DEEPEST:  # noqa: S105 - a bracket
            self._depth += 1
            inside = self.any_of()
            self._depth -= 1
            if self._now() == ")":
                self._at += 1
            return inside
        if token.startswith("-") and len(token) > 1:
            return _not(_atom(token[1:]))
        return _atom(token)

    def _now(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None


def _atom(token: str) -> Condition:
    field = _FIELD.fullmatch(token)
    if field is not None:
        make = _FIELDS.get(field[1].casefold())
        condition = None if make is None else make(folded(field[2].strip('"')))
        if condition is not None:
            return condition
    return _word(folded(token.strip('"')))


def _word(word: str) -> Condition:
    return f"(instr(pictures.search, ?) > 0 OR {_TAGGED})", [word, word]


def _tag(words: str) -> Condition:
    return (_TAGGED, [words]) if words else (_WITH_TAGS, [])


def _stars(words: str) -> Condition | None:
    found = _STARS.fullmatch(words)
    return None if found is None else (f"pictures.rating {found[1] or '='} ?", [int(found[2])])


_FIELDS: Final[dict[str, Callable[[str], Condition | None]]] = {
    "tag": _tag,
    "stars": _stars,
    "model": lambda words: (f"instr({_MODEL}, ?) > 0", [words]),
    "run": lambda words: (f"instr({_RUN}, ?) > 0", [words]),
    "seed": lambda words: (_LINE, [words]),
    "made": lambda words: (_LINE, [words]),
}


def _not(condition: Condition) -> Condition:
    return _NOTHING if condition == _ANYTHING else (f"NOT {condition[0]}", condition[1])


def _joined(word: str, parts: list[Condition]) -> Condition:
    parts = [part for part in parts if part[0] != "1"]
    if not parts:
        return _ANYTHING
    if len(parts) == 1:
        return parts[0]
    places = [place for part in parts for place in part[1]]
    return f"({f' {word} '.join(part[0] for part in parts)})", places
