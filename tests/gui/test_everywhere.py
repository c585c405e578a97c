"""Every page and every thing to make, in every language, at the scales that screens are set to.

Slow. Qt reads the scale when it starts, so each is a process of its own:

    QT_SCALE_FACTOR=3 python -m pytest --slow tests/gui/test_everywhere.py
"""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from layout_faults import layout_faults
from PySide6.QtWidgets import QApplication, QDialog, QPushButton, QWidget
from saved_runs import Opener
from studio_driver import StudioDriver

from genstudio.domain.language import ENGLISH, LANGUAGES, speak
from genstudio.ui.dialogs.closing import ask_before_closing
from genstudio.ui.dialogs.going_back import ask_before_going_back
from genstudio.ui.dialogs.painting_mask import ask_for_mask
from genstudio.ui.studio_pages import PAGES
from genstudio.ui.widgets.operation_cards import OperationCards

# Layouts are made when the events at hand are through, and words come from threads.
_LOOKS, _BETWEEN_MS = 8, 250

pytestmark = pytest.mark.slow


def settled_faults(studio: StudioDriver, window: QWidget | None = None) -> list[str]:
    found: list[str] = []
    for _ in range(_LOOKS):
        if not (found := layout_faults(window or studio.window)):
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


def dialogs(studio: StudioDriver) -> Iterator[tuple[str, str, Callable[[], object]]]:
    """What opens a dialog: the page that it belongs to, its name, and how."""
    window = studio.window
    shown = window._training.shown
    assert shown is not None
    for command in (
        "help.guide", "help.shortcuts", "help.about", "edit.find", "project.import_scans",
        "project.save_model", "train.queue",
    ):  # fmt: skip
        yield "train", command, window._actions[command].trigger
    yield "train", "remove", partial(studio.click, "train.remove_run")
    going_back = partial(
        ask_before_going_back,
        window,
        2,
        shown.checkpoints[1:],
        go_back=lambda: None,
        branch=lambda: None,
    )
    yield "train", "going back", going_back
    yield "train", "closing", partial(ask_before_closing, window, lambda: None)
    yield "dataset", "crops", partial(studio.click, "dataset.crop")
    yield "gallery", "a or b", partial(studio.click, "gallery.compare")
    export = studio.find("gallery.export", QPushButton).menu()
    assert export is not None
    for action in export.actions():
        yield "gallery", f"export {action.text()}", action.trigger
    report = window._dataset.report
    assert report is not None
    picture = report.folder / report.pictures[0].name
    yield "create", "mask", partial(ask_for_mask, window, picture, lambda _: None)


def opened() -> list[QDialog]:
    return [
        it for it in QApplication.topLevelWidgets() if isinstance(it, QDialog) and it.isVisible()
    ]


@pytest.mark.parametrize("code", LANGUAGES)
def test_nothing_is_cut_off_in_dialogs(
    code: str, open_project: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENSTUDIO_LANGUAGE", code)
    speak(code)
    try:
        studio = open_project()
        studio.window.resize(1024, 680)
        found: list[str] = []
        for page, name, show in dialogs(studio):
            studio.go_to(page)
            show()
            studio.wait(opened)
            (dialog,) = opened()
            found += [f"{name}: {it}" for it in settled_faults(studio, dialog)]
            dialog.close()
            studio.wait(lambda: not opened())
        assert not found, "\n".join(found)
    finally:
        speak(ENGLISH)
