"""Paints one picture of a grid: thumbnail, badge, selection, and a stroke if it is left out."""

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from genstudio.ui.icons import icon
from genstudio.ui.theme import colors
from genstudio.ui.widgets.grid_items import GridItems
from genstudio.ui.widgets.thumbnail_loader import ThumbnailLoader
from genstudio.ui.widgets.thumbnail_painting import ROUNDING_PX, paint_badge, paint_thumbnail

_DIMMED_OPACITY = 0.25


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
        thumbnail = self._loader.thumbnail(item.path)
        picture = paint_thumbnail(
            painter, square, thumbnail, ground=colors().panel, broken=self._broken
        )
        painter.setOpacity(1.0)
        if item.dimmed:
            painter.setPen(QPen(QColor(colors().muted), 2))
            painter.drawLine(picture.bottomLeft(), picture.topRight())
        if item.badge:
            paint_badge(painter, picture, item.badge, option.font)
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
            painter.drawRoundedRect(ground, ROUNDING_PX, ROUNDING_PX)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.text), 1))
            painter.drawRoundedRect(square.adjusted(-6, -6, 6, 6), ROUNDING_PX, ROUNDING_PX)
