"""The line that says what is going on with a run, and offers what to do about it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from genstudio.ui.icons import IconLabel, icon
from genstudio.ui.theme import GRID_PX, mark

_HEIGHT_PX = 34


class CoachBar(QFrame):
    """Says one thing at a time; what needs care stands out.

    Signals:
        keep_wanted(): The run that it speaks of shall go on.
    """

    keep_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # Room for two lines or the button: nothing jumps.
        self.setMinimumHeight(_HEIGHT_PX)
        self._icon = IconLabel("triangle-alert", 20, "warning")
        self._text = QLabel()
        self._text.setObjectName("train.coach")
        self._text.setAccessibleName("What is going on")
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._keep = QPushButton("Keep learning")
        self._keep.setObjectName("train.resume_here")
        self._keep.setIcon(icon("rotate-ccw", "on_accent"))
        mark(self._keep, primary=True)
        self._keep.clicked.connect(self.keep_wanted)
        self._layout = QHBoxLayout(self)
        self._layout.setSpacing(GRID_PX)
        self._layout.addWidget(self._icon)
        self._layout.addWidget(self._text, 1)
        self._layout.addWidget(self._keep)
        self.say("")

    def say(self, text: str, *, is_warning: bool = False, offers_keeping: bool = False) -> None:
        """Say something else.

        Args:
            text: Plain words.
            is_warning: It needs care.
            offers_keeping: Have a button that lets the run go on.
        """
        self._text.setText(text)
        self._icon.setVisible(is_warning)
        self._keep.setVisible(offers_keeping)
        margin = GRID_PX if is_warning else 0
        self._layout.setContentsMargins(margin, 0, 0, 0)
        mark(self, role="alert" if is_warning else "")

    def allow_keeping(self, *, is_allowed: bool) -> None:
        """Say whether the button can be pressed."""
        self._keep.setEnabled(is_allowed)
