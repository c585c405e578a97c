"""How a thumbnail looks wherever there is one: fitted into a square, with a badge in its corner."""

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetrics, QIcon, QPainter

from genstudio.ui.theme import GRID_PX, colors
from genstudio.ui.widgets.checkerboard import paint_checkerboard
from genstudio.ui.widgets.thumbnail_loader import Thumbnail

ROUNDING_PX = 4
_SMALL = 0.85
# Enlarged at least this much, single pixels are meant to be seen.
_CRISP_FROM = 2.0
_BROKEN_SHARE = 4


def small_font(base: QFont) -> QFont:
    """What is written on and under thumbnails."""
    font = QFont(base)
    font.setPointSizeF(QFontInfo(base).pointSizeF() * _SMALL)
    return font


def paint_thumbnail(
    painter: QPainter, square: QRect, thumbnail: Thumbnail | None, *, ground: str, broken: QIcon
) -> QRect:
    """Paint a thumbnail into a square.

    Args:
        painter: Its brush, pen and hints are changed.
        square: What the picture is fitted into.
        thumbnail: None while it is being loaded.
        ground: Colour of the square while there is no picture.
        broken: Shown in the middle if the picture cannot be read.

    Returns:
        Where the picture is; the whole square if there is none.
    """
    if thumbnail is None or thumbnail.pixmap.isNull():
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(square, ROUNDING_PX, ROUNDING_PX)
        if thumbnail is not None:
            middle = QRect(QPoint(), square.size() / _BROKEN_SHARE)
            middle.moveCenter(square.center())
            broken.paint(painter, middle)
        return square
    loaded = thumbnail.pixmap.size()
    target = QRect(QPoint(), loaded.scaled(square.size(), Qt.AspectRatioMode.KeepAspectRatio))
    target.moveCenter(square.center())
    is_smooth = target.width() < loaded.width() * _CRISP_FROM
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_smooth)
    if thumbnail.pixmap.hasAlphaChannel():
        paint_checkerboard(painter, target)
    painter.drawPixmap(target, thumbnail.pixmap)
    return target


def paint_badge(painter: QPainter, picture: QRect, text: str, base: QFont) -> None:
    """Write something short into the corner of a picture."""
    theme = colors()
    font = small_font(base)
    metrics = QFontMetrics(font)
    half = GRID_PX // 2
    widest = picture.width() - 4 * half
    text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(widest, metrics.height()))
    box = QRect(0, 0, metrics.horizontalAdvance(text) + 2 * half, metrics.height() + 2)
    box.moveTopRight(picture.topRight() + QPoint(-half, half))
    ground = QColor(theme.window)
    ground.setAlphaF(0.85)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(box, ROUNDING_PX, ROUNDING_PX)
    painter.setFont(font)
    painter.setPen(QColor(theme.text))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
