"""Nothing is a window for a moment: a part that is shown before it is put in its place."""

from pathlib import Path

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget
from pytestqt.qtbot import QtBot
from studio_driver import StudioDriver

from genstudio.app import build_window


class Watcher(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.flashed: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_window = isinstance(watched, QWidget) and watched.isWindow()
        if event.type() == QEvent.Type.Show and is_window and not isinstance(watched, QMainWindow):
            self.flashed.append(f"{type(watched).__name__} {watched.objectName()}")
        return False


def test_the_window_comes_up_whole(qtbot: QtBot, tmp_path: Path, pictures: Path) -> None:
    app = QApplication.instance()
    assert app is not None
    watcher = Watcher()
    app.installEventFilter(watcher)
    try:
        window = build_window(tmp_path / "Meadow")
        qtbot.addWidget(window)
        window.show()
        studio = StudioDriver(window, qtbot)
        studio.open_pictures(pictures, 24)
        studio.go_to("create")
        studio.wait(lambda: window._states.create.entries)
        for key in window._states.create.entries:
            window._pages.create.choose(key)
        assert watcher.flashed == []
    finally:
        app.removeEventFilter(watcher)
    window.close()
