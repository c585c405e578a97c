"""Cards to choose an architecture from: what it is for, how long it takes, what it needs."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from genstudio.domain.cards import ModelCard
from genstudio.ui.theme import GRID_PX, colors
from genstudio.ui.widgets.card_painting import (
    PADDING_PX,
    WRAPPED,
    paint_frame,
    small_font,
    title_font,
    wrapped,
)

_CHIP_PADDING_PX = 6
_GAP_PX = GRID_PX
_SMALLEST_WIDTH_PX = 200
_CARD_ROLE = Qt.ItemDataRole.UserRole
_SUGGESTED_ROLE = _CARD_ROLE + 1
_WHY_NOT_ROLE = _CARD_ROLE + 2
_SUGGESTED = "Suggested"
# The cards have frames of their own, which also say where the focus is.
_STYLE = "ModelCards { background: transparent; border: none; }"


class ModelCards(QListWidget):
    """One card under the other, one of them chosen; as high as all of them.

    Signals:
        keyChanged(str): Another card is chosen.
    """

    keyChanged = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._told_key = ""
        self._suggested = ""
        self.setItemDelegate(_CardDelegate(self))
        self.setStyleSheet(_STYLE)
        self.setAccessibleName("Model")
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.currentItemChanged.connect(self._tell)

    def set_cards(self, cards: Sequence[ModelCard]) -> None:
        """Offer these; what was chosen stays so if it is among them, else the first is."""
        keys = [card.key for card in cards]
        chosen = self.current_key()
        self.blockSignals(True)
        self.clear()
        for card in cards:
            item = QListWidgetItem(card.title, self)
            item.setData(_CARD_ROLE, card)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, _in_words(card))
            item.setToolTip(card.paper)
        self.setCurrentRow(keys.index(chosen) if chosen in keys else 0)
        self.blockSignals(False)
        self._tell()
        self._fit()

    def set_suggested(self, key: str, why: str) -> None:
        """Mark one as the one to begin with.

        Args:
            key: Of the card; empty for none.
            why: A sentence, for its tooltip and for screen readers.
        """
        self._suggested = key
        for row in range(self.count()):
            item = self.item(row)
            card: ModelCard = item.data(_CARD_ROLE)
            is_it = card.key == key
            item.setData(_SUGGESTED_ROLE, is_it)
            words = f"{_in_words(card)} {why}" if is_it else _in_words(card)
            words = f"{words} {item.data(_WHY_NOT_ROLE) or ''}".strip()
            item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
            item.setToolTip(f"{why}\n{card.paper}" if is_it else card.paper)

    def set_unfit(self, reasons: Mapping[str, str]) -> None:
        """Say on some cards why they cannot be used now, by their keys; they can still be read."""
        for row in range(self.count()):
            item = self.item(row)
            item.setData(_WHY_NOT_ROLE, reasons.get(item.data(_CARD_ROLE).key, ""))
        self._fit()

    def suggested_key(self) -> str:
        """Key of the card to begin with; empty if none is marked."""
        return self._suggested

    def current_key(self) -> str:
        """Key of the chosen card; empty if there is none to choose."""
        item = self.currentItem()
        return item.data(_CARD_ROLE).key if item else ""

    def select(self, key: str) -> None:
        """Choose a card.

        Raises:
            KeyError: There is no such card.
        """
        keys = [self.item(row).data(_CARD_ROLE).key for row in range(self.count())]
        if key not in keys:
            raise KeyError(f"No model “{key}”; there are: {', '.join(keys) or 'none'}")
        self.setCurrentRow(keys.index(key))

    def minimumSizeHint(self) -> QSize:
        """Narrow, for a column of controls; the height is that of the cards."""
        return QSize(_SMALLEST_WIDTH_PX, self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap the words to the new width."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Make room for letters of another size."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self._fit()

    def _fit(self) -> None:
        self.scheduleDelayedItemsLayout()
        cards = sum(self.sizeHintForRow(row) for row in range(self.count()))
        self.setFixedHeight(cards + 2 * self.frameWidth())

    def _tell(self) -> None:
        key = self.current_key()
        if key != self._told_key:
            self._told_key = key
            self.keyChanged.emit(key)


def _in_words(card: ModelCard) -> str:
    return f"{card.title}, {card.family}. {card.summary} {card.cost}. {card.needs}."


class _Layout:
    """Where the parts of a card are, for a width and a font."""

    def __init__(
        self, card: ModelCard, why_not: str, font: QFont, corner: QPoint, width: int
    ) -> None:
        self.title_font = title_font(font)
        self.summary_font = font
        self.small_font = small_font(font)
        self.facts_text = f"{card.cost}\N{NO-BREAK SPACE}· {card.needs}"
        small = QFontMetrics(self.small_font)
        left, top = corner.x() + PADDING_PX, corner.y() + PADDING_PX
        room = width - 2 * PADDING_PX
        chip_width = small.horizontalAdvance(card.family) + 2 * _CHIP_PADDING_PX
        self.chip = QRect(left + room - chip_width, top, chip_width, small.height() + 2)
        # Its room is kept on every card: no title wraps anew when another card is suggested.
        mark_width = small.horizontalAdvance(_SUGGESTED) + 2 * _CHIP_PADDING_PX
        self.suggested = QRect(
            self.chip.left() - mark_width - GRID_PX // 2, top, mark_width, self.chip.height()
        )
        title_room = self.suggested.left() - left - GRID_PX
        self.title = wrapped(card.title, self.title_font, left, top, title_room)
        top = max(self.title.bottom(), self.chip.bottom()) + GRID_PX // 2
        self.summary = wrapped(card.summary, font, left, top, room)
        top = self.summary.bottom() + GRID_PX - 2
        self.facts = wrapped(self.facts_text, self.small_font, left, top, room)
        self.why_not = QRect(left, self.facts.bottom(), room, 0)
        if why_not:
            top = self.facts.bottom() + GRID_PX - 2
            self.why_not = wrapped(why_not, self.small_font, left, top, room)
        bottom = self.why_not.bottom() + PADDING_PX
        self.frame = QRect(corner, QPoint(corner.x() + width - 1, bottom))


class _CardDelegate(QStyledItemDelegate):
    def __init__(self, view: QListWidget) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(
        self, _option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        width = self._view.maximumViewportSize().width()
        layout = self._laid_out(index, QPoint(), width)
        # No width of its own: a card is as wide as the list.
        return QSize(0, layout.frame.height() + _GAP_PX)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        card: ModelCard = index.data(_CARD_ROLE)
        corner = option.rect.topLeft() + QPoint(0, _GAP_PX // 2)
        layout = self._laid_out(index, corner, option.rect.width())
        why_not = index.data(_WHY_NOT_ROLE) or ""
        theme = colors()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_frame(painter, layout.frame, option.state)
        painter.setPen(QColor(theme.border))
        painter.setBrush(QColor(theme.panel))
        painter.drawRoundedRect(QRectF(layout.chip).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        if index.data(_SUGGESTED_ROLE):
            painter.setPen(QColor(theme.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(layout.suggested).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            painter.setFont(layout.small_font)
            painter.drawText(layout.suggested, Qt.AlignmentFlag.AlignCenter, _SUGGESTED)
        usual = "muted" if why_not else "text"
        for rect, flags, font, color, text in (
            (layout.chip, Qt.AlignmentFlag.AlignCenter, layout.small_font, "muted", card.family),
            (layout.title, WRAPPED, layout.title_font, usual, card.title),
            (layout.summary, WRAPPED, layout.summary_font, usual, card.summary),
            (layout.facts, WRAPPED, layout.small_font, "muted", layout.facts_text),
            (layout.why_not, WRAPPED, layout.small_font, "warning", why_not),
        ):
            painter.setFont(font)
            painter.setPen(QColor(getattr(theme, color)))
            painter.drawText(rect, flags, text)
        painter.restore()

    def _laid_out(
        self, index: QModelIndex | QPersistentModelIndex, corner: QPoint, width: int
    ) -> _Layout:
        why_not = index.data(_WHY_NOT_ROLE) or ""
        return _Layout(index.data(_CARD_ROLE), why_not, self._view.font(), corner, width)
