"""The small buttons of a plot: logarithms, its values as a table, and saving it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QToolButton, QWidget

from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import tr
from genstudio.ui.icons import icon
from genstudio.ui.theme import GRID_PX
from genstudio.ui.widgets.plot_table import show_plot_table

_ICON_PX = 14


class Plot(Protocol):
    """What the buttons act on."""

    def set_log(self, is_log: bool) -> None:
        """Show logarithms, or values."""
        ...

    def save(self, path: Path) -> None:
        """Write the plot into a file."""
        ...

    def lines(self) -> Mapping[str, tuple[np.ndarray, np.ndarray]]:
        """Name of each line => its steps and values."""
        ...


class PlotTools(QWidget):
    """Three buttons.

    Signals:
        failed(GenStudioError): The plot could not be saved.
    """

    failed = Signal(object)

    def __init__(self, plot: Plot, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("plot.tools")
        self._plot = plot
        self._log = QToolButton()
        self._log.setObjectName("plot.log")
        self._log.setText(tr("log"))
        self._log.setAccessibleName(tr("Logarithmic scale"))
        self._log.setToolTip(tr("Show values by their logarithms"))
        self._log.setCheckable(True)
        self._log.toggled.connect(plot.set_log)
        table = QToolButton()
        table.setObjectName("plot.as_table")
        table.setIcon(icon("table"))
        table.setIconSize(QSize(_ICON_PX, _ICON_PX))
        table.setAccessibleName(tr("Values as a table"))
        table.setToolTip(tr("Show the values as a table, the newest first"))
        table.clicked.connect(self._show_table)
        save = QToolButton()
        save.setObjectName("plot.save")
        save.setIcon(icon("save"))
        save.setIconSize(QSize(_ICON_PX, _ICON_PX))
        save.setAccessibleName(tr("Save the plot"))
        save.setToolTip(tr("Save the plot as a picture (PNG), a drawing (SVG) or numbers (CSV)"))
        save.clicked.connect(self._ask)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        layout.addWidget(self._log)
        layout.addWidget(table)
        layout.addWidget(save)

    def _show_table(self) -> None:
        show_plot_table(self.window(), tr("Losses"), self._plot.lines())

    def _ask(self) -> None:
        dialog = QFileDialog(self.window(), tr("Save the plot"), "plot.png")
        dialog.setObjectName("dialog.plot")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([tr("Picture (*.png)"), tr("Drawing (*.svg)"), tr("Numbers (*.csv)")])
        dialog.fileSelected.connect(lambda path: self.save(Path(path)))
        dialog.open()

    def save(self, path: Path) -> None:
        """Write the plot; one without a suffix becomes a picture."""
        try:
            self._plot.save(path if path.suffix else path.with_suffix(".png"))
        except GenStudioError as error:
            self.failed.emit(error)
