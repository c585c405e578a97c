"""The values of a plot as a table: for screen readers, and for whoever wants numbers."""

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import tr
from genstudio.ui.theme import GRID_PX
from genstudio.ui.widgets.loss_chip import number_in_short

_SIZE_PX = (80 * GRID_PX, 60 * GRID_PX)
# So many rows can still be walked through; the newest is always among them.
_MOST_ROWS = 200


def show_plot_table(
    parent: QWidget, title: str, lines: Mapping[str, tuple[np.ndarray, np.ndarray]]
) -> QDialog:
    """Open a table with a row for each step, the newest first, and a column for each line.

    Args:
        parent: Window that it belongs to.
        title: What the plot shows.
        lines: Name of each line => its steps and its values (N,).
    """
    dialog = QDialog(parent)
    dialog.setObjectName("dialog.plot_table")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(title)
    dialog.resize(*_SIZE_PX)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    layout = QVBoxLayout(dialog)
    layout.addWidget(_table(title, lines))
    layout.addWidget(buttons)
    dialog.open()
    return dialog


def _table(title: str, lines: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> QTableWidget:
    steps = _steps(lines)
    table = QTableWidget(len(steps), len(lines))
    table.setObjectName("plot.table")
    table.setAccessibleName(title)
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    table.setTabKeyNavigation(False)
    table.setHorizontalHeaderLabels([tr(name) for name in lines])
    table.setVerticalHeaderLabels([tr("step {step:,}", step=int(step)) for step in steps])
    for column, (name, (at, values)) in enumerate(lines.items()):
        known = dict(zip(at.tolist(), values.tolist(), strict=True))
        for row, step in enumerate(steps):
            text = number_in_short(known[step]) if step in known else ""
            item = QTableWidgetItem(text)
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            said = tr("step {step:,}", step=int(step))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{tr(name)} {text or '–'}, {said}")
            table.setItem(row, column, item)
    return table


def _steps(lines: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> list[float]:
    """Steps of all lines, the newest first; evenly thinned out where there are many."""
    if not lines:
        return []
    steps = np.unique(np.concatenate([at for at, _ in lines.values()]))
    if len(steps) > _MOST_ROWS:
        chosen = np.linspace(0, len(steps) - 1, _MOST_ROWS).round().astype(int)
        steps = steps[chosen]
    return steps[::-1].tolist()
