"""A row of controls goes on in a second one where there is no room for all."""

from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from genstudio.ui.widgets.wrapping_row import WrappingRow


def test_it_wraps_and_stays_within(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    column.setContentsMargins(0, 0, 0, 0)
    row = WrappingRow(4)
    buttons = [QPushButton("Put into the gallery") for _ in range(3)]
    for button in buttons:
        row.addWidget(button)
    column.addLayout(row)
    column.addStretch(1)
    hint = buttons[0].sizeHint()
    window.show()

    window.resize(3 * hint.width() + 2 * 4, 400)
    qtbot.waitUntil(lambda: len({it.y() for it in buttons}) == 1)

    window.resize(2 * hint.width() + 4, 400)
    qtbot.waitUntil(lambda: buttons[2].y() == hint.height() + 4)
    assert buttons[0].y() == buttons[1].y() == 0
    assert all(window.rect().contains(it.geometry()) for it in buttons)
    assert all(it.width() == hint.width() for it in buttons)

    buttons[0].hide()
    qtbot.waitUntil(lambda: buttons[2].y() == 0)
