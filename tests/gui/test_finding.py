"""The command palette finds and does what is declared; the list of keys is whole."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QTreeWidget, QWidget
from saved_runs import Opener
from studio_driver import StudioDriver

from genstudio.services.projects import open_or_create
from genstudio.ui.actions import COMMANDS, KEYS
from genstudio.ui.finding import Entry, find


def entry(title: str, *, words: str = "", enabled: bool = True) -> Entry:
    return Entry(title=title, where="", act=lambda: None, words=words, is_enabled=enabled)


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["Save now", "Stop and save", "Keep learning", "Gallery"]),
        ("save", ["Save now", "Stop and save"]),
        ("SAVE  st", ["Stop and save"]),
        ("resume", ["Keep learning"]),
        ("kp", ["Keep learning"]),
        ("all", ["Gallery"]),
        ("xyz", []),
    ],
)
def test_the_most_fitting_comes_first(query: str, titles: list[str]) -> None:
    entries = [
        entry("Save now"),
        entry("Stop and save"),
        entry("Keep learning", words="resume"),
        entry("Gallery"),
    ]
    assert [it.title for it in find(query, entries)] == titles


def test_what_cannot_be_done_now_comes_later() -> None:
    entries = [entry("Stop a", enabled=False), entry("Stop b")]
    assert [it.title for it in find("stop", entries)] == ["Stop b", "Stop a"]


@pytest.fixture
def palette(studio: StudioDriver) -> Callable[[], tuple[QLineEdit, QListWidget]]:
    """Opens the palette; gives its line and its list."""

    def open_palette() -> tuple[QLineEdit, QListWidget]:
        # One that was closed before is deleted a little later.
        studio.wait(lambda: studio.window.findChild(QDialog, "dialog.palette") is None)
        studio.window._actions["edit.find"].trigger()
        return studio.find("palette.line", QLineEdit), studio.find("palette.list", QListWidget)

    return open_palette


def test_every_command_is_found_by_its_name(
    studio: StudioDriver, palette: Callable[[], tuple[QLineEdit, QListWidget]]
) -> None:
    line, found = palette()
    for command in COMMANDS:
        if command.key == "edit.find":
            continue
        line.setText(command.plain_title)
        assert found.item(0).text() == command.plain_title
    studio.find("dialog.palette").close()


def test_enter_does_what_is_found_first_and_arrows_choose(
    studio: StudioDriver, palette: Callable[[], tuple[QLineEdit, QListWidget]]
) -> None:
    line, found = palette()
    studio.qtbot.keyClicks(line, "gall")
    assert found.item(0).text() == "Gallery"
    studio.qtbot.keyClick(line, Qt.Key.Key_Return)
    assert studio.find("page.gallery").isVisible()

    line, found = palette()
    studio.qtbot.keyClicks(line, "project")
    second = found.item(1).text()
    studio.qtbot.keyClick(line, Qt.Key.Key_Down)
    assert found.currentItem().text() == second
    studio.qtbot.keyClick(line, Qt.Key.Key_Escape)


def test_what_cannot_be_done_now_is_shown_and_does_nothing(
    studio: StudioDriver, palette: Callable[[], tuple[QLineEdit, QListWidget]]
) -> None:
    line, found = palette()
    line.setText("stop and save")
    assert found.item(0).text() == "Stop and save"
    assert not found.item(0).flags() & Qt.ItemFlag.ItemIsEnabled
    studio.qtbot.keyClick(line, Qt.Key.Key_Return)
    assert studio.find("dialog.palette").isVisible()
    line.setText("no such thing at all")
    assert not found.isVisible()
    studio.find("dialog.palette").close()


def test_operations_architectures_and_projects_are_found(
    studio: StudioDriver,
    palette: Callable[[], tuple[QLineEdit, QListWidget]],
    tmp_path: Path,
) -> None:
    other = open_or_create(tmp_path / "Shoreline").path
    studio.window._preferences.remember_project(other)
    studio.wait(lambda: studio.window._states.create.entries)

    line, found = palette()
    line.setText("blend pictures")
    studio.qtbot.keyClick(line, Qt.Key.Key_Return)
    assert studio.find("page.create").isVisible()
    assert studio.window._pages.create._cards.current_key() == "blend"

    line, found = palette()
    line.setText("residual-vae")
    title = found.item(0).text()
    studio.qtbot.keyClick(line, Qt.Key.Key_Return)
    assert studio.find("page.train").isVisible()
    chosen = studio.window._pages.train.controls.choices._models.current_key()
    assert studio.window._training.entries[chosen].card.title == title

    line, found = palette()
    line.setText("shoreline")
    studio.qtbot.keyClick(line, Qt.Key.Key_Return)
    assert studio.window.windowTitle() == "Shoreline — GenStudio"


def test_settings_are_found_and_brought_into_view(
    studio: StudioDriver, palette: Callable[[], tuple[QLineEdit, QListWidget]]
) -> None:
    studio.wait(lambda: studio.window._training.entries)
    studio.find("train.find", QLineEdit).setText("nothing is called so")
    choices = studio.window._pages.train.controls.choices
    of_model = choices.forms()[1].fields()[0]
    for query, name in (
        ("horizontal flip", "setting.mirror"),
        ("gradient clipping", "setting.gradient_clip"),
        (of_model.title, f"setting.{of_model.name}"),
        ("batch size", "train.batch"),
    ):
        line, found = palette()
        line.setText(query)
        assert found.count(), query
        studio.qtbot.keyClick(line, Qt.Key.Key_Return)
        control = choices.findChild(QWidget, name)
        assert control.isVisible()
        # An offscreen window does not become active again after a dialog.
        assert studio.window.focusWidget() is control
        assert not control.visibleRegion().isEmpty()
        studio.go_to("gallery")


def test_buttons_menu_and_palette_say_the_same(open_project: Opener) -> None:
    studio = open_project()
    for key, button in studio.window._pages.train.controls.buttons().items():
        action = studio.window._actions[key]
        assert action.text().replace("&", "").rstrip("…") == button.text()
        assert action.isEnabled() == (button.isEnabled() and button.isVisible())
    assert studio.window._actions["train.resume"].isEnabled()


def test_the_list_of_keys_is_whole_and_can_be_searched(studio: StudioDriver) -> None:
    studio.window._actions["help.shortcuts"].trigger()
    tree = studio.find("shortcuts.list", QTreeWidget)
    groups = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
    shown = sum(group.childCount() for group in groups if group)
    assert shown == len([it for it in COMMANDS if it.shortcut]) + len(KEYS)

    studio.find("shortcuts.find", QLineEdit).setText("star")

    visible = [it.text(0) for it in groups if it and not it.isHidden()]
    assert "Train, saved points" in visible
    assert "Everywhere: View" not in visible
    studio.find("dialog.shortcuts").close()
