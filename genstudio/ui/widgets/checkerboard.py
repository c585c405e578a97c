"""What shows behind see-through parts of pictures: a checkerboard, as in image editors."""

from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QBrush, QColor, QPainter, QPixmap

from genstudio.ui.theme import GRID_PX, colors


def paint_checkerboard(painter: QPainter, rect: QRect | QRectF) -> None:
    """Fill where a picture will be painted; the squares begin at its upper left corner."""
    area = QRectF(rect)
    painter.save()
    # Else the edges of the area would stay half transparent.
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setBrushOrigin(QPointF(area.topLeft()))
    painter.fillRect(area, QBrush(_tile()))
    painter.restore()


def _tile() -> QPixmap:
    light, dark = (QColor(name) for name in colors().checker)
    tile = QPixmap(2 * GRID_PX, 2 * GRID_PX)
    tile.fill(light)
    painter = QPainter(tile)
    painter.fillRect(GRID_PX, 0, GRID_PX, GRID_PX, dark)
    painter.fillRect(0, GRID_PX, GRID_PX, GRID_PX, dark)
    painter.end()
    return tile
