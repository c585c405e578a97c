"""The composition root: makes the application and its window from their parts."""

import logging
import os
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import (
    QLocale,
    QMessageLogContext,
    QObject,
    Qt,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication

from genstudio.domain.language import VARIABLE, chosen_language, language, speak
from genstudio.services.notices import NoticeBoard
from genstudio.services.preferences import load_preferences
from genstudio.ui.icons import icon
from genstudio.ui.main_window import MainWindow
from genstudio.ui.qt_language import speak_in_qt
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


def run(
    app: QApplication,
    project: Path | None,
    package: Path | None,
    notices: NoticeBoard,
    *,
    shown: Callable[[], object],
) -> int:
    """Show the window and give the exit code when it has closed.

    Args:
        app: The application.
        project: Project folder to open; None for none yet.
        package: A model package to be taken in, if a person agrees.
        notices: Where messages come together.
        shown: Called when the window is on the screen.
    """
    qInstallMessageHandler(_keep_message)
    studio = Studio(app, project, notices)
    app.setWindowIcon(icon("sparkles", "accent"))
    studio.window.show()
    shown()
    if package is not None:
        studio.window.open_package(package)
    app.commitDataRequest.connect(lambda _: studio.window.save_before_logout())
    with _signals_heard(studio):
        return app.exec()


class Studio(QObject):
    """Holds the window, and makes it anew when another language is chosen.

    Args:
        app: The application.
        project: Project folder to open first.
        notices: Where messages come together.
    """

    def __init__(self, app: QApplication, project: Path | None, notices: NoticeBoard) -> None:
        super().__init__(app)
        self._app = app
        self._notices = notices
        self.window = self._make(project)

    def _make(self, project: Path | None) -> MainWindow:
        window = _build(self._app, project, self._notices)
        # Not within the menu's own signal: the menu goes with the window.
        window.language_wanted.connect(self._change, Qt.ConnectionType.QueuedConnection)
        return window

    def _change(self, _code: str) -> None:
        os.environ.pop(VARIABLE, None)  # What was wanted for once is over.
        # A closed window must not end the program while the next one is being made.
        self._app.setQuitOnLastWindowClosed(False)
        project = self.window.project_path
        kept = self.window.let_go()
        self.window = self._make(project)
        self.window.take_over(kept)
        self.window.show()
        self._app.setQuitOnLastWindowClosed(True)


@contextmanager
def _signals_heard(studio: Studio) -> Generator[None]:
    """Let Ctrl-C in the terminal ask as the close button does, and an order to end save first."""
    signal.signal(signal.SIGINT, lambda *_: studio.window.close())
    for name in ("SIGTERM", "SIGHUP"):  # Windows has no such orders.
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: studio.window.save_and_close())
    # Python answers signals between two of its own instructions; Qt may wait for long without any.
    pulse = QTimer(studio, interval=_PULSE_MS)
    pulse.timeout.connect(lambda: None)
    pulse.start()
    yield
    pulse.stop()


def _build(app: QApplication, project: Path | None, notices: NoticeBoard) -> MainWindow:
    preferences = load_preferences()
    speak(chosen_language(preferences.language, QLocale.system().uiLanguages()))
    speak_in_qt(app, language())
    prepare_application(app)
    apply_theme(app, preferences.theme)
    return MainWindow(project, preferences, notices)


def _keep_message(_kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    sys.stderr.write(f"Qt: {text}\n")
    logging.getLogger("genstudio").warning("Qt %s", text)
