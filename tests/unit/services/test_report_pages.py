"""Pages beside results speak the language of the program, and hide no words from translators."""

from collections.abc import Iterator
from string import Template

import pytest

from genstudio.domain.language import speak
from genstudio.domain.resources import resource
from genstudio.services.report_pages import page_template, report_page

PAGES = ("anomalies", "gallery", "helpfulness", "model_card", "queue", "report", "storyboard")


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    speak("en")


@pytest.mark.parametrize(
    ("code", "words"), [("en", "Right answers"), ("de", "Richtige Antworten"), ("fr", "Bonnes")]
)
def test_words_are_said_in_the_language(code: str, words: str) -> None:
    speak(code)
    page = report_page(
        "helpfulness.html", title="A & B", words="", rows="", rounds=10, tests=20, groups=5
    ).decode()
    assert f'<html lang="{code}">' in page
    assert words in page
    assert "A &amp; B" in page
    assert "[[" not in page


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("code", ["de", "fr"])
def test_translations_keep_what_is_filled_in(name: str, code: str) -> None:
    speak(code)
    english = Template(resource(f"web/{name}.html").read_text(encoding="utf-8"))
    assert set(page_template(f"{name}.html").get_identifiers()) == set(english.get_identifiers())
