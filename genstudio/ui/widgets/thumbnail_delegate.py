"""Paints one picture of a grid: thumbnail, badge, selection, and a stroke if it is left out."""

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from genstudio.ui.icons import icon
from genstudio.ui.theme import GRID_PX, colors
from genstudio.ui.widgets.grid_items import GridItem, GridItems
from genstudio.ui.widgets.thumbnail_loader import ThumbnailLoader

_DIMMED_OPACITY = 0.25
_BADGE_SIZE = 0.85
_ROUNDING_PX = 4
# Enlarged at least this much, single pixels are meant to be seen.
_CRISP_FROM = 2.0


class ThumbnailDelegate(QStyledItemDelegate):
    """Paints items in cells that are all alike.

    Attributes:
        side_px: Side of the square that a thumbnail is fitted into.
        cell: Size of a cell: the square, the ring around it and its share of the gaps.
    """

    def __init__(self, items: GridItems, loader: ThumbnailLoader, parent: QObject) -> None:
        super().__init__(parent)
        self._items = items
        self._loader = loader
        self._broken = icon("image-off", "muted")
        self.side_px = 0
        self.cell = QSize()

    def sizeHint(
        self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """The size of every cell."""
        return self.cell

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint an item into its cell."""
        item = self._items.item(index.row())
        square = QRect(0, 0, self.side_px, self.side_px)
        square.moveCenter(option.rect.center())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_frame(painter, square, option.state)
        painter.setOpacity(_DIMMED_OPACITY if item.dimmed else 1.0)
        picture = self._paint_picture(painter, square, item)
        painter.setOpacity(1.0)
        if item.dimmed:
            painter.setPen(QPen(QColor(colors().muted), 2))
            painter.drawLine(picture.bottomLeft(), picture.topRight())
        if item.badge:
            _paint_badge(painter, picture, item.badge, option.font)
        painter.restore()

    def _paint_frame(self, painter: QPainter, square: QRect, state: QStyle.StateFlag) -> None:
        """Selected: a ring and a lighter ground; reached by keyboard: a line around the ring."""
        theme = colors()
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        is_hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        painter.setPen(Qt.PenStyle.NoPen)
        if is_selected or is_hovered:
            ground = square.adjusted(-4, -4, 4, 4)
            painter.setBrush(QColor(theme.hover))
            if is_selected:
                painter.setPen(QPen(QColor(theme.accent), 3))
            painter.drawRoundedRect(ground, _ROUNDING_PX, _ROUNDING_PX)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.text), 1))
            painter.drawRoundedRect(square.adjusted(-6, -6, 6, 6), _ROUNDING_PX, _ROUNDING_PX)

    def _paint_picture(self, painter: QPainter, square: QRect, item: GridItem) -> QRect:
        """Returns where the picture is; the whole square while there is none."""
        thumbnail = self._loader.thumbnail(item.path)
        if thumbnail is None or thumbnail.pixmap.isNull():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colors().panel))
            painter.drawRoundedRect(square, _ROUNDING_PX, _ROUNDING_PX)
            if thumbnail is not None:
                middle = QRect(0, 0, self.side_px // 4, self.side_px // 4)
                middle.moveCenter(square.center())
                self._broken.paint(painter, middle)
            return square
        loaded = thumbnail.pixmap.size()
        target = QRect(
            square.topLeft(), loaded.scaled(square.size(), Qt.AspectRatioMode.KeepAspectRatio)
        )
        target.moveCenter(square.center())
        is_smooth = target.width() < loaded.width() * _CRISP_FROM
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_smooth)
        painter.drawPixmap(target, thumbnail.pixmap)
        return target


def _paint_badge(painter: QPainter, picture: QRect, text: str, base: QFont) -> None:
    theme = colors()
    font = QFont(base)
    font.setPointSizeF(QFontInfo(base).pointSizeF() * _BADGE_SIZE)
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
    painter.drawRoundedRect(box, _ROUNDING_PX, _ROUNDING_PX)
    painter.setFont(font)
    painter.setPen(QColor(theme.text))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
