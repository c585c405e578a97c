"""What stands behind a word of the coach: what it means, what was seen, what would help."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from genstudio.domain.events import Advice
from genstudio.domain.language import tr
from genstudio.ui.theme import GRID_PX, mark

_WIDTH_PX = 56 * GRID_PX


class WhyPopup(QFrame):
    """Explains one thing until it is closed: with Escape, or a click elsewhere."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("train.why_popup")
        mark(self, role="panel")
        self.setFixedWidth(_WIDTH_PX)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._title, self._message, self._evidence, self._remedy = (_text() for _ in range(4))
        mark(self._title, role="heading")
        self._evidence.setObjectName("train.evidence")
        self._column = layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX)
        for label in (self._title, self._message, self._evidence, self._remedy):
            layout.addWidget(label)

    def explain(self, said: Advice, above: QWidget, *, remedy: str) -> None:
        """Open above a widget.

        Args:
            said: What is explained.
            above: What was clicked.
            remedy: What the button beside it would do; empty if there is none.
        """
        self._title.setText(said.title)
        self._message.setText(said.message)
        self._evidence.setText(
            tr("Seen at step {step:,}. {evidence}", step=said.step, evidence=said.evidence).strip()
        )
        self._remedy.setText(remedy)
        self._remedy.setVisible(bool(remedy))
        self.setAccessibleName(" ".join(filter(None, (said.title, said.message))))
        self.setAccessibleDescription(f"{self._evidence.text()} {remedy}".strip())
        # Words that wrap know their height only at their width.
        self.setFixedHeight(self._column.heightForWidth(_WIDTH_PX))
        corner = above.mapToGlobal(QPoint(above.width(), 0))
        screen = above.screen().availableGeometry()
        left = max(corner.x() - self.width(), screen.left())
        top = max(corner.y() - self.height() - GRID_PX // 2, screen.top())
        self.move(left, top)
        self.show()

    def showEvent(self, event: QShowEvent) -> None:
        """Let a screen reader begin with all of it; Tab reaches the parts."""
        super().showEvent(event)
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close, as every popup does; labels would keep the key to themselves."""
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Space):
            self.close()
        else:
            super().keyPressEvent(event)


def _text() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse
        | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return label
