"""An empty page: what it says, and the one thing to do."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from genstudio.ui.widgets.empty_state import EmptyState


def texts(state: EmptyState) -> list[str]:
    return [label.text() for label in state.findChildren(QLabel)]


def test_it_says_what_belongs_here_and_offers_it(qtbot: QtBot) -> None:
    state = EmptyState("image", "No pictures yet", "Choose a folder of pictures.", "Choose…")
    qtbot.addWidget(state)
    state.show()
    assert texts(state) == ["No pictures yet", "Choose a folder of pictures."]
    assert state.button.text() == "Choose…"
    with qtbot.waitSignal(state.triggered):
        qtbot.mouseClick(state.button, Qt.MouseButton.LeftButton)


def test_without_an_action_there_is_no_button(qtbot: QtBot) -> None:
    state = EmptyState("image", "Nothing here", "Later.")
    qtbot.addWidget(state)
    state.show()
    assert not state.button.isVisible()


def test_another_sentence_is_said_and_read_aloud(qtbot: QtBot) -> None:
    state = EmptyState("image", "No pictures yet", "Choose a folder.")
    qtbot.addWidget(state)
    state.set_sentence("This folder holds no pictures.")
    assert "This folder holds no pictures." in texts(state)
    assert state.accessibleName() == "No pictures yet"
    assert state.accessibleDescription() == "This folder holds no pictures."


def test_a_long_sentence_wraps_and_nothing_is_cut_off(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    layout = QVBoxLayout(page)
    state = EmptyState("image", "No pictures yet", "Choose a folder. " * 20, "Choose…")
    layout.addWidget(state)
    page.resize(600, 400)
    page.show()
    qtbot.waitExposed(page)
    sentence = state.findChildren(QLabel)[-1]
    assert sentence.height() >= sentence.heightForWidth(sentence.width())
    assert sentence.geometry().bottom() < state.button.geometry().top()
    assert abs(sentence.geometry().center().x() - state.rect().center().x()) <= 1
