"""Comes to the front when the project is opened once more."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget

from genstudio.services.fronting import LOOK_EVERY_MS, take_request


class ComingForward:
    """Looks now and then whether another program asked for the window.

    Args:
        window: What comes to the front.
        project: Gives the folder of the project that is open in it; None for none.
    """

    def __init__(self, window: QWidget, project: Callable[[], Path | None]) -> None:
        self._window = window
        self._project = project
        self._timer = QTimer(window, interval=LOOK_EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Come, if it was asked for."""
        project = self._project()
        if project is not None and take_request(project):
            bring_to_front(self._window)


def bring_to_front(window: QWidget) -> None:
    """Show a window before all others; where a desktop forbids that, its entry blinks."""
    if window.isMinimized():
        window.showNormal()
    window.show()
    window.raise_()
    window.activateWindow()
    QApplication.alert(window)
