"""Cards to choose an operation from, under headings that say what goes in and comes out."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QIcon, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from genstudio.domain.operations import OperationCard
from genstudio.ui.icons import icon
from genstudio.ui.kind_words import way
from genstudio.ui.theme import GRID_PX, colors
from genstudio.ui.widgets.card_painting import (
    PADDING_PX,
    WRAPPED,
    paint_frame,
    small_font,
    title_font,
    wrapped,
)

_ICON_PX = 20
_GAP_PX = GRID_PX
_SMALLEST_WIDTH_PX = 200
_CARD_ROLE = Qt.ItemDataRole.UserRole
_NOTE_ROLE = _CARD_ROLE + 1
_UNKNOWN_ICON = "sparkles"
# The cards have frames of their own, which also say where the focus is.
_STYLE = "OperationCards { background: transparent; border: none; }"


class OperationCards(QListWidget):
    """One card under the other, one of them chosen.

    Signals:
        keyChanged(str): Another card is chosen.
    """

    keyChanged = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._told_key = ""
        self.setItemDelegate(_CardDelegate(self))
        self.setStyleSheet(_STYLE)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.currentItemChanged.connect(self._tell)

    def set_cards(self, cards: Sequence[OperationCard]) -> None:
        """Offer these; what was chosen stays so if it is among them, else the first is."""
        chosen = self.current_key()
        groups: dict[str, list[OperationCard]] = {}
        for card in cards:
            groups.setdefault(way(card), []).append(card)
        self.blockSignals(True)
        self.clear()
        for heading, members in groups.items():
            item = QListWidgetItem(heading, self)
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            for card in members:
                item = QListWidgetItem(card.title, self)
                item.setData(_CARD_ROLE, card)
                item.setData(Qt.ItemDataRole.AccessibleTextRole, _in_words(card))
        keys = [key for key, _ in self._cards()]
        if keys:
            self._choose(chosen if chosen in keys else keys[0])
        self.blockSignals(False)
        self._tell()

    def set_notes(self, notes: Mapping[str, str]) -> None:
        """Say under some cards what stands in their way, by their keys."""
        for key, item in self._cards():
            note = notes.get(key, "")
            if note != (item.data(_NOTE_ROLE) or ""):
                card: OperationCard = item.data(_CARD_ROLE)
                item.setData(_NOTE_ROLE, note)
                words = f"{_in_words(card)} {note}".strip()
                item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
        self.scheduleDelayedItemsLayout()

    def current_key(self) -> str:
        """Key of the chosen card; empty if there is none to choose."""
        item = self.currentItem()
        card = item.data(_CARD_ROLE) if item else None
        return card.key if card else ""

    def select(self, key: str) -> None:
        """Choose a card.

        Raises:
            KeyError: There is no such card.
        """
        keys = [known for known, _ in self._cards()]
        if key not in keys:
            raise KeyError(f"No operation “{key}”; there are: {', '.join(keys) or 'none'}")
        self._choose(key)

    def sizeHint(self) -> QSize:
        """As wide as cards are read well."""
        return QSize(34 * GRID_PX, 60 * GRID_PX)

    def minimumSizeHint(self) -> QSize:
        """Narrow, for a column."""
        return QSize(_SMALLEST_WIDTH_PX, 20 * GRID_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap the words to the new width."""
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def changeEvent(self, event: QEvent) -> None:
        """Make room for letters of another size."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self.scheduleDelayedItemsLayout()

    def _cards(self) -> list[tuple[str, QListWidgetItem]]:
        items = [self.item(row) for row in range(self.count())]
        return [(it.data(_CARD_ROLE).key, it) for it in items if it.data(_CARD_ROLE) is not None]

    def _choose(self, key: str) -> None:
        self.setCurrentItem(dict(self._cards())[key])

    def _tell(self) -> None:
        key = self.current_key()
        if key != self._told_key:
            self._told_key = key
            self.keyChanged.emit(key)


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


class _CardDelegate(QStyledItemDelegate):
    def __init__(self, view: QListWidget) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(
        self, _option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        # No width of its own: a card is as wide as the list.
        width = self._view.viewport().width()
        if index.data(_CARD_ROLE) is None:
            words = index.data(Qt.ItemDataRole.DisplayRole)
            heading = wrapped(words, small_font(self._view.font()), 0, 0, width)
            above = 0 if index.row() == 0 else GRID_PX
            return QSize(0, heading.height() + above + GRID_PX // 2)
        layout = self._laid_out(index, QPoint(), width)
        return QSize(0, layout.frame.height() + _GAP_PX)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        card: OperationCard | None = index.data(_CARD_ROLE)
        theme = colors()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if card is None:
            painter.setFont(small_font(self._view.font()))
            painter.setPen(QColor(theme.muted))
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
            below = option.rect.adjusted(0, 0, 0, -GRID_PX // 4)
            painter.drawText(
                below, flags | Qt.TextFlag.TextWordWrap, index.data(Qt.ItemDataRole.DisplayRole)
            )
            painter.restore()
            return
        corner = option.rect.topLeft() + QPoint(0, _GAP_PX // 2)
        layout = self._laid_out(index, corner, option.rect.width())
        paint_frame(painter, layout.frame, option.state)
        _icon(card).paint(painter, layout.icon)
        for rect, font, color, text in (
            (layout.title, layout.title_font, theme.text, card.title),
            (layout.summary, self._view.font(), theme.text, card.summary),
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
        return _Layout(index.data(_CARD_ROLE), note, self._view.font(), corner, width)


def _icon(card: OperationCard) -> QIcon:
    try:
        return icon(card.icon)
    except FileNotFoundError:
        return icon(_UNKNOWN_ICON)  # A package cannot bring icons of its own.
