"""The guide tells of everything that there is, leads nowhere that is not, and can be searched."""

import re

import pytest

from genstudio.models.catalog import model_class, model_keys
from genstudio.services.exporters.catalog import EXPORTERS
from genstudio.services.guide import chapters, look_up
from genstudio.services.operations.catalog import OPERATIONS

EVERYTHING = " ".join(chapter.plain_text for chapter in chapters())
_LINK = re.compile(r"\]\(([^)]+)\)")


@pytest.mark.parametrize("key", OPERATIONS.keys())
def test_every_operation_is_explained(key: str) -> None:
    assert OPERATIONS.get(key).card.title in EVERYTHING


@pytest.mark.parametrize("key", model_keys())
def test_every_architecture_is_explained(key: str) -> None:
    assert model_class(key).card.title in EVERYTHING


@pytest.mark.parametrize("key", EXPORTERS.keys())
def test_every_way_of_exporting_is_explained(key: str) -> None:
    assert EXPORTERS.get(key).card.title in EVERYTHING


def test_links_and_pictures_lead_to_what_is_there() -> None:
    for chapter in chapters():
        for link in _LINK.findall(chapter.text):
            assert (chapter.path.parent / link).is_file(), f"{chapter.path.name}: {link}"


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
