"""The menu of projects that were open before."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QMenu

from genstudio.domain.language import tr
from genstudio.services.preferences import Preferences
from genstudio.services.projects import is_project


class RecentProjects:
    """Lists them behind “Open project…”, anew each time that it is looked at.

    Args:
        window: Has the menus.
        preferences: Know the projects.
        open_project: Called with the folder that a person chose.
    """

    def __init__(
        self, window: QMainWindow, preferences: Preferences, open_project: Callable[[Path], object]
    ) -> None:
        self._preferences = preferences
        self._open = open_project
        before = window.findChild(QAction, "project.show_folder")
        assert before is not None
        above = next(it for it in before.associatedObjects() if isinstance(it, QMenu))
        self.menu = QMenu(tr("Open &recent"), above)
        self.menu.setObjectName("project.recent")
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(self.fill)
        above.insertMenu(before, self.menu)
        self.fill()

    def fill(self) -> None:
        """List the projects; those whose drive has gone are shown, and cannot be chosen."""
        self.menu.clear()
        for number, path in enumerate(self._preferences.recent_projects, start=1):
            # A name's own & would become an underline.
            name = path.name.replace("&", "&&")
            action = self.menu.addAction(f"&{number} {name}")
            is_there = is_project(path)
            action.setEnabled(is_there)
            gone = "" if is_there else tr(" is not there: moved, or on a drive that has gone")
            action.setToolTip(f"{path}{gone}")
            action.setStatusTip(f"{path}{gone}")
            action.triggered.connect(partial(self._chosen, path))
        if self.menu.isEmpty():
            self.menu.addAction(tr("None yet")).setEnabled(False)

    def _chosen(self, path: Path, *_checked: bool) -> None:
        self._open(path)
