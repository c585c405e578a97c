"""The queue of the project that is open: kept, checked, and done while it goes."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from genstudio.domain import events
from genstudio.domain.datasets import ScanReport
from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import tr, trn
from genstudio.domain.notices import Level, Notice
from genstudio.domain.progress import Progress
from genstudio.domain.queue import CheckedRun, ItemState, QueuedRun, RunQueue, WhenDone
from genstudio.services import studio_queue
from genstudio.services.jobs import Job, JobEnded
from genstudio.services.notices import notice_about
from genstudio.services.power import LOOK_EVERY_S, BatteryPause
from genstudio.services.projects import Project
from genstudio.services.queue_file import (
    after,
    load_queue,
    queued_again,
    save_queue,
    words_of_moving,
)
from genstudio.ui.bridge import Bridge
from genstudio.ui.state.first_pictures import FirstPicturesState
from genstudio.ui.state.training import Activity, TrainingState


class QueueState(QObject):
    """Runs that wait for each other.

    Signals:
        changed(): Another order, other states, or it began or ended.
        progressed(): Looking whether a run can begin has come further.
        noticed(Notice): Something a person should read.
        done(str, str): All runs are over; title and sentence about it.
        power_wanted(str): The computer should sleep or shut down now; a person is asked first.
    """

    changed = Signal()
    progressed = Signal()
    noticed = Signal(Notice)
    done = Signal(str, str)
    power_wanted = Signal(str)

    def __init__(
        self,
        bridge: Bridge,
        training: TrainingState,
        first_pictures: FirstPicturesState,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._training = training
        self._first_pictures = first_pictures
        self._project: Project | None = None
        # None while it cannot be read: then nothing is written over it.
        self.queue: RunQueue | None = None
        self.is_going = False
        # How far it is looked whether a run can begin; None while that is not done.
        self.progress: Progress | None = None
        self.report: Path | None = None
        self._since = datetime.now().astimezone()
        self._current = ""
        self._jobs: list[Job[Any]] = []
        # By the run's id: what looks whether it can begin, and is still wanted.
        self._looking: dict[str, Job[Any]] = {}
        self._battery = BatteryPause(training.send)
        self._watch = QTimer(self, interval=round(LOOK_EVERY_S * 1000))
        self._watch.timeout.connect(self._look_at_battery)
        training.received.connect(self._on_received)
        training.activity_changed.connect(self._on_activity)
        first_pictures.idle.connect(self._go_on)

    @property
    def items(self) -> tuple[QueuedRun, ...]:
        """All runs, in order."""
        return self.queue.items if self.queue is not None else ()

    def set_project(self, project: Project | None) -> None:
        """Show the queue of another project."""
        if project is not None and self._project is not None and project.path == self._project.path:
            return
        self._project = project
        self._end()
        for item_id in [*self._looking]:
            self._give_up(item_id)
        self.queue, self.report = None, None
        if project is not None:
            try:
                self.queue = load_queue(project.path)
            except GenStudioError as error:
                self.noticed.emit(notice_about(error))
            else:
                self._tell_of_the_past(self.queue, project.path)
        self.changed.emit()

    # --- changing it --------------------------------------------------------------------

    def add(self, item: QueuedRun, report: ScanReport | None) -> None:
        """Put a run at the end, and look whether it can begin."""
        if self.queue is None or self._project is None:
            return
        self._keep(self.queue.model_copy(update={"items": (*self.queue.items, item)}))
        self._check(item, report)

    def remove(self, item_id: str) -> None:
        """Take a run out; what it has trained already stays."""
        if item_id != self._current:
            self._give_up(item_id)
            self._change(lambda queue: queue.without(item_id))

    def move(self, item_id: str, by: int) -> None:
        """Move a run up (below 0) or down."""
        self._change(lambda queue: queue.moved(item_id, by))

    def do_again(self, item_id: str) -> None:
        """Have a run that has ended wait once more; a stopped or failed one goes on."""
        self._change(lambda queue: queued_again(queue, item_id))
        item = self.queue.find(item_id) if self.queue is not None else None
        if item is not None:
            self._check(item, None)

    def set_when_done(self, wanted: WhenDone) -> None:
        """Choose what the computer does after the last run."""
        self._change(lambda queue: queue.model_copy(update={"when_done": wanted}))

    def set_pauses_on_battery(self, *, pauses: bool) -> None:
        """Choose whether a run waits while there is no mains."""
        self._change(lambda queue: queue.model_copy(update={"pauses_on_battery": pauses}))

    # --- doing it -----------------------------------------------------------------------

    def start(self) -> None:
        """Train all that waits, one after another; after what is trained now, if anything is."""
        if self.queue is None or self.is_going:
            return
        self.is_going, self.report = True, None
        self._since = datetime.now().astimezone()
        self._watch.start()
        self.changed.emit()
        self._go_on()

    def hold(self) -> None:
        """Begin no further run; the one that is under way goes on."""
        self.is_going = False
        self.changed.emit()

    def do_when_done(self, wanted: WhenDone) -> None:
        """Put the computer to sleep, or shut it down; a refusal of the system is told."""
        job = studio_queue.do_when_done(wanted)

        def on_end(ending: JobEnded) -> None:
            if ending.error is not None:
                self.noticed.emit(notice_about(ending.error))

        # Not among those that are waited for: a system may take half a minute to refuse.
        self._bridge.follow(job.items, lambda _: None, on_end)
        job.start()

    def close(self) -> None:
        """End what looks at runs; nothing is lost."""
        self._watch.stop()
        for job in self._jobs:
            job.cancel()
        for job in self._jobs:
            job.join()

    def _go_on(self) -> None:
        queue, project = self.queue, self._project
        is_busy = self._training.is_running or self._first_pictures.is_busy or self._jobs
        if not self.is_going or queue is None or project is None or is_busy:
            return
        waiting = queue.waiting()
        if not waiting:
            self._finish(queue, project)
            return
        # What was there when it was queued need not be there any more.
        self._check(waiting[0], None, then=self._begin)

    def _begin(self, checked: CheckedRun) -> None:
        item = checked.item
        if not self.is_going or self._project is None or self._training.is_running:
            return
        if item.fault:
            self._warn(tr("“{title}” is passed over", title=item.title), item.fault)
            self._go_on()
            return
        self._current = item.id
        self._battery.forget()
        # What its folder holds was found a moment ago: it is not looked through twice.
        self._training.start_queued(self._project.path, item, checked.report)

    def _on_received(self, received: Sequence[events.Event]) -> None:
        if not self._current:
            return
        for event in received:
            self._change(lambda queue, event=event: after(queue, self._current, event))
            if isinstance(event, events.Stopped):
                # A person wanted an end.
                self.hold()
            elif isinstance(event, events.Failed):
                item = self.queue.find(self._current) if self.queue is not None else None
                title = item.title if item is not None else tr("A run")
                self._warn(tr("“{title}” failed and is passed over", title=title), event.title)

    def _on_activity(self) -> None:
        if self._training.activity is Activity.IDLE:
            self._current = ""
            self._battery.forget()
            self._go_on()

    def _finish(self, queue: RunQueue, project: Project) -> None:
        self._end()
        pages: list[Path] = []
        counts = {state: sum(it.state is state for it in queue.items) for state in ItemState}
        title = trn(
            "The queue is done: {number} run finished",
            "The queue is done: {number} runs finished",
            counts[ItemState.DONE],
        )
        text = tr(
            "{counts} failed. A contact sheet and a summary are there.",
            counts=counts[ItemState.FAILED],
        )

        def on_end(ending: JobEnded) -> None:
            if ending.error is not None:
                self.noticed.emit(notice_about(ending.error))
            if self._project is project:
                self.report = pages[0] if pages else None
            told = text if pages else tr("None of them could begin; the queue says why.")
            if ending.error is not None:
                told = ""
            self.noticed.emit(Notice(level=Level.INFO, title=title, message=told))
            self.done.emit(title, told)
            self.changed.emit()
            if queue.when_done != "nothing":
                self.power_wanted.emit(queue.when_done)

        self._do(studio_queue.write_report(queue, project.path, self._since), pages.extend, on_end)

    # --- helpers ------------------------------------------------------------------------

    def _check(
        self,
        item: QueuedRun,
        report: ScanReport | None,
        then: Callable[[CheckedRun], None] | None = None,
    ) -> None:
        assert self._project is not None
        found: list[CheckedRun] = []

        def on_items(items: list[Progress | CheckedRun]) -> None:
            found.extend(it for it in items if isinstance(it, CheckedRun))
            last = items[-1]
            if isinstance(last, Progress) and self._looking.get(item.id) is job:
                self.progress = last
                self.progressed.emit()

        def on_end(ending: JobEnded) -> None:
            if self._looking.get(item.id) is not job:
                # Another project is open, or the run was taken out.
                self._go_on()
                return
            self._give_up(item.id)
            if ending.error is not None:
                self.noticed.emit(notice_about(ending.error))
            fault = item.model_copy(update={"fault": tr("Not checked.")})
            checked = found[0] if found else CheckedRun(item=fault)
            told = checked.item
            update = {"told": told.told, "fault": told.fault, "settings": told.settings}
            self._change(lambda queue: queue.changed(item.id, **update))
            if then is not None:
                then(checked)
            else:
                self._go_on()

        # Steps of its own would disturb a training, and the queue begins with them anyway.
        tries = then is None and not self._training.is_running
        job = studio_queue.check(item, self._project.path, report, tries=tries)
        self._give_up(item.id)
        self._looking[item.id] = job
        self._do(job, on_items, on_end)

    def _give_up(self, item_id: str) -> None:
        """Look no further whether a run can begin."""
        job = self._looking.pop(item_id, None)
        if job is not None:
            job.cancel()
            self.progress = None

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

    def _change(self, change: Callable[[RunQueue], RunQueue]) -> None:
        if self.queue is not None:
            changed = change(self.queue)
            if changed is not self.queue:
                self._keep(changed)

    def _keep(self, queue: RunQueue) -> None:
        assert self._project is not None
        self.queue = queue
        try:
            save_queue(self._project.path, queue)
        except GenStudioError as error:
            self.noticed.emit(notice_about(error))
        self.changed.emit()

    def _end(self) -> None:
        self.is_going, self._current = False, ""
        self._watch.stop()

    def _look_at_battery(self) -> None:
        if not self._current or self.queue is None or not self.queue.pauses_on_battery:
            return
        if self._battery.look() and self._battery.is_pausing:
            self._warn(tr("The computer runs on its battery"), tr("The queue waits for the mains."))

    def _tell_of_the_past(self, queue: RunQueue, here: Path) -> None:
        if told := words_of_moving(queue, here):
            self._warn(tr("The project has moved"), told)
        elif queue.waiting():
            text = trn(
                "{number} run waits. “Queue” on the Train page starts it.",
                "{number} runs wait. “Queue” on the Train page starts them.",
                len(queue.waiting()),
            )
            self.noticed.emit(
                Notice(level=Level.INFO, title=tr("This project has a queue"), message=text)
            )

    def _warn(self, title: str, text: str) -> None:
        self.noticed.emit(Notice(level=Level.WARNING, title=title, message=text))
