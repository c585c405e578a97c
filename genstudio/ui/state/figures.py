"""What the pictures of the open set are like in figures, and what has changed in their folder."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from genstudio.data.picture_figures import PictureFigures
from genstudio.domain.datasets import ScanReport
from genstudio.domain.notices import Notice
from genstudio.domain.progress import Progress
from genstudio.services import studio_dataset
from genstudio.services.jobs import Job, JobEnded, end_all
from genstudio.services.manifest_changes import SetChanges
from genstudio.services.notices import notice_about
from genstudio.services.projects import Project
from genstudio.ui.bridge import Bridge
from genstudio.ui.state.dataset import DatasetState
from genstudio.ui.state.project import ProjectState

# Programs that save many pictures tell of each.
_SETTLES_MS = 1500
# While a square is dragged the set changes many times a second, and each comparison reads a file.
_COMPARED_AFTER_MS = 300
# For drives that tell nothing.
_LOOK_EVERY_MS = 60_000
# Systems watch so many folders for one program, and not many more.
_MOST_WATCHED = 200


class FiguresState(QObject):
    """Figures of the open set, asked for by a person, and its changes, looked for by itself.

    Signals:
        progressed(str, int, int): What is being done, with so many of so many pictures.
        measured(): There are figures, or no longer.
        folder_changed(): The folder holds other pictures than were looked through, or again those.
        compared(): It is known what has changed since the last run.
        noticed(Notice): Something a person should read.
    """

    progressed = Signal(str, int, int)
    measured = Signal()
    folder_changed = Signal()
    compared = Signal()
    noticed = Signal(Notice)

    def __init__(
        self,
        bridge: Bridge,
        dataset: DatasetState,
        project: ProjectState,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._dataset = dataset
        self._project_state = project
        self._project: Project | None = None
        self._seen: ScanReport | None = None
        self._jobs: list[Job[Any]] = []
        self._measuring: Job[Any] | None = None
        # The newest comparison: an older one that takes longer says nothing of what is open now.
        self._compared: Job[Any] | None = None
        self.figures: PictureFigures | None = None
        self.changes = SetChanges()
        self.since_last_run = SetChanges()
        self._watcher = QFileSystemWatcher(self)
        self._settling = QTimer(self, singleShot=True, interval=_SETTLES_MS)
        self._settling.timeout.connect(self.look)
        self._watcher.directoryChanged.connect(lambda _: self._settling.start())
        # After what a person sees of the new folder.
        self._watching = QTimer(self, singleShot=True, interval=0)
        self._watching.timeout.connect(self._watch)
        self._comparing = QTimer(self, singleShot=True, interval=_COMPARED_AFTER_MS)
        self._comparing.timeout.connect(self._compare)
        self._polling = QTimer(self, interval=_LOOK_EVERY_MS)
        self._polling.timeout.connect(self.look)
        dataset.changed.connect(self._on_dataset_changed)

    @property
    def is_measuring(self) -> bool:
        """Whether pictures are being measured."""
        return self._measuring is not None

    def set_project(self, project: Project | None) -> None:
        """Compare with the last run of another project."""
        self._project = project
        self._compare()

    def measure(self) -> None:
        """Measure all pictures of the open set."""
        report = self._dataset.report
        if report is None or report.material or self._measuring is not None:
            return
        job = studio_dataset.measure(report.folder, report.pictures)
        self._measuring = job

        def on_items(items: list[Progress | PictureFigures]) -> None:
            last = items[-1]
            if self._seen is not report:
                return
            if isinstance(last, Progress):
                self.progressed.emit(last.what, last.done, last.total)
            else:
                self.figures = last

        def on_end(ending: JobEnded) -> None:
            self._measuring = None
            if ending.error is not None:
                self.noticed.emit(notice_about(ending.error))
            self.measured.emit()

        self._do(job, on_items, on_end)

    def cancel(self) -> None:
        """Stop measuring."""
        if self._measuring is not None:
            self._measuring.cancel()

    def look(self) -> None:
        """Look whether the folder holds other pictures now."""
        report = self._dataset.report
        if report is None or report.material or self._dataset.is_scanning:
            return

        def on_items(items: list[SetChanges]) -> None:
            if self._seen is report and items[0] != self.changes:
                self.changes = items[0]
                self.folder_changed.emit()

        self._do(studio_dataset.look_for_changes(report), on_items, lambda _: None)

    def close(self) -> None:
        """End what reads the pictures."""
        self._polling.stop()
        self._settling.stop()
        self._comparing.stop()
        self._watching.stop()
        end_all(self._jobs)

    # --- following ----------------------------------------------------------------------

    def _on_dataset_changed(self) -> None:
        report = self._dataset.report
        if report is not self._seen:
            self._seen = report
            self.cancel()
            had_changes, self.changes = bool(self.changes), SetChanges()
            had_figures, self.figures = self.figures is not None, None
            if had_changes:
                self.folder_changed.emit()
            if had_figures:
                self.measured.emit()
            self._watching.start()
        self._comparing.start()

    def _watch(self) -> None:
        report = self._seen
        watched = self._watcher.directories()
        if watched:
            self._watcher.removePaths(watched)
        if report is None or report.material:
            self._polling.stop()
            return
        inside = {it.name.rpartition("/")[0] for it in report.pictures}
        folders = [str(report.folder / name) for name in sorted({"", *report.within, *inside})]
        self._watcher.addPaths(folders[:_MOST_WATCHED])
        self._polling.start()

    def _compare(self) -> None:
        report, project = self._dataset.captioned_report(), self._project
        self._compared = None
        if report is None or project is None or self._dataset.is_scanning or report.material:
            if self.since_last_run:
                self.since_last_run = SetChanges()
                self.compared.emit()
            return
        found: list[SetChanges] = []
        job = studio_dataset.compare_with_last(project, report, self._dataset.excluded)

        def on_end(ending: JobEnded) -> None:
            if ending.error is not None:
                self.noticed.emit(notice_about(ending.error))
            changes = found[0] if found else SetChanges()
            if self._compared is job and changes != self.since_last_run:
                self.since_last_run = changes
                self.compared.emit()

        self._compared = job
        self._do(job, found.extend, on_end)

    def _do(
        self,
        job: Job[Any],
        on_items: Callable[[list[Any]], None],
        on_end: Callable[[JobEnded], None],
    ) -> None:
        def on_its_end(ending: JobEnded) -> None:
            self._jobs.remove(job)
            on_end(ending)

        self._jobs.append(job)
        self._bridge.follow(job.items, on_items, on_its_end)
        job.start()
