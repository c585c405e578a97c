"""A grid of pictures known by their seeds, which can be dragged to where they are wanted."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QByteArray, QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget

from genstudio.domain.language import tr
from genstudio.ui.widgets.pixels import image_from_pixels
from genstudio.ui.widgets.plane_pad import SEED_MIME

_SIDE_PX = 72
_GAP_PX = 4
_SEED_ROLE = Qt.ItemDataRole.UserRole


class SeedGrid(QListWidget):
    """Pictures of seeds.

    Signals:
        seed_activated(object): A seed was double-clicked, or Enter was pressed on it.
    """

    seed_activated = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: dict[int, QListWidgetItem] = {}
        self.setViewMode(QListWidget.ViewMode.IconMode)
        self.setIconSize(QSize(_SIDE_PX, _SIDE_PX))
        self.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.setMovement(QListWidget.Movement.Static)
        self.setUniformItemSizes(True)
        self.setGridSize(QSize(_SIDE_PX + 2 * _GAP_PX, _SIDE_PX + 2 * _GAP_PX))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.itemActivated.connect(self._on_activated)

    def seeds(self) -> list[int]:
        """What is shown, in order."""
        return list(self._items)

    def show_seeds(self, seeds: Sequence[int]) -> None:
        """Show other seeds; their pictures come with :meth:`show_seed`."""
        self.clear()
        self._items = {}
        empty = QPixmap(_SIDE_PX, _SIDE_PX)
        empty.fill(Qt.GlobalColor.transparent)
        for seed in seeds:
            item = QListWidgetItem(QIcon(empty), "")
            item.setData(_SEED_ROLE, seed)
            item.setToolTip(tr("Seed {seed}", seed=seed))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, tr("Seed {seed}", seed=seed))
            self._items[seed] = item
            self.addItem(item)
        if seeds:
            self.setCurrentRow(0)

    def show_seed(self, seed: int, image_HWC: np.ndarray) -> None:
        """Show the picture of a seed: uint8 (height, width, 3 or 4)."""
        item = self._items.get(seed)
        if item is not None:
            pixmap = QPixmap.fromImage(image_from_pixels(image_HWC)).scaled(
                self.iconSize(), Qt.AspectRatioMode.KeepAspectRatio
            )
            shown = QIcon(pixmap)
            # Tinted, a chosen picture would not be the picture.
            shown.addPixmap(pixmap, QIcon.Mode.Selected)
            item.setIcon(shown)

    def current_seed(self) -> int | None:
        """The one that the keyboard acts on."""
        item = self.currentItem()
        return None if item is None else int(item.data(_SEED_ROLE))

    def mimeData(self, items: Sequence[QListWidgetItem]) -> QMimeData:
        """A seed travels as its number."""
        data = QMimeData()
        if items:
            data.setData(SEED_MIME, QByteArray(str(items[0].data(_SEED_ROLE)).encode()))
        return data

    def _on_activated(self, item: QListWidgetItem) -> None:
        self.seed_activated.emit(int(item.data(_SEED_ROLE)))
