"""Pictures as points on a map; a region is drawn around some of them."""

from collections.abc import Collection, Sequence

import numpy as np
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from genstudio.domain.language import tr
from genstudio.ui.theme import GRID_PX, colors
from genstudio.ui.widgets.pixels import image_from_pixels

_MARGIN_PX = 2 * GRID_PX
_NEAR_PX = 8


class PictureMap(QWidget):
    """A hundred thousand points are one picture that is painted at once.

    Signals:
        chosen(list[str]): Names inside the region that was drawn; a click chooses the nearest.
    """

    chosen = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: Sequence[str] = ()
        self._place = np.zeros((0, 2), np.float32)
        self._is_out = np.zeros(0, bool)
        self._is_chosen = np.zeros(0, bool)
        self._ground = QImage()
        # Painted when it is looked at: a map that is not shown costs nothing.
        self._is_stale = True
        self._path: list[QPointF] = []
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(30 * GRID_PX, 24 * GRID_PX)
        self.setAccessibleName(tr("Map of the pictures"))

    def show_places(self, names: Sequence[str], place: np.ndarray, out: Collection[str]) -> None:
        """Show points.

        Args:
            names: Of the pictures.
            place: Shape (count, 2), from 0 to 1.
            out: Names of those that are left out; they are shown more quietly.
        """
        self._names, self._place = names, place
        self._is_chosen = np.zeros(len(names), bool)
        self.show_left_out(out)

    def show_left_out(self, out: Collection[str]) -> None:
        """Show which pictures are left out now."""
        left_out = frozenset(out)
        self._is_out = np.fromiter((it in left_out for it in self._names), bool, len(self._names))
        self._repaint()

    def select_within(self, region: QPolygonF) -> None:
        """Choose what lies inside a region, in pixels of the widget."""
        points = self._points()
        box = region.boundingRect()
        maybe = (
            (points[:, 0] >= box.left())
            & (points[:, 0] <= box.right())
            & (points[:, 1] >= box.top())
            & (points[:, 1] <= box.bottom())
        )
        inside = np.zeros(len(points), bool)
        rows = np.flatnonzero(maybe)
        corners = np.array([(it.x(), it.y()) for it in region.toList()], np.float64)
        inside[rows] = _inside(points[rows], corners)
        self._choose(inside)

    def _choose(self, is_chosen: np.ndarray) -> None:
        self._is_chosen = is_chosen
        self._repaint()
        self.chosen.emit([self._names[int(at)] for at in np.flatnonzero(is_chosen)])

    # --- painting -----------------------------------------------------------------------

    def _points(self) -> np.ndarray:
        room = np.array([self.width(), self.height()], np.float64) - 2 * _MARGIN_PX
        return _MARGIN_PX + self._place * np.maximum(room, 1)

    def _paint_ground(self) -> None:
        theme = colors()
        width, height = max(1, self.width()), max(1, self.height())
        ground = np.empty((height, width, 3), np.uint8)
        ground[:] = _rgb(theme.canvas)
        points = self._points().astype(np.int64)
        layers = (
            (self._is_out & ~self._is_chosen, theme.border),
            (~self._is_out & ~self._is_chosen, theme.plot[0]),
            (self._is_chosen, theme.plot[1]),
        )
        for which, color in layers:
            for across in (-1, 0, 1):
                for down in (-1, 0, 1):
                    x = np.clip(points[which, 0] + across, 0, width - 1)
                    y = np.clip(points[which, 1] + down, 0, height - 1)
                    ground[y, x] = _rgb(color)
        self._ground = image_from_pixels(ground)
        self._is_stale = False

    def _repaint(self) -> None:
        self._is_stale = True
        self.update()

    def resizeEvent(self, event: object) -> None:
        """Spread the points over the new size."""
        del event
        self._repaint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the points and the region that is being drawn."""
        if self._is_stale:
            self._paint_ground()
        painter = QPainter(self)
        painter.drawImage(0, 0, self._ground)
        if self._path:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(colors().accent), 2, Qt.PenStyle.DashLine))
            painter.drawPolygon(QPolygonF(self._path))
        painter.end()

    # --- drawing a region ---------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a region."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._path = [event.position()]

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw it on; else say which picture is there."""
        if self._path:
            self._path.append(event.position())
            self.update()
            return
        at = self._nearest(event.position())
        QToolTip.showText(
            event.globalPosition().toPoint(), "" if at is None else self._names[at], self
        )

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose what is inside; a click chooses the nearest picture."""
        path, self._path = self._path, []
        if not path:
            return
        region = QPolygonF(path)
        if max(region.boundingRect().width(), region.boundingRect().height()) < _NEAR_PX:
            chosen = np.zeros(len(self._names), bool)
            if (at := self._nearest(event.position())) is not None:
                chosen[at] = True
            self._choose(chosen)
        else:
            self.select_within(region)

    def _nearest(self, at: QPointF) -> int | None:
        if not len(self._names):
            return None
        away = np.abs(self._points() - (at.x(), at.y())).max(axis=1)
        nearest = int(away.argmin())
        return nearest if away[nearest] <= _NEAR_PX else None


def _rgb(color: str) -> tuple[int, int, int]:
    named = QColor(color)
    return named.red(), named.green(), named.blue()


def _inside(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Which points a polygon has inside, by counting the edges to their right."""
    inside = np.zeros(len(points), bool)
    x, y = points[:, 0], points[:, 1]
    before = corners[-1]
    for corner in corners:
        (x1, y1), (x2, y2) = before, corner
        if y1 != y2:
            crosses = ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
            inside ^= crosses
        before = corner
    return inside
