"""The pictures of a folder as a list, each with its caption."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QStringListModel, Qt

from genstudio.domain.language import tr, tr_noop
from genstudio.ui.theme import colors

_Index = QModelIndex | QPersistentModelIndex
_NONE = tr_noop("no caption yet")


class CaptionItems(QStringListModel):
    """Names and captions; made when they are painted, so that there may be very many.

    The strings of the Qt model stay empty and it only counts the rows: a list asks for their
    number several times for each, which takes long where Python answers.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._captions: Mapping[str, str] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the pictures, in order."""
        return self._names

    def show_pictures(self, names: Sequence[str], captions: Mapping[str, str]) -> None:
        """Show other pictures."""
        self._names, self._captions = tuple(names), captions
        self.setStringList([""] * len(self._names))

    def show_captions(self, captions: Mapping[str, str]) -> None:
        """Show other captions of the same pictures."""
        self._captions = captions
        if self._names:
            self.dataChanged.emit(self.index(0), self.index(len(self._names) - 1))

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The caption of a picture, with its name as a hint."""
        name = self._names[index.row()]
        caption = self._captions.get(name, "")
        if role == Qt.ItemDataRole.DisplayRole:
            return caption or tr(_NONE)
        if role == Qt.ItemDataRole.ForegroundRole and not caption:
            return colors().muted
        if role == Qt.ItemDataRole.ToolTipRole:
            return name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{name}: {caption or tr(_NONE)}"
        return None
