"""Every page and every thing to make, in every language, at the scales that screens are set to.

Slow. Qt reads the scale when it starts, so each is a process of its own:

    QT_SCALE_FACTOR=3 python -m pytest --slow tests/gui/test_everywhere.py
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from layout_faults import layout_faults
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QPushButton,
    QSpinBox,
    QWidget,
)
from saved_runs import Opener, only_run
from studio_driver import StudioDriver

from genstudio.domain.language import ENGLISH, LANGUAGES, speak
from genstudio.services.gallery import Gallery
from genstudio.services.generation import generate
from genstudio.ui.dialogs.closing import ask_before_closing
from genstudio.ui.dialogs.comparing import ComparingDialog
from genstudio.ui.dialogs.full_screen import FullScreen
from genstudio.ui.dialogs.going_back import ask_before_going_back
from genstudio.ui.dialogs.painting_mask import ask_for_mask
from genstudio.ui.pages.gallery import GalleryPage
from genstudio.ui.studio_pages import PAGES
from genstudio.ui.widgets.operation_cards import OperationCards
from genstudio.ui.widgets.thumbnail_grid import ThumbnailGrid

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


# As long as captions of pictures from words become.
_CAPTION = "a red barn in a wide field of tall grass below a sky full of towering clouds, " * 4


def on_two_pictures(studio: StudioDriver) -> Iterator[tuple[str, QWidget]]:
    """Each way to look at two pictures of the gallery."""
    page = studio.find("page.gallery", GalleryPage)
    paths = [page._described(key).path for key in list(studio.window._gallery.items)[:2]]
    dialog = ComparingDialog(studio.window, paths, [_CAPTION, _CAPTION])
    dialog.open()
    way = dialog.findChild(QComboBox, "comparing.way")
    assert way is not None
    words = dialog.findChild(QLabel, "comparing.words")
    assert words is not None
    studio.wait(words.text)
    for index in range(way.count()):
        way.setCurrentIndex(index)
        yield f"comparing, {way.currentText()}", dialog
    dialog.close()


def on_the_whole_screen(studio: StudioDriver) -> Iterator[tuple[str, QWidget]]:
    state = studio.window._gallery
    shown = FullScreen(
        studio.window,
        list(state.items),
        next(iter(state.items)),
        path_of=lambda key: studio.find("page.gallery", GalleryPage)._described(key).path,
        words_of=lambda _: _CAPTION,
        rate=lambda *_: None,
        closed=lambda _: None,
    )
    shown.resize(1024, 680)
    shown.show()
    yield "the whole screen", shown
    shown.close()


def on_copies(studio: StudioDriver) -> Iterator[tuple[str, QWidget]]:
    """What is found of copies, of one picture and of several."""
    state = studio.window._gallery
    for count in (1, 3):
        names = list(state.items)[:count]
        studio.go_to("gallery")
        studio.find("gallery.grid", ThumbnailGrid).select_keys(names)
        studio.click("gallery.copies")
        studio.wait(opened)
        (dialog,) = opened()
        yield f"copies of {count}", dialog
        dialog.close()
        studio.wait(lambda: not opened())


def on_picking_blindly(studio: StudioDriver) -> Iterator[tuple[str, QWidget]]:
    """All that is asked and told."""
    studio.go_to("compare")
    studio.click("compare.blind")
    studio.wait(opened)
    (dialog,) = opened()
    yield "blind, choosing", dialog
    number = dialog.findChild(QSpinBox, "blind.count")
    assert number is not None
    number.setValue(number.minimum())
    buttons = {it.objectName(): it for it in dialog.findChildren(QPushButton)}
    buttons["blind.start"].click()
    yield "blind, drawing", dialog
    studio.wait(buttons["blind.left"].isVisible)
    yield "blind, picking", dialog
    for _ in range(number.minimum()):
        buttons["blind.left"].click()
    yield "blind, picked", dialog
    buttons["blind.reveal"].click()
    studio.wait(buttons["blind.done"].isVisible)
    yield "blind, result", dialog
    dialog.close()


@pytest.mark.parametrize("code", LANGUAGES)
def test_nothing_is_cut_off_where_pictures_are_looked_at(
    code: str, open_project: Opener, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = only_run(project)
    with Gallery(run.project()) as gallery:
        for made in generate(run, range(900, 903)):
            gallery.add(made.image_HWC, made.recipe)
    monkeypatch.setenv("GENSTUDIO_LANGUAGE", code)
    speak(code)
    try:
        studio = open_project()
        studio.window.resize(1024, 680)
        studio.wait(lambda: len(studio.window._gallery.items) >= 3)
        found: list[str] = []
        for looking in (on_two_pictures, on_the_whole_screen, on_copies, on_picking_blindly):
            for name, shown in looking(studio):
                found += [f"{name}: {it}" for it in settled_faults(studio, shown)]
                if shown.width() > 1024 or shown.height() > 680:
                    found.append(f"{name}: {shown.width()} × {shown.height()} pixels")
        assert not found, "\n".join(found)
    finally:
        speak(ENGLISH)


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
