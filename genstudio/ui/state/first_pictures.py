"""The first pictures of a run that has just finished, made when its training is over."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from genstudio.domain import events
from genstudio.domain.language import tr
from genstudio.domain.notices import Level, Notice
from genstudio.domain.progress import Progress
from genstudio.services import studio_operations
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.jobs import Job, JobEnded
from genstudio.services.notices import notice_about
from genstudio.services.projects import Project
from genstudio.ui.bridge import Bridge
from genstudio.ui.state.training import Activity, TrainingState


class FirstPicturesState(QObject):
    """Starts the work that follows a finished training, and tells how far it is.

    Signals:
        progressed(Progress): How many there are.
        hung_now(list[GalleryItem]): These are in the gallery of the project that is open.
        idle(): Nothing is being made any more.
        ended(): All hang that are going to; not sent if there are none.
        noticed(Notice): Something a person should read.
    """

    progressed = Signal(object)
    hung_now = Signal(list)
    ended = Signal()
    idle = Signal()
    noticed = Signal(Notice)

    def __init__(
        self, bridge: Bridge, training: TrainingState, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._training = training
        self._finished: Path | None = None
        self._jobs: list[Job[Progress]] = []
        self._shown: Job[Progress] | None = None
        training.received.connect(self._on_received)
        training.activity_changed.connect(self._on_activity)

    @property
    def is_busy(self) -> bool:
        """Whether some are being made, or will be as soon as a training is out of memory."""
        return bool(self._jobs) or self._finished is not None

    def set_project(self, project: Project | None) -> None:
        """Go on for the run's own project, and show nothing of it in another."""
        del project
        self._shown = None

    def close(self) -> None:
        """Give up after the picture at hand; those that hang stay."""
        for job in self._jobs:
            job.cancel()
        for job in self._jobs:
            job.join()

    def _on_received(self, received: Sequence[events.Event]) -> None:
        for event in received:
            if isinstance(event, events.Finished):
                self._finished = event.run

    def _on_activity(self) -> None:
        # Only when its thread has ended is the model that was trained out of memory.
        if self._training.activity is Activity.IDLE and self._finished is not None:
            run, self._finished = self._finished, None
            self._hang(run)

    def _hang(self, run: Path) -> None:
        job = studio_operations.hang_first_pictures(run)
        self._jobs.append(job)
        self._shown = job
        self._bridge.follow(
            job.items,
            lambda items: self._on_items(job, items),
            lambda ending: self._on_end(job, ending),
        )
        job.start()

    def _on_items(self, job: Job[Progress], items: Sequence[Progress]) -> None:
        if job is not self._shown:
            return
        self.progressed.emit(items[-1])
        made = [it.item for it in items if isinstance(it.item, GalleryItem)]
        if made:
            self.hung_now.emit(made)
        if items[-1].done == items[-1].total:
            self.ended.emit()

    def _on_end(self, job: Job[Progress], ending: JobEnded) -> None:
        self._jobs.remove(job)
        if ending.error is not None:
            why = notice_about(ending.error)
            self.noticed.emit(
                Notice(
                    level=Level.WARNING,
                    title=tr("The first pictures could not be hung: {title}", title=why.title),
                    message=tr(
                        "The run itself is finished and saved. {message}", message=why.message
                    ),
                    details=why.details,
                )
            )
        if not self.is_busy:
            self.idle.emit()
