"""Whether what is chosen on the Train page fits: asked for, tried beside the window, told."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from genstudio.domain.datasets import ScanReport
from genstudio.domain.forecasts import Forecast, Remedy, remedy
from genstudio.domain.notices import Notice
from genstudio.domain.progress import Progress
from genstudio.domain.training import TrainingSettings
from genstudio.services import studio_queue
from genstudio.services.fit_check import words_about
from genstudio.services.jobs import Job, JobEnded
from genstudio.services.notices import notice_about
from genstudio.ui.bridge import Bridge


class FitState(QObject):
    """The last fit check, and the one that is under way.

    Signals:
        changed(): It began, came further, or ended.
        noticed(Notice): Something a person should read.
    """

    changed = Signal()
    noticed = Signal(Notice)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._job: Job[Progress | Forecast] | None = None
        self._settings: TrainingSettings | None = None
        self.forecast: Forecast | None = None
        self.progress: Progress | None = None

    @property
    def is_busy(self) -> bool:
        """Whether one is under way."""
        return self._job is not None

    @property
    def remedy(self) -> Remedy | None:
        """What would make it fit; None if nothing has to be done, or nothing can."""
        if self.forecast is None or self._settings is None:
            return None
        return remedy(self._settings, self.forecast)

    @property
    def words(self) -> Sequence[str]:
        """The forecast in sentences; none before there is one."""
        return words_about(self.forecast) if self.forecast is not None else ()

    def check(
        self,
        settings: TrainingSettings,
        project: Path,
        report: ScanReport,
        excluded: frozenset[str],
        modality: str | None,
    ) -> None:
        """Take some steps of a run that is thrown away."""
        if self._job is not None:
            return
        self._settings, self.forecast = settings, None
        excluded_names = tuple(sorted(excluded))
        job = studio_queue.check_fit(settings, project, report, excluded_names, modality)
        self._job = job
        self._bridge.follow(job.items, self._on_items, self._on_end)
        job.start()
        self.changed.emit()

    def forget(self) -> None:
        """What was found is no longer true: something else is chosen."""
        if self.forecast is not None:
            self.forecast = None
            self.changed.emit()

    def cancel(self) -> None:
        """Give up what is under way."""
        if self._job is not None:
            self._job.cancel()

    def close(self) -> None:
        """Leave no process behind."""
        if self._job is not None:
            self._job.cancel()
            self._job.join()

    def _on_items(self, items: list[Progress | Forecast]) -> None:
        for item in items:
            if isinstance(item, Progress):
                self.progress = item
            else:
                self.forecast = item
        self.changed.emit()

    def _on_end(self, ending: JobEnded) -> None:
        self._job, self.progress = None, None
        if ending.error is not None:
            self.noticed.emit(notice_about(ending.error))
        self.changed.emit()
