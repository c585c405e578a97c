"""The menu entry that makes pictures of scans and shows them on the Dataset page."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QMenu

from genstudio.ui.dialogs.importing_scans import ask_which_scans
from genstudio.ui.icons import icon
from genstudio.ui.state.scans import ScansState


class ImportingScans:
    """Stands behind “Choose pictures…”.

    Args:
        window: Has the menus.
        state: Does it.
        open_dataset: Called with the folder of pictures.
    """

    def __init__(
        self, window: QMainWindow, state: ScansState, open_dataset: Callable[[Path], object]
    ) -> None:
        before = window.findChild(QAction, "project.open")
        assert before is not None
        menu = next(it for it in before.associatedObjects() if isinstance(it, QMenu))
        self.action = QAction(icon("image-plus"), "&Import scans…", window)
        self.action.setObjectName("project.import_scans")
        self.action.setStatusTip("Make pictures of DICOM, NIfTI and 16-bit files to learn from")
        self.action.triggered.connect(lambda: ask_which_scans(window, state.start))
        menu.insertAction(before, self.action)
        state.imported.connect(open_dataset)
