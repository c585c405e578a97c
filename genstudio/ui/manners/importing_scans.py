"""Asks for scans; the pictures that are made of them are shown on the Dataset page."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QWidget

from genstudio.ui.dialogs.importing_scans import ask_which_scans
from genstudio.ui.state.scans import ScansState


class ImportingScans:
    """Opens what was imported.

    Args:
        state: Imports.
        open_dataset: Called with the folder of pictures.
    """

    def __init__(self, state: ScansState, open_dataset: Callable[[Path], object]) -> None:
        state.imported.connect(open_dataset)


def ask_for_scans(window: QWidget, state: ScansState) -> None:
    """Ask which, and have them imported; does not wait for the answer."""
    ask_which_scans(window, state.start)
