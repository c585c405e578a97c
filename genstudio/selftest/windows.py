"""Check of the window: built, shown offscreen, walked through page by page."""

import time
from typing import TypeVar

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QListWidget, QWidget

from genstudio.app import build_window
from genstudio.selftest.place import Place, SelfTestError
from genstudio.ui.main_window import MainWindow
from genstudio.ui.studio_pages import PAGES

W = TypeVar("W", bound=QWidget)
# Only a window that hangs takes longer, however busy the machine is.
_HANGS_S = 120.0


def show_every_page(place: Place) -> str:
    """Open the project in a window and look at each page."""
    app = QApplication.instance() or QApplication(["genstudio"])
    window = build_window(place.project)
    try:
        window.show()
        models = _found(window, QListWidget, "train.model")
        deadline_s = time.monotonic() + _HANGS_S
        while not models.count():
            app.processEvents()
            if time.monotonic() > deadline_s:
                raise SelfTestError("The window does not show the models")
            time.sleep(0.01)
        for spec in PAGES:
            _found(window, QAbstractButton, f"rail.{spec.key}").click()
            app.processEvents()
            picture = window.grab().toImage()
            if not _found(window, QWidget, f"page.{spec.key}").isVisible() or picture.isNull():
                raise SelfTestError(f"The page “{spec.title}” is not shown")
    finally:
        window.close()
        window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    titles = ", ".join(spec.title for spec in PAGES)
    return f"{titles} shown on the project “{place.project.name}”"


def _found(window: MainWindow, kind: type[W], name: str) -> W:
    found = window.findChild(kind, name)
    if found is None:
        raise SelfTestError(f"The window has no {name}")
    return found
