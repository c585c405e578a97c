"""The checkpoints of a run as rows of a Qt model, and what each is known by."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from genstudio.domain.runs import CheckpointInfo
from genstudio.ui.run_words import checkpoint_details, checkpoint_title

_Index = QModelIndex | QPersistentModelIndex


class CheckpointItems(QAbstractListModel):
    """Checkpoints in order of their steps."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._items: tuple[CheckpointInfo, ...] = ()

    def items(self) -> tuple[CheckpointInfo, ...]:
        """All of them."""
        return self._items

    def replace_all(self, items: Sequence[CheckpointInfo]) -> None:
        """Hold others."""
        self.beginResetModel()
        self._items = tuple(items)
        self.endResetModel()

    def index_of(self, path: Path | None) -> QModelIndex:
        """Where the checkpoint of a folder is; invalid if it is not there."""
        rows = (row for row, item in enumerate(self._items) if item.path == path)
        return self.index(next(rows, -1))

    def at(self, index: _Index) -> CheckpointInfo | None:
        """The checkpoint of a row."""
        return self._items[index.row()] if index.isValid() else None

    def rowCount(self, parent: _Index | None = None) -> int:
        """How many there are."""
        return 0 if parent is not None and parent.isValid() else len(self._items)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words about a checkpoint, for those who cannot see it or rest the pointer on it."""
        checkpoint = self.at(index)
        if checkpoint is None:
            return None
        if role == Qt.ItemDataRole.ToolTipRole:
            return checkpoint_details(checkpoint)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return checkpoint_title(checkpoint)
        return None
