"""A row of controls that goes on in a second one where there is no room, as words do."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem

from genstudio.ui.theme import GRID_PX


class WrappingRow(QLayout):
    """Lays widgets from left to right, in as many rows as they need.

    Args:
        spacing: Between controls and between rows, in pixels.
    """

    def __init__(self, spacing: int = GRID_PX) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def addItem(self, item: QLayoutItem) -> None:
        """Take one more; Qt calls it."""
        self._items.append(item)

    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # type: ignore[override]
        """One of them; None beyond the last."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # type: ignore[override]
        """Give one back."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """It wants no more than it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """The narrower, the higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """In pixels."""
        return self._arrange(QRect(0, 0, width, 0), is_real=False)

    def setGeometry(self, rect: QRect) -> None:
        """Move all to their places."""
        super().setGeometry(rect)
        self._arrange(rect, is_real=True)

    def sizeHint(self) -> QSize:
        """All in one row."""
        hints = [item.sizeHint() for item in self._shown()]
        width = sum(it.width() for it in hints) + self.spacing() * max(0, len(hints) - 1)
        return QSize(width, max((it.height() for it in hints), default=0))

    def minimumSize(self) -> QSize:
        """Each in a row of its own."""
        sizes = [item.minimumSize() for item in self._shown()]
        return QSize(
            max((it.width() for it in sizes), default=0),
            max((it.height() for it in sizes), default=0),
        )

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _arrange(self, rect: QRect, *, is_real: bool) -> int:
        """The height that all take; the controls of a row stand in its middle."""
        rows: list[list[QLayoutItem]] = [[]]
        left = 0
        for item in self._shown():
            width = item.sizeHint().width()
            if rows[-1] and left + width > rect.width():
                rows.append([])
                left = 0
            rows[-1].append(item)
            left += width + self.spacing()
        top = rect.top()
        for row in rows:
            height = max((item.sizeHint().height() for item in row), default=0)
            left = rect.left()
            for item in row if is_real else ():
                size = item.sizeHint().boundedTo(QSize(rect.width(), height))
                item.setGeometry(QRect(QPoint(left, top + (height - size.height()) // 2), size))
                left += size.width() + self.spacing()
            top += height + self.spacing()
        return top - self.spacing() - rect.top()
