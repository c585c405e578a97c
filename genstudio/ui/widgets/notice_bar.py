"""The bar above a page that shows messages, one at a time, until they are closed."""

from collections.abc import Iterable

from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import tr
from genstudio.domain.notices import Level, Notice
from genstudio.ui.icons import IconLabel, icon
from genstudio.ui.theme import GRID_PX, mark

_INFO_SHOWN_MS = 12_000
_DETAILS_HEIGHT_PX = 140
_LOOKS = {
    Level.INFO: ("info", "accent"),
    Level.WARNING: ("triangle-alert", "warning"),
    Level.ERROR: ("circle-alert", "danger"),
}
# What went wrong is not kept waiting behind what is only worth knowing.
_URGENCY = {Level.INFO: 0, Level.WARNING: 1, Level.ERROR: 2}


class NoticeBar(QFrame):
    """Shows notices, errors first, else in the order they came; hidden while there are none.

    Errors and warnings stay until they are closed. Good news leaves by itself after some
    seconds, unless the pointer rests on it. The same notice is not shown twice.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notices")
        mark(self, role="panel")
        self._queue: list[Notice] = []
        self._icon = IconLabel("info", 20)
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._count = QLabel()
        mark(self._count, role="small")
        self._details_button = QPushButton(tr("Details…"))
        self._details_button.setCheckable(True)
        self._copy = QPushButton(tr("Copy"))
        self._copy.setIcon(icon("copy"))
        self._copy.setToolTip(tr("Copy the message and its details"))
        self._close = QToolButton()
        self._close.setIcon(icon("x"))
        self._close.setIconSize(QSize(16, 16))
        self._close.setToolTip(tr("Close this message"))
        self._close.setAccessibleName(tr("Close this message"))
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setFixedHeight(_DETAILS_HEIGHT_PX)
        self._details.setAccessibleName(tr("Details"))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_INFO_SHOWN_MS)
        self._timer.timeout.connect(self._on_time_up)
        self._details_button.toggled.connect(self._on_details_toggled)
        self._copy.clicked.connect(self._on_copy)
        self._close.clicked.connect(self.close_current)
        self._lay_out()
        self.hide()

    def show_notice(self, notice: Notice) -> None:
        """Show a notice, or queue it behind those that matter as much."""
        if notice in self._queue:
            return
        before = sum(_URGENCY[it.level] >= _URGENCY[notice.level] for it in self._queue)
        self._queue.insert(before, notice)
        if before == 0:
            self._details_button.setChecked(False)
        self._show_current()

    def take_back(self, notices: Iterable[Notice]) -> None:
        """Take notices away that are no longer true, shown or waiting."""
        gone = list(notices)
        if self.current() in gone:
            self._details_button.setChecked(False)
        self._queue = [notice for notice in self._queue if notice not in gone]
        self._show_current()

    def current(self) -> Notice | None:
        """The notice that is shown."""
        return self._queue[0] if self._queue else None

    def close_current(self) -> None:
        """Take the shown notice away; the next one follows."""
        if self._queue:
            self._queue.pop(0)
        self._details_button.setChecked(False)
        self._show_current()

    def _show_current(self) -> None:
        notice = self.current()
        self.setVisible(notice is not None)
        self._timer.stop()
        if notice is None:
            return
        icon_name, color = _LOOKS[notice.level]
        self._icon.set_icon(icon_name, color)
        parts = [f"<b>{_escaped(notice.title)}</b>", _escaped(notice.message)]
        self._text.setText(" &nbsp;".join(part for part in parts if part))
        self._text.setAccessibleName(f"{notice.level}: {notice.title}. {notice.message}")
        self.setAccessibleName(self._text.accessibleName())
        waiting = len(self._queue) - 1
        self._count.setText(tr("{waiting} more", waiting=waiting) if waiting else "")
        self._details.setPlainText(notice.details)
        self._details_button.setVisible(bool(notice.details))
        if notice.level is Level.INFO:
            self._timer.start()

    def _on_time_up(self) -> None:
        if self.underMouse() or self.isAncestorOf(QApplication.focusWidget() or self):
            self._timer.start()
        else:
            self.close_current()

    def _on_details_toggled(self, is_open: bool) -> None:
        self._details.setVisible(is_open)
        self._copy.setVisible(is_open)

    def _on_copy(self) -> None:
        notice = self.current()
        if notice is not None:
            parts = (notice.title, notice.message, notice.details)
            QGuiApplication.clipboard().setText("\n\n".join(part for part in parts if part))

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self._icon)
        row.addWidget(self._text, 1)
        for widget in (self._count, self._copy, self._details_button, self._close):
            row.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID_PX + 4, GRID_PX, GRID_PX, GRID_PX)
        layout.addLayout(row)
        layout.addWidget(self._details)
        self._details.hide()
        self._copy.hide()


def _escaped(text: str) -> str:
    """As HTML: a message may quote a file name with any characters in it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>")
