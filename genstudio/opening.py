"""Opens the window: something is on the screen first, since loading the window takes seconds."""

import sys
from pathlib import Path

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication

from genstudio import __version__
from genstudio.domain.language import chosen_language, speak, tr
from genstudio.services.fronting import ask_to_show
from genstudio.services.logs import start_logging
from genstudio.services.notices import NoticeBoard
from genstudio.services.preferences import load_preferences
from genstudio.ui.splash import Splash
from genstudio.ui.theme import apply_theme, prepare_application


def open_window(project: Path | None, package: Path | None = None) -> int:
    """Open the window and give the exit code when it has closed.

    Args:
        project: Project folder to open; the most recent one by default.
        package: A model package to be taken in, if a person agrees.
    """
    start_logging("window")
    notices = NoticeBoard()
    notices.hook()
    preferences = load_preferences()
    project = project or preferences.last_project()
    # Before anything of a window is made: a second one would only flicker.
    if project is not None and ask_to_show(project):
        sys.stderr.write(
            tr("{project} is open already; its window is in front now.\n", project=project)
        )
        return 0
    app = QApplication(sys.argv[:1])
    app.setApplicationName("GenStudio")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("genstudio")
    speak(chosen_language(preferences.language, QLocale.system().uiLanguages()))
    prepare_application(app)
    apply_theme(app, preferences.theme)
    splash = Splash()
    splash.show_now(app)
    # Here, and not above: this is what takes the seconds.
    from genstudio.app import run  # noqa: PLC0415

    return run(app, project, package, notices, shown=splash.close)
