"""What a grid of thumbnails shows, as a Qt model."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionRange,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QStringListModel,
    Qt,
    QUrl,
)

from genstudio.domain.language import tr


@dataclass(frozen=True, slots=True)
class GridItem:
    """How one picture of a grid is shown.

    Attributes:
        path: The file.
        caption: Said about it by tooltips and screen readers; by default the file's name.
        dimmed: Left out: shown faintly and struck through.
        badge: A word or some signs over a corner of the picture, such as "★★★".
    """

    path: Path
    caption: str = ""
    dimmed: bool = False
    badge: str = ""


# Of so many it takes longer to find the first and the last than to paint what is in view.
_MANY = 1000

Describe = Callable[[str], GridItem]


class GridItems(QStringListModel):
    """Keys of pictures in their order; what is shown of one is asked for when it is painted.

    To describe a hundred thousand that nobody sees would hold up the window. For the same
    reason the strings of the Qt model stay empty and it only counts the rows: a view asks for
    their number several times for each.
    """

    def __init__(self, describe: Describe, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._describe = describe
        self._keys: list[str] = []
        self._rows: dict[str, int] = {}

    def keys(self) -> list[str]:
        """All keys in their order."""
        return list(self._keys)

    def are(self, keys: Sequence[str]) -> bool:
        """Whether these are all keys, in this order."""
        return self._keys == list(keys)

    def key(self, row: int) -> str:
        """The key of a row."""
        return self._keys[row]

    def item(self, row: int) -> GridItem:
        """How the picture of a row is shown now."""
        return self._describe(self._keys[row])

    def index_of(self, key: str) -> QModelIndex:
        """Where a key is; invalid if it is not there."""
        return self.index(self._rows.get(key, -1))

    def keys_in(self, selection: QItemSelection) -> list[str]:
        """Keys of the selected items, in their order."""
        # Range by range: a hundred thousand single indexes would take seconds.
        ranges = [selection.at(number) for number in range(selection.size())]
        rows = [row for part in ranges for row in range(part.top(), part.bottom() + 1)]
        return [self._keys[row] for row in sorted(rows)]

    def selection_of(self, keys: Iterable[str]) -> QItemSelection:
        """A selection of the items that are here, neighbours as one range."""
        rows = sorted(self._rows[key] for key in keys if key in self._rows)
        selection = QItemSelection()
        for _, run in groupby(enumerate(rows), lambda pair: pair[1] - pair[0]):
            run_rows = [row for _, row in run]
            part = QItemSelectionRange(self.index(run_rows[0]), self.index(run_rows[-1]))
            selection.append(part)
        return selection

    def replace_all(self, keys: Iterable[str]) -> None:
        """Show other pictures."""
        self._keys = list(keys)
        self._number()
        self.setStringList([""] * len(self._keys))

    def insert(self, row: int, keys: Sequence[str]) -> None:
        """Add keys before a row."""
        if keys:
            self._keys[row:row] = keys
            self._number(row)
            self.insertRows(row, len(keys))

    def update(self, key: str) -> None:
        """Something else is to be shown of a picture; one that is not here is passed over."""
        index = self.index_of(key)
        if index.isValid():
            self.dataChanged.emit(index, index)

    def update_many(self, keys: Collection[str]) -> None:
        """Something else is to be shown of pictures; told in one go, for very many."""
        if len(keys) > _MANY:
            rows = [0, len(self._keys) - 1] if self._keys else []
        else:
            rows = [self._rows[key] for key in keys if key in self._rows]
        if rows:
            self.dataChanged.emit(self.index(min(rows)), self.index(max(rows)))

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """The files of some pictures, for other programs."""
        data = QMimeData()
        paths = [self.item(index.row()).path for index in indexes]
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        return data

    def supportedDragActions(self) -> Qt.DropAction:
        """Other programs get copies: what is dragged out stays."""
        return Qt.DropAction.CopyAction

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Words about an item, for those who cannot see it or rest the pointer on it."""
        item = self.item(index.row())
        words = item.caption or item.path.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return words
        if role == Qt.ItemDataRole.AccessibleTextRole:
            parts = (words, item.badge, tr("excluded") if item.dimmed else "")
            return ", ".join(part for part in parts if part)
        return None

    def _number(self, first: int = 0) -> None:
        if first == 0:
            self._rows.clear()
        self._rows.update({key: row for row, key in enumerate(self._keys[first:], first)})
