"""The values of the plot of losses as a table that is read line by line."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QDialog, QTableWidget, QWidget
from pytestqt.qtbot import QtBot

from genstudio.ui.widgets.loss_plot import LossPlot


def opened(plot: LossPlot, qtbot: QtBot) -> QTableWidget:
    button = plot.findChild(QAbstractButton, "plot.as_table")
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    dialog = plot.window().findChild(QDialog, "dialog.plot_table")
    assert dialog is not None
    qtbot.addWidget(dialog)
    table = dialog.findChild(QTableWidget, "plot.table")
    assert table is not None
    return table


def test_a_row_for_each_step_the_newest_first(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    plot = LossPlot(window)
    for step, values in ((1, {"error": 0.5}), (2, {"error": 0.25, "critic": 0.7})):
        plot.add(step, values)
    plot.redraw()
    window.show()
    table = opened(plot, qtbot)
    heads = [table.horizontalHeaderItem(at).text() for at in range(table.columnCount())]
    rows = [table.verticalHeaderItem(at).text() for at in range(table.rowCount())]
    assert (heads, rows) == (["error", "critic"], ["step 2", "step 1"])
    assert [table.item(0, at).text() for at in range(2)] == ["0.2500", "0.7000"]
    assert table.item(1, 1).text() == ""
    said = table.item(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == "error 0.2500, step 2"


def test_long_runs_are_thinned_out_and_keep_both_ends(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    plot = LossPlot(window)
    for step in range(1, 5001):
        plot.add(step, {"error": 1 / step})
    plot.redraw()
    window.show()
    table = opened(plot, qtbot)
    assert table.rowCount() == 200
    assert table.verticalHeaderItem(0).text() == "step 5,000"
    assert table.verticalHeaderItem(199).text() == "step 1"


def test_an_empty_plot_has_an_empty_table(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    plot = LossPlot(window)
    window.show()
    assert opened(plot, qtbot).rowCount() == 0
