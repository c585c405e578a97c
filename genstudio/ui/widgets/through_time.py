"""Looks closer at how a run came about: one seed through time, and two points side by side."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from genstudio.data.decode import UnreadablePictureError
from genstudio.domain.language import tr
from genstudio.services import studio
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.before_after import BeforeAfterView
from genstudio.ui.widgets.pixels import image_from_pixels
from genstudio.ui.widgets.small import named_combo

_SIZE = QSize(118 * GRID_PX, 80 * GRID_PX)
_SHOWN_PX = 144
_GAP_PX = 2
# So many are told apart at a glance; of more, these are spread over the run.
_MOST_SHOWN = 60

Previews = Sequence[tuple[int, Path]]


def cell_of(sheet_HWC: np.ndarray, picture_px: int, number: int) -> np.ndarray | None:
    """One picture of a sheet of previews; None if the sheet has no such picture.

    Args:
        sheet_HWC: uint8 of shape (height, width, 3): pictures with lines of two pixels between.
        picture_px: Side of each.
        number: Which, from 0, along the rows.
    """
    pitch = picture_px + _GAP_PX
    rows, columns = (sheet_HWC.shape[0] - _GAP_PX) // pitch, (sheet_HWC.shape[1] - _GAP_PX) // pitch
    if columns < 1 or not 0 <= number < rows * columns:
        return None
    top, left = _GAP_PX + number // columns * pitch, _GAP_PX + number % columns * pitch
    return sheet_HWC[top : top + picture_px, left : left + picture_px]


def count_of(sheet_HWC: np.ndarray, picture_px: int) -> int:
    """How many pictures a sheet has room for."""
    pitch = picture_px + _GAP_PX
    rows, columns = ((side - _GAP_PX) // pitch for side in sheet_HWC.shape[:2])
    return rows * columns


class SeedThroughTime(QDialog):
    """The same place of all previews: how one picture came about.

    Args:
        window: Where it is shown.
        previews: Step and file of each.
        picture_px: Side of the pictures on them.
    """

    def __init__(self, window: QWidget, previews: Previews, picture_px: int) -> None:
        super().__init__(window)
        self.setObjectName("dialog.seed")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("One seed through time"))
        self._picture_px = picture_px
        step = -(-len(previews) // _MOST_SHOWN)
        chosen = [*previews[:: max(1, step)]]
        if previews and chosen[-1] != previews[-1]:
            chosen.append(previews[-1])
        read = [(number, _read(path)) for number, path in chosen]
        self._sheets = [(number, sheet) for number, sheet in read if sheet is not None]
        count = count_of(self._sheets[-1][1], picture_px) if self._sheets else 1
        self._seed = QSpinBox()
        self._seed.setObjectName("seed.number")
        self._seed.setAccessibleName(tr("Which picture of the sheet"))
        self._seed.setRange(1, max(1, count))
        self._seed.valueChanged.connect(self._show)
        self._list = QListWidget()
        self._list.setObjectName("seed.pictures")
        self._list.setAccessibleName(tr("The picture at each step"))
        self._list.setViewMode(QListWidget.ViewMode.IconMode)
        self._list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self._list.setMovement(QListWidget.Movement.Static)
        self._list.setIconSize(QSize(_SHOWN_PX, _SHOWN_PX))
        self._list.setSpacing(GRID_PX // 2)
        title = QLabel(tr("Picture of the sheet"))
        title.setBuddy(self._seed)
        row = QHBoxLayout()
        row.addWidget(title)
        row.addWidget(self._seed)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setSpacing(GRID_PX)
        layout.addLayout(row)
        layout.addWidget(self._list, 1)
        self.resize(_SIZE.boundedTo(window.size() - QSize(GRID_PX, GRID_PX)))
        self._show()

    def _show(self) -> None:
        self._list.clear()
        for step, sheet in self._sheets:
            cell = cell_of(sheet, self._picture_px, self._seed.value() - 1)
            if cell is None:
                continue
            image = image_from_pixels(np.ascontiguousarray(cell)).scaled(
                _SHOWN_PX, _SHOWN_PX, Qt.AspectRatioMode.KeepAspectRatio
            )
            item = QListWidgetItem(QIcon(QPixmap.fromImage(image)), tr("step {step:,}", step=step))
            self._list.addItem(item)


class TwoPoints(QDialog):
    """Previews of two steps over each other, with a line between both that is moved."""

    def __init__(self, window: QWidget, previews: Previews) -> None:
        super().__init__(window)
        self.setObjectName("dialog.two_points")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Before and after"))
        self._view = BeforeAfterView()
        self._view.setObjectName("two_points.view")
        self._view.setAccessibleName(tr("Earlier at the left of the line, later at its right"))
        self._view.split_dragged.connect(self._view.set_split)
        self._before = named_combo("two_points.before", tr("Earlier point"))
        self._after = named_combo("two_points.after", tr("Later point"))
        for box in (self._before, self._after):
            for step, path in previews:
                box.addItem(tr("step {step:,}", step=step), path)
        self._after.setCurrentIndex(len(previews) - 1)
        for box in (self._before, self._after):
            box.currentIndexChanged.connect(self._show)
        hint = QLabel(tr("Move the line with the mouse; the wheel enlarges."))
        mark(hint, role="small")
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self._before)
        row.addWidget(hint, 1)
        row.addWidget(self._after)
        layout = QVBoxLayout(self)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._view, 1)
        layout.addLayout(row)
        self.resize(_SIZE.boundedTo(window.size() - QSize(GRID_PX, GRID_PX)))
        self._show()

    def _show(self) -> None:
        before, after = (_read(it.currentData()) for it in (self._before, self._after))
        if after is None:
            self._view.set_placeholder(tr("This preview cannot be read any more."))
        self._view.set_picture(after)
        self._view.set_before(before)


def _read(path: Path | None) -> np.ndarray | None:
    try:
        return None if path is None else studio.sheet(path)
    except UnreadablePictureError:
        return None
