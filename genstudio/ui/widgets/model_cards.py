"""Cards to choose an architecture from: what it is for, how long it takes, what it needs."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QStyleOptionViewItem,
    QWidget,
)

from genstudio.domain.cards import ModelCard
from genstudio.domain.language import tr, tr_noop, trn
from genstudio.ui.theme import GRID_PX, colors, mark
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

_CHIP_PADDING_PX = 6
_SUGGESTED_ROLE = FIRST_FREE_ROLE
_WHY_NOT_ROLE = FIRST_FREE_ROLE + 1
_WHY_ROLE = FIRST_FREE_ROLE + 2
_SUGGESTED = tr_noop("Suggested")


class ModelCards(CardList):
    """Architectures; as high as all of their cards.

    Signals:
        unfit_changed(): Others can be used now, or others are shown.
    """

    unfit_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("model", parent)
        self._suggested = ""
        self._shows_unfit = False
        self._offered: Sequence[ModelCard] = ()
        self.setItemDelegate(_CardDelegate(self))
        self.keyChanged.connect(self._hide_unfit)
        self.setAccessibleName(tr("Model"))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_cards(self, cards: Sequence[ModelCard]) -> None:
        """Offer these; what was chosen stays so if it is among them, else the first is."""
        self._offered = tuple(cards)
        self.fill([("", cards)])

    def describe(self, item: QListWidgetItem) -> None:
        """Read a card aloud with why it is suggested and why it cannot be used."""
        card: ModelCard = item.data(CARD_ROLE)
        why, why_not = (item.data(role) or "" for role in (_WHY_ROLE, _WHY_NOT_ROLE))
        words = " ".join(part for part in (_in_words(card), why, why_not) if part)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
        item.setToolTip(f"{why}\n{card.paper}" if why else card.paper)

    def set_suggested(self, key: str, why: str) -> None:
        """Mark one as the one to begin with.

        Args:
            key: Of the card; empty for none.
            why: A sentence, for its tooltip and for screen readers.
        """
        self._suggested = key
        for own, item in self.cards():
            item.setData(_SUGGESTED_ROLE, own == key)
            item.setData(_WHY_ROLE, why if own == key else "")
            self.describe(item)

    def set_unfit(self, reasons: Mapping[str, str]) -> None:
        """Say on some cards why they cannot be used now, by their keys; they can still be read.

        Those that can be used come first.
        """
        ordered = sorted(self._offered, key=lambda card: card.key in reasons)
        if [card.key for card in ordered] != [key for key, _ in self.cards()]:
            self.fill([("", ordered)])
            for key, item in self.cards():
                item.setData(_SUGGESTED_ROLE, key == self._suggested)
        for key, item in self.cards():
            item.setData(_WHY_NOT_ROLE, reasons.get(key, ""))
            self.describe(item)
        self._hide_unfit()

    def num_unfit(self) -> int:
        """How many cannot be used now, without the one that is chosen."""
        return sum(self._is_foldable(key, item) for key, item in self.cards())

    def _is_foldable(self, key: str, item: QListWidgetItem) -> bool:
        return bool(item.data(_WHY_NOT_ROLE)) and key != self.current_key()

    def show_unfit(self, is_shown: bool) -> None:
        """Show those that cannot be used now as well; the one that is chosen always shows."""
        self._shows_unfit = is_shown
        self._hide_unfit()

    def _hide_unfit(self) -> None:
        for key, item in self.cards():
            item.setHidden(self._is_foldable(key, item) and not self._shows_unfit)
        self.fit()
        self.unfit_changed.emit()

    def suggested_key(self) -> str:
        """Key of the card to begin with; empty if none is marked."""
        return self._suggested

    def minimumSizeHint(self) -> QSize:
        """Narrow, for a column of controls; the height is that of the cards."""
        return QSize(SMALLEST_WIDTH_PX, self.minimumHeight())

    def fit(self) -> None:
        """Be as high as all cards."""
        super().fit()
        rows = range(self.count())
        cards = sum(self.sizeHintForRow(row) for row in rows if not self.isRowHidden(row))
        self.setFixedHeight(cards + 2 * self.frameWidth())


class UnfitButton(QPushButton):
    """Shows the cards that cannot be used now, and hides them again; gone where there are none.

    Args:
        cards: The cards.
        parent: Qt parent.
    """

    def __init__(self, cards: ModelCards, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards = cards
        mark(self, flat=True)
        self.setCheckable(True)
        self.toggled.connect(cards.show_unfit)
        cards.unfit_changed.connect(self._update)
        self._update()

    def _update(self) -> None:
        count = self._cards.num_unfit()
        self.setVisible(count > 0)
        words = (
            trn("Hide {number} for other material", "Hide {number} for other material", count)
            if self.isChecked()
            else trn(
                "{number} more, for other material", "{number} more, for other material", count
            )
        )
        self.setText(words)
        self.setAccessibleName(words)


def _in_words(card: ModelCard) -> str:
    return f"{card.title}, {tr(card.family)}. {card.summary} {card.cost}. {card.needs}."


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
        chip_width = small.horizontalAdvance(tr(card.family)) + 2 * _CHIP_PADDING_PX
        self.chip = QRect(left + room - chip_width, top, chip_width, small.height() + 2)
        # Its room is kept on every card: no title wraps anew when another card is suggested.
        mark_width = small.horizontalAdvance(tr(_SUGGESTED)) + 2 * _CHIP_PADDING_PX
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


class _CardDelegate(CardDelegate):
    def sizeHint(
        self, _option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        width = self.view.maximumViewportSize().width()
        layout = self._laid_out(index, QPoint(), width)
        return self.size(layout.frame.height())

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        card: ModelCard = index.data(CARD_ROLE)
        corner = option.rect.topLeft() + QPoint(0, GAP_PX // 2)
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
            painter.drawText(layout.suggested, Qt.AlignmentFlag.AlignCenter, tr(_SUGGESTED))
        usual = "muted" if why_not else "text"
        for rect, flags, font, color, text in (
            (
                layout.chip,
                Qt.AlignmentFlag.AlignCenter,
                layout.small_font,
                "muted",
                tr(card.family),
            ),
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
        return _Layout(index.data(CARD_ROLE), why_not, self.view.font(), corner, width)
