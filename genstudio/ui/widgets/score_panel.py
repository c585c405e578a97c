"""Scores of pictures: a table that can be sorted, beside plots."""

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import tr, tr_noop
from genstudio.services.score_tables import ScoreRow, ScoreTable
from genstudio.ui.theme import GRID_PX
from genstudio.ui.widgets.score_plots import ScorePlots

_HEADS = (
    tr_noop("Picture"),
    tr_noop("Score"),
    tr_noop("Rarity"),
    tr_noop("Verdict"),
    tr_noop("Label"),
    tr_noop("Note"),
)
_HELPS = (
    "",
    tr_noop("How strange it is; higher is stranger"),
    tr_noop("Share of whole pictures that would score as high"),
    tr_noop("Whether it lies above the threshold"),
    tr_noop("What its folder says"),
    tr_noop("What makes the score doubtful"),
)
_SCORE = 1
_NAME_PX = 16 * GRID_PX


class _Table(QTableWidget):
    """Can be sorted by the keyboard, which the heads are out of reach of."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter sorts by the column that the arrows went to; once more, the other way round."""
        column, header = self.currentColumn(), self.horizontalHeader()
        if event.key() not in {Qt.Key.Key_Return, Qt.Key.Key_Enter} or column < 0:
            super().keyPressEvent(event)
            return
        # At first names from A on, and the strangest; then the other way round.
        is_rising = column != _SCORE
        if header.sortIndicatorSection() == column:
            is_rising = header.sortIndicatorOrder() is Qt.SortOrder.DescendingOrder
        order = Qt.SortOrder.AscendingOrder if is_rising else Qt.SortOrder.DescendingOrder
        self.sortByColumn(column, order)
        self.scrollToItem(self.currentItem())


class ScorePanel(QWidget):
    """Arrows go through the table, and the picture of its row is shown; Enter sorts.

    Signals:
        wanted(str): Show the result of that name.
    """

    wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = _Table(0, len(_HEADS))
        self._table.setObjectName("scores.table")
        self._table.setAccessibleName(
            tr("Scores; Enter, or a click on a head, sorts by the column")
        )
        self._table.setHorizontalHeaderLabels([tr(head) for head in _HEADS])
        for column, words in enumerate(_HELPS):
            head = self._table.horizontalHeaderItem(column)
            if head is not None:
                head.setToolTip(tr(words))
        self._table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._table.setTabKeyNavigation(False)
        self._table.verticalHeader().hide()
        self._table.horizontalHeader().setStretchLastSection(True)
        self._table.setColumnWidth(0, _NAME_PX)
        self._table.currentCellChanged.connect(self._on_current)
        self._plots = ScorePlots()
        splitter = QSplitter()
        splitter.setHandleWidth(GRID_PX)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self._table)
        splitter.addWidget(self._plots)
        splitter.setStretchFactor(0, 1)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([_NAME_PX * 2, _NAME_PX * 2])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)

    def show_scores(self, table: ScoreTable) -> None:
        """Show a table, the strangest first; how it was sorted stays."""
        header = self._table.horizontalHeader()
        by, order = header.sortIndicatorSection(), header.sortIndicatorOrder()
        if not self._table.isSortingEnabled():
            by, order = _SCORE, Qt.SortOrder.DescendingOrder
        self._table.blockSignals(True)
        # While rows are filled they would be sorted away from under it.
        self._table.setSortingEnabled(False)
        self._table.setRowCount(len(table.rows))
        for row, scores in enumerate(table.rows):
            for column, item in enumerate(_items(scores)):
                self._table.setItem(row, column, item)
        self._table.setSortingEnabled(True)
        self._table.sortByColumn(by, order)
        self._table.blockSignals(False)
        self._plots.show_scores(table)

    def _on_current(self, row: int) -> None:
        item = self._table.item(row, 0)
        name = "" if item is None else item.data(Qt.ItemDataRole.UserRole)
        if name:
            self.wanted.emit(name)


def _items(row: ScoreRow) -> list[QTableWidgetItem]:
    name = QTableWidgetItem(row.file)
    name.setData(Qt.ItemDataRole.UserRole, row.result)
    verdict = tr("strange") if row.is_strange else tr("belongs")
    return [
        name, _number(row.score, 2), _number(row.rarity, 3),
        QTableWidgetItem(tr("could not be read") if math.isnan(row.score) else verdict),
        QTableWidgetItem(row.label), QTableWidgetItem(row.note),
    ]  # fmt: skip


def _number(value: float, digits: int) -> QTableWidgetItem:
    """A number that is sorted as one."""
    item = QTableWidgetItem()
    if not math.isnan(value):
        item.setData(Qt.ItemDataRole.DisplayRole, round(value, digits))
    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item
