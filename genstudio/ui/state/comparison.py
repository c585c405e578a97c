"""Runs side by side: what is being compared, and what was found."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import tr
from genstudio.domain.notices import Level, Notice
from genstudio.domain.progress import Progress
from genstudio.services import studio, studio_blind
from genstudio.services.blind_picks import PickTally, State, added_up, keep_tally, tallies_of
from genstudio.services.compared import Comparison
from genstudio.services.compared_materials import AnyComparison, MaterialComparison
from genstudio.services.compared_picks import picks_among
from genstudio.services.jobs import Job, JobEnded
from genstudio.services.notices import notice_about
from genstudio.services.projects import Project
from genstudio.services.studio_blind import BlindPairs, Candidate
from genstudio.ui.bridge import Bridge


class ComparisonState(QObject):
    """The last comparison, kept until the next one or another project.

    Attributes:
        result: What was found; None before anything was compared.

    Signals:
        changed(): Another comparison is shown, or none.
        busy_changed(): Comparing or saving began or ended.
        progressed(str, int, int): What is done, how far.
        noticed(Notice): Something a person should read.
    """

    changed = Signal()
    busy_changed = Signal()
    progressed = Signal(str, int, int)
    noticed = Signal(Notice)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._project: Path | None = None
        self._job: Job[Any] | None = None
        self._drawing: Job[Any] | None = None
        self.result: AnyComparison | None = None

    @property
    def is_busy(self) -> bool:
        """Whether runs are being compared or a report is being saved."""
        return self._job is not None

    def set_project(self, project: Project | None) -> None:
        """Forget what was found in another project."""
        path = project.path if project is not None else None
        if path != self._project:
            self.close()
            self._project, self._job, self.result = path, None, None
            self.busy_changed.emit()
            self.changed.emit()

    def compare(self, runs: Sequence[Path]) -> None:
        """Judge runs on the same seeds; what was found before stays until that is done."""
        assert self._job is None, "one comparison at a time"

        def on_items(items: list[Progress | AnyComparison]) -> None:
            last = items[-1]
            if isinstance(last, Comparison | MaterialComparison):
                self.result = last
                self.changed.emit()
            else:
                self.progressed.emit(last.what, last.done, last.total)

        self._start(studio.compare_runs(runs), on_items)
        self.progressed.emit(tr("Getting ready"), 0, 0)

    def save(self, to: Path) -> None:
        """Write the report of what was found into a folder, and tell where it is."""
        assert self.result is not None, "nothing was compared"

        def on_items(items: list[Path]) -> None:
            text = tr(
                "{items} opens in any browser; the figures are beside it as JSON.", items=items[-1]
            )
            self.noticed.emit(
                Notice(level=Level.INFO, title=tr("The report is saved"), message=text)
            )

        self._start(studio.save_comparison(self.result, to), on_items)

    def keep_picks(self, tally: PickTally) -> bool:
        """Remember what was picked blindly, and show it; False if that failed, which is told."""
        assert self._project is not None, "no project, no runs"
        try:
            keep_tally(self._project, tally)
        except GenStudioError as error:
            self.noticed.emit(notice_about(error))
            return False
        if isinstance(self.result, Comparison):
            self.result = replace(self.result, picks=picks_among(self.result.runs))
            self.changed.emit()
        return True

    def draw_pairs(
        self,
        first: Candidate,
        second: Candidate,
        count: int,
        on_items: Callable[[list[Progress | BlindPairs]], None],
        on_end: Callable[[JobEnded], None],
    ) -> Job[Progress | BlindPairs]:
        """Draw what is to be picked blindly.

        Args:
            first: One saved state.
            second: Another.
            count: Pairs.
            on_items: Told how far it is, and the pairs.
            on_end: Told of the end.

        Returns:
            The job, to be cancelled.
        """
        job = studio_blind.draw_pairs(first, second, count)
        self._drawing = job
        self._bridge.follow(job.items, on_items, on_end)
        job.start()
        return job

    def all_picks(self, first: State, second: State) -> PickTally | None:
        """All sessions between two saved states, added up."""
        assert self._project is not None, "no project, no runs"
        found = added_up(tallies_of(self._project), (first, second))
        return found[0] if found else None

    def cancel(self) -> None:
        """Stop after the picture at hand; what was found before stays."""
        if self._job is not None:
            self._job.cancel()

    def close(self) -> None:
        """Leave no thread behind."""
        for job in (self._job, self._drawing):
            if job is not None:
                job.cancel()
                job.join()

    def _start(self, job: Job[Any], on_items: Callable[[list[Any]], None]) -> None:
        self._job = job

        def on_its_items(items: list[Any]) -> None:
            if self._job is job:
                on_items(items)

        def on_its_end(ending: JobEnded) -> None:
            # The project may have been left meanwhile.
            if self._job is not job:
                return
            self._job = None
            self.busy_changed.emit()
            if ending.error is not None:
                self.noticed.emit(notice_about(ending.error))

        self._bridge.follow(job.items, on_its_items, on_its_end)
        job.start()
        self.busy_changed.emit()
