"""Asks for scans; the pictures that are made of them are shown on the Dataset page."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QWidget

from genstudio.ui.dialogs.folders import place_for_scans
from genstudio.ui.dialogs.importing_scans import ask_which_scans
from genstudio.ui.pages.dataset import DatasetPage
from genstudio.ui.state.scans import ScansState


class ImportingScans:
    """Has scans imported that the Dataset page has found, and opens what was imported.

    Args:
        state: Imports.
        page: Shows scans that were opened as a folder.
        open_dataset: Called with the folder of pictures.
    """

    def __init__(
        self, state: ScansState, page: DatasetPage, open_dataset: Callable[[Path], object]
    ) -> None:
        self._state = state
        state.imported.connect(open_dataset)
        state.progressed.connect(page.scans.show_progress)
        page.scans.import_wanted.connect(self._import)

    def _import(self, folder: Path, options: Mapping[str, Any]) -> None:
        self._state.start([folder], place_for_scans(), options)


def ask_for_scans(window: QWidget, state: ScansState) -> None:
    """Ask which, and have them imported; does not wait for the answer."""
    ask_which_scans(window, state.start)
