"""The rail at the left: one button for each page."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QToolButton, QVBoxLayout, QWidget

from genstudio.domain.language import tr
from genstudio.ui.icons import icon
from genstudio.ui.theme import GRID_PX, mark

_ICON_PX = 24
_WIDTH_PX = 11 * GRID_PX


class Rail(QFrame):
    """Page buttons of which one is down.

    Signals:
        chosen(str): Key of the page to show.
        help_wanted(): A person wants to know what the page is for.
    """

    chosen = Signal(str)
    help_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        mark(self, role="rail")
        self._width = _WIDTH_PX
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(GRID_PX, 2 * GRID_PX, GRID_PX, GRID_PX)
        self._column.setSpacing(GRID_PX)
        self._column.addStretch(1)
        guide = QToolButton()
        guide.setObjectName("rail.guide")
        guide.setAccessibleName(tr("Guide to this page"))
        guide.setToolTip(tr("What this page is for, and how (F1)"))
        guide.setIcon(icon("circle-help"))
        guide.setIconSize(QSize(_ICON_PX, _ICON_PX))
        guide.setFixedHeight(5 * GRID_PX)
        guide.clicked.connect(self.help_wanted)
        self._guide = guide
        self._column.addWidget(guide)
        self._widen(_WIDTH_PX)

    def add(self, key: str, title: str, icon_name: str) -> None:
        """Add a page under those that are there."""
        button = QToolButton()
        button.setObjectName(f"rail.{key}")
        button.setText(title)
        button.setAccessibleName(title)
        button.setIcon(icon(icon_name))
        button.setIconSize(QSize(_ICON_PX, _ICON_PX))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setCheckable(True)
        button.setFixedHeight(8 * GRID_PX)
        # Not by a click: screen readers check the button, and nothing is clicked then.
        button.toggled.connect(lambda is_on: self._on_toggled(key, is_on=is_on))
        # Whoever clicks the page that is shown has chosen it as well.
        button.clicked.connect(lambda: self.chosen.emit(key))
        self._group.addButton(button)
        self._buttons[key] = button
        self._column.insertWidget(len(self._buttons) - 1, button)
        # With large letters, and in languages with long words, as wide as those need.
        self._widen(button.fontMetrics().horizontalAdvance(title) + 4 * GRID_PX)

    def _on_toggled(self, key: str, *, is_on: bool) -> None:
        if is_on:
            self.chosen.emit(key)

    def _widen(self, width: int) -> None:
        self._width = max(self._width, width)
        self.setFixedWidth(self._width)
        for button in (self._guide, *self._buttons.values()):
            button.setFixedWidth(self._width - 2 * GRID_PX)

    def show_chosen(self, key: str) -> None:
        """Mark the page that is shown."""
        self._buttons[key].setChecked(True)
