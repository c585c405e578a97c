"""Which project is open, or where one will be made when the first run begins."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from genstudio.domain.errors import GenStudioError
from genstudio.domain.notices import Notice
from genstudio.services.notices import notice_about
from genstudio.services.preferences import default_project_folder
from genstudio.services.projects import Project, is_project, open_project


class ProjectState(QObject):
    """The project's folder.

    Signals:
        changed(): Another folder, or it became a project.
        failed(Notice): The folder cannot be opened; what was open stays open.
    """

    changed = Signal()
    failed = Signal(Notice)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path: Path | None = None
        self.project: Project | None = None
        self._is_chosen = False

    def choose(self, path: Path) -> bool:
        """Open the project in a folder, or make one there later; says whether that will do."""
        project = None
        if is_project(path):
            try:
                project = open_project(path)
            except GenStudioError as error:
                self.failed.emit(notice_about(error))
                return False
        self.path, self.project, self._is_chosen = path, project, True
        self.changed.emit()
        return True

    def suggest(self, pictures: Path) -> None:
        """Have a place for a project on these pictures, unless a person chose one."""
        if self._is_chosen or self.project is not None:
            return
        self.path = default_project_folder(pictures)
        if is_project(self.path):
            self.choose(self.path)
        else:
            self.changed.emit()

    def open_now(self) -> None:
        """The project has just been made: open it."""
        if self.project is None and self.path is not None:
            self.choose(self.path)
