"""A picture with the squares of it that are learned, which are moved and resized over it."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen

from genstudio.data.cropping import fitted
from genstudio.domain.datasets import Crop
from genstudio.ui.theme import GRID_PX, colors
from genstudio.ui.widgets.picture_view import PictureView

_HANDLE_PX = 2 * GRID_PX
_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class CropView(PictureView):
    """Squares are dragged; by their lower right corner they become larger or smaller.

    Arrows move the chosen square (with Shift, ten times as far), + and - resize it, Del takes it
    out.

    Signals:
        changed(): Squares are others.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._crops: list[Crop] = []
        self._size = (1, 1)
        self._chosen = 0
        self._grip: tuple[QPointF, Crop, bool] | None = None

    def show_crops(
        self, picture_HWC: np.ndarray | None, size: tuple[int, int], crops: tuple[Crop, ...]
    ) -> None:
        """Show another picture with its squares.

        Args:
            picture_HWC: As it is shown, perhaps smaller; None while it is read.
            size: Width and height of the picture itself.
            crops: In pixels of the picture itself.
        """
        self._crops, self._size, self._chosen = list(crops), size, 0
        self.set_picture(picture_HWC)

    def crops(self) -> tuple[Crop, ...]:
        """The squares as they are now."""
        return tuple(self._crops)

    def add(self) -> None:
        """Add a square in the middle, half as large as there is room for, and choose it."""
        width, height = self._size
        side = max(1, min(width, height) // 2)
        self._crops.append(fitted(((width - side) // 2, (height - side) // 2, side), width, height))
        self._chosen = len(self._crops) - 1
        self._tell()

    def remove(self) -> None:
        """Take the chosen square out."""
        if self._crops:
            self._crops.pop(self._chosen)
            self._chosen = max(0, min(self._chosen, len(self._crops) - 1))
            self._tell()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the square under the pointer, of several the smallest."""
        at = event.position()
        under = [number for number, crop in enumerate(self._crops) if self._rect(crop).contains(at)]
        if event.button() != Qt.MouseButton.LeftButton or not under:
            super().mousePressEvent(event)
            return
        self._chosen = min(under, key=lambda number: self._crops[number][2])
        crop = self._crops[self._chosen]
        away = self._rect(crop).bottomRight() - at
        is_corner = max(away.x(), away.y()) <= _HANDLE_PX
        self._grip = (at, crop, is_corner)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move or resize the square that is held."""
        if self._grip is None:
            super().mouseMoveEvent(event)
            return
        begun, (left, top, side), is_corner = self._grip
        scale = self._shown_scale()
        across = round((event.position().x() - begun.x()) / scale)
        down = round((event.position().y() - begun.y()) / scale)
        width, height = self._size
        if is_corner:
            # The other corner stays where it is.
            room = min(width - left, height - top)
            moved = (left, top, min(max(1, side + max(across, down)), room))
        else:
            moved = (left + across, top + down, side)
        self._put(moved)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go of it."""
        if self._grip is None:
            super().mouseReleaseEvent(event)
        self._grip = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Everything that the mouse does."""
        step = _STEPS.get(Qt.Key(event.key()))
        if not self._crops or not (step or event.key() in _OTHER_KEYS):
            super().keyPressEvent(event)
            return
        left, top, side = self._crops[self._chosen]
        far = max(1, min(self._size) // 100)
        far *= 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        if step:
            self._put((left + step[0] * far, top + step[1] * far, side))
        elif event.key() == Qt.Key.Key_Delete:
            self.remove()
        else:
            grows = 1 if event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal) else -1
            self._put((left, top, side + grows * far))

    def paint_picture(self, painter: QPainter) -> None:
        """Paint the picture, darker where nothing is learned, and the squares."""
        super().paint_picture(painter)
        if not self._crops:
            return
        theme = colors()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for number, crop in enumerate(self._crops):
            rect = self._rect(crop)
            # Seen on any picture: light on dark.
            painter.setPen(QPen(QColor(0, 0, 0, 160), 4))
            painter.drawRect(rect)
            is_chosen = number == self._chosen
            painter.setPen(QPen(QColor(theme.accent if is_chosen else "#ffffff"), 2))
            painter.drawRect(rect)
            away = QPointF(_HANDLE_PX, _HANDLE_PX)
            corner = QRectF(rect.bottomRight() - away, rect.bottomRight())
            painter.fillRect(corner, QColor(theme.accent if is_chosen else "#ffffff"))

    def _put(self, crop: Crop) -> None:
        left, top, side = crop
        put = fitted((max(0, left), max(0, top), max(1, side)), *self._size)
        if put != self._crops[self._chosen]:
            self._crops[self._chosen] = put
            self._tell()

    def _tell(self) -> None:
        self.update()
        self.changed.emit()

    def _shown_scale(self) -> float:
        return self.picture_rect().width() / max(1, self._size[0])

    def _rect(self, crop: Crop) -> QRectF:
        scale, corner = self._shown_scale(), self.picture_rect().topLeft()
        left, top, side = crop
        return QRectF(
            corner.x() + left * scale, corner.y() + top * scale, side * scale, side * scale
        )


_OTHER_KEYS = frozenset({Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus, Qt.Key.Key_Delete})
