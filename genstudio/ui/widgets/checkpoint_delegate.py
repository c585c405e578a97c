"""Paints one checkpoint as a small card: picture, step, training time, star."""

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from genstudio.domain.language import tr, tr_noop
from genstudio.domain.runs import CheckpointInfo
from genstudio.ui.icons import icon
from genstudio.ui.run_words import duration
from genstudio.ui.theme import GRID_PX, colors
from genstudio.ui.widgets.checkpoint_items import CheckpointItems
from genstudio.ui.widgets.thumbnail_loader import ThumbnailLoader
from genstudio.ui.widgets.thumbnail_painting import (
    ROUNDING_PX,
    paint_badge,
    paint_thumbnail,
    small_font,
)

_MARGIN_PX = 5
_STAR_PX = 14
_WIDEST_STEP = tr_noop("step 999,999")
_BEST = tr_noop("best")


class CheckpointDelegate(QStyledItemDelegate):
    """Paints checkpoints in cells that are all alike.

    Attributes:
        side_px: Side of the square that the picture is fitted into.
    """

    def __init__(self, items: CheckpointItems, loader: ThumbnailLoader, parent: QObject) -> None:
        super().__init__(parent)
        self._items = items
        self._loader = loader
        self._broken = icon("image-off", "muted")
        self._starred = icon("star-filled", "accent")
        self._unstarred = icon("star", "muted")
        self.side_px = 0

    def cell(self, base: QFont) -> QSize:
        """Size of every card, in that font."""
        metrics = QFontMetrics(small_font(base))
        width = max(self.side_px, metrics.horizontalAdvance(tr(_WIDEST_STEP)))
        height = self.side_px + GRID_PX // 2 + 2 * metrics.height()
        return QSize(width + 2 * _MARGIN_PX, height + 2 * _MARGIN_PX)

    def card_rect(self, place: QRect, base: QFont) -> QRect:
        """Where a card is in its place, which is higher while there is no scroll bar."""
        card = QRect(QPoint(), self.cell(base))
        card.moveCenter(place.center())
        return card

    def star_rect(self, card: QRect) -> QRect:
        """Where the star of a card is; a little more than is painted, to be hit easily."""
        side = _STAR_PX + GRID_PX
        return QRect(card.bottomRight() - QPoint(side - 1, side - 1), QSize(side, side))

    def sizeHint(
        self, option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """The size of every card."""
        return self.cell(option.font)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint a card into its cell."""
        checkpoint = self._items.at(index)
        if checkpoint is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        whole = self.card_rect(option.rect, option.font)
        self._paint_ground(painter, whole, option.state)
        card = whole.adjusted(_MARGIN_PX, _MARGIN_PX, -_MARGIN_PX, -_MARGIN_PX)
        square = QRect(0, 0, self.side_px, self.side_px)
        square.moveCenter(card.center())
        square.moveTop(card.top())
        thumbnail = self._loader.thumbnail(checkpoint.preview)
        paint_thumbnail(painter, square, thumbnail, ground=colors().canvas, broken=self._broken)
        if checkpoint.is_best:
            paint_badge(painter, square, tr(_BEST), option.font)
        self._paint_words(painter, card, option.font, checkpoint)
        star = QRect(0, 0, _STAR_PX, _STAR_PX)
        star.moveCenter(self.star_rect(whole).center())
        (self._starred if checkpoint.is_starred else self._unstarred).paint(painter, star)
        painter.restore()

    def _paint_ground(self, painter: QPainter, whole: QRect, state: QStyle.StateFlag) -> None:
        """Selected: a ring and a lighter ground; reached by keyboard: a line inside the ring."""
        theme = colors()
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        ground = whole.adjusted(1, 1, -1, -1)
        painter.setPen(QPen(QColor(theme.accent), 2) if is_selected else Qt.PenStyle.NoPen)
        if is_selected or state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(theme.hover))
            painter.drawRoundedRect(ground, ROUNDING_PX, ROUNDING_PX)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.text), 1))
            painter.drawRoundedRect(ground.adjusted(2, 2, -2, -2), ROUNDING_PX, ROUNDING_PX)

    def _paint_words(
        self, painter: QPainter, card: QRect, base: QFont, checkpoint: CheckpointInfo
    ) -> None:
        theme = colors()
        painter.setFont(small_font(base))
        metrics = QFontMetrics(painter.font())
        line = QRect(card.left(), 0, card.width(), metrics.height())
        line.moveBottom(card.bottom())
        painter.setPen(QColor(theme.muted))
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, duration(checkpoint.seconds))
        line.translate(0, -metrics.height())
        words = tr("step {step:,}", step=checkpoint.step)
        painter.setPen(QColor(theme.text))
        painter.drawText(
            line,
            Qt.AlignmentFlag.AlignLeft,
            metrics.elidedText(words, Qt.TextElideMode.ElideRight, line.width()),
        )
