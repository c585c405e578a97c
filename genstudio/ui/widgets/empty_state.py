"""What an empty page says: what belongs here, and the one thing to do about it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from genstudio.ui.icons import IconLabel
from genstudio.ui.theme import GRID_PX, mark, roomy

_TEXT_WIDTH_PX = 420


class EmptyState(QWidget):
    """An icon, a headline, a sentence and a button, in the middle of an empty page.

    Signals:
        triggered(): The button was pressed.
    """

    triggered = Signal()

    def __init__(
        self,
        icon_name: str,
        headline: str,
        sentence: str,
        action: str = "",
        parent: QWidget | None = None,
        *,
        width_px: int = _TEXT_WIDTH_PX,
    ) -> None:
        super().__init__(parent)
        self._width_px = width_px
        self.setAccessibleName(headline)
        self.setAccessibleDescription(sentence)
        title = QLabel(headline)
        mark(title, role="heading")
        self._sentence = QLabel(sentence)
        self._sentence.setWordWrap(True)
        self._sentence.setFixedWidth(roomy(width_px))
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        mark(self._sentence, role="muted")
        self.button = QPushButton(action)
        if not action:
            self.button.hide()
        self.button.clicked.connect(self.triggered)
        mark(self.button, primary=True)
        layout = QVBoxLayout(self)
        layout.setSpacing(GRID_PX)
        layout.addStretch(2)
        for widget in (IconLabel(icon_name, 48, "disabled"), title, self._sentence):
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(GRID_PX)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        self._below = QVBoxLayout()
        layout.addLayout(self._below)
        layout.addStretch(3)

    def add_below(self, widget: QWidget) -> None:
        """Offer something else under the button."""
        self._below.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)

    def set_sentence(self, sentence: str) -> None:
        """Say something else under the headline."""
        self._sentence.setText(sentence)
        self._fit_sentence()
        self.setAccessibleDescription(sentence)

    def showEvent(self, event: QShowEvent) -> None:
        """The font is known only now."""
        self._fit_sentence()
        super().showEvent(event)

    def _fit_sentence(self) -> None:
        # A layout that centres a widget gives it the height of a single line.
        self._sentence.setFixedHeight(self._sentence.heightForWidth(self._width_px))
