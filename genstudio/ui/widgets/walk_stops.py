"""The stops of a walk as a table: where, how long until the next, and how one goes there."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDoubleSpinBox,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
)

from genstudio.domain.language import tr, tr_noop
from genstudio.domain.places import Place
from genstudio.domain.walks import MOST_KEY_FRAMES, MOST_SECONDS, KeyFrame, Pace
from genstudio.ui.theme import GRID_PX
from genstudio.ui.widgets.number_boxes import DecimalBox
from genstudio.ui.widgets.pixels import image_from_pixels
from genstudio.ui.widgets.small import named_combo

_THUMBNAIL_PX = 6 * GRID_PX
_PACES: Final[dict[Pace, str]] = {
    "gentle": tr_noop("gently"),
    "steady": tr_noop("steadily"),
    "jump": tr_noop("at once"),
}
_PLACE, _SECONDS, _PACE = range(3)


class WalkStops(QTableWidget):
    """A row for each stop.

    Args:
        words_of: Describes a place.

    Signals:
        changed(): Other stops, or another order, time or pace.
    """

    changed = Signal()

    def __init__(self, words_of: Callable[[Place], str]) -> None:
        super().__init__(0, 3)
        self._words_of = words_of
        self._places: list[Place] = []
        self.setObjectName("walk.stops")
        self.setAccessibleName(tr("Key frames of the walk"))
        self.setHorizontalHeaderLabels([tr("Place"), tr("Seconds"), tr("To the next")])
        self.setIconSize(QSize(_THUMBNAIL_PX, _THUMBNAIL_PX))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.verticalHeader().setDefaultSectionSize(_THUMBNAIL_PX + GRID_PX)
        self.horizontalHeader().setSectionResizeMode(_PLACE, QHeaderView.ResizeMode.Stretch)

    def stops(self) -> tuple[KeyFrame, ...]:
        """All stops in order."""
        return tuple(
            KeyFrame(
                place=place,
                seconds=self._seconds_of(row).value(),
                pace=self._pace_of(row).currentData(),
            )
            for row, place in enumerate(self._places)
        )

    def set_stops(self, stops: Sequence[KeyFrame], icons: Sequence[QIcon] = ()) -> None:
        """Show others, with their pictures where there are some."""
        # Selections change while rows and places do not fit each other.
        with QSignalBlocker(self):
            self.setRowCount(0)
            self._places = []
            for stop in stops:
                self._append(stop)
            for row, shown in enumerate(icons):
                self._item(row).setIcon(shown)

    def add(self, place: Place, image_HWC: np.ndarray | None = None) -> None:
        """Add a stop at the end, as far as there may be more."""
        if len(self._places) >= MOST_KEY_FRAMES:
            return
        self._append(KeyFrame(place=place))
        row = len(self._places) - 1
        if image_HWC is not None:
            self.set_thumbnail(row, image_HWC)
        self.selectRow(row)
        self.changed.emit()

    def move_selected(self, step: int) -> None:
        """Move the selected stop so many places."""
        row = self.selected_row()
        if not 0 <= row < len(self._places) or not 0 <= row + step < len(self._places):
            return
        stops = list(self.stops())
        icons = [self._item(at).icon() for at in range(len(stops))]
        stops[row], stops[row + step] = stops[row + step], stops[row]
        icons[row], icons[row + step] = icons[row + step], icons[row]
        self.set_stops(stops, icons)
        self.selectRow(row + step)
        self.changed.emit()

    def take_out_selected(self) -> None:
        """Take the selected stop out."""
        row = self.selected_row()
        if 0 <= row < len(self._places):
            with QSignalBlocker(self):
                self._places.pop(row)
                self.removeRow(row)
            self.changed.emit()

    def set_thumbnail(self, row: int, image_HWC: np.ndarray) -> None:
        """Show what is seen at a stop; uint8 (height, width, channels)."""
        if 0 <= row < len(self._places):
            pixmap = QPixmap.fromImage(image_from_pixels(image_HWC))
            keep = Qt.AspectRatioMode.KeepAspectRatio
            smooth = Qt.TransformationMode.SmoothTransformation
            self._item(row).setIcon(QIcon(pixmap.scaled(self.iconSize(), keep, smooth)))

    def selected_row(self) -> int:
        """Of the selected stop; -1 for none."""
        rows = self.selectionModel().selectedRows()
        return rows[0].row() if rows else -1

    def _append(self, stop: KeyFrame) -> None:
        row = len(self._places)
        self._places.append(stop.place)
        self.insertRow(row)
        self.setItem(row, _PLACE, QTableWidgetItem(self._words_of(stop.place)))
        seconds = DecimalBox(0.1, MOST_SECONDS)
        seconds.setSingleStep(0.5)
        seconds.setValue(stop.seconds)
        seconds.setAccessibleName(tr("Seconds until the next"))
        seconds.valueChanged.connect(lambda _: self.changed.emit())
        pace = named_combo("walk.pace", tr("How one goes to the next"))
        for key, title in _PACES.items():
            pace.addItem(tr(title), key)
        pace.setCurrentIndex(list(_PACES).index(stop.pace))
        pace.currentIndexChanged.connect(lambda _: self.changed.emit())
        self.setCellWidget(row, _SECONDS, seconds)
        self.setCellWidget(row, _PACE, pace)
        self.resizeColumnToContents(_SECONDS)
        self.resizeColumnToContents(_PACE)

    def _item(self, row: int) -> QTableWidgetItem:
        item = self.item(row, _PLACE)
        assert item is not None, "each row has one"
        return item

    def _seconds_of(self, row: int) -> QDoubleSpinBox:
        box = self.cellWidget(row, _SECONDS)
        assert isinstance(box, QDoubleSpinBox)
        return box

    def _pace_of(self, row: int) -> QComboBox:
        box = self.cellWidget(row, _PACE)
        assert isinstance(box, QComboBox)
        return box
