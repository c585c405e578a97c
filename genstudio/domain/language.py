"""The language that the program speaks.

Texts stand in the code in English and are looked up where they are shown, in catalogues of the
gettext format: ``resources/translations/CODE.po``, which translators edit, and beside it the
``.mo`` that is read here. What has no translation stays English.
"""

import gettext
import os
import string
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from genstudio.domain.resources import resource

ENGLISH: Final = "en"
# For tests: every text is marked and longer, so that what is never looked up or cut off shows.
PSEUDO: Final = "pseudo"
# Code => name in the language itself, as people look for it.
LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "de": "Deutsch", "fr": "Français"}
# Set by who wants another one for once.
VARIABLE: Final = "GENSTUDIO_LANGUAGE"

# Thousands and decimals as each language writes them; French has a narrow no-break space.
SEPARATORS: Final[Mapping[str, tuple[str, str]]] = {"de": (".", ","), "fr": ("\u202f", ",")}
# French sets no-break spaces inside.
_QUOTES: Final[Mapping[str, tuple[str, str]]] = {"de": ("„", "“"), "fr": ("«\u202f", "\u202f»")}
_ACCENTED: Final = str.maketrans("aeiouyAEIOUYcn", "àéîöûýÀÉÎÖÛÝçñ")
_OPEN, _CLOSE = "⟦", "⟧"


class _Speaker:
    """The chosen language and its catalogue."""

    def __init__(self) -> None:
        self.code = ENGLISH
        self.catalogue = gettext.NullTranslations()


_speaker = _Speaker()


def language() -> str:
    """Code of the language that is spoken."""
    return _speaker.code


def speak(code: str) -> None:
    """Speak a language from now on; texts that were made before stay as they are.

    Args:
        code: A key of ``LANGUAGES``, or ``PSEUDO``; what is unknown is English.
    """
    known = code if code in LANGUAGES or code == PSEUDO else ENGLISH
    catalogue = gettext.NullTranslations()
    if known not in (ENGLISH, PSEUDO):
        with resource(f"translations/{known}.mo").open("rb") as file:
            catalogue = gettext.GNUTranslations(file)
    _speaker.code, _speaker.catalogue = known, catalogue


def chosen_language(preferred: str = "", system: Sequence[str] = ()) -> str:
    """The language to begin with: for this once, as it was chosen, or as the system has it.

    Args:
        preferred: What a person chose in the program; empty for the system's.
        system: The system's languages, best first, such as "de-AT"; by default from the
            variables that terminals set.
    """
    named = os.environ.get(VARIABLE) or preferred
    if named:
        return named
    variables = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    for entry in system or (os.environ.get(name, "") for name in variables):
        for wanted in entry.split(":"):
            code = wanted.replace("_", "-").partition("-")[0].partition(".")[0].lower()
            if code in LANGUAGES:
                return code
            if code in ("c", "posix"):
                return ENGLISH
    return ENGLISH


def tr(text: str, /, **values: object) -> str:
    """A text in the language that is spoken.

    Args:
        text: In English. With values, as :meth:`str.format` has it: ``{name}`` stands for a
            value, ``{{`` for a brace; numbers are written as the language writes them.
        values: What is put in.
    """
    if not text:
        return ""  # gettext keeps notes on the catalogue under the empty text.
    if _speaker.code == PSEUDO:
        return _filled(_disguised(text, has_values=bool(values)), values)
    return _filled(_speaker.catalogue.gettext(text), values)


def trn(one: str, many: str, number: float, /, **values: object) -> str:
    """A text about a number of things, with the plural that the language has for it.

    Args:
        one: In English, for a single thing.
        many: In English, for any other number.
        number: How many; put in as ``{number}``.
        values: What else is put in.
    """
    values = {"number": number, **values}
    if _speaker.code == PSEUDO:
        return _filled(_disguised(one if number == 1 else many, has_values=True), values)
    # Fractions have the plural of many, in all these languages from 2 on; 0.5 as well in English.
    whole = int(number) if number == int(number) else 2
    return _filled(_speaker.catalogue.ngettext(one, many, whole), values)


def tr_noop(text: str, /) -> str:
    """Name a text for the catalogues that is looked up later, where it is shown."""
    return text


def inside(text: str) -> str:
    """A title as it stands inside a sentence: in small letters, where the language has them so."""
    is_name = any(letter.isupper() for letter in text.partition(" ")[0][1:])
    return text if language() == "de" or is_name else text[:1].lower() + text[1:]


def number_text(value: float, digits: int = 0) -> str:
    """A number as the language writes it, with so many decimals."""
    return _formatter.format_field(float(value), f",.{digits}f")


def written(value: float, form: str) -> str:
    """A number as the language writes it, in a form that :func:`format` takes."""
    return _formatter.format_field(value, form)


def quoted(text: str) -> str:
    """A name between the quotation marks of the language."""
    before, behind = _QUOTES.get(_speaker.code, ("“", "”"))
    return f"{before}{text}{behind}"


def asking(text: str) -> str:
    """A command's title with the dots that say: it asks for more before it is done."""
    return f"{text} …" if _speaker.code == "de" else f"{text}…"


def labelled(label: str, value: str) -> str:
    """A value behind what it is the value of; French has a no-break space before the colon."""
    return f"{label}\u00a0: {value}" if _speaker.code == "fr" else f"{label}: {value}"


class Spoken:
    """Base of cards: words that are declared in English are read in the language spoken.

    What is written to files keeps the English words.
    """

    __slots__ = ()
    spoken: ClassVar[frozenset[str]] = frozenset()

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if name not in type(self).spoken:
            return value
        return tr(value) if isinstance(value, str) else tuple(tr(word) for word in value)


class _Formatter(string.Formatter):
    """Writes numbers as the language writes them."""

    def format_field(self, value: Any, format_spec: str) -> str:
        written = format(value, format_spec)
        separators = SEPARATORS.get(_speaker.code)
        if separators is None or not isinstance(value, int | float):
            return written
        thousands, decimal = separators
        parts = [part.replace(",", thousands) for part in written.split(".")]
        number = decimal.join(parts)
        # "58 %" is not torn apart at the end of a line.
        return f"{number[:-1]}\N{NO-BREAK SPACE}%" if format_spec.endswith("%") else number


_formatter = _Formatter()


def _filled(text: str, values: Mapping[str, object]) -> str:
    return _formatter.vformat(text, (), values) if values else text


def _disguised(text: str, *, has_values: bool) -> str:
    """A text with accents between marks, and a quarter longer, with what stands for values kept."""
    # Titles are shown in two parts: a painter's words, and the technical term.
    words, dash, term = text.partition(" — ")
    if dash:
        return dash.join(_disguised(part, has_values=has_values) for part in (words, term))
    pieces = string.Formatter().parse(text) if has_values else [(text, None, None, None)]
    written = ""
    for literal, name, spec, conversion in pieces:
        shown = literal.translate(_ACCENTED)
        written += shown.replace("{", "{{").replace("}", "}}") if has_values else shown
        if name is not None:
            marks = (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
            written += f"{{{name}{marks}}}"
    return f"{_OPEN}{written}{'~' * (len(text) // 4)}{_CLOSE}"
