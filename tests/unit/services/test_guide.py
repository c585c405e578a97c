"""The guide tells of everything that there is, leads nowhere that is not, and can be searched."""

import re
from collections.abc import Iterator

import pytest

from genstudio.domain.language import ENGLISH, LANGUAGES, speak
from genstudio.models.catalog import model_class, model_keys
from genstudio.services.exporters.catalog import EXPORTERS
from genstudio.services.guide import chapters, look_up
from genstudio.services.operations.catalog import OPERATIONS

_LINK = re.compile(r"\]\(([^)]+)\)")


@pytest.fixture(params=LANGUAGES)
def everything(request: pytest.FixtureRequest) -> Iterator[str]:
    """All that the guide says, in each language."""
    speak(request.param)
    yield " ".join(chapter.plain_text for chapter in chapters())
    speak(ENGLISH)


def test_everything_is_explained_by_its_name(everything: str) -> None:
    cards = [
        *(OPERATIONS.get(key).card for key in OPERATIONS.keys()),  # noqa: SIM118  # no mapping
        *(model_class(key).card for key in model_keys()),
        *(EXPORTERS.get(key).card for key in EXPORTERS.keys()),  # noqa: SIM118  # no mapping
    ]
    assert [card.title for card in cards if card.title not in everything] == []


@pytest.mark.usefixtures("everything")
def test_links_and_pictures_lead_to_what_is_there() -> None:
    for chapter in chapters():
        for link in _LINK.findall(chapter.text):
            assert (chapter.path.parent / link).is_file(), f"{chapter.path}: {link}"


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != ENGLISH])
def test_translations_have_the_same_chapters_and_sections(code: str) -> None:
    english = {it.path.name: re.findall(r"^#+", it.text, re.MULTILINE) for it in chapters()}
    speak(code)
    translated = {it.path.name: re.findall(r"^#+", it.text, re.MULTILINE) for it in chapters()}
    speak(ENGLISH)
    assert translated == english


def test_chapters_have_titles_and_keys_of_their_own() -> None:
    assert len({chapter.key for chapter in chapters()}) == len(chapters()) >= 10
    assert len({chapter.title for chapter in chapters()}) == len(chapters())
    assert chapters()[0].key == "first-gallery"
    assert all(chapter.text.startswith(f"# {chapter.title}\n") for chapter in chapters())


def test_words_are_found_where_they_stand_most() -> None:
    hits = look_up("memory", chapters())
    assert {"what-to-do-when", "hardware"} <= {hit.chapter.key for hit in hits}
    assert all("memory" in hit.around.casefold() for hit in hits)
    assert look_up("privacy", chapters())[0].chapter.key == "privacy"
    assert "what-to-do-when" in {hit.chapter.key for hit in look_up("blur", chapters())}


def test_all_words_must_be_there_and_nothing_finds_nothing() -> None:
    both = {hit.chapter.key for hit in look_up("seed sigma", chapters())}
    assert both <= {hit.chapter.key for hit in look_up("seed", chapters())}
    assert look_up("xylophone quark", chapters()) == []
    assert look_up("   ", chapters()) == []
    assert look_up("(*", chapters()) == []
