from collections.abc import Iterator

import pytest
from spoken_words import unspoken

from genstudio.domain.language import ENGLISH, PSEUDO, speak
from genstudio.ui.studio_pages import PAGES

NAMES = frozenset()


@pytest.fixture
def pseudo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("GENSTUDIO_LANGUAGE", PSEUDO)
    speak(PSEUDO)
    yield
    speak(ENGLISH)


def test_every_word_is_looked_up(pseudo, studio):
    found = {}
    studio.wait(lambda: studio.window._training.entries)
    for page in PAGES:
        studio.click(f"rail.{page.key}")
        found |= unspoken(studio.window, NAMES)
    for t, w in found.items():
        print(w, "|", t[:200])
    assert not found


def test_b(pseudo, open_project):
    studio = open_project()
    found = {}
    for page in PAGES:
        studio.click(f"rail.{page.key}")
        studio.qtbot.wait(1500)
        found |= unspoken(studio.window, NAMES)
    for t, w in found.items():
        print(w, "|", t[:200])
    assert not found
