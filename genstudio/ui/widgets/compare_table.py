"""Runs as columns: pictures on the same seeds, what they cost, and their figures."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QTableWidget, QTableWidgetItem, QWidget

from genstudio.domain.language import tr, tr_noop
from genstudio.services.compared import Mark
from genstudio.services.compared_materials import AnyComparison, AnyRun, MaterialComparison
from genstudio.services.compared_rows import RowCell
from genstudio.services.comparison_words import table_rows
from genstudio.ui.theme import GRID_PX
from genstudio.ui.widgets.compare_cells import CELL, Cell, CellDelegate, WordsHeader
from genstudio.ui.widgets.pixels import image_from_pixels

_HEADER_PX = 22 * GRID_PX
_NARROWEST_PX, _WIDEST_PX = 24 * GRID_PX, 72 * GRID_PX
_SHEET_COLUMNS, _SHEET_ROWS = 4, 3
_SHEET_GAP_PX = 1
_SAMPLES = tr_noop("Pictures")
_SAMPLES_TERM = tr_noop("the same seeds in every run")
_SAMPLES_HELP = tr_noop(
    "Each run painted these from the same random numbers (seeds). The same place is not the "
    "same picture: every model makes its own out of a seed."
)

_RESULTS = tr_noop("Results")
_RESULTS_HELP = tr_noop(
    "Each run made these from the same random numbers (seeds), drawn here as everywhere in this "
    "program. The same place is not the same thing: every model makes its own out of a seed."
)


class CompareTable(QTableWidget):
    """Figures with their floors; arrows go from cell to cell.

    Signals:
        explained(str): What the row with the current cell is about.
    """

    explained = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._helps: list[str] = []
        self.setAccessibleName(tr("Figures of each run"))
        self.setVerticalHeader(WordsHeader(Qt.Orientation.Vertical, _HEADER_PX, self))
        self.setHorizontalHeader(WordsHeader(Qt.Orientation.Horizontal, 0, self))
        self.verticalHeader().setFixedWidth(_HEADER_PX)
        self.setItemDelegate(CellDelegate(self))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setCornerButtonEnabled(False)
        self.setTabKeyNavigation(False)
        self._arranging = QTimer(self, singleShot=True, interval=0)
        self._arranging.timeout.connect(self._arrange)
        self.setMouseTracking(True)
        self.currentCellChanged.connect(lambda row, *_: self._explain(row))
        self.cellEntered.connect(lambda row, _: self._explain(row))

    def show_comparison(self, comparison: AnyComparison | None) -> None:
        """Show other runs."""
        self.clear()
        runs = comparison.runs if comparison else ()
        self.setRowCount(0)
        self.setColumnCount(len(runs))
        self._helps = []
        if comparison is not None:
            is_material = isinstance(comparison, MaterialComparison)
            title = tr(_RESULTS) if is_material else tr(_SAMPLES)
            about = tr(_RESULTS_HELP) if is_material else tr(_SAMPLES_HELP)
            sheets = [Cell(title, sheet=image_from_pixels(_sheet(run))) for run in runs]
            self._add(f"{title}\n{tr(_SAMPLES_TERM)}", about, sheets)
            for row in table_rows(comparison):
                title = "\n".join((row.title, *row.terms))
                self._add(title, row.help, [_cell(cell) for cell in row.cells])
        self._arranging.start()

    def set_titles(self, titles: Sequence[str], details: Sequence[str]) -> None:
        """Name the columns.

        Args:
            titles: Lines of each, the first one standing out.
            details: What each run's tooltip and its accessible description say.
        """
        for column, (title, detail) in enumerate(zip(titles, details, strict=True)):
            item = QTableWidgetItem(title)
            item.setToolTip(detail)
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, detail)
            self.setHorizontalHeaderItem(column, item)
        self._arranging.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width out among the runs."""
        super().resizeEvent(event)
        self._arranging.start()

    def _add(self, title: str, about: str, cells: Sequence[Cell]) -> None:
        row = self.rowCount()
        self.insertRow(row)
        self._helps.append(about)
        header = QTableWidgetItem(title)
        header.setToolTip(about)
        header.setData(Qt.ItemDataRole.AccessibleTextRole, title.replace("\n", ", "))
        header.setData(Qt.ItemDataRole.AccessibleDescriptionRole, about)
        self.setVerticalHeaderItem(row, header)
        for column, cell in enumerate(cells):
            item = QTableWidgetItem(cell.words())
            item.setData(CELL, cell)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, cell.words())
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, about)
            item.setToolTip(cell.badge_words)
            self.setItem(row, column, item)

    def _explain(self, row: int) -> None:
        self.explained.emit(self._helps[row] if 0 <= row < len(self._helps) else "")

    def _arrange(self) -> None:
        count = self.columnCount()
        if count == 0:
            return
        room = self.width() - _HEADER_PX - self.verticalScrollBar().sizeHint().width() - 2
        width = min(max(room // count, _NARROWEST_PX), _WIDEST_PX)
        for column in range(count):
            self.setColumnWidth(column, width)
        for row in range(self.rowCount()):
            self.setRowHeight(row, self._height_of(row))
        header = self.horizontalHeader()
        header.setFixedHeight(
            max(header.sectionSizeFromContents(at).height() for at in range(count))
        )

    def _height_of(self, row: int) -> int:
        words = self.verticalHeader().sectionSizeFromContents(row).height()
        return max(words, self.sizeHintForRow(row))


_BADGES = {
    Mark.BEST: (tr_noop("★ best"), tr_noop("The best of these runs")),
    Mark.LEVEL: (
        tr_noop("≈ best"),
        tr_noop("As good as the best: chance alone may make the difference"),
    ),
}


def _cell(cell: RowCell) -> Cell:
    badge, badge_words = map(tr, _BADGES[cell.mark]) if cell.mark else ("", "")
    return Cell(cell.value, cell.small, cell.sentence, badge, badge_words)


def _sheet(run: AnyRun) -> np.ndarray:
    """The first pictures side by side: uint8 (height, width, 3)."""
    made_NHWC = run.samples_NHWC[: _SHEET_COLUMNS * _SHEET_ROWS]
    side, step = made_NHWC.shape[1], made_NHWC.shape[1] + _SHEET_GAP_PX
    height = -(-len(made_NHWC) // _SHEET_COLUMNS) * step - _SHEET_GAP_PX
    sheet_HWC = np.full((height, _SHEET_COLUMNS * step - _SHEET_GAP_PX, 3), 128, np.uint8)
    for at, made_HWC in enumerate(made_NHWC):
        row, column = divmod(at, _SHEET_COLUMNS)
        place = (slice(row * step, row * step + side), slice(column * step, column * step + side))
        sheet_HWC[place] = made_HWC
    return sheet_HWC
