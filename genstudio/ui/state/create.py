"""What can be done with models: the catalogue of operations, the one at work, and its results."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from genstudio.domain.notices import Level, Notice
from genstudio.domain.progress import Progress
from genstudio.services import studio_operations as operations
from genstudio.services.jobs import Job, JobEnded
from genstudio.services.notices import notice_about
from genstudio.services.projects import Project
from genstudio.services.studio_operations import OperationEntry, OperationResult
from genstudio.ui.bridge import Bridge

_RESULTS_FOLDER = "results"


class CreateState(QObject):
    """One operation at a time; results stay until the next one or another project.

    Attributes:
        entries: Key => operation, once they are loaded.
        results: Of the last operation, in their order.

    Signals:
        loaded(): The catalogue is there.
        busy_changed(): An operation began or ended.
        progressed(str, int, int): What is done, how far.
        result_added(): There is one more result.
        cleared(): The results are no longer shown.
        noticed(Notice): Something a person should read.
        sent(): Results were put into the gallery.
    """

    loaded = Signal()
    busy_changed = Signal()
    progressed = Signal(str, int, int)
    result_added = Signal()
    cleared = Signal()
    noticed = Signal(Notice)
    sent = Signal()

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._project: Project | None = None
        self._job: Job[Any] | None = None
        self._others: list[Job[Any]] = []
        self.entries: dict[str, OperationEntry] = {}
        self.results: list[OperationResult] = []

    @property
    def is_busy(self) -> bool:
        """Whether an operation is at work."""
        return self._job is not None

    @property
    def project(self) -> Project | None:
        """The open project; None if there is none."""
        return self._project

    def load(self) -> None:
        """Import the catalogue beside the window."""
        job = operations.load_operations()

        def on_items(items: list[OperationEntry]) -> None:
            self.entries |= {entry.card.key: entry for entry in items}

        def on_end(ending: JobEnded) -> None:
            self._others.remove(job)
            if ending.error is not None:
                self.noticed.emit(notice_about(ending.error))
            self.loaded.emit()

        self._follow(job, on_items, on_end)

    def set_project(self, project: Project | None) -> None:
        """Leave what belongs to another project."""
        if (project and project.path) == (self._project and self._project.path):
            return
        self.cancel()
        self._project, self._job, self.results = project, None, []
        self.busy_changed.emit()
        self.cleared.emit()

    def start(
        self,
        key: str,
        *,
        run: Path | None,
        inputs: Mapping[str, Sequence[Path]],
        count: int,
        seed: int | None,
        settings: Mapping[str, Any],
    ) -> None:
        """Have an operation done; its results replace those that are shown.

        Args:
            key: Of the operation.
            run: Folder of the run whose model is used.
            inputs: Name of an input => files.
            count: How many are wanted.
            seed: Of the first result; None for any.
            settings: What was chosen.
        """
        assert self._job is None, "one operation at a time"
        assert self._project is not None, "results need a project"
        self.results = []
        self.cleared.emit()
        stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
        self._job = job = operations.perform_operation(
            key,
            out=self._project.path / _RESULTS_FOLDER / f"{stamp}-{key}",
            run=run,
            inputs=inputs,
            count=count,
            seed=secrets.randbelow(2**31) if seed is None else seed,
            settings=settings,
        )

        def on_items(items: list[OperationResult | Progress]) -> None:
            if self._job is not job:
                return
            for item in items:
                if isinstance(item, OperationResult):
                    self.results.append(item)
                    self.result_added.emit()
                else:
                    self.progressed.emit(item.what, item.done, item.total)

        def on_end(ending: JobEnded) -> None:
            if self._job is not job:
                return
            self._job = None
            self.busy_changed.emit()
            if ending.error is not None:
                self.noticed.emit(notice_about(ending.error))

        self._bridge.follow(job.items, on_items, on_end)
        job.start()
        self.busy_changed.emit()
        self.progressed.emit("Getting ready", 0, 0)

    def cancel(self) -> None:
        """Stop after the result at hand; what is there stays."""
        if self._job is not None:
            self._job.cancel()

    def send(self, paths: Sequence[Path]) -> None:
        """Put results into the gallery; one that is there already is not put there twice."""
        assert self._project is not None
        job = operations.hang_results(self._project, paths)
        hung: list[object] = []

        def on_end(ending: JobEnded) -> None:
            self._others.remove(job)
            if ending.error is not None:
                self.noticed.emit(notice_about(ending.error))
            elif hung:
                what = "1 result is" if len(hung) == 1 else f"{len(hung):,} results are"
                self.noticed.emit(
                    Notice(level=Level.INFO, title=f"{what} in the gallery", message="")
                )
                self.sent.emit()

        self._follow(job, hung.extend, on_end)

    def close(self) -> None:
        """Leave no thread behind."""
        for job in [*self._others, *([self._job] if self._job else [])]:
            job.cancel()
            job.join()

    def _follow(self, job: Job[Any], on_items: Any, on_end: Any) -> None:
        self._others.append(job)
        self._bridge.follow(job.items, on_items, on_end)
        job.start()
