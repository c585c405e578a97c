"""Shows one picture, fitted or enlarged, to be looked at closely."""

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from genstudio.domain.language import tr
from genstudio.ui.theme import GRID_PX, colors
from genstudio.ui.widgets.checkerboard import paint_checkerboard
from genstudio.ui.widgets.pixels import image_from_pixels

_STEP = 1.25
_LARGEST = 64.0
_WHEEL_NOTCH = 120
# From here on single pixels are meant to be seen: sharp, and all of the same size.
_CRISP_FROM = 2.0
_ROUNDING_PX = 6
_ARROWS: dict[int, QPointF] = {
    Qt.Key.Key_Left: QPointF(-1, 0),
    Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Up: QPointF(0, -1),
    Qt.Key.Key_Down: QPointF(0, 1),
}


class PictureView(QWidget):
    """One picture in the middle, as large as fits, until a person zooms in.

    The wheel and + and − zoom, dragging and arrows move, double-click and 0 fit again.
    Scales count pixels of the screen for each of the picture.

    Signals:
        clicked(): Clicked without dragging, or Enter was pressed.
    """

    clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self._shrunk = QImage()
        self._placeholder = ""
        # None while fitted; the centre is a point of the picture.
        self._zoom: float | None = None
        self._center = QPointF()
        self._pressed: QPointF | None = None
        self._is_dragging = False
        self._wheel_turned = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Picture"))

    def set_picture(self, picture_HWC: np.ndarray | None) -> None:
        """Show another picture; of the same size, it takes the place of the former unmoved.

        Args:
            picture_HWC: uint8, shape (height, width, 1, 3 or 4); None shows the placeholder.
        """
        former = self._image.size()
        self._image = QImage() if picture_HWC is None else image_from_pixels(picture_HWC)
        self._shrunk = QImage()
        if self._image.size() != former:
            self.fit()
        self._describe()
        self.update()

    def set_placeholder(self, text: str) -> None:
        """Say this in the middle while there is no picture."""
        self._placeholder = text
        self._describe()
        self.update()

    def scale(self) -> float:
        """Pixels of the screen for each of the picture; 1 if there is no picture."""
        return self._fitted_scale() if self._zoom is None else self._zoom

    def is_fitted(self) -> bool:
        """Whether the whole picture shows and follows the size of the widget."""
        return self._zoom is None

    def fit(self) -> None:
        """Show the whole picture."""
        self._zoom = None
        self._center = QRectF(QPointF(), QSizeF(self._image.size())).center()
        self._on_moved()

    def zoom(self, steps: int, at: QPointF | None = None) -> None:
        """Enlarge, or shrink by negative steps, around a point of the widget (its middle)."""
        if self._image.isNull():
            return
        anchor = self._middle() if at is None else at
        held = self._picture_point(anchor)
        scale = self.scale()
        for _ in range(abs(steps)):
            scale = _stepped(scale, up=steps > 0)
        if scale <= self._fitted_scale():
            self.fit()
            return
        self._zoom = min(scale, max(_LARGEST, self._fitted_scale()))
        self._center = held - (anchor - self._middle()) / self._logical_scale()
        self._on_moved()

    def picture_rect(self) -> QRectF:
        """Where the picture is in the widget, on whole pixels of the screen."""
        ratio = self.devicePixelRatioF()
        corner = (self._middle() - self._center * self._logical_scale()) * ratio
        size = QSizeF(self._image.size()) * self.scale()
        return QRectF(
            round(corner.x()) / ratio,
            round(corner.y()) / ratio,
            round(size.width()) / ratio,
            round(size.height()) / ratio,
        )

    def sizeHint(self) -> QSize:
        """Room to look at something."""
        return QSize(60 * GRID_PX, 45 * GRID_PX)

    def minimumSizeHint(self) -> QSize:
        """Small, but still a picture."""
        return QSize(16 * GRID_PX, 12 * GRID_PX)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the ground, the picture or the placeholder, and who has the focus."""
        theme = colors()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.accent if self.hasFocus() else theme.border), 1))
        painter.setBrush(QColor(theme.canvas))
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(frame, _ROUNDING_PX, _ROUNDING_PX)
        if self._image.isNull():
            painter.setPen(QColor(theme.muted))
            margin = 2 * GRID_PX
            box = self.rect().adjusted(margin, margin, -margin, -margin)
            wrapped = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(box, wrapped, self._placeholder)
        else:
            painter.setClipRect(self.rect().adjusted(1, 1, -1, -1))
            self.paint_picture(painter)
        painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the pointer; fine turns of a touchpad add up to steps."""
        if self._image.isNull():
            event.ignore()
            return
        self._wheel_turned += event.angleDelta().y()
        steps = int(self._wheel_turned / _WHEEL_NOTCH)
        self._wheel_turned -= steps * _WHEEL_NOTCH
        self.zoom(steps, event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click or a drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position()
            self._is_dragging = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the picture under the pointer."""
        if self._pressed is None:
            return
        way = event.position() - self._pressed
        if self._is_dragging or way.manhattanLength() >= QApplication.startDragDistance():
            self._is_dragging = True
            self._pressed = event.position()
            self._move(-way)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Tell of a click, unless the picture was moved."""
        was_click = self._pressed is not None and not self._is_dragging
        self._pressed = None
        self._on_moved()
        if was_click and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show the whole picture."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Everything that the mouse does."""
        key = event.key()
        if key in {Qt.Key.Key_Plus, Qt.Key.Key_Equal}:
            self.zoom(1)
        elif key == Qt.Key.Key_Minus:
            self.zoom(-1)
        elif key == Qt.Key.Key_0:
            self.fit()
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.clicked.emit()
        elif key in _ARROWS and not self.is_fitted():
            self._move(_ARROWS[key] * 4 * GRID_PX)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Keep what is shown within the view when that gets another size."""
        if event.type() in {QEvent.Type.Resize, QEvent.Type.DevicePixelRatioChange}:
            self._on_moved()
        return super().event(event)

    def paint_picture(self, painter: QPainter) -> None:
        """Paint the picture where it is."""
        scale = self.scale()
        image = self._image
        if scale < 1:
            # Qt's painter would skip pixels; scaling beforehand averages them.
            size = (self.picture_rect().size() * self.devicePixelRatioF()).toSize()
            if self._shrunk.size() != size:
                keep = Qt.AspectRatioMode.IgnoreAspectRatio
                smooth = Qt.TransformationMode.SmoothTransformation
                self._shrunk = image.scaled(size.expandedTo(QSize(1, 1)), keep, smooth)
            image = self._shrunk
        is_smooth = 1 < scale < _CRISP_FROM
        if image.hasAlphaChannel():
            paint_checkerboard(painter, self.picture_rect())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_smooth)
        painter.drawImage(self.picture_rect(), image)

    def _fitted_scale(self) -> float:
        if self._image.isNull():
            return 1.0
        # The frame must not cover the picture's edge.
        room = QSizeF(self.width() - 2, self.height() - 2) * self.devicePixelRatioF()
        scale = min(room.width() / self._image.width(), room.height() / self._image.height())
        return float(math.floor(scale)) if scale >= _CRISP_FROM else scale

    def _logical_scale(self) -> float:
        return self.scale() / self.devicePixelRatioF()

    def _middle(self) -> QPointF:
        return QRectF(self.rect()).center()

    def _picture_point(self, point: QPointF) -> QPointF:
        return self._center + (point - self._middle()) / self._logical_scale()

    def _move(self, way: QPointF) -> None:
        self._center += way / self._logical_scale()
        self._on_moved()

    def _on_moved(self) -> None:
        """Show no ground beside an enlarged picture, and what the mouse can do."""
        half = QSizeF(self.size()) / (2 * self._logical_scale())
        self._center = QPointF(
            _within(self._center.x(), half.width(), self._image.width()),
            _within(self._center.y(), half.height(), self._image.height()),
        )
        if self.is_fitted():
            self.unsetCursor()
        else:
            is_held = self._pressed is not None
            shape = Qt.CursorShape.ClosedHandCursor if is_held else Qt.CursorShape.OpenHandCursor
            self.setCursor(shape)
        self._describe()
        self.update()

    def _describe(self) -> None:
        if self._image.isNull():
            words = self._placeholder
        else:
            size = tr(
                "{width} × {height} pixels", width=self._image.width(), height=self._image.height()
            )
            words = tr("{size}, shown at {scale:.0%}", size=size, scale=self.scale())
        if words != self.accessibleDescription():
            self.setAccessibleDescription(words)


def _stepped(scale: float, *, up: bool) -> float:
    """Next scale of the ladder: a quarter more or less, whole numbers where pixels show."""
    scale = scale * _STEP if up else scale / _STEP
    if scale < _CRISP_FROM:
        return scale
    return float(math.ceil(scale) if up else math.floor(scale))


def _within(center: float, half: float, length: int) -> float:
    """A centre that keeps the view inside the picture, or the picture in the middle."""
    return length / 2 if length <= 2 * half else min(max(center, half), length - half)
