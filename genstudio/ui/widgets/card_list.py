"""A list of cards, one of them chosen: what the lists of models and of operations share."""

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QWidget,
)

from genstudio.ui.theme import GRID_PX

GAP_PX = GRID_PX
SMALLEST_WIDTH_PX = 200
CARD_ROLE = Qt.ItemDataRole.UserRole
# From here on, roles are those of a list's own.
FIRST_FREE_ROLE = CARD_ROLE + 1


class Card(Protocol):
    """What a card shows; a row without one is a heading."""

    @property
    def key(self) -> str:
        """It is chosen by this."""
        ...

    @property
    def title(self) -> str:
        """Its name on the screen."""
        ...


class CardList(QListWidget):
    """Cards under each other, with or without headings, one of them chosen.

    A list of one kind of cards says how they are painted and read aloud.

    Args:
        what: What a card is called in errors, such as "model".
        parent: The widget that it stands in.

    Signals:
        keyChanged(str): Another card is chosen.
    """

    keyChanged = Signal(str)

    def __init__(self, what: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._what = what
        self._emitted_key = ""
        self._looked_for = ""
        # The cards have frames of their own, which also say where the focus is.
        self.setStyleSheet(f"{type(self).__name__} {{ background: transparent; border: none; }}")
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.currentItemChanged.connect(self._emit_key)

    def fill(self, groups: Sequence[tuple[str, Sequence[Card]]]) -> None:
        """Show groups of cards; what was chosen stays so if it is among them, else the first is.

        Args:
            groups: Heading of each group, which may be empty, and its cards.
        """
        chosen = self.current_key()
        self.blockSignals(True)
        self.clear()
        for heading, members in groups:
            if heading:
                QListWidgetItem(heading, self).setFlags(Qt.ItemFlag.NoItemFlags)
            for card in members:
                item = QListWidgetItem(card.title, self)
                item.setData(CARD_ROLE, card)
                self.describe(item)
        keys = [key for key, _ in self.cards()]
        if keys:
            self._choose(chosen if chosen in keys else keys[0])
        self.blockSignals(False)
        self._emit_key()
        self.look_for(self._looked_for)
        self.fit()

    def look_for(self, text: str) -> None:
        """Show only cards with all these words on them, and headings of such; empty shows all."""
        self._looked_for = text
        words = text.casefold().split()
        heading: QListWidgetItem | None = None
        for row in range(self.count()):
            item = self.item(row)
            if item.data(CARD_ROLE) is None:
                heading = item
                item.setHidden(bool(words))
                continue
            said = f"{item.text()} {item.data(Qt.ItemDataRole.AccessibleTextRole)}".casefold()
            is_found = all(word in said for word in words)
            item.setHidden(not is_found)
            if is_found and heading is not None:
                heading.setHidden(False)

    def describe(self, item: QListWidgetItem) -> None:
        """Give an item with a card its words for screen readers, and its tooltip."""
        raise NotImplementedError

    def fit(self) -> None:
        """Lay the cards out anew, for other words, widths or letters."""
        self.scheduleDelayedItemsLayout()

    def cards(self) -> list[tuple[str, QListWidgetItem]]:
        """Key and item of each card, without headings."""
        items = [self.item(row) for row in range(self.count())]
        return [(it.data(CARD_ROLE).key, it) for it in items if it.data(CARD_ROLE) is not None]

    def current_key(self) -> str:
        """Key of the chosen card; empty if there is none to choose."""
        item = self.currentItem()
        card = item.data(CARD_ROLE) if item else None
        return card.key if card else ""

    def select(self, key: str) -> None:
        """Choose a card.

        Raises:
            KeyError: There is no such card.
        """
        keys = [known for known, _ in self.cards()]
        if key not in keys:
            raise KeyError(f"No {self._what} “{key}”; there are: {', '.join(keys) or 'none'}")
        self._choose(key)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap the words to the new width."""
        super().resizeEvent(event)
        self.fit()

    def changeEvent(self, event: QEvent) -> None:
        """Make room for letters of another size."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self.fit()

    def _choose(self, key: str) -> None:
        self.setCurrentItem(dict(self.cards())[key])

    def _emit_key(self) -> None:
        key = self.current_key()
        if key != self._emitted_key:
            self._emitted_key = key
            self.keyChanged.emit(key)


class CardDelegate(QStyledItemDelegate):
    """Paints the items of one list."""

    def __init__(self, view: CardList) -> None:
        super().__init__(view)
        self.view = view

    @staticmethod
    def size(height: int) -> QSize:
        """Size of a card of so much height: no width of its own, it is as wide as the list."""
        return QSize(0, height + GAP_PX)
