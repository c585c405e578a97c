"""Cards to choose an operation from, under headings that say what goes in and comes out."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QIcon, QPainter
from PySide6.QtWidgets import (
    QListWidgetItem,
    QStyleOptionViewItem,
    QWidget,
)

from genstudio.domain.operations import OperationCard
from genstudio.ui.icons import icon
from genstudio.ui.kind_words import way
from genstudio.ui.theme import GRID_PX, colors
from genstudio.ui.widgets.card_list import (
    CARD_ROLE,
    FIRST_FREE_ROLE,
    GAP_PX,
    SMALLEST_WIDTH_PX,
    CardDelegate,
    CardList,
)
from genstudio.ui.widgets.card_painting import (
    PADDING_PX,
    WRAPPED,
    paint_frame,
    small_font,
    title_font,
    wrapped,
)

_ICON_PX = 20
_NOTE_ROLE = FIRST_FREE_ROLE
_UNKNOWN_ICON = "sparkles"


class OperationCards(CardList):
    """Operations under headings that say what goes in and comes out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("operation", parent)
        self.setItemDelegate(_CardDelegate(self))

    def set_cards(self, cards: Sequence[OperationCard]) -> None:
        """Offer these; what was chosen stays so if it is among them, else the first is."""
        groups: dict[str, list[OperationCard]] = {}
        for card in cards:
            groups.setdefault(way(card), []).append(card)
        self.fill(list(groups.items()))

    def set_notes(self, notes: Mapping[str, str]) -> None:
        """Say under some cards what stands in their way, by their keys."""
        for key, item in self.cards():
            note = notes.get(key, "")
            if note != (item.data(_NOTE_ROLE) or ""):
                item.setData(_NOTE_ROLE, note)
                self.describe(item)
        self.fit()

    def describe(self, item: QListWidgetItem) -> None:
        """Read a card aloud with what stands in its way."""
        words = f"{_in_words(item.data(CARD_ROLE))} {item.data(_NOTE_ROLE) or ''}".strip()
        item.setData(Qt.ItemDataRole.AccessibleTextRole, words)

    def sizeHint(self) -> QSize:
        """As wide as cards are read well."""
        return QSize(34 * GRID_PX, 60 * GRID_PX)

    def minimumSizeHint(self) -> QSize:
        """Narrow, for a column."""
        return QSize(SMALLEST_WIDTH_PX, 20 * GRID_PX)


def _in_words(card: OperationCard) -> str:
    return f"{card.title}. {way(card)}. {card.summary}"


class _Layout:
    """Where the parts of a card are, for a width and a font."""

    def __init__(
        self, card: OperationCard, note: str, font: QFont, corner: QPoint, width: int
    ) -> None:
        self.title_font = title_font(font)
        self.small_font = small_font(font)
        left, top = corner.x() + PADDING_PX, corner.y() + PADDING_PX
        room = width - 2 * PADDING_PX
        line = QFontMetrics(self.title_font).height()
        self.icon = QRect(left, top + (line - _ICON_PX) // 2, _ICON_PX, _ICON_PX)
        indent = _ICON_PX + GRID_PX
        self.title = wrapped(card.title, self.title_font, left + indent, top, room - indent)
        top = max(self.title.bottom(), self.icon.bottom()) + GRID_PX // 2
        self.summary = wrapped(card.summary, font, left, top, room)
        self.note = QRect(left, self.summary.bottom(), room, 0)
        if note:
            top = self.summary.bottom() + GRID_PX - 2
            self.note = wrapped(note, self.small_font, left, top, room)
        bottom = self.note.bottom() + PADDING_PX
        self.frame = QRect(corner, QPoint(corner.x() + width - 1, bottom))


class _CardDelegate(CardDelegate):
    def sizeHint(
        self, _option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        width = self.view.viewport().width()
        if index.data(CARD_ROLE) is None:
            words = index.data(Qt.ItemDataRole.DisplayRole)
            heading = wrapped(words, small_font(self.view.font()), 0, 0, width)
            above = 0 if index.row() == 0 else GRID_PX
            return QSize(0, heading.height() + above + GRID_PX // 2)
        layout = self._laid_out(index, QPoint(), width)
        return self.size(layout.frame.height())

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        card: OperationCard | None = index.data(CARD_ROLE)
        theme = colors()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if card is None:
            painter.setFont(small_font(self.view.font()))
            painter.setPen(QColor(theme.muted))
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
            below = option.rect.adjusted(0, 0, 0, -GRID_PX // 4)
            painter.drawText(
                below, flags | Qt.TextFlag.TextWordWrap, index.data(Qt.ItemDataRole.DisplayRole)
            )
            painter.restore()
            return
        corner = option.rect.topLeft() + QPoint(0, GAP_PX // 2)
        layout = self._laid_out(index, corner, option.rect.width())
        paint_frame(painter, layout.frame, option.state)
        _icon(card).paint(painter, layout.icon)
        for rect, font, color, text in (
            (layout.title, layout.title_font, theme.text, card.title),
            (layout.summary, self.view.font(), theme.text, card.summary),
            (layout.note, layout.small_font, theme.muted, index.data(_NOTE_ROLE) or ""),
        ):
            painter.setFont(font)
            painter.setPen(QColor(color))
            painter.drawText(rect, WRAPPED, text)
        painter.restore()

    def _laid_out(
        self, index: QModelIndex | QPersistentModelIndex, corner: QPoint, width: int
    ) -> _Layout:
        note = index.data(_NOTE_ROLE) or ""
        return _Layout(index.data(CARD_ROLE), note, self.view.font(), corner, width)


def _icon(card: OperationCard) -> QIcon:
    try:
        return icon(card.icon)
    except FileNotFoundError:
        return icon(_UNKNOWN_ICON)  # A package cannot bring icons of its own.
