"""The pictures of the project's gallery: found, rated, made, exported."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from genstudio.domain.errors import GenStudioError
from genstudio.domain.notices import Level, Notice
from genstudio.services import studio
from genstudio.services.export import ExportDone, ExportProgress
from genstudio.services.gallery import Gallery, GalleryItem
from genstudio.services.jobs import Job, JobEnded
from genstudio.services.notices import notice_about
from genstudio.services.projects import Project
from genstudio.ui.bridge import Bridge


class GalleryState(QObject):
    """The gallery, as filtered.

    Signals:
        changed(): Other pictures are shown.
        item_changed(GalleryItem): One of them has another rating or other tags.
        busy_changed(): Making or exporting began or ended.
        progressed(str, int, int): What is done, how far.
        exported(Path): What to open.
        noticed(Notice): Something a person should read.
    """

    changed = Signal()
    item_changed = Signal(object)
    busy_changed = Signal()
    progressed = Signal(str, int, int)
    exported = Signal(object)
    noticed = Signal(Notice)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._project: Project | None = None
        self._gallery: Gallery | None = None
        self._job: Job[Any] | None = None
        self._query = ""
        self._minimum_rating = 0
        self.items: dict[str, GalleryItem] = {}

    @property
    def is_open(self) -> bool:
        """Whether there is a project to keep pictures in."""
        return self._gallery is not None

    @property
    def is_busy(self) -> bool:
        """Whether pictures are being made or exported."""
        return self._job is not None

    def set_project(self, project: Project | None) -> None:
        """Show the gallery of another project."""
        self.close()
        self._project = project
        if project is not None:
            try:
                self._gallery = Gallery(project)
            except GenStudioError as error:
                self.noticed.emit(notice_about(error))
            else:
                self._tell_of_repair()
        self.refresh(look_at_files=True)

    def _tell_of_repair(self) -> None:
        if self._gallery is not None and self._gallery.repaired:
            text = "Its index was damaged and is made anew from the pictures; ratings are lost."
            self.noticed.emit(
                Notice(level=Level.WARNING, title="The gallery was repaired", message=text)
            )

    def close(self) -> None:
        """Let go of the project, after what is being made or exported."""
        if self._job is not None:
            self._job.cancel()
            self._job.join()
        if self._gallery is not None:
            self._gallery.close()
        self._gallery = None
        self._project = None

    def filter(self, query: str, minimum_rating: int) -> None:
        """Show only pictures that the words are found in and that are rated well enough."""
        self._query, self._minimum_rating = query, minimum_rating
        self.refresh()

    def refresh(self, *, look_at_files: bool = False) -> None:
        """Read the index again, and the folder itself if files may have come or gone."""
        found: list[GalleryItem] = []
        if self._gallery is not None:
            try:
                if look_at_files:
                    self._gallery.sync()
                found = self._gallery.items(self._query, minimum_rating=self._minimum_rating)
            except GenStudioError as error:
                self.noticed.emit(notice_about(error))
        self.items = {item.name: item for item in found}
        self.changed.emit()

    def rate(self, names: Iterable[str], stars: int) -> None:
        """Give pictures 0 to 5 stars."""
        for name in names:
            self._update(name, rating=stars)

    def tag(self, names: Iterable[str], tags: Sequence[str]) -> None:
        """Give pictures these tags instead of those they had."""
        for name in names:
            self._update(name, tags=tags)

    def remove(self, names: Iterable[str]) -> None:
        """Move pictures to the system's trash."""
        if self._gallery is None:
            return
        try:
            for name in list(names):
                self._gallery.remove(name)
        except GenStudioError as error:
            self.noticed.emit(notice_about(error))
        self.refresh()

    def generate(self, run: Path, *, count: int, sampling: Mapping[str, Any]) -> None:
        """Make new pictures from a run's newest checkpoint."""
        assert self._project is not None
        made = 0

        def on_items(items: list[GalleryItem]) -> None:
            nonlocal made
            made += len(items)
            self.progressed.emit("Making pictures", made, count)
            self.refresh()

        self._start(
            studio.generate_pictures(self._project, run, count=count, sampling=sampling), on_items
        )

    def export(self, names: Iterable[str], *, to: Path, kind: str, title: str) -> None:
        """Export pictures."""
        chosen = [self.items[name] for name in names]

        def on_items(items: list[ExportProgress | ExportDone]) -> None:
            last = items[-1]
            if isinstance(last, ExportDone):
                self.exported.emit(last.path)
            else:
                self.progressed.emit("Exporting", last.done, last.total)

        self._start(studio.export_pictures(chosen, to=to, kind=kind, title=title), on_items)

    def cancel(self) -> None:
        """Stop making or exporting after the picture at hand."""
        if self._job is not None:
            self._job.cancel()

    def _update(
        self, name: str, *, rating: int | None = None, tags: Sequence[str] | None = None
    ) -> None:
        if self._gallery is None:
            return
        try:
            if rating is not None:
                self._gallery.rate(name, rating)
            if tags is not None:
                self._gallery.tag(name, tags)
            item = self._gallery.item(name)
        except GenStudioError as error:
            self.noticed.emit(notice_about(error))
            return
        self.items[name] = item
        self.item_changed.emit(item)

    def _start(self, job: Job[Any], on_items: Any) -> None:
        assert self._job is None, "one thing at a time"
        self._job = job
        self._bridge.follow(job.items, on_items, self._on_end)
        job.start()
        self.busy_changed.emit()

    def _on_end(self, ending: JobEnded) -> None:
        self._job = None
        self.busy_changed.emit()
        if ending.error is not None:
            self.noticed.emit(notice_about(ending.error))
