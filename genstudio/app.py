"""The composition root: makes the application and its window from their parts."""

import logging
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QMessageLogContext, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

import genstudio
from genstudio.services.fronting import ask_to_show
from genstudio.services.logs import start_logging
from genstudio.services.notices import NoticeBoard
from genstudio.services.preferences import load_preferences
from genstudio.ui.icons import icon
from genstudio.ui.main_window import MainWindow
from genstudio.ui.theme import apply_theme, prepare_application

_PULSE_MS = 200


def build_window(project: Path | None) -> MainWindow:
    """Make the main window; needs a ``QApplication``.

    Args:
        project: Project folder to open, or to make when training begins.
    """
    app = QApplication.instance()
    assert isinstance(app, QApplication), "make a QApplication first"
    return _build(app, project, NoticeBoard())


def run(project: Path | None) -> int:
    """Open the window and give the exit code when it has closed.

    Args:
        project: Project folder to open; the most recent one by default.
    """
    start_logging("window")
    notices = NoticeBoard()
    notices.hook()
    project = project or load_preferences().last_project()
    # Before anything of a window is made: a second one would only flicker.
    if project is not None and ask_to_show(project):
        sys.stderr.write(f"{project} is open already; its window is in front now.\n")
        return 0
    app = QApplication(sys.argv[:1])
    app.setApplicationName("GenStudio")
    app.setApplicationVersion(genstudio.__version__)
    app.setDesktopFileName("genstudio")
    qInstallMessageHandler(_keep_message)
    window = _build(app, project, notices)
    app.setWindowIcon(icon("sparkles", "accent"))
    window.show()
    app.commitDataRequest.connect(lambda _: window.save_before_logout())
    with _signals_heard(window):
        return app.exec()


@contextmanager
def _signals_heard(window: MainWindow) -> Generator[None]:
    """Let Ctrl-C in the terminal ask as the close button does, and an order to end save first."""
    signal.signal(signal.SIGINT, lambda *_: window.close())
    for name in ("SIGTERM", "SIGHUP"):  # Windows has no such orders.
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: window.save_and_close())
    # Python answers signals between two of its own instructions; Qt may wait for long without any.
    pulse = QTimer(window, interval=_PULSE_MS)
    pulse.timeout.connect(lambda: None)
    pulse.start()
    yield
    pulse.stop()


def _build(app: QApplication, project: Path | None, notices: NoticeBoard) -> MainWindow:
    preferences = load_preferences()
    prepare_application(app)
    apply_theme(app, preferences.theme)
    return MainWindow(project, preferences, notices)


def _keep_message(_kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    sys.stderr.write(f"Qt: {text}\n")
    logging.getLogger("genstudio").warning("Qt %s", text)
