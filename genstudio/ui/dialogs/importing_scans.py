"""The question which scans become pictures, in which window of grey, with a look at one."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from genstudio.domain.language import tr
from genstudio.ui.dialogs.folders import choose_pictures, place_for_scans
from genstudio.ui.scans_panel import ScansPanel
from genstudio.ui.theme import GRID_PX, mark

Import = Callable[[list[Path], Path, Mapping[str, Any]], None]

_WIDTH_PX, _HEIGHT_PX = 112 * GRID_PX, 76 * GRID_PX


def ask_which_scans(window: QWidget, import_scans: Import) -> QDialog:
    """Ask, and have it done; does not wait for the answer.

    Args:
        window: Where to ask.
        import_scans: Called with the scans, the new folder and the options.
    """
    dialog = ScansDialog(window, import_scans)
    dialog.open()
    return dialog


class ScansDialog(QDialog):
    """A panel of scans with buttons."""

    def __init__(self, window: QWidget, import_scans: Import) -> None:
        super().__init__(window)
        self.setObjectName("dialog.scans")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Import scans"))
        self.resize(_WIDTH_PX, _HEIGHT_PX)
        self._import = import_scans
        self._panel = ScansPanel("scans")
        self._panel.choose_wanted.connect(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._panel, 1)
        layout.addWidget(self._make_buttons())
        self.finished.connect(self._panel.stop)

    def set_folder(self, folder: Path) -> None:
        """Look at the scans of a folder."""
        self._panel.set_folder(folder)
        self._start.setEnabled(True)

    def _make_buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._start = buttons.addButton(tr("Import"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._start.setObjectName("scans.start")
        self._start.setEnabled(False)
        mark(self._start, primary=True)
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)
        return buttons

    def _choose(self) -> None:
        chosen = choose_pictures(self, self._panel.folder)
        if chosen is not None:
            self.set_folder(chosen)

    def _on_accepted(self) -> None:
        options = self._panel.options()
        if options is None:
            return  # The form says beside the value what is wrong with it.
        assert self._panel.folder is not None
        self.accept()
        self._import([self._panel.folder], place_for_scans(), options)
