"""The picture of a sound or of notes, with a cursor where it plays; a click goes there."""

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from genstudio.ui.widgets.pixels import image_from_pixels

_CURSOR = QColor(255, 255, 255)
_CURSOR_WIDTH_PX = 2
_STEP_S = 0.25


class SoundView(QWidget):
    """Shows a picture over its whole size, and a line at a place in time.

    Signals:
        sought(float): A person wants to go to this second.
    """

    sought = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._words = ""
        self._seconds = 0.0
        self._end_share = 1.0
        self._at_s = 0.0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(40)

    def show_picture(self, picture_HWC: np.ndarray, seconds: float, end_share: float) -> None:
        """Show another sound from its beginning.

        Args:
            picture_HWC: uint8 (height, width, 3).
            seconds: How long it sounds.
            end_share: Share of the picture's width at which it ends; may be above 1.
        """
        self._image = image_from_pixels(picture_HWC)
        self._seconds, self._end_share, self._at_s = seconds, max(end_share, 1e-6), 0.0
        self.update()

    def show_words(self, words: str) -> None:
        """Show no sound, and say this instead."""
        self._image, self._words = None, words
        self.setAccessibleDescription(words)
        self.update()

    def set_place(self, seconds: float) -> None:
        """Move the cursor."""
        if seconds != self._at_s:
            self._at_s = seconds
            self.update()

    def sizeHint(self) -> QSize:
        """About the shape of a few bars."""
        return QSize(480, 192)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the picture and the cursor."""
        painter = QPainter(self)
        if self._image is None:
            painter.setPen(self.palette().placeholderText().color())
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), int(flags), self._words)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(self.rect()), self._image)
        if self._seconds:
            x = self._at_s / self._seconds * self._end_share * self.width()
            painter.setPen(QPen(_CURSOR, _CURSOR_WIDTH_PX))
            x = min(round(x), self.width() - 1)
            painter.drawLine(x, 0, x, self.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go where a person clicks."""
        self._seek(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow a pressed mouse."""
        if event.buttons():
            self._seek(event.position().x())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go a little back or forth."""
        steps = {Qt.Key.Key_Left: -_STEP_S, Qt.Key.Key_Right: _STEP_S}
        step = steps.get(Qt.Key(event.key()))
        if step is None or self._image is None:
            super().keyPressEvent(event)
            return
        self.sought.emit(min(max(0.0, self._at_s + step), self._seconds))

    def _seek(self, x: float) -> None:
        if self._image is not None and self._seconds:
            share = x / max(self.width(), 1) / self._end_share
            self.sought.emit(min(max(share, 0.0), 1.0) * self._seconds)
