"""Which project is open, or where one will be made when the first run begins."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from genstudio.domain.errors import GenStudioError, ProjectError
from genstudio.domain.language import tr
from genstudio.domain.notices import Level, Notice
from genstudio.services.locks import ProjectInUseError, ProjectLock
from genstudio.services.notices import notice_about
from genstudio.services.preferences import default_project_folder
from genstudio.services.projects import Project, is_project, open_or_create, open_project


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
        self._lock: ProjectLock | None = None

    def choose(self, path: Path) -> bool:
        """Open the project in a folder, or make one there later; says whether that will do.

        A project that another program works in is refused. One that cannot be written to is
        opened to be looked at.
        """
        project, lock = None, None
        if is_project(path):
            try:
                project = open_project(path)
                lock = self._locked(path)
            except GenStudioError as error:
                self.failed.emit(notice_about(error))
                return False
        self.close()
        self.path, self.project, self._lock, self._is_chosen = path, project, lock, True
        self.changed.emit()
        return True

    def close(self) -> None:
        """Let other programs work in the project."""
        if self._lock is not None:
            self._lock.release()
        self._lock = None

    def _locked(self, path: Path) -> ProjectLock | None:
        lock = ProjectLock(path)
        try:
            lock.take()
        except ProjectInUseError:
            raise
        except ProjectError as error:
            self.failed.emit(_notice_of_looking_only(path, error))
            return None
        return lock

    def suggest(self, pictures: Path) -> None:
        """Have a place for a project on these pictures, unless a person chose one."""
        if self._is_chosen or self.project is not None:
            return
        self.path = default_project_folder(pictures)
        if not is_project(self.path) or not self.choose(self.path):
            self.changed.emit()

    def make_now(self, name: str) -> bool:
        """Have a project open, made if there is none; says whether there is one now.

        Args:
            name: Of its folder among a person's documents, unless a place was chosen.
        """
        if self.project is not None:
            return True
        path = self.path or default_project_folder(Path(name))
        try:
            open_or_create(path)
        except GenStudioError as error:
            self.failed.emit(notice_about(error))
            return False
        return self.choose(path)

    def open_now(self) -> None:
        """The project has just been made: open it."""
        if self.project is None and self.path is not None:
            self.choose(self.path)


def _notice_of_looking_only(path: Path, error: ProjectError) -> Notice:
    return Notice(
        level=Level.WARNING,
        title=tr("This project can only be looked at"),
        message=tr(
            "{path} cannot be written to, so nothing can be trained, rated or saved in it. {hint}",
            path=path,
            hint=error.hint,
        ),
        details=str(error),
    )
