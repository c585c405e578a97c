"""A long choice ends with an ellipsis, and is told in full under the pointer."""

from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from genstudio.ui.icons import icon
from genstudio.ui.widgets.elided_combo import ElidedCombo

LONG = "Describe and redraw, of a very long evening in the middle of December"


def made(qtbot: QtBot, text: str, *, has_icon: bool = False, width_px: int = 200) -> ElidedCombo:
    box = ElidedCombo()
    qtbot.addWidget(box)
    box.addItem(icon("star"), text) if has_icon else box.addItem(text)
    box.setFixedWidth(width_px)
    box.show()
    qtbot.waitExposed(box)
    return box


def test_what_has_room_is_shown_whole(qtbot: QtBot) -> None:
    assert made(qtbot, "GAN").shown_text() == "GAN"


def test_what_has_none_ends_with_an_ellipsis(qtbot: QtBot) -> None:
    box = made(qtbot, LONG)
    assert box.shown_text().endswith("…")
    assert box.currentText() == LONG
    beside = made(qtbot, LONG, has_icon=True)
    assert beside.shown_text().endswith("…")
    assert len(beside.shown_text()) < len(box.shown_text())


def test_the_pointer_tells_all_of_it_and_what_the_box_is_for(qtbot: QtBot) -> None:
    box = made(qtbot, LONG)
    box.setToolTip("Which model")
    at = box.mapToGlobal(QPoint(5, 5))
    QApplication.sendEvent(box, QHelpEvent(QEvent.Type.ToolTip, QPoint(5, 5), at))
    assert QToolTip.text() == f"{LONG}\nWhich model"
    QToolTip.hideText()


def test_it_is_painted_as_it_is_said(qtbot: QtBot) -> None:
    long, short = made(qtbot, LONG), made(qtbot, "")
    short.clear()
    short.addItem(long.shown_text())
    assert long.grab().toImage() == short.grab().toImage()
