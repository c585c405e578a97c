"""Undo and redo in the real window, from the Edit menu and by keys."""

import gc
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot
from studio_driver import StudioDriver

from genstudio.app import build_window
from genstudio.domain.recipes import Recipe
from genstudio.services import trash as trash_module
from genstudio.services.gallery import Gallery
from genstudio.services.projects import open_or_create
from genstudio.ui.history import LONGEST_HISTORY, History

NUM_HUNG = 5
_CTRL = Qt.KeyboardModifier.ControlModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier


class Undoer(StudioDriver):
    """A person who changes their mind."""

    def action(self, key: str) -> QAction:
        found = self.window.findChild(QAction, key)
        assert found is not None
        return found

    def titles(self) -> tuple[str, str]:
        """What the Edit menu offers, with an empty title for what is disabled."""
        undo, redo = self.action("edit.undo"), self.action("edit.redo")
        return tuple(entry.text() if entry.isEnabled() else "" for entry in (undo, redo))

    def undo(self, at: QWidget | None = None) -> None:
        self._press_z(_CTRL, at)

    def redo(self, at: QWidget | None = None) -> None:
        self._press_z(_CTRL | _SHIFT, at)

    def _press_z(self, modifiers: Qt.KeyboardModifier, at: QWidget | None) -> None:
        # Shortcuts belong to the active window, which a busy machine may have forgotten about.
        self.window.activateWindow()
        self.wait(self.window.isActiveWindow)
        self.qtbot.keyClick(at or self.window, Qt.Key.Key_Z, modifiers)

    def select(self, *names: str) -> None:
        self.find("gallery.grid").select_keys(names)

    @property
    def hung(self) -> list[str]:
        return self.find("gallery.grid").keys()

    @property
    def ratings(self) -> list[int]:
        return [item.rating for item in self.window._gallery.items.values()]

    def notice(self) -> str:
        notice = self.window._notice_bar.current()
        assert notice is not None
        return f"{notice.title}. {notice.message}"


def make_project(path: Path) -> Path:
    """A project with some pictures in its gallery, and no run."""
    with Gallery(open_or_create(path)) as gallery:
        for seed in range(NUM_HUNG):
            recipe = Recipe(
                software="GenStudio",
                model_key="gan",
                run="meadow",
                project="Meadow",
                step=1,
                weights_sha256="ab" * 32,
                seed=seed,
                size=8,
                sampling={},
                created=datetime(2026, 1, 31, tzinfo=UTC),
            )
            gallery.add(np.full((8, 8, 3), 50 * seed, np.uint8), recipe)
    return path


@pytest.fixture
def undoer(qtbot: QtBot, tmp_path: Path) -> Iterator[Undoer]:
    """A person in front of the Gallery page, with a picture for each of the first seeds."""
    window = build_window(make_project(tmp_path / "Meadow"))
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
    person = Undoer(window, qtbot)
    person.go_to("gallery")
    person.wait(lambda: len(person.hung) == NUM_HUNG)
    yield person
    window.close()


@pytest.fixture
def trash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A trash that takes any number of files of one name."""
    folder = tmp_path / "trash"
    folder.mkdir()

    def move(path: Path) -> None:
        shutil.move(path, folder / f"{len(list(folder.iterdir()))} {path.name}")

    monkeypatch.setattr(trash_module, "send2trash", move)
    return folder


def refuse_trash(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let the trash refuse these pictures from now on."""
    move = trash_module.send2trash

    def refuse(path: Path) -> None:
        if path.name in names:
            raise PermissionError("no trash here")
        move(path)

    monkeypatch.setattr(trash_module, "send2trash", refuse)


# --- Menu ---------------------------------------------------------------------------------


def test_the_menu_stands_second_and_offers_nothing_at_first(undoer: Undoer) -> None:
    menus = [action.text() for action in undoer.window.menuBar().actions()]
    assert menus[:3] == ["&Project", "&Edit", "&Training"]
    assert undoer.titles() == ("", "")
    assert undoer.action("edit.undo").text() == "&Undo"
    assert undoer.action("edit.redo").text() == "&Redo"


def test_each_page_undoes_its_own_and_train_has_nothing_to_undo(
    undoer: Undoer, pictures: Path
) -> None:
    undoer.open_pictures(pictures, 24)
    undoer.window._dataset.toggle("flower-0001.png")
    undoer.go_to("gallery")
    assert undoer.titles() == ("", "")
    undoer.click("gallery.star4")
    assert undoer.titles() == ("&Undo: rate 1 picture", "")
    undoer.go_to("train")
    assert undoer.titles() == ("", "")
    undoer.undo()
    undoer.go_to("dataset")
    assert undoer.titles() == ("&Undo: take out 1 picture", "")
    undoer.undo()
    assert undoer.titles() == ("", "&Redo: take out 1 picture")
    assert undoer.text("dataset.summary") == "24 found · 24 will be used"
    assert undoer.ratings.count(4) == 1


def test_a_history_is_bounded_and_its_steps_outlive_the_collector(qtbot: QtBot) -> None:
    history = History()
    undone: list[int] = []

    def undo(step: list[int]) -> list[int]:
        undone.extend(step)
        return step

    for step in range(LONGEST_HISTORY + 5):
        history.add("do {}", [step], undo=undo, redo=list)
    gc.collect()
    while history.canUndo():
        history.undo()
    assert undone == list(reversed(range(5, LONGEST_HISTORY + 5)))


# --- Dataset ------------------------------------------------------------------------------


def test_taking_out_and_in_again(undoer: Undoer, pictures: Path) -> None:
    undoer.open_pictures(pictures, 24)
    grid = undoer.find("dataset.grid")
    grid.select_keys(["flower-0001.png", "flower-0002.png", "flower-0003.png"])
    undoer.click("dataset.exclude")
    grid.select_keys(["flower-0002.png", "flower-0009.png"])
    undoer.click("dataset.include")
    grid.select("flower-0001.png")
    undoer.qtbot.keyClick(grid, Qt.Key.Key_Space)
    seen = []
    for _ in range(3):
        seen.append((undoer.titles()[0], undoer.window._dataset.excluded))
        undoer.undo(grid)
    assert seen == [
        ("&Undo: take 1 picture in again", {"flower-0003.png"}),
        ("&Undo: take 1 picture in again", {"flower-0001.png", "flower-0003.png"}),
        (
            "&Undo: take out 3 pictures",
            {"flower-0001.png", "flower-0002.png", "flower-0003.png"},
        ),
    ]
    assert undoer.window._dataset.excluded == set()
    for _ in range(3):
        undoer.redo(grid)
    assert undoer.window._dataset.excluded == {"flower-0003.png"}
    assert undoer.text("dataset.summary") == "24 found · 23 will be used"


def test_what_changes_nothing_is_no_step(undoer: Undoer, pictures: Path) -> None:
    undoer.open_pictures(pictures, 24)
    undoer.window._dataset.include(["flower-0001.png"])
    undoer.window._dataset.exclude([])
    assert undoer.titles() == ("", "")


def test_another_folder_clears_the_history_of_the_dataset_only(
    undoer: Undoer, pictures: Path, tmp_path: Path
) -> None:
    undoer.click("gallery.star4")
    undoer.open_pictures(pictures, 24)
    undoer.window._dataset.toggle("flower-0001.png")
    undoer.window.open_dataset(tmp_path)
    undoer.window._dataset.cancel()
    assert undoer.titles() == ("&Undo: take out 1 picture", ""), "what was open stays open"
    few = tmp_path / "few"
    few.mkdir()
    for number in (1, 2):
        shutil.copy(pictures / f"flower-000{number}.png", few)
    undoer.open_pictures(few, 2)
    assert undoer.titles() == ("", "")
    undoer.go_to("gallery")
    assert undoer.titles() == ("&Undo: rate 1 picture", "")


# --- Gallery: rating and tagging ----------------------------------------------------------


def test_rating_several_is_one_step_and_each_gets_its_own_stars_back(undoer: Undoer) -> None:
    names = undoer.hung
    undoer.window._gallery.rate(names[:1], 2)
    undoer.window._gallery.rate(names[1:2], 5)
    undoer.select(*names[:3])
    undoer.click("gallery.star5")
    assert undoer.titles()[0] == "&Undo: rate 2 pictures", "one had five stars before"
    undoer.undo()
    assert undoer.ratings == [2, 5, 0, 0, 0]
    assert undoer.titles() == ("&Undo: rate 1 picture", "&Redo: rate 2 pictures")
    undoer.redo()
    assert undoer.ratings == [5, 5, 5, 0, 0]
    shown = undoer.find("gallery.grid").model()
    words = [shown.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(5)]
    assert [text.count("★") for text in words] == [5, 5, 5, 0, 0]


def test_tags_come_back_in_their_order(undoer: Undoer) -> None:
    first, second = undoer.hung[:2]
    gallery = undoer.window._gallery
    gallery.tag([first], ["wild", "Red", "a b"])
    gallery.tag([first, second], ["dew"])
    assert undoer.titles()[0] == "&Undo: tag 2 pictures"
    undoer.undo()
    assert gallery.items[first].tags == ("wild", "Red", "a b")
    assert gallery.items[second].tags == ()
    undoer.redo()
    assert gallery.items[first].tags == gallery.items[second].tags == ("dew",)


def test_undoing_reaches_pictures_that_the_search_hides(undoer: Undoer) -> None:
    hidden, shown = undoer.hung[:2]
    gallery = undoer.window._gallery
    gallery.tag([shown], ["keep"])
    gallery.rate([hidden], 4)
    gallery.filter("keep", 0)
    undoer.undo()
    assert list(gallery.items) == undoer.hung == [shown]
    undoer.redo()
    gallery.rate([shown], 5)
    gallery.rate([hidden], 1)
    gallery.filter("", 3)
    assert undoer.hung == [shown]
    undoer.undo()
    assert undoer.hung == [hidden, shown], "four stars are enough again"


# --- Gallery: trash -----------------------------------------------------------------------


def test_pictures_come_back_from_the_trash_as_they_were(undoer: Undoer, trash: Path) -> None:
    state = undoer.window._gallery
    names = undoer.hung
    removed = [names[0], names[3]]
    state.rate(removed, 3)
    state.tag(removed[:1], ["poppy", "Red"])
    items = dict(state.items)
    files = {name: _file(items[name].path) for name in removed}
    undoer.select(*removed)
    undoer.click("gallery.trash")
    assert undoer.text("gallery.count") == "3 pictures"
    assert undoer.titles()[0] == "&Undo: move 2 pictures to the trash"
    gc.collect()
    for rounds in (1, 2):
        undoer.undo()
        assert state.items == items
        assert undoer.hung == names, "in their old order"
        assert {name: _file(items[name].path) for name in removed} == files
        undoer.redo()
        assert undoer.hung == [name for name in names if name not in removed]
        assert not any(items[name].path.exists() for name in removed)
        assert len(list(trash.iterdir())) == 2 * (rounds + 1)
    undoer.undo()
    undoer.undo()
    assert state.items[removed[0]].tags == ()


def _file(path: Path) -> tuple[bytes, int]:
    return path.read_bytes(), path.stat().st_mtime_ns


def test_when_the_trash_takes_three_of_five_undoing_brings_back_three(
    undoer: Undoer, trash: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = undoer.hung
    refuse_trash(monkeypatch, names[1], names[3])
    undoer.select(*names)
    undoer.click("gallery.trash")
    assert undoer.hung == [names[1], names[3]]
    assert undoer.notice().startswith(f"{names[1]} could not be moved to the trash")
    assert undoer.notice().endswith("The same goes for 1 more.")
    assert undoer.titles()[0] == "&Undo: move 3 pictures to the trash"
    undoer.undo()
    assert undoer.hung == names
    undoer.redo()
    assert undoer.hung == [names[1], names[3]]


def test_without_a_trash_nothing_is_done_and_nothing_can_be_undone(
    undoer: Undoer, trash: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_trash(monkeypatch, *undoer.hung)
    undoer.click("gallery.star4")
    undoer.undo()
    undoer.click("gallery.trash")
    assert "could not be moved to the trash" in undoer.notice()
    assert len(undoer.hung) == NUM_HUNG
    assert undoer.titles() == ("", "&Redo: rate 1 picture"), "what was undone can be redone still"


def test_what_cannot_be_brought_back_is_told_and_forgotten(undoer: Undoer, trash: Path) -> None:
    gallery = undoer.window._gallery
    lost, found = undoer.hung[:2]
    path = gallery.items[lost].path
    gallery.rate([found], 5)
    gallery.remove([lost])
    gallery.remove([found])
    path.write_bytes(b"another picture")
    undoer.undo()
    assert undoer.hung[0] == found
    undoer.undo()
    assert "could not be brought back" in undoer.notice()
    assert path.read_bytes() == b"another picture"
    assert undoer.titles() == (
        "&Undo: rate 1 picture",
        "&Redo: move 1 picture to the trash",
    ), "the steps before and after are there"
    undoer.redo()
    assert found not in undoer.hung
    undoer.undo()
    undoer.undo()
    assert gallery.items[found].rating == 0


def test_what_is_brought_back_in_part_is_redone_in_part(undoer: Undoer, trash: Path) -> None:
    gallery = undoer.window._gallery
    lost, found = undoer.hung[:2]
    path = gallery.items[lost].path
    gallery.remove([lost, found])
    path.write_bytes(b"another picture")
    undoer.undo()
    assert undoer.hung[0] == found
    assert undoer.titles() == ("", "&Redo: move 1 picture to the trash")
    undoer.redo()
    assert found not in undoer.hung
    assert path.exists()


def test_redoing_for_a_picture_that_has_vanished_is_told_and_forgotten(
    undoer: Undoer, trash: Path
) -> None:
    gallery = undoer.window._gallery
    name = undoer.hung[0]
    undoer.click("gallery.star4")
    undoer.undo()
    gallery.items[name].path.unlink()
    gallery.refresh(look_at_files=True)
    undoer.wait(lambda: name not in undoer.hung)
    undoer.redo()
    assert "is not a picture of the gallery" in undoer.notice()
    assert undoer.titles() == ("", "")


def test_another_project_clears_the_history_of_the_gallery_and_its_copies(
    undoer: Undoer, trash: Path, tmp_path: Path, pictures: Path
) -> None:
    undoer.open_pictures(pictures, 24)
    undoer.window._dataset.toggle("flower-0001.png")
    undoer.go_to("gallery")
    undoer.click("gallery.trash")
    (kept,) = (tmp_path / "Meadow").glob(".removed-*")
    undoer.window._project.choose(make_project(tmp_path / "Forest"))
    assert undoer.titles() == ("", "")
    assert not kept.exists()
    undoer.go_to("dataset")
    assert undoer.titles()[0] == "&Undo: take out 1 picture"


def test_closing_leaves_no_copies_behind(undoer: Undoer, trash: Path, tmp_path: Path) -> None:
    undoer.click("gallery.trash")
    undoer.window.close()
    assert not list((tmp_path / "Meadow").glob(".removed-*"))


# --- Text fields --------------------------------------------------------------------------


def test_a_search_field_keeps_its_own_undo(undoer: Undoer) -> None:
    undoer.click("gallery.star4")
    search = undoer.find("gallery.search", QLineEdit)
    search.setFocus()
    undoer.qtbot.keyClicks(search, "poppy")
    undoer.undo(search)
    assert search.text() == ""
    undoer.redo(search)
    assert search.text() == "poppy"
    undoer.undo(search)
    undoer.undo(search)  # Nothing is left to undo in the field.
    assert undoer.ratings[0] == 4
    grid = undoer.find("gallery.grid")
    grid.setFocus()
    undoer.undo(grid)
    assert undoer.ratings[0] == 0


def test_a_number_box_keeps_its_own_undo(undoer: Undoer) -> None:
    undoer.click("gallery.star4")
    number = undoer.find("gallery.number")
    number.setFocus()
    number.selectAll()
    undoer.qtbot.keyClicks(number, "7")
    undoer.undo(number)
    assert number.value() == 24
    assert undoer.ratings[0] == 4


def test_undoing_from_the_menu_shows_the_old_tags_in_the_field_with_the_focus(
    undoer: Undoer,
) -> None:
    tags = undoer.find("gallery.tags", QLineEdit)
    tags.setFocus()
    undoer.qtbot.keyClicks(tags, "poppy,red")
    undoer.qtbot.keyClick(tags, Qt.Key.Key_Return)
    assert tags.text() == "poppy, red"
    (edit,) = [menu for menu in undoer.window.findChildren(QMenu) if menu.title() == "&Edit"]
    edit.popup(undoer.window.pos())
    undoer.qtbot.keyClick(edit, Qt.Key.Key_U)
    assert tags.text() == ""
    tags.clearFocus()
    assert undoer.titles() == ("", "&Redo: tag 1 picture"), "leaving the field tags nothing"


def test_what_a_person_is_typing_outlives_an_undo_from_the_menu(undoer: Undoer) -> None:
    undoer.click("gallery.star4")
    tags = undoer.find("gallery.tags", QLineEdit)
    tags.setFocus()
    undoer.qtbot.keyClicks(tags, "pop")
    undoer.action("edit.undo").trigger()
    undoer.qtbot.keyClicks(tags, "py")
    assert tags.text() == "poppy"


def test_what_a_person_is_typing_goes_to_no_picture_of_another_project(
    undoer: Undoer, tmp_path: Path
) -> None:
    forest = make_project(tmp_path / "Forest")
    tags = undoer.find("gallery.tags", QLineEdit)
    tags.setFocus()
    undoer.qtbot.keyClicks(tags, "pop")
    undoer.window._project.choose(forest)
    tags.clearFocus()
    assert undoer.titles() == ("", "")
    assert all(item.tags == () for item in undoer.window._gallery.items.values())


def test_tags_are_kept_that_were_typed_just_before_closing(undoer: Undoer, tmp_path: Path) -> None:
    name = undoer.hung[0]
    tags = undoer.find("gallery.tags", QLineEdit)
    tags.setFocus()
    undoer.qtbot.keyClicks(tags, "poppy")
    undoer.window.close()
    with Gallery(open_or_create(tmp_path / "Meadow")) as gallery:
        assert gallery.item(name).tags == ("poppy",)
