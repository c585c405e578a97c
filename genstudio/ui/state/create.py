"""The operations that can be done, the one under way, and what they made in this project."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from genstudio.domain.films import Codec
from genstudio.domain.language import tr
from genstudio.domain.notices import Level, Notice
from genstudio.domain.operations import Report
from genstudio.domain.progress import Progress
from genstudio.domain.walks import Walk
from genstudio.services import studio_films, studio_operations
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.jobs import Job, JobEnded
from genstudio.services.notices import notice_about
from genstudio.services.projects import Project
from genstudio.services.score_tables import has_scores
from genstudio.services.studio_operations import OperationEntry, OperationResult
from genstudio.ui.bridge import Bridge
from genstudio.ui.run_words import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person wants done.

    Attributes:
        key: Of the operation.
        run: Folder of the run whose model is used; None where none is needed.
        inputs: Name of an input => files.
        count: How many are wanted, where a person can say so.
        seed: Of the first result.
        settings: Values of the operation's form.
        watch: Go on with what is put into the folders of the inputs later.
        checkpoint: A step, "best" or "last"; only for what is kept at once.
    """

    key: str
    run: Path | None = None
    inputs: Mapping[str, Sequence[Path]] = field(default_factory=dict[str, Sequence[Path]])
    count: int = 1
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    watch: bool = False
    checkpoint: str = "best"


class CreateState(QObject):
    """What the Create page shows.

    Attributes:
        entries: Operations, by key; empty until they are loaded.
        results: What was made, by path, the newest operation first.
        hung: Results that were put into the gallery since the project was opened.

    Signals:
        loaded(): The operations are known.
        project_wanted(): There is no project to keep results in, and there must be one now.
        busy_changed(): An operation began or ended, or another project is open.
        progressed(str, int, int): What is done, how far.
        seen(ndarray or str): A result that is not done yet: uint8 (height, width, 3), or a text.
        results_changed(): The results are those of another project.
        arrived(list): Keys of new results.
        reported(): What came of all was written beside the results.
        scores_read(Path, ScoreTable): The table of a folder of results.
        ended(str): How the operation ended, in a sentence.
        gathered(str, list): Files for the input of that name.
        hung_now(list[GalleryItem]): Results are in the gallery.
        filmed(int, int): So many frames of so many are filmed; 0 of 0 when none are any more.
        noticed(Notice): Something a person should read.
    """

    loaded = Signal()
    project_wanted = Signal()
    busy_changed = Signal()
    progressed = Signal(str, int, int)
    seen = Signal(object)
    results_changed = Signal()
    arrived = Signal(list)
    reported = Signal()
    scores_read = Signal(object, object)
    ended = Signal(str)
    gathered = Signal(str, list)
    hung_now = Signal(list)
    filmed = Signal(int, int)
    noticed = Signal(Notice)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._project: Project | None = None
        self._work: Job[OperationResult | Progress] | None = None
        self._others: list[Job[Any]] = []
        # Of no project: opening one does not end it.
        self._loading: Job[OperationEntry] | None = None
        self._num_made = 0
        self._words = ""
        self.entries: dict[str, OperationEntry] = {}
        self.results: dict[str, OperationResult] = {}
        self.hung: set[str] = set()

    @property
    def is_open(self) -> bool:
        """Whether there is a project to keep results in."""
        return self._project is not None

    @property
    def is_busy(self) -> bool:
        """Whether an operation is under way."""
        return self._work is not None

    def load(self) -> None:
        """Import the operations in the background; the architectures must be known."""
        found: list[OperationEntry] = []
        job = studio_operations.load_operations()

        def on_end(ending: JobEnded) -> None:
            self._loading = None
            self.entries = {entry.card.key: entry for entry in found}
            self.loaded.emit()
            if ending.error is not None:
                self.noticed.emit(notice_about(ending.error))

        self._loading = job
        self._bridge.follow(job.items, found.extend, on_end)
        job.start()

    def set_project(self, project: Project | None) -> None:
        """Show the results of another project; what is under way in the last one is stopped."""
        if project is not None and self._project is not None and project.path == self._project.path:
            return  # Opened once more: what is under way goes on.
        self._let_go()
        self._project = project
        self.results = {}
        self.hung = set()
        self.results_changed.emit()
        self.busy_changed.emit()
        if project is not None:
            self._do(studio_operations.list_results(project), self._on_earlier)

    def perform(self, wanted: Wanted) -> None:
        """Have an operation done; its results come one by one."""
        assert self._work is None, "one operation at a time"
        if not self._has_project():
            self.ended.emit("")
            self.busy_changed.emit()
            return
        assert self._project is not None
        job = studio_operations.perform_operation(
            wanted.key,
            out=studio_operations.results_folder(self._project, wanted.key),
            run=wanted.run,
            inputs=wanted.inputs,
            count=wanted.count,
            seed=wanted.seed,
            settings=wanted.settings,
            watch=wanted.watch,
        )
        self._work = job
        self._num_made = 0
        self._words = ""
        self._bridge.follow(
            job.items,
            lambda items: self._on_items(job, items),
            lambda ending: self._on_work_end(job, ending),
        )
        job.start()
        self.busy_changed.emit()

    def cancel(self) -> None:
        """Stop after the result at hand; what was made stays."""
        if self._work is not None:
            self._work.cancel()

    def hang(self, keys: Sequence[str]) -> None:
        """Put results into the gallery; one that is there already is not put there twice."""
        assert self._project is not None, "results are kept in a project"
        project, items = self._project, list[GalleryItem]()

        def on_end(_ending: JobEnded) -> None:
            if project is self._project and items:
                self.hung |= set(keys[: len(items)])
                self.hung_now.emit(items)

        paths = [self.results[key].path for key in keys]
        self._do(studio_operations.hang_results(project, paths), items.extend, on_end)

    def read_scores(self, folder: Path) -> None:
        """Read the table beside results, where there is one."""
        if has_scores(folder):
            job = studio_operations.read_scores(folder)
            self._do(job, lambda tables: self.scores_read.emit(folder, tables[-1]))

    def keep(self, wanted: Wanted) -> None:
        """Have an operation done and put what comes of it into the gallery at once."""
        assert self._project is not None
        assert wanted.run is not None
        job = studio_operations.perform_and_hang(
            self._project,
            wanted.key,
            run=wanted.run,
            settings=wanted.settings,
            inputs=wanted.inputs,
            checkpoint=wanted.checkpoint,
        )
        self._do(job, self.hung_now.emit)

    def film_key_frames(
        self,
        run: Path,
        walk: Walk,
        values: Mapping[str, Any],
        *,
        fps: int = 30,
        suffix: str | None = None,
        codec: Codec = "usual",
        pictures: Sequence[Path] = (),
    ) -> None:
        """Film a walk between places; see ``studio_films.film_key_frames``."""
        assert self._project is not None
        self._film(
            studio_films.film_key_frames(
                self._project,
                run,
                walk,
                values,
                fps=fps,
                suffix=suffix,
                codec=codec,
                pictures=pictures,
            )
        )

    def follow(
        self,
        job: Job[Any],
        on_items: Callable[[list[Any]], None],
        on_end: Callable[[JobEnded], None],
    ) -> None:
        """Tell of a job that a dialog has begun, and ends before it is closed."""
        self._bridge.follow(job.items, on_items, on_end)

    def film_run(self, run: Path) -> None:
        """Film how the pictures of a run came about."""
        assert self._project is not None
        self._film(studio_films.film_run(self._project, run))

    def _film(self, job: Job[Progress | Path]) -> None:
        def on_items(items: list[Progress | Path]) -> None:
            last = items[-1]
            if isinstance(last, Progress):
                self.filmed.emit(last.done, last.total)
            else:
                self.filmed.emit(0, 0)
                text = tr("{last} plays in any player, over and over.", last=last)
                self.noticed.emit(
                    Notice(level=Level.INFO, title=tr("The film is made"), message=text)
                )

        self._do(job, on_items, lambda _: self.filmed.emit(0, 0))

    def gather(self, name: str, paths: Sequence[Path], kind: str) -> None:
        """Find files of a kind among files and folders, for the input of that name."""
        job = studio_operations.gather_inputs(paths, kind)
        self._do(job, lambda files: self.gathered.emit(name, files))

    def keep_pasted(self, name: str, image_HWC: np.ndarray) -> None:
        """Save a picture from the clipboard, for the input of that name."""
        if not self._has_project():
            return
        assert self._project is not None
        job = studio_operations.keep_pasted(self._project, image_HWC)
        self._do(job, lambda files: self.gathered.emit(name, files))

    def close(self) -> None:
        """Stop everything before the window closes."""
        self._let_go()
        if self._loading is not None:
            self._loading.cancel()
            self._loading.join()
        self._project = None

    def _has_project(self) -> bool:
        """Whether there is a project to keep things in, or could be made; why not is told."""
        if self._project is None:
            self.project_wanted.emit()
        return self._project is not None

    def _let_go(self) -> None:
        for job in (self._work, *self._others):
            if job is not None:
                job.cancel()
                job.join()
        self._work = None

    def _do(
        self,
        job: Job[Any],
        on_items: Callable[[list[Any]], object],
        on_end: Callable[[JobEnded], None] | None = None,
    ) -> None:
        project = self._project

        def on_job_end(ending: JobEnded) -> None:
            self._others.remove(job)
            if on_end is not None:
                on_end(ending)
            if ending.error is not None and project is self._project:
                self.noticed.emit(notice_about(ending.error))

        def on_job_items(items: list[Any]) -> None:
            if project is self._project:
                on_items(items)

        self._others.append(job)
        self._bridge.follow(job.items, on_job_items, on_job_end)
        job.start()

    def _on_items(
        self,
        job: Job[OperationResult | Progress],
        items: Iterable[OperationResult | Progress],
    ) -> None:
        if job is not self._work:
            return  # Of a project that is closed; its results are in its folder.
        made: dict[str, OperationResult] = {}
        for item in items:
            if isinstance(item, OperationResult):
                made[str(item.path)] = item
            else:
                self.progressed.emit(item.what, item.done, item.total)
                if isinstance(item.item, np.ndarray | str):
                    self.seen.emit(item.item)
                if isinstance(item.item, Report):
                    self._words = item.item.words
                    self.reported.emit()
        if made:
            self._num_made += len(made)
            new = [key for key in made if key not in self.results]
            self.results = {**self.results, **made}
            self.arrived.emit(new)

    def _on_earlier(self, items: Iterable[OperationResult]) -> None:
        earlier = {str(it.path): it for it in items}
        self.results = {
            **self.results,
            **{k: v for k, v in earlier.items() if k not in self.results},
        }
        self.results_changed.emit()

    def _on_work_end(self, job: Job[OperationResult | Progress], ending: JobEnded) -> None:
        if job is not self._work:
            return
        self._work = None
        ended = _how_it_ended(self._num_made, ending)
        self.ended.emit(f"{ended} {self._words}".strip())
        self.busy_changed.emit()
        if ending.error is not None:
            self.noticed.emit(notice_about(ending.error))


def _how_it_ended(num_made: int, ending: JobEnded) -> str:
    made = counted(num_made, "result")
    if ending.error is not None:
        return tr("It could not be finished; {made} came before.", made=made) if num_made else ""
    if ending.cancelled:
        return (
            tr("Stopped; {made} came before and stay.", made=made) if num_made else tr("Stopped.")
        )
    return tr("{made} made.", made=made)
