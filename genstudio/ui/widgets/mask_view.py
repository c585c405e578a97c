"""A picture that a mask is painted over with a brush."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen

from genstudio.ui.theme import colors
from genstudio.ui.widgets.picture_view import PictureView

# Of the picture, what is painted over is seen through it.
_OPACITY = 0.55
_MOST_UNDONE = 50


class MaskView(PictureView):
    """Paints with the left button, takes away with the right one; the wheel zooms.

    Signals:
        changed(): The mask is another one.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._mask = QImage()
        self._before: list[QImage] = []
        self._brush_px = 48.0
        self._is_erasing = False
        self._last: QPointF | None = None
        self._pointer: QPointF | None = None
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)

    def set_picture(self, picture_HWC: np.ndarray | None) -> None:
        """Show another picture, with nothing painted over it."""
        super().set_picture(picture_HWC)
        self._mask = QImage(self._image.size(), QImage.Format.Format_ARGB32_Premultiplied)
        self._mask.fill(Qt.GlobalColor.transparent)
        self._before.clear()
        self.changed.emit()

    def set_brush(self, pixels: float) -> None:
        """Choose the width of the brush, in pixels of the picture."""
        self._brush_px = pixels
        self.update()

    def set_erasing(self, is_erasing: bool) -> None:
        """Let the left button take away."""
        self._is_erasing = is_erasing

    def mask(self) -> np.ndarray:
        """uint8 (height, width, 3) of the picture's size: 255 where it was painted over."""
        if self._mask.isNull():
            return np.zeros((0, 0, 3), np.uint8)
        alpha = self._mask.convertToFormat(QImage.Format.Format_Alpha8)
        height, width = alpha.height(), alpha.width()
        rows = np.frombuffer(alpha.constBits(), np.uint8).reshape(height, alpha.bytesPerLine())
        hard_HW = np.where(rows[:, :width] > 127, 255, 0).astype(np.uint8)
        return np.repeat(hard_HW[..., None], 3, axis=2)

    def is_empty(self) -> bool:
        """Whether nothing is painted over."""
        return not self.mask().any()

    def can_undo(self) -> bool:
        """Whether there is a stroke to take back."""
        return bool(self._before)

    def undo(self) -> None:
        """Take back the last change."""
        if self._before:
            self._mask = self._before.pop()
            self._tell()

    def clear_mask(self) -> None:
        """Take everything away."""
        self._keep()
        self._mask.fill(Qt.GlobalColor.transparent)
        self._tell()

    def invert(self) -> None:
        """Paint over what is not, and the other way round."""
        self._keep()
        painter = QPainter(self._mask)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Xor)
        painter.fillRect(self._mask.rect(), Qt.GlobalColor.white)
        painter.end()
        self._tell()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke."""
        buttons = (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton)
        if event.button() in buttons and not self._mask.isNull():
            self._keep()
            self._last = self._picture_point(event.position())
            self._stroke_to(self._last, self._takes_away(event.button()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw the stroke on, and show how wide the brush is."""
        self._pointer = event.position()
        if self._last is not None:
            is_right = bool(event.buttons() & Qt.MouseButton.RightButton)
            button = Qt.MouseButton.RightButton if is_right else Qt.MouseButton.LeftButton
            self._stroke_to(self._picture_point(event.position()), self._takes_away(button))
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End it."""
        del event
        self._last = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Two quick strokes are two strokes."""
        self.mousePressEvent(event)

    def leaveEvent(self, event: object) -> None:
        """Show no brush."""
        del event
        self._pointer = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the picture, the mask and the brush."""
        super().paintEvent(event)
        if self._image.isNull():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(self.rect().adjusted(1, 1, -1, -1))
        painter.setOpacity(_OPACITY)
        painter.drawImage(self.picture_rect(), self._tinted(), QRectF(self._mask.rect()))
        painter.setOpacity(1)
        if self._pointer is not None:
            radius = self._brush_px * self._logical_scale() / 2
            for color, width in ((QColor(0, 0, 0, 160), 3), (QColor(255, 255, 255), 1)):
                painter.setPen(QPen(color, width))
                painter.drawEllipse(self._pointer, radius, radius)
        painter.end()

    def _on_moved(self) -> None:
        super()._on_moved()
        self.setCursor(Qt.CursorShape.CrossCursor)

    def _tinted(self) -> QImage:
        """The mask in the colour that means “chosen”."""
        tinted = self._mask.copy()
        painter = QPainter(tinted)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
        painter.fillRect(tinted.rect(), QColor(colors().accent))
        painter.end()
        return tinted

    def _takes_away(self, button: Qt.MouseButton) -> bool:
        return self._is_erasing != (button == Qt.MouseButton.RightButton)

    def _stroke_to(self, point: QPointF, is_erasing: bool) -> None:
        painter = QPainter(self._mask)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if is_erasing:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Clear)
        pen = QPen(Qt.GlobalColor.white, self._brush_px)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        assert self._last is not None
        if point == self._last:
            painter.drawPoint(point)
        else:
            painter.drawLine(self._last, point)
        painter.end()
        self._last = point
        self._tell()

    def _keep(self) -> None:
        self._before.append(self._mask.copy())
        del self._before[:-_MOST_UNDONE]

    def _tell(self) -> None:
        self.update()
        self.changed.emit()
