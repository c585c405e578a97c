"""What follows from a comparison, sentence by sentence, in a frame that scrolls where it must."""

import html
from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QWidget

from genstudio.domain.language import tr
from genstudio.services.conclusions import Conclusion
from genstudio.ui.theme import GRID_PX, mark

# Of the window's height; the figures below need room, too.
_LARGEST_SHARE = 0.35


class Conclusions(QScrollArea):
    """A list to read and to copy from; the keyboard scrolls it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("What follows from it"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        self._words = QLabel()
        self._words.setObjectName("compare.conclusions")
        self._words.setWordWrap(True)
        self._words.setTextFormat(Qt.TextFormat.RichText)
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._words.setContentsMargins(GRID_PX, GRID_PX, GRID_PX, GRID_PX)
        self._words.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        mark(self._words, role="panel")
        self.setWidget(self._words)

    def show_all(self, conclusions: Sequence[Conclusion]) -> None:
        """Show other sentences; the frame goes away where there are none."""
        items = "".join(f"<p>• {html.escape(it.text)}</p>" for it in conclusions)
        self._words.setText(items.replace("<p>", '<p style="margin: 0 0 4px 0">'))
        self._words.setAccessibleDescription("\n".join(it.text for it in conclusions))
        self.setVisible(bool(conclusions))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lines break elsewhere."""
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        """As high as the words, up to some lines."""
        return QSize(super().sizeHint().width(), self.maximumHeight())

    def _fit(self) -> None:
        needed = self._words.heightForWidth(max(self.viewport().width(), 1))
        most = round(_LARGEST_SHARE * self.window().height())
        self.setFixedHeight(max(0, min(needed, most)))
