"""The gallery by keys: stars, whole screen, two at once, copies; orders and collections."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QInputDialog, QMenu
from pytestqt.qtbot import QtBot
from studio_driver import StudioDriver

from genstudio.app import build_window
from genstudio.domain.recipes import Recipe
from genstudio.services.collections_file import read_collections
from genstudio.services.gallery import Gallery
from genstudio.services.projects import Project, open_or_create
from genstudio.ui.dialogs.comparing import ComparingDialog
from genstudio.ui.dialogs.full_screen import FullScreen

SHADES = (200, 20, 190, 60)


def recipe(seed: int) -> Recipe:
    return Recipe(
        software="GenStudio", model_key="gan", run="meadow", project="Meadow", step=1,
        weights_sha256="ab" * 32, seed=seed, size=8, created=datetime(2026, 1, 31, tzinfo=UTC),
    )  # fmt: skip


@pytest.fixture
def hung(tmp_path: Path) -> Project:
    project = open_or_create(tmp_path / "Meadow")
    with Gallery(project) as gallery:
        for seed, shade in enumerate(SHADES):
            gallery.add(np.full((8, 8, 3), shade, np.uint8), recipe(seed))
    return project


@pytest.fixture
def person(qtbot: QtBot, hung: Project) -> Iterator[StudioDriver]:
    window = build_window(hung.path)
    qtbot.addWidget(window)
    window.show()
    driver = StudioDriver(window, qtbot)
    driver.go_to("gallery")
    driver.wait(lambda: driver.rows("gallery.grid") == len(SHADES))
    driver.wait(lambda: window._gallery._looking is None)
    yield driver
    window.close()


def seeds(person: StudioDriver) -> list[int]:
    items = person.window._gallery.items
    shown = person.find("gallery.grid").keys()
    return [items[key].recipe.seed for key in shown]


def name_of(person: StudioDriver, seed: int) -> str:
    items = person.window._gallery.items
    return next(name for name, item in items.items() if item.recipe.seed == seed)


def press(person: StudioDriver, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
    grid = person.find("gallery.grid")
    # Keys are heard by the window that is in front.
    person.window.activateWindow()
    grid.setFocus()
    person.wait(grid.hasFocus)
    QTest.keyClick(grid, key, *modifiers)


def test_stars_are_given_by_keys(person: StudioDriver) -> None:
    grid = person.find("gallery.grid")
    grid.select_keys([name_of(person, 1), name_of(person, 2)])
    press(person, Qt.Key.Key_4)
    items = person.window._gallery.items
    assert sorted(item.rating for item in items.values()) == [0, 0, 4, 4]
    press(person, Qt.Key.Key_0)
    assert not any(item.rating for item in items.values())


def test_one_picture_alone_is_exported_by_a_right_click(person: StudioDriver) -> None:
    page = person.window._pages.gallery
    asked: list[list[str]] = []
    page.export_wanted.connect(lambda _exporter, names: asked.append(names))
    name = name_of(person, 2)
    person.find("gallery.grid").select(name)
    page._on_menu(QPoint(4, 4))
    menu = person.find("gallery.grid").findChild(QMenu)
    (ways,) = [it.menu() for it in menu.actions() if it.text() == "Export only this one"]
    ways.actions()[0].trigger()
    menu.close()
    assert asked == [[name]]


def test_the_whole_screen_shows_one_after_the_other_and_rates(person: StudioDriver) -> None:
    grid = person.find("gallery.grid")
    first, second = grid.keys()[:2]
    grid.select(first)
    press(person, Qt.Key.Key_F)
    shown = person.window.findChild(FullScreen)
    assert shown is not None
    assert shown.current() == first
    shown.activateWindow()
    person.wait(shown.isActiveWindow)
    QTest.keyClick(shown, Qt.Key.Key_Right)
    assert shown.current() == second
    QTest.keyClick(shown, Qt.Key.Key_5)
    assert person.window._gallery.items[second].rating == 5
    assert "★★★★★" in shown._words.text()
    QTest.keyClick(shown, Qt.Key.Key_Escape)
    person.wait(lambda: grid.current_key() == second)


def test_two_pictures_are_compared(person: StudioDriver) -> None:
    grid = person.find("gallery.grid")
    grid.select_keys([name_of(person, 0), name_of(person, 2)])
    press(person, Qt.Key.Key_C)
    dialog = person.window.findChild(ComparingDialog)
    assert dialog is not None
    person.wait(lambda: "differ" in dialog._words.text())
    assert "mean difference is 10.0" in dialog._words.text()
    assert "100 %" in dialog._words.text()
    dialog._way.setCurrentIndex(2)
    assert dialog._difference.isVisible()
    dialog.reject()


def test_one_picture_cannot_be_compared_and_says_so(person: StudioDriver) -> None:
    grid = person.find("gallery.grid")
    grid.select(grid.keys()[0])
    press(person, Qt.Key.Key_C)
    assert person.window.findChild(ComparingDialog) is None
    assert "Two pictures" in person.window._notice_bar.current().title


def test_files_are_copied_and_dragged_as_copies(person: StudioDriver, hung: Project) -> None:
    grid = person.find("gallery.grid")
    name = grid.keys()[0]
    grid.select(name)
    press(person, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    data = QGuiApplication.clipboard().mimeData()
    assert [url.toLocalFile() for url in data.urls()] == [str(hung.gallery / name)]
    assert data.hasImage()
    model = grid.model()
    dragged = model.mimeData([model.index(0, 0, QModelIndex())])
    assert dragged.urls()[0].toLocalFile() == str(hung.gallery / name)
    assert model.supportedDragActions() == Qt.DropAction.CopyAction


def test_orders_by_stars_and_by_nearness(person: StudioDriver) -> None:
    assert seeds(person) == [3, 2, 1, 0]
    box = person.find("gallery.order")
    person.window._gallery.rate([name_of(person, 1)], 3)
    box.setCurrentIndex(1)
    person.wait(lambda: seeds(person)[0] == 1)
    person.find("gallery.grid").select(name_of(person, 0))
    box.setCurrentIndex(2)
    person.wait(lambda: seeds(person) == [0, 2, 3, 1])
    box.setCurrentIndex(0)
    person.wait(lambda: seeds(person) == [3, 2, 1, 0])


def test_searches_and_selections_are_kept_as_collections(
    person: StudioDriver, hung: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("Dark, ones", True))
    button = person.find("gallery.collections")
    person.find("gallery.grid").select_keys([name_of(person, 1), name_of(person, 3)])
    button.collect_selected()
    assert read_collections(hung.path) == {"Dark, ones": 'tag:"Dark  ones"'}
    button._fill()
    entry = next(it for it in button.menu().actions() if it.text() == "Dark, ones")
    entry.trigger()
    person.wait(lambda: sorted(seeds(person)) == [1, 3])
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("Third", True))
    person.find("gallery.search").setText("seed:3")
    button.keep_search()
    assert read_collections(hung.path)["Third"] == "seed:3"
    button._forget("Third")
    assert list(read_collections(hung.path)) == ["Dark, ones"]


def test_what_was_hung_meanwhile_is_in_view_when_one_comes_back(
    person: StudioDriver, hung: Project
) -> None:
    grid = person.find("gallery.grid")
    grid.select(grid.keys()[-1])
    person.go_to("train")
    with Gallery(hung) as gallery:
        gallery.add(np.full((8, 8, 3), 90, np.uint8), recipe(9))
    person.window._gallery.refresh()
    person.wait(lambda: len(grid.keys()) == len(SHADES) + 1)
    person.go_to("gallery")
    assert seeds(person)[0] == 9
    assert grid.current_key() == grid.keys()[0]
    grid.select(grid.keys()[-1])
    person.go_to("train")
    person.go_to("gallery")
    assert grid.current_key() == grid.keys()[-1]
