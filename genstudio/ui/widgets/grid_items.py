"""What a grid of thumbnails shows, as a Qt model."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QItemSelection,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QStringListModel,
    Qt,
)


@dataclass(frozen=True, slots=True)
class GridItem:
    """One picture in a grid.

    Attributes:
        key: Path of the picture, relative to the folder or whole; no two items have the same.
        folder: Where it is.
        caption: Said about it by tooltips and screen readers; by default the file's name.
        dimmed: Left out: shown faintly and struck through.
        badge: A word or some signs over a corner of the picture, such as "★★★".
    """

    key: str
    folder: Path
    caption: str = ""
    dimmed: bool = False
    badge: str = ""

    @property
    def path(self) -> Path:
        """The file; made when it is asked for, since a hundred thousand take half a second."""
        return self.folder / self.key


class GridItems(QStringListModel):
    """A list of items that are also found by key; the delegate asks for items directly.

    The strings of the Qt model stay empty. It counts the rows: a view asks for their number
    several times for each, and a hundred thousand calls of Python would hold up the window.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items: list[GridItem] = []
        self._rows: dict[str, int] = {}

    def items(self) -> list[GridItem]:
        """All items in their order."""
        return list(self._items)

    def item(self, row: int) -> GridItem:
        """The item of a row."""
        return self._items[row]

    def index_of(self, key: str) -> QModelIndex:
        """Where an item is; invalid if it is not there."""
        return self.index(self._rows.get(key, -1))

    def keys_in(self, selection: QItemSelection) -> list[str]:
        """Keys of the selected items, in their order."""
        # Range by range: a hundred thousand single indexes would take seconds.
        ranges = [selection.at(number) for number in range(selection.size())]
        rows = [row for part in ranges for row in range(part.top(), part.bottom() + 1)]
        return [self._items[row].key for row in sorted(rows)]

    def selection_of(self, keys: Iterable[str]) -> QItemSelection:
        """A selection of the items that are here, neighbours as one range."""
        rows = sorted(self._rows[key] for key in keys if key in self._rows)
        selection = QItemSelection()
        for _, run in groupby(enumerate(rows), lambda pair: pair[1] - pair[0]):
            run_rows = [row for _, row in run]
            selection.select(self.index(run_rows[0]), self.index(run_rows[-1]))
        return selection

    def replace_all(self, items: Sequence[GridItem]) -> None:
        """Show other items; where only what is said of them is another, nothing moves."""
        are_same = len(items) == len(self._items) and all(
            item.key == known.key for item, known in zip(items, self._items, strict=True)
        )
        self._items = list(items)
        if are_same and items:
            self.dataChanged.emit(self.index(0), self.index(len(items) - 1))
            return
        self._number()
        self.setStringList([""] * len(self._items))

    def insert(self, row: int, items: Sequence[GridItem]) -> None:
        """Add items before a row."""
        if items:
            self._items[row:row] = items
            self._number(row)
            self.insertRows(row, len(items))

    def update(self, item: GridItem) -> None:
        """Show the item of that key differently; one that is not here is passed over."""
        index = self.index_of(item.key)
        if index.isValid():
            self._items[index.row()] = item
            self.dataChanged.emit(index, index)

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Words about an item, for those who cannot see it or rest the pointer on it."""
        item = self._items[index.row()]
        words = item.caption or item.path.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return words
        if role == Qt.ItemDataRole.AccessibleTextRole:
            parts = (words, item.badge, "excluded" if item.dimmed else "")
            return ", ".join(part for part in parts if part)
        return None

    def _number(self, first: int = 0) -> None:
        if first == 0:
            self._rows.clear()
        self._rows.update({item.key: row for row, item in enumerate(self._items[first:], first)})
