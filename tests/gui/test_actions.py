"""Menus made from declared commands."""

import pytest
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from genstudio.ui.actions import COMMANDS, build_menus


@pytest.fixture
def window(qtbot: QtBot) -> QMainWindow:
    window = QMainWindow()
    qtbot.addWidget(window)
    return window


def test_each_command_does_what_its_handler_does(window: QMainWindow) -> None:
    called: list[str] = []
    handlers = {command.key: lambda key=command.key: called.append(key) for command in COMMANDS}
    actions = build_menus(window, handlers)
    for command in COMMANDS:
        actions[command.key].trigger()
    assert called == [command.key for command in COMMANDS]


def test_a_command_without_handler_is_named(window: QMainWindow) -> None:
    handlers = {command.key: lambda: None for command in COMMANDS[1:]}
    with pytest.raises(ValueError, match=COMMANDS[0].key):
        build_menus(window, handlers)


def test_commands_explain_themselves_and_share_no_shortcut() -> None:
    shortcuts = [command.shortcut for command in COMMANDS if command.shortcut]
    assert len(set(shortcuts)) == len(shortcuts)
    assert all(command.help for command in COMMANDS)
    for menu in {command.menu for command in COMMANDS}:
        titles = [command.title for command in COMMANDS if command.menu == menu]
        letters = [title[title.index("&") + 1].lower() for title in titles]
        assert len(set(letters)) == len(letters), f"two entries of {menu} share a letter"
