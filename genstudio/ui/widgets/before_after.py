"""A picture over what it was made from, with a line between both that a person moves."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPen

from genstudio.domain.language import tr
from genstudio.ui.theme import GRID_PX, colors
from genstudio.ui.widgets.picture_view import PictureView
from genstudio.ui.widgets.pixels import image_from_pixels

# So near to the line, the mouse takes hold of it.
_REACH_PX = 10
_KNOB_PX = 7


class BeforeAfterView(PictureView):
    """The picture; left of the line, what it was made from.

    Signals:
        split_dragged(float): Where the line was dragged to, from 0 at the left to 1 at the right.
    """

    split_dragged = Signal(float)

    def __init__(self, names: tuple[str, str] | None = None) -> None:
        """Make an empty view.

        Args:
            names: What is left and right of the line; by default before and after.
        """
        super().__init__()
        self._names = names or (tr("Before"), tr("After"))
        self._before = QImage()
        self._fitted_before = QImage()
        self._split = 0.5
        self._holds_line = False
        self.setMouseTracking(True)

    def set_before(self, picture_HWC: np.ndarray | None) -> None:
        """Show what it was made from left of the line; None shows no line."""
        self._before = QImage() if picture_HWC is None else image_from_pixels(picture_HWC)
        self._fitted_before = QImage()
        self.update()

    def set_split(self, split: float) -> None:
        """Move the line: 0 shows only the picture, 1 only what it was made from."""
        self._split = split
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the line, or of the picture."""
        self._holds_line = event.button() == Qt.MouseButton.LeftButton and self._is_near(event)
        if not self._holds_line:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move what is held."""
        if self._holds_line:
            rect = self.picture_rect()
            split = (event.position().x() - rect.left()) / max(rect.width(), 1.0)
            self.split_dragged.emit(min(max(split, 0.0), 1.0))
            return
        if not event.buttons():
            is_near = self._is_near(event)
            shape = Qt.CursorShape.SplitHCursor if is_near else Qt.CursorShape.OpenHandCursor
            if is_near or not self.is_fitted():
                self.setCursor(shape)
            else:
                self.unsetCursor()
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        if self._holds_line:
            self._holds_line = False
            return
        super().mouseReleaseEvent(event)

    def paint_picture(self, painter: QPainter) -> None:
        """Paint both, and the line between them."""
        super().paint_picture(painter)
        rect = self.picture_rect()
        if self._before.isNull() or rect.isEmpty():
            return
        size = (rect.size() * self.devicePixelRatioF()).toSize().expandedTo(QSize(1, 1))
        largest = self._before.size()
        if size.width() > 2 * largest.width() or size.height() > 2 * largest.height():
            size = largest  # Much enlarged: the painter enlarges it as well.
        if self._fitted_before.size() != size:
            self._fitted_before = _covering(self._before, size)
        line = self._line_x()
        painter.save()
        painter.setClipRect(
            QRectF(rect.left(), rect.top(), line - rect.left(), rect.height()),
            Qt.ClipOperation.IntersectClip,
        )
        painter.fillRect(rect, QColor(colors().canvas))
        painter.drawImage(rect, self._fitted_before)
        painter.restore()
        self._paint_line(painter, line)

    def _paint_line(self, painter: QPainter, line: float) -> None:
        shown = self.picture_rect().intersected(QRectF(self.rect()))
        middle = QPointF(line, shown.center().y())
        for color, width in ((QColor(0, 0, 0, 150), 4), (QColor(255, 255, 255), 2)):
            painter.setPen(QPen(color, width))
            painter.drawLine(QPointF(line, shown.top()), QPointF(line, shown.bottom()))
        painter.setPen(QPen(QColor(0, 0, 0, 150), 1))
        painter.setBrush(QColor(255, 255, 255))
        painter.drawEllipse(middle, _KNOB_PX, _KNOB_PX)
        if shown.width() < 16 * GRID_PX:
            return
        for words, left in zip(self._names, (True, False), strict=True):
            self._paint_label(painter, words, shown, line, is_left=left)

    def _paint_label(
        self, painter: QPainter, words: str, shown: QRectF, line: float, *, is_left: bool
    ) -> None:
        width = painter.fontMetrics().horizontalAdvance(words) + 2 * GRID_PX
        height = painter.fontMetrics().height() + GRID_PX / 2
        left = shown.left() + GRID_PX if is_left else shown.right() - GRID_PX - width
        box = QRectF(left, shown.top() + GRID_PX, width, height)
        if box.left() < line < box.right() or (box.left() > line) is is_left:
            return  # Its side is too narrow for it.
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 150))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(QColor(255, 255, 255))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

    def _line_x(self) -> float:
        rect = self.picture_rect()
        return rect.left() + self._split * rect.width()

    def _is_near(self, event: QMouseEvent) -> bool:
        has_line = not self._before.isNull()
        return has_line and abs(event.position().x() - self._line_x()) <= _REACH_PX


def _covering(image: QImage, size: QSize) -> QImage:
    """The middle of an image, in that size: models may see only the middle square of a picture."""
    grown = image.scaled(
        size,
        Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    )
    left, top = (grown.width() - size.width()) // 2, (grown.height() - size.height()) // 2
    return grown.copy(left, top, size.width(), size.height())
