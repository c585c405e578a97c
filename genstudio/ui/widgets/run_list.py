"""A list of runs with check boxes, each with a small picture of what it paints."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QMouseEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget

from genstudio.domain.language import tr
from genstudio.services import studio
from genstudio.ui.theme import GRID_PX
from genstudio.ui.widgets.thumbnail_loader import ThumbnailLoader

_PICTURE_PX = 7 * GRID_PX
_CHOSEN_AT_FIRST = 2
_PATH = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run as the list shows it.

    Attributes:
        path: Its folder.
        title: Its architecture.
        details: When it was begun, how far it came.
        preview: A sheet of samples; None if there is none.
        picture_px: Side of the samples on it.
        why_not: Why it cannot be chosen; empty if it can.
        material: What it learned from: runs of one are set side by side.
    """

    path: Path
    title: str
    details: str
    preview: Path | None
    picture_px: int
    why_not: str = ""
    material: str = ""


class RunList(QListWidget):
    """Runs to choose from: arrows move, Space or a click checks and unchecks.

    Signals:
        chosen_changed(): Other runs are checked.
    """

    chosen_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[RunRow, ...] = ()
        self._pressed: tuple[QListWidgetItem, Qt.CheckState] | None = None
        self._is_filling = False
        self._loader = ThumbnailLoader(self._load, self)
        self._loader.loaded.connect(self._on_loaded)
        self.destroyed.connect(self._loader.stop)
        self.setAccessibleName(tr("Runs to compare"))
        self.setAccessibleDescription(tr("Space checks and unchecks a run"))
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setIconSize(QSize(_PICTURE_PX, _PICTURE_PX))
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.itemChanged.connect(self._on_item_changed)
        self.itemClicked.connect(self._on_clicked)

    def set_rows(self, rows: Sequence[RunRow]) -> None:
        """Show other runs; those that are checked stay so. At first, the upper two of a kind."""
        if tuple(rows) == self._rows:
            return
        before = self.chosen()
        chosen = set(self.chosen()) if self._rows else _first(rows)
        self._is_filling = True
        if [row.path for row in rows] == [row.path for row in self._rows]:
            for at, row in enumerate(rows):
                self._fill(self.item(at), row, chosen)
        else:
            self.clear()
            for row in rows:
                item = QListWidgetItem()
                self.addItem(item)
                self._fill(item, row, chosen)
        self._rows = tuple(rows)
        self._is_filling = False
        self._want_pictures()
        if self.chosen() != before:
            self.chosen_changed.emit()

    def chosen(self) -> list[Path]:
        """The runs that are checked, from top to bottom."""
        items = (self.item(at) for at in range(self.count()))
        return [item.data(_PATH) for item in items if item.checkState() == Qt.CheckState.Checked]

    def choose(self, runs: Sequence[Path]) -> None:
        """Check these runs and no others."""
        for at, row in enumerate(self._rows):
            if not row.why_not:
                self.item(at).setCheckState(_state(row.path in runs))

    def shutdown(self) -> None:
        """Stop loading and wait until its thread has ended."""
        self._loader.stop()

    def showEvent(self, event: QShowEvent) -> None:
        """See whether the pictures are still those of the files."""
        super().showEvent(event)
        self._want_pictures()

    def _want_pictures(self) -> None:
        self._loader.want([row.preview for row in self._rows if row.preview], _PICTURE_PX * 2)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember how a run stood, for its box may take the click itself."""
        item = self.itemAt(event.position().toPoint())
        self._pressed = (item, item.checkState()) if item is not None else None
        super().mousePressEvent(event)

    def sizeHint(self) -> QSize:
        """Room for some runs."""
        return QSize(36 * GRID_PX, 40 * GRID_PX)

    def _fill(self, item: QListWidgetItem, row: RunRow, chosen: set[Path]) -> None:
        item.setData(_PATH, row.path)
        item.setText(f"{row.title}\n{row.details}")
        item.setToolTip(row.why_not or f"{row.title}\n{row.details}\n{row.path.name}")
        words = f"{row.title}, {row.details}"
        item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
        item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, row.why_not)
        flags = Qt.ItemFlag.ItemIsUserCheckable
        item.setFlags(flags if row.why_not else flags | Qt.ItemFlag.ItemIsEnabled)
        item.setCheckState(_state(row.path in chosen and not row.why_not))
        self._paint(item, row)

    def _paint(self, item: QListWidgetItem, row: RunRow) -> None:
        loaded = self._loader.thumbnail(row.preview) if row.preview else None
        if loaded is not None and not loaded.pixmap.isNull():
            item.setIcon(QIcon(loaded.pixmap))

    def _load(self, path: Path, side_px: int) -> np.ndarray:
        sizes = {row.preview: row.picture_px for row in self._rows}
        return studio.sheet_corner(path, side_px, picture_px=sizes.get(path, side_px))

    def _on_loaded(self, path: Path) -> None:
        for at, row in enumerate(self._rows):
            if row.preview == path:
                self._is_filling = True
                self._paint(self.item(at), row)
                self._is_filling = False

    def _on_clicked(self, item: QListWidgetItem) -> None:
        if self._pressed == (item, item.checkState()):
            item.setCheckState(_state(item.checkState() != Qt.CheckState.Checked))
        self._pressed = None

    def _on_item_changed(self) -> None:
        if not self._is_filling:
            self.chosen_changed.emit()


def _first(rows: Sequence[RunRow]) -> set[Path]:
    usable = [row for row in rows if not row.why_not]
    alike = [row.path for row in usable if row.material == usable[0].material]
    return set(alike[:_CHOSEN_AT_FIRST])


def _state(is_checked: object) -> Qt.CheckState:
    return Qt.CheckState.Checked if is_checked else Qt.CheckState.Unchecked
