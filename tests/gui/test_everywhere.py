"""Every page and every thing to make, in every language, at the scales that screens are set to.

Slow. Qt reads the scale when it starts, so each is a process of its own:

    QT_SCALE_FACTOR=3 python -m pytest --slow tests/gui/test_everywhere.py
"""

from collections.abc import Iterator

import pytest
from layout_faults import layout_faults
from saved_runs import Opener
from studio_driver import StudioDriver

from genstudio.domain.language import ENGLISH, LANGUAGES, speak
from genstudio.ui.studio_pages import PAGES
from genstudio.ui.widgets.operation_cards import OperationCards

# Layouts are made when the events at hand are through, and words come from threads.
_LOOKS, _BETWEEN_MS = 8, 250

pytestmark = pytest.mark.slow


def settled_faults(studio: StudioDriver) -> list[str]:
    found: list[str] = []
    for _ in range(_LOOKS):
        if not (found := layout_faults(studio.window)):
            break
        studio.qtbot.wait(_BETWEEN_MS)
    return found


def on_pages(studio: StudioDriver) -> Iterator[str]:
    for page in PAGES:
        studio.go_to(page.key)
        yield from (f"{page.key}: {it}" for it in settled_faults(studio))


def on_create(studio: StudioDriver) -> Iterator[str]:
    studio.go_to("create")
    cards = studio.find("create.operation", OperationCards)
    for key, _ in cards.cards():
        cards.select(key)
        yield from (f"create, {key}: {it}" for it in settled_faults(studio))


@pytest.mark.parametrize("size", [(1024, 680), (1280, 720)])
@pytest.mark.parametrize("code", LANGUAGES)
def test_nothing_is_cut_off_anywhere(
    code: str, size: tuple[int, int], open_project: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENSTUDIO_LANGUAGE", code)
    speak(code)
    try:
        studio = open_project()
        studio.window.resize(*size)
        found = [*on_pages(studio), *on_create(studio)]
        assert not found, "\n".join(found)
    finally:
        speak(ENGLISH)
