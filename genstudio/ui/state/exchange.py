"""Models on their way out and in, and files whose origin is looked at."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from genstudio.domain.language import tr
from genstudio.domain.model_packages import PackageList
from genstudio.domain.notices import Level, Notice
from genstudio.domain.progress import Progress
from genstudio.services import studio_models, studio_operations
from genstudio.services.jobs import Job, JobEnded
from genstudio.services.notices import notice_about
from genstudio.services.projects import Project
from genstudio.services.provenance import Origin, State
from genstudio.ui.bridge import Bridge
from genstudio.ui.state.gallery_notices import notice_of_remade


class ExchangeState(QObject):
    """One thing at a time.

    Signals:
        noticed(Notice): Something a person should read.
        read(Path, PackageList): A package, and what it says of itself.
        taken_in(Path): The run that was made of a package.
        saved(Path): The file that a model was written to.
        working(str): What is being done; empty when it is over.
    """

    noticed = Signal(Notice)
    read = Signal(object, object)
    taken_in = Signal(object)
    saved = Signal(object)
    working = Signal(str)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._job: Job[Any] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether something is on its way."""
        return self._job is not None

    def check_origin(self, path: Path) -> None:
        """Say where a file comes from, and whether it was changed."""

        def on_last(origin: Any) -> None:
            assert isinstance(origin, Origin)
            is_bad = origin.state in (State.CHANGED, State.INVALID, State.UNREADABLE)
            level = Level.WARNING if is_bad else Level.INFO
            self.noticed.emit(Notice(level=level, title=path.name, message=origin.words()))

        self._start(studio_models.check_origin(path), on_last)

    def remake(self, path: Path, project: Project) -> None:
        """Make a file again, and say whether it is the same; one that is not is kept aside."""

        def on_last(made: Any) -> None:
            self.noticed.emit(notice_of_remade(path.name, made))

        self._start(studio_operations.remake(path, project), on_last)

    def save_model(self, run: Path, to: Path, options: Mapping[str, Any]) -> None:
        """Take a model out."""

        def on_last(saved: Any) -> None:
            self._tell(tr("The model is saved"), str(saved.path))
            self.saved.emit(saved.path)

        self._start(studio_models.save_model(run, to, options), on_last)

    def read_package(self, package: Path) -> None:
        """Read what a package says of itself, so that a person can be asked."""

        def on_last(listed: Any) -> None:
            assert isinstance(listed, PackageList)
            self.read.emit(package, listed)

        self._start(studio_models.read_package(package), on_last)

    def take_in(self, package: Path, project: Project) -> None:
        """Make a run of a package."""

        def on_last(run: Any) -> None:
            text = tr("It is on the Create page, and cannot go on learning: {run}.", run=run.name)
            self._tell(tr("The model is taken in"), text)
            self.taken_in.emit(run)

        self._start(studio_models.take_in_package(package, project), on_last)

    def close(self) -> None:
        """Stop before the window closes."""
        if self._job is not None:
            self._job.cancel()
            self._job.join()
            self._job = None

    def _start(self, job: Job[Any], on_last: Callable[[Any], None]) -> None:
        if self._job is not None:
            self._tell(tr("One thing at a time"), tr("Wait until that is done, then try again."))
            return
        self._job = job

        def on_items(items: list[Any]) -> None:
            if isinstance(items[-1], Progress):
                self.working.emit(items[-1].what)
            else:
                self._job = None  # What is told now may begin the next.
                on_last(items[-1])

        def on_end(ending: JobEnded) -> None:
            if self._job is job:
                self._job = None
            self.working.emit("")
            if ending.error is not None:
                self.noticed.emit(notice_about(ending.error))

        self._bridge.follow(job.items, on_items, on_end)
        job.start()

    def _tell(self, title: str, message: str) -> None:
        self.noticed.emit(Notice(level=Level.INFO, title=title, message=message))
