"""Texts in the language that is spoken, with its plurals and its numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import pytest
from pydantic import BaseModel

from genstudio.domain.language import (
    ENGLISH,
    LANGUAGES,
    PSEUDO,
    Spoken,
    asking,
    chosen_language,
    inside,
    language,
    number_text,
    quoted,
    speak,
    tr,
    trn,
)


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    speak(ENGLISH)


@pytest.fixture
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GENSTUDIO_LANGUAGE", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


class Card(Spoken, BaseModel):
    spoken: ClassVar[frozenset[str]] = frozenset({"title", "noun"})

    key: str
    title: str
    noun: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Entry(Spoken):
    spoken: ClassVar[frozenset[str]] = frozenset({"title"})

    title: str
    key: str = "Pictures"


def test_english_is_what_stands_in_the_code() -> None:
    assert tr("Pictures") == "Pictures"
    assert tr("No such text is anywhere") == "No such text is anywhere"
    assert tr("{{0}} braces") == "{{0}} braces"
    assert tr("{done:,} of {total:,}", done=1200, total=3) == "1,200 of 3"
    assert tr("") == ""


@pytest.mark.parametrize(
    ("code", "pictures", "number"),
    [("de", "Bilder", "1.200.000,5"), ("fr", "Images", "1\u202f200\u202f000,5")],
)
def test_other_languages_have_their_own_words_and_numbers(
    code: str, pictures: str, number: str
) -> None:
    speak(code)
    assert language() == code
    assert tr("Pictures") == pictures
    assert tr("{size:,.1f}", size=1_200_000.5) == number
    # What nobody has translated stays English, with its values; names are no numbers.
    assert tr("No such text: {name}", name="a,b.c") == "No such text: a,b.c"


def test_each_language_has_its_plurals() -> None:
    one, many = "{number:,} picture", "{number:,} pictures"
    assert trn(one, many, 1) == "1 picture"
    assert trn(one, many, 0) == "0 pictures"
    speak("de")
    assert (trn(one, many, 1), trn(one, many, 2000)) == ("1 Bild", "2.000 Bilder")
    speak("fr")
    # In French, none is singular.
    assert (trn(one, many, 0), trn(one, many, 2)) == ("0 image", "2 images")


def test_what_is_unknown_is_english() -> None:
    speak("tlh")
    assert language() == ENGLISH


def test_cards_are_read_in_the_language_and_kept_in_english() -> None:
    card = Card(key="Pictures", title="Pictures", noun=("picture", "pictures"))
    entry = Entry("Pictures")
    speak("de")
    assert (card.title, card.noun, card.key) == ("Bilder", ("Bild", "Bilder"), "Pictures")
    assert (entry.title, entry.key) == ("Bilder", "Pictures")
    assert card.model_dump()["title"] == "Pictures"


def test_titles_inside_sentences_keep_what_has_to_be_large() -> None:
    assert inside("Pictures") == "pictures"
    assert inside("LoRA") == "LoRA"
    assert inside("MIDI files") == "MIDI files"
    speak("de")
    assert inside("Bilder") == "Bilder"


def test_the_pseudo_language_marks_texts_and_keeps_what_stands_for_values() -> None:
    speak(PSEUDO)
    shown = tr("{done:,} of {name!r} in {{braces}}", done=1200, name="a")
    assert shown.startswith("⟦1,200 öf 'a' îñ {bràçés}~")
    assert shown.endswith("~⟧")
    assert tr("{no value}").startswith("⟦{ñö vàlûé}")


@pytest.mark.usefixtures("no_variables")
def test_the_language_to_begin_with(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen_language() == ENGLISH
    assert chosen_language("fr") == "fr"
    assert chosen_language("", ["es-ES", "de-AT", "en-US"]) == "de"
    assert chosen_language("", ["es-ES"]) == ENGLISH
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    assert chosen_language() == "fr"
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert chosen_language() == ENGLISH
    monkeypatch.setenv("LANGUAGE", "sv:de")
    assert chosen_language() == "de"
    assert chosen_language("en") == ENGLISH
    monkeypatch.setenv("GENSTUDIO_LANGUAGE", "de")
    assert chosen_language("en") == "de"


def test_every_language_names_itself() -> None:
    assert {"en", "de", "fr"} == set(LANGUAGES)
    assert LANGUAGES["fr"] == "Français"


@pytest.mark.parametrize(("code", "share"), [("en", "58.5%"), ("de", "58,5\xa0%")])
def test_shares_are_written_as_the_language_writes_them(code: str, share: str) -> None:
    speak(code)
    assert tr("{share:.1%}", share=0.585) == share


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("en", "“Rot”"),
        ("de", "„Rot“"),
        ("fr", "«\N{NARROW NO-BREAK SPACE}Rot\N{NARROW NO-BREAK SPACE}»"),
    ],
)
def test_names_stand_between_the_marks_of_the_language(code: str, name: str) -> None:
    speak(code)
    assert quoted("Rot") == name


@pytest.mark.parametrize(("code", "title"), [("en", "Rot…"), ("de", "Rot …"), ("fr", "Rot…")])
def test_commands_that_ask_for_more_end_as_in_the_language(code: str, title: str) -> None:
    speak(code)
    assert asking("Rot") == title


@pytest.mark.parametrize(("code", "number"), [("en", "2,587.50"), ("de", "2.587,50")])
def test_numbers_are_written_as_the_language_writes_them(code: str, number: str) -> None:
    speak(code)
    assert number_text(2587.5, 2) == number
    assert number_text(7) == "7"
