"""A plane between four pictures, on which a point is moved by mouse or keyboard."""

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from genstudio.domain.language import tr, tr_noop
from genstudio.ui.theme import GRID_PX, colors
from genstudio.ui.widgets.pixels import image_from_pixels

SEED_MIME = "application/x-genstudio-seed"
CORNERS = (
    tr_noop("top left"),
    tr_noop("top right"),
    tr_noop("bottom left"),
    tr_noop("bottom right"),
)
_SIDE_PX = 26 * GRID_PX
_CORNER_SHARE = 0.3
_STEP, _FINE = 0.05, 0.01
_DOT_PX = 7
_ARROWS: Mapping[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class PlanePad(QWidget):
    """Four corners, a picture of a seed each, and a point between them.

    Signals:
        point_moved(float, float, bool): How far to the right and down, from 0 to 1, and whether
            the movement goes on.
        corner_dropped(int, object): A seed was dropped on a corner, counted from 0.
    """

    point_moved = Signal(float, float, bool)
    corner_dropped = Signal(int, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._seeds: tuple[int, ...] = ()
        self._images: dict[int, QImage] = {}
        self._point = QPointF(0.5, 0.5)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.setMinimumSize(16 * GRID_PX, 16 * GRID_PX)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(tr("Plane between four pictures"))
        self.setToolTip(
            tr(
                "Drag the point, or move it with the arrow keys (Shift for small steps). Drop a "
                "picture of the grid on a corner."
            )
        )

    def show_place(self, seeds: Sequence[int], across: float, down: float) -> None:
        """Show these corners and this point; with other than four seeds there is no plane."""
        self._seeds = tuple(seeds)
        self._point = QPointF(across, down)
        self.setEnabled(len(seeds) == len(CORNERS))
        self.setAccessibleDescription(
            tr("{across:.0%} to the right, {down:.0%} down", across=across, down=down)
        )
        self.update()

    def show_seed(self, seed: int, image_HWC: np.ndarray) -> None:
        """Keep the picture of a seed for its corner: uint8 (height, width, 3 or 4)."""
        if seed in self._seeds:
            self._images[seed] = image_from_pixels(image_HWC)
            self.update()

    def forget(self) -> None:
        """Pictures are of another model now."""
        self._images.clear()
        self.update()

    def sizeHint(self) -> QSize:
        """A square."""
        return QSize(_SIDE_PX, _SIDE_PX)

    def heightForWidth(self, width: int) -> int:
        """As wide as high, up to what is needed."""
        return min(width, _SIDE_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the corners, the lines and the point."""
        del event
        palette = colors()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        area = self._area()
        painter.setPen(QPen(QColor(palette.border), 1))
        painter.setBrush(QColor(palette.field))
        painter.drawRoundedRect(area, 6, 6)
        for corner, seed in enumerate(self._seeds[: len(CORNERS)]):
            image = self._images.get(seed)
            place = self._corner(corner)
            if image is not None:
                painter.drawImage(place, image)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(place)
        at = self._to_widget(self._point)
        painter.drawLine(QPointF(area.left(), at.y()), QPointF(area.right(), at.y()))
        painter.drawLine(QPointF(at.x(), area.top()), QPointF(at.x(), area.bottom()))
        if self.isEnabled():
            ring = palette.text if self.hasFocus() else palette.on_accent
            painter.setPen(QPen(QColor(ring), 2))
            painter.setBrush(QColor(palette.accent))
            painter.drawEllipse(at, _DOT_PX, _DOT_PX)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Move the point here."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._move_to(event.position(), goes_on=False)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the point."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._move_to(event.position(), goes_on=True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the point."""
        arrow = _ARROWS.get(event.key())
        if arrow is None:
            super().keyPressEvent(event)
            return
        is_fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        step = _FINE if is_fine else _STEP
        moved = self._point + QPointF(*arrow) * step
        self.point_moved.emit(_within(moved.x()), _within(moved.y()), event.isAutoRepeat())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take seeds."""
        if event.mimeData().hasFormat(SEED_MIME):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Put the seed into the nearest corner."""
        text = bytes(event.mimeData().data(SEED_MIME).data()).decode("ascii", "replace")
        if not text.isdecimal():
            return
        share = self._from_widget(event.position())
        corner = int(share.x() > 0.5) + 2 * int(share.y() > 0.5)
        self.corner_dropped.emit(corner, int(text))
        event.acceptProposedAction()

    def _area(self) -> QRectF:
        side = min(self.width(), self.height()) - 2.0
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def _corner(self, corner: int) -> QRectF:
        area = self._area()
        side = area.width() * _CORNER_SHARE
        left = area.left() if corner % 2 == 0 else area.right() - side
        top = area.top() if corner < 2 else area.bottom() - side
        return QRectF(left, top, side, side)

    def _to_widget(self, share: QPointF) -> QPointF:
        area = self._area()
        return QPointF(
            area.left() + share.x() * area.width(), area.top() + share.y() * area.height()
        )

    def _from_widget(self, place: QPointF) -> QPointF:
        area = self._area()
        return QPointF(
            _within((place.x() - area.left()) / area.width()),
            _within((place.y() - area.top()) / area.height()),
        )

    def _move_to(self, place: QPointF, *, goes_on: bool) -> None:
        share = self._from_widget(place)
        self.point_moved.emit(share.x(), share.y(), goes_on)


def _within(share: float) -> float:
    return min(max(share, 0.0), 1.0)
