"""The training that runs, the runs so far, and what there is to train with."""

from collections.abc import Sequence
from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from genstudio.domain import commands, events
from genstudio.domain.datasets import ScanReport
from genstudio.domain.notices import Level, Notice
from genstudio.domain.runs import RunState, RunSummary
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.services import studio
from genstudio.services.jobs import Job, JobEnded
from genstudio.services.notices import notice_about
from genstudio.services.projects import Project
from genstudio.services.session import TrainingSession
from genstudio.services.studio import CatalogueEntry, Machine
from genstudio.ui.bridge import Bridge


class Activity(Enum):
    """What the machine is doing."""

    IDLE = auto()
    PREPARING = auto()
    TRAINING = auto()
    PAUSED = auto()
    STOPPING = auto()


class TrainingState(QObject):
    """Everything about training that pages show.

    Signals:
        catalogue_loaded(): Architectures and machine are known.
        activity_changed(): Training began, paused, went on, ended.
        received(list): Events of the running training since the last time.
        runs_changed(): The project's runs, or the one that is shown, are others.
        noticed(Notice): Something a person should read.
    """

    catalogue_loaded = Signal()
    activity_changed = Signal()
    received = Signal(list)
    runs_changed = Signal()
    noticed = Signal(Notice)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._session: TrainingSession | None = None
        self._catalogue_job: Job[CatalogueEntry | Machine] | None = None
        self._project: Project | None = None
        self.entries: dict[str, CatalogueEntry] = {}
        self.machine = Machine(devices=(), names={})
        self.activity = Activity.IDLE
        self.started: events.RunStarted | None = None
        self.runs: list[RunSummary] = []
        self.shown: RunSummary | None = None

    # --- what there is ------------------------------------------------------------------

    @property
    def is_running(self) -> bool:
        """Whether a training is under way, paused ones included."""
        return self._session is not None

    def load_catalogue(self) -> None:
        """Import torch and the architectures in the background."""
        self._catalogue_job = studio.load_catalogue()
        self._bridge.follow(
            self._catalogue_job.items, self._on_catalogue_items, self._on_catalogue_end
        )
        self._catalogue_job.start()

    def set_project(self, project: Project | None) -> None:
        """Show the runs of another project."""
        self._project = project
        self.reload_runs()

    def reload_runs(self, show: Path | None = None) -> None:
        """Read the project's runs again.

        Args:
            show: Run to show; the newest by default.
        """
        if self._project is None:
            self._set_runs([], None)
            return
        found: list[RunSummary] = []
        job = studio.list_runs(self._project)
        self._bridge.follow(
            job.items, found.extend, lambda ending: self._on_runs_read(found, ending, show)
        )
        job.start()

    def show_run(self, run: Path) -> None:
        """Show another run of the project."""
        self._set_runs(self.runs, run)

    # --- training -----------------------------------------------------------------------

    def start(
        self,
        *,
        project: Path,
        settings: TrainingSettings,
        excluded: frozenset[str],
        report: ScanReport,
    ) -> None:
        """Begin a new run."""
        self._follow(
            studio.start_training(
                project=project,
                settings=settings,
                excluded=tuple(sorted(excluded)),
                report=report,
            )
        )

    def keep_learning(self, run: RunSummary, extra: Budget) -> None:
        """Continue a run: to the end of its budget, or if that is spent, for ``extra`` more."""
        budget = run.settings.budget
        done = {
            "steps": run.step,
            "images": run.step * run.settings.batch,
            "minutes": run.seconds / 60,
        }
        if run.state is RunState.FINISHED or done[budget.unit] >= budget.amount:
            budget = Budget(unit=extra.unit, amount=done[extra.unit] + extra.amount)
        self._follow(studio.resume_training(run.path, budget))

    def send(self, command: commands.Command) -> None:
        """Ask something of the running training."""
        if self._session is None:
            return
        self._session.send(command)
        if isinstance(command, commands.Stop):
            self._set_activity(Activity.STOPPING)

    def wait(self, timeout_s: float) -> bool:
        """Wait for the worker threads to end; says whether they did."""
        for worker in (self._session, self._catalogue_job):
            if worker is not None and not worker.join(timeout_s):
                return False
        return True

    def _follow(self, session: TrainingSession) -> None:
        assert self._session is None, "one training at a time"
        self._session = session
        self.started = None
        self._bridge.follow(session.events, self._on_events, self._on_session_end)
        session.start()
        self._set_activity(Activity.PREPARING)

    def _on_events(self, received: Sequence[events.Event]) -> None:
        activity = self.activity
        for event in received:
            match event:
                case events.RunStarted():
                    self.started = event
                    activity = Activity.TRAINING
                    self.reload_runs(show=event.run)
                case events.Paused():
                    activity = Activity.PAUSED
                case events.Resumed():
                    activity = Activity.TRAINING
                case events.Failed():
                    self.noticed.emit(_notice_of(event))
                case _:
                    pass
        if self.activity is not Activity.STOPPING:
            self._set_activity(activity)
        self.received.emit(list(received))

    def _on_session_end(self, ending: JobEnded) -> None:
        run = self.started.run if self.started else None
        self._session = None
        self._set_activity(Activity.IDLE)
        if ending.error is not None:
            self.noticed.emit(notice_about(ending.error))
        self.reload_runs(show=run)

    def _set_activity(self, activity: Activity) -> None:
        if activity is not self.activity:
            self.activity = activity
            self.activity_changed.emit()

    # --- answers of the background ------------------------------------------------------

    def _on_catalogue_items(self, items: Sequence[CatalogueEntry | Machine]) -> None:
        for item in items:
            if isinstance(item, Machine):
                self.machine = item
            else:
                self.entries[item.card.key] = item

    def _on_catalogue_end(self, ending: JobEnded) -> None:
        self._catalogue_job = None
        if ending.error is not None:
            self.noticed.emit(notice_about(ending.error))
        self.catalogue_loaded.emit()

    def _on_runs_read(self, found: list[RunSummary], ending: JobEnded, show: Path | None) -> None:
        if ending.error is not None:
            self.noticed.emit(notice_about(ending.error))
        self._set_runs(found, show)

    def _set_runs(self, runs: list[RunSummary], show: Path | None) -> None:
        self.runs = runs
        newest = runs[-1] if runs else None
        self.shown = next((run for run in runs if run.path == show), newest)
        self.runs_changed.emit()


def _notice_of(failure: events.Failed) -> Notice:
    return Notice(
        level=Level.ERROR,
        title=failure.title,
        message=" ".join(part for part in (failure.message, failure.hint) if part),
        details=failure.traceback,
    )
