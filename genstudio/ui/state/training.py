"""The training that runs, the runs so far, and what there is to train with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from genstudio.domain import commands, events
from genstudio.domain.datasets import ScanReport
from genstudio.domain.language import tr
from genstudio.domain.notices import Level, Notice
from genstudio.domain.queue import QueuedRun
from genstudio.domain.runs import CheckpointInfo, RunState, RunSummary
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.services import studio, studio_queue, studio_teaching
from genstudio.services.jobs import Job, JobEnded
from genstudio.services.notices import notice_about
from genstudio.services.projects import Project
from genstudio.services.session import TrainingSession
from genstudio.services.studio import CatalogueEntry, Machine
from genstudio.ui.bridge import Bridge
from genstudio.ui.run_words import what_was_lost

# Numbers that change more often cannot be read, and what showing them takes, the training does
# without.
_PAUSE_MS = 250
_ONGOING = (events.Preparing, events.StepDone)


class Activity(Enum):
    """What the machine is doing."""

    IDLE = auto()
    PREPARING = auto()
    TRAINING = auto()
    PAUSED = auto()
    STOPPING = auto()


@dataclass(frozen=True, slots=True)
class RunningTraining:
    """A training on its way from one window to the next: its session, and how far that came."""

    session: TrainingSession
    started: events.RunStarted | None
    activity: Activity


class TrainingState(QObject):
    """Everything about training that pages show.

    Signals:
        catalogue_loaded(): Architectures and machine are known.
        activity_changed(): Training began, paused, went on, ended.
        received(list): Events of the running training since the last time; how far it has come is
            told of a few times a second, all else at once.
        runs_changed(): The project's runs, or the one that is shown, are others.
        checkpoints_changed(): The run that is shown has other checkpoints, or other stars.
        noticed(Notice): Something a person should read.
    """

    catalogue_loaded = Signal()
    activity_changed = Signal()
    received = Signal(list)
    runs_changed = Signal()
    checkpoints_changed = Signal()
    noticed = Signal(Notice)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._session: TrainingSession | None = None
        self._catalogue_job: Job[CatalogueEntry | Machine] | None = None
        self._jobs: list[Job[Any]] = []
        self._untold: list[events.Event] = []
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._tell)
        self._project: Project | None = None
        self._is_going_back = False
        self._newest_reading = 0
        self.entries: dict[str, CatalogueEntry] = {}
        self.machine = Machine(devices=(), names={})
        self.activity = Activity.IDLE
        self.started: events.RunStarted | None = None
        self.runs: list[RunSummary] = []
        self.shown: RunSummary | None = None
        # While a page shows the coach's words on the run, they are no messages.
        self.is_watched = False

    # --- what there is ------------------------------------------------------------------

    @property
    def is_running(self) -> bool:
        """Whether a training is under way, paused ones and those about to go back included."""
        return self._session is not None or self._is_going_back

    @property
    def live_run(self) -> Path | None:
        """The run that is being trained, once it has begun."""
        return self.started.run if self.is_running and self.started else None

    def load_catalogue(self) -> None:
        """Import torch and the architectures in the background."""
        found: list[CatalogueEntry | Machine] = []
        self._catalogue_job = studio.load_catalogue()
        self._bridge.follow(
            self._catalogue_job.items, found.extend, lambda it: self._on_catalogue_end(it, found)
        )
        self._catalogue_job.start()

    def set_project(self, project: Project | None) -> None:
        """Show the runs of another project, and tell of one that was interrupted."""
        self._project = project
        # A project that a training has just made has no past.
        self.reload_runs(tells_of_interruption=not self.is_running)

    def reload_runs(self, show: Path | None = None, *, tells_of_interruption: bool = False) -> None:
        """Read the project's runs again.

        Args:
            show: Run to show; the newest by default.
            tells_of_interruption: Post a message if that run was interrupted.
        """
        project = self._project
        if project is None:
            self._set_runs([], None)
            return
        found: list[RunSummary] = []

        def on_end(ending: JobEnded) -> None:
            self._tell_of_error(ending)
            if project is self._project:
                self._set_runs(found, show)
                self._on_runs_read(tells_of_interruption=tells_of_interruption)

        self._do(studio.list_runs(project), on_end, found.extend)

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
        modality: str | None = None,
    ) -> None:
        """Begin a new run; on what the folder is learned as, by default the likeliest."""
        self._follow(
            studio.start_training(
                project=project,
                settings=settings,
                excluded=tuple(sorted(excluded)),
                report=report,
                modality=modality,
            )
        )

    def start_queued(
        self, project: Path, item: QueuedRun, report: ScanReport | None = None
    ) -> None:
        """Begin a run of the queue, or go on with it where it was saved.

        Args:
            project: Folder of the project.
            item: The run.
            report: A scan of its folder, if it was looked through just now.
        """
        self._follow(studio_queue.train(project, item, report))

    def teach(self, run: Path) -> None:
        """Teach a branch of a run what the choices of its project say."""
        self._follow(studio_teaching.teach(run))

    def keep_learning(self, run: RunSummary, extra: Budget) -> None:
        """Continue a run: to the end of its budget, or if that is spent, for ``extra`` more."""
        newest = run.checkpoints[-1] if run.checkpoints else None
        self._follow(studio.resume_training(run.path, budget_after(run, newest, extra)))

    def continue_from(self, run: RunSummary, checkpoint: CheckpointInfo, extra: Budget) -> None:
        """Continue a run from one of its checkpoints; what came after it goes to the trash."""
        if checkpoint.step == run.checkpoints[-1].step:
            self.keep_learning(run, extra)
            return

        def on_end(ending: JobEnded) -> None:
            self._is_going_back = False
            if ending.error is None and self.activity is not Activity.STOPPING:
                budget = budget_after(run, checkpoint, extra)
                self._follow(studio.resume_training(run.path, budget))
                return
            self._tell_of_error(ending)
            self._set_activity(Activity.IDLE)
            self.reload_runs(show=run.path)

        self._is_going_back = True
        self._do(studio.go_back(run.path, checkpoint.step), on_end)
        self._set_activity(Activity.PREPARING)

    def branch_from(self, run: RunSummary, checkpoint: CheckpointInfo, extra: Budget) -> None:
        """Begin a new run at a checkpoint of another, which stays as it is."""
        budget = budget_after(run, checkpoint, extra)
        self._follow(studio.resume_training(run.path, budget, branch_from=checkpoint.step))

    def send(self, command: commands.Command) -> None:
        """Ask something of the running training."""
        if not self.is_running:
            return
        if self._session is not None:
            self._session.send(command)
        if isinstance(command, commands.Stop):
            self._set_activity(Activity.STOPPING)

    def hand_over(self) -> RunningTraining | None:
        """Let go of the running training, which goes on; another state takes it over."""
        if self._session is None:
            return None
        running = RunningTraining(self._session, self.started, self.activity)
        self._session = None
        return running

    def take_over(self, running: RunningTraining) -> None:
        """Follow a training that another state has handed over."""
        assert not self.is_running, "one training at a time"
        self._session = running.session
        self._bridge.follow(running.session.events, self._on_events, self._on_session_end)
        if running.started is not None:
            self._on_events([running.started])
        self._set_activity(running.activity)

    def wait(self, timeout_s: float) -> bool:
        """Wait for the worker threads to end; says whether they did."""
        for worker in (self._session, self._catalogue_job, *self._jobs):
            if worker is not None and not worker.join(timeout_s):
                return False
        return True

    # --- what was trained ---------------------------------------------------------------

    def star(self, run: RunSummary, checkpoint: CheckpointInfo, *, is_starred: bool) -> None:
        """Keep a checkpoint for ever, or no longer; also while training runs."""

        def on_end(ending: JobEnded) -> None:
            self._tell_of_error(ending)
            self._read_checkpoints(run.path)

        job = studio.star_checkpoint(run.path, checkpoint.step, is_starred=is_starred)
        self._do(job, on_end)

    def remove_run(self, run: RunSummary) -> None:
        """Move a run to the system's trash and show its neighbour."""
        place = self.runs.index(run)
        others = [*self.runs[:place], *self.runs[place + 1 :]]
        neighbour = others[max(place - 1, 0)].path if others else None

        def on_end(ending: JobEnded) -> None:
            self._tell_of_error(ending)
            self.reload_runs(show=neighbour if ending.error is None else run.path)

        self._do(studio.remove_run(run.path), on_end)
        self._set_runs(others, neighbour)

    # --- following ----------------------------------------------------------------------

    def _do(
        self,
        job: Job[Any],
        on_end: Callable[[JobEnded], None],
        on_items: Callable[[list[Any]], None] = lambda _: None,
    ) -> None:
        """Start a job and follow it to its end."""

        def on_its_end(ending: JobEnded) -> None:
            self._jobs.remove(job)
            on_end(ending)

        self._jobs.append(job)
        self._bridge.follow(job.items, on_items, on_its_end)
        job.start()

    def _follow(self, session: TrainingSession) -> None:
        assert not self.is_running, "one training at a time"
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
                case events.CheckpointSaved():
                    # Older ones may have gone to make room, so that all are read again.
                    self._read_checkpoints(event.path.parent.parent)
                case events.Message(level="warning"):
                    self._warn(event.title, event.text)
                case events.Advice(level="warning") if not self.is_watched:
                    self._warn(event.title, event.message)
                case events.Failed():
                    self.noticed.emit(_notice_of(event))
                case _:
                    pass
        if self.activity is not Activity.STOPPING:
            self._set_activity(activity)
        self._untold += received
        if not (self._pause.isActive() and all(isinstance(it, _ONGOING) for it in received)):
            self._tell()

    def _warn(self, title: str, message: str) -> None:
        self.noticed.emit(Notice(level=Level.WARNING, title=title, message=message))

    def _tell(self) -> None:
        if self._untold:
            told, self._untold = self._untold, []
            self._pause.start()
            self.received.emit(told)

    def _on_session_end(self, ending: JobEnded) -> None:
        self._tell()
        shown = self.shown.path if self.shown else None
        run = self.started.run if self.started else shown
        self._session = None
        self._set_activity(Activity.IDLE)
        self._tell_of_error(ending)
        self.reload_runs(show=run)

    def _set_activity(self, activity: Activity) -> None:
        if activity is not self.activity:
            self.activity = activity
            self.activity_changed.emit()

    # --- answers of the background ------------------------------------------------------

    def _on_catalogue_end(
        self, ending: JobEnded, found: Sequence[CatalogueEntry | Machine]
    ) -> None:
        self._catalogue_job = None
        # All at once: nobody may choose from half a catalogue.
        for item in found:
            if isinstance(item, Machine):
                self.machine = item
            else:
                self.entries[item.card.key] = item
        self._tell_of_error(ending)
        self.catalogue_loaded.emit()

    def _on_runs_read(self, *, tells_of_interruption: bool) -> None:
        shown = self.shown
        if self.live_run is not None:
            # One may have been saved since.
            self._read_checkpoints(self.live_run)
        elif tells_of_interruption and shown is not None and shown.state is RunState.INTERRUPTED:
            self.noticed.emit(
                Notice(
                    level=Level.WARNING,
                    title=tr("A training was interrupted"),
                    message=tr(
                        "{what_was_lost} “Keep learning” on the Train page goes on.",
                        what_was_lost=what_was_lost(shown),
                    ),
                )
            )

    def _read_checkpoints(self, run: Path) -> None:
        self._newest_reading += 1
        reading = self._newest_reading
        found: list[CheckpointInfo] = []

        def on_end(ending: JobEnded) -> None:
            self._tell_of_error(ending)
            if reading == self._newest_reading and ending.error is None:
                self._set_checkpoints(run, tuple(found))

        self._do(studio.list_checkpoints(run), on_end, found.extend)

    def _set_checkpoints(self, path: Path, checkpoints: tuple[CheckpointInfo, ...]) -> None:
        newest = checkpoints[-1] if checkpoints else None
        update = {
            "checkpoints": checkpoints,
            "step": newest.step if newest else 0,
            "seconds": newest.seconds if newest else 0.0,
        }
        self.runs = [
            run.model_copy(update=update) if run.path == path else run for run in self.runs
        ]
        if self.shown is not None and self.shown.path == path:
            self.shown = self.shown.model_copy(update=update)
            self.checkpoints_changed.emit()

    def _tell_of_error(self, ending: JobEnded) -> None:
        if ending.error is not None:
            self.noticed.emit(notice_about(ending.error))

    def _set_runs(self, runs: list[RunSummary], show: Path | None) -> None:
        self.runs = runs
        newest = runs[-1] if runs else None
        self.shown = next((run for run in runs if run.path == show), newest)
        self.runs_changed.emit()


def budget_after(run: RunSummary, start: CheckpointInfo | None, extra: Budget) -> Budget:
    """The rest of a run's budget, or if that is spent where it goes on, ``extra`` more.

    Args:
        run: The run as it was begun.
        start: Where it goes on; None for its beginning.
        extra: What a person would add.
    """
    budget = run.settings.budget
    if start is None:
        return budget
    done = {"steps": start.step, "images": start.images_seen, "minutes": start.seconds / 60}
    is_end = run.state is RunState.FINISHED and start.step == run.step
    if is_end or done[budget.unit] >= budget.amount:
        return Budget(unit=extra.unit, amount=done[extra.unit] + extra.amount)
    return budget


def _notice_of(failure: events.Failed) -> Notice:
    return Notice(
        level=Level.ERROR,
        title=failure.title,
        message=" ".join(part for part in (failure.message, failure.hint) if part),
        details=failure.traceback,
    )
