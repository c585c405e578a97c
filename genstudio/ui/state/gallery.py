"""The pictures of the project's gallery: found, rated, made, exported."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import tr
from genstudio.domain.notices import Level, Notice
from genstudio.domain.operations import Report
from genstudio.domain.progress import Progress
from genstudio.services import studio, studio_exports, studio_operations
from genstudio.services.exporters.protocol import ExportDone
from genstudio.services.gallery import Gallery, RemovedPicture
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.jobs import Job, JobEnded
from genstudio.services.notices import notice_about
from genstudio.services.projects import Project
from genstudio.services.studio import OpenedGallery
from genstudio.ui.bridge import Bridge
from genstudio.ui.history import History
from genstudio.ui.state.gallery_notices import (
    notice_about_all,
    notice_of_copies,
    notice_of_left_out,
    notice_of_remade,
    notice_of_unsigned,
)

T = TypeVar("T")
R = TypeVar("R")


class GalleryState(QObject):
    """The gallery, as filtered.

    Attributes:
        items: The pictures that are shown, by name.
        history: What was rated, tagged and moved to the trash since the project was opened.

    Signals:
        changed(): Other pictures are shown.
        item_changed(GalleryItem): One of them has another rating or other tags.
        busy_changed(): Making or exporting began or ended, or the gallery is open now.
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
        self._opening: Job[int | OpenedGallery] | None = None
        self._looking: Job[int | list[GalleryItem]] | None = None
        self._looks_again = False
        # Raised whenever other pictures or marks are shown, so that an older list is known as such.
        self._version = 0
        self._query = ""
        self._minimum_rating = 0
        self.items: dict[str, GalleryItem] = {}
        self.history = History(self)

    @property
    def project(self) -> Project | None:
        """The project whose gallery it is."""
        return self._project

    @property
    def is_open(self) -> bool:
        """Whether there is a project to keep pictures in."""
        return self._gallery is not None

    def num_rated(self) -> int:
        """How many pictures have stars."""
        return self._gallery.count(minimum_rating=1) if self._gallery is not None else 0

    @property
    def is_opening(self) -> bool:
        """Whether the gallery of a project is being opened and looked through."""
        return self._opening is not None

    @property
    def is_busy(self) -> bool:
        """Whether pictures are being made or exported."""
        return self._job is not None

    def set_project(self, project: Project | None) -> None:
        """Show the gallery of another project, as soon as it has been looked through."""
        self.close()
        self._project = project
        if project is None:
            return
        job = studio.open_gallery(project)
        self._opening = job

        def on_items(items: list[int | OpenedGallery]) -> None:
            if isinstance(items[-1], OpenedGallery):
                self._take_over(items[-1])

        self._bridge.follow(job.items, on_items, lambda ending: self._on_opening_end(job, ending))
        job.start()
        self.changed.emit()

    def _take_over(self, opened: OpenedGallery) -> None:
        self._gallery = opened.gallery
        self._opening = None
        self._tell_of_repair()
        if self._query.strip() or self._minimum_rating:
            self.refresh()
        else:
            self._set_items(opened.items)
        self.busy_changed.emit()
        if self._looks_again:
            self._look_at_files()

    def _on_opening_end(self, job: Job[int | OpenedGallery], ending: JobEnded) -> None:
        if job is self._opening:
            self._opening = None
            self.changed.emit()
        if ending.error is not None:
            self.noticed.emit(notice_about(ending.error))

    def _tell_of_repair(self) -> None:
        if self._gallery is not None and self._gallery.repaired:
            text = tr("Its index was damaged and is made anew from the pictures; ratings are lost.")
            self.noticed.emit(
                Notice(level=Level.WARNING, title=tr("The gallery was repaired"), message=text)
            )

    def close(self) -> None:
        """Let go of the project, after what is being made, exported or looked through."""
        for job in (self._job, self._looking, self._opening):
            if job is not None:
                job.cancel()
                job.join()
        if self._opening is not None:
            _close_what_was_opened(self._opening)
        self._opening = self._looking = None
        self._looks_again = False
        self.history.clear()
        if self._gallery is not None:
            self._gallery.close()
        self._gallery = None
        self._project = None
        self._set_items(())

    def filter(self, query: str, minimum_rating: int) -> None:
        """Show only pictures that the words are found in and that are rated well enough."""
        self._query, self._minimum_rating = query, minimum_rating
        self.refresh()

    def refresh(self, *, look_at_files: bool = False) -> None:
        """Read the index again, or in the background, if files may have come or gone, these first.

        Until the files are looked at, the same pictures stay on show.
        """
        if look_at_files and (self._gallery is not None or self._opening is not None):
            self._looks_again = True
            self._look_at_files()
            return
        found: list[GalleryItem] = []
        if self._gallery is not None:
            try:
                found = self._gallery.items(self._query, minimum_rating=self._minimum_rating)
            except GenStudioError as error:
                self.noticed.emit(notice_about(error))
        self._set_items(found)

    def _look_at_files(self) -> None:
        """Look once more, when those who look now have ended."""
        if self._gallery is None or self._looking is not None:
            return
        self._looks_again = False
        job = studio.look_through_gallery(self._gallery, self._query, self._minimum_rating)
        self._looking = job
        version = self._version

        def on_items(items: list[int | list[GalleryItem]]) -> None:
            found = items[-1]
            if job is self._looking and isinstance(found, list):
                self._on_looked(found, version)

        self._bridge.follow(job.items, on_items, lambda ending: self._on_looking_end(job, ending))
        job.start()

    def _on_looked(self, found: Sequence[GalleryItem], version: int) -> None:
        if version != self._version:
            self.refresh()  # Something was made, rated or searched for meanwhile.
        elif list(self.items.values()) != found:
            self._set_items(found)

    def _on_looking_end(self, job: Job[int | list[GalleryItem]], ending: JobEnded) -> None:
        if job is not self._looking:
            return  # Of a project that is closed.
        self._looking = None
        if ending.error is not None:
            self.noticed.emit(notice_about(ending.error))
        if self._looks_again:
            self._look_at_files()

    def _set_items(self, found: Iterable[GalleryItem]) -> None:
        self._version += 1
        self.items = {item.name: item for item in found}
        self.changed.emit()

    def rate(self, names: Iterable[str], stars: int) -> None:
        """Give pictures 0 to 5 stars."""
        before = self._rate(dict.fromkeys(names, stars))
        self.history.add(tr("rate {}"), before, undo=self._rate, redo=self._rate)

    def tag(self, names: Iterable[str], tags: Sequence[str]) -> None:
        """Give pictures these tags instead of those they had."""
        before = self._tag(dict.fromkeys(names, tags))
        self.history.add(tr("tag {}"), before, undo=self._tag, redo=self._tag)

    def remove(self, names: Iterable[str]) -> None:
        """Move pictures to the system's trash."""
        removed = self._move_to_trash(names)
        self.history.add(
            tr("move {} to the trash"), removed, undo=self._bring_back, redo=self._move_to_trash
        )

    def generate(self, run: Path, *, count: int, sampling: Mapping[str, Any]) -> None:
        """Make new pictures from a run's newest checkpoint."""
        assert self._project is not None
        made = 0

        def on_items(items: list[GalleryItem]) -> None:
            nonlocal made
            made += len(items)
            self.progressed.emit(tr("Making pictures"), made, count)
            self.take_in(items)

        self.start_work(
            studio.generate_pictures(self._project, run, count=count, sampling=sampling), on_items
        )

    def more_to_taste(self, run: Path, *, count: int, settings: Mapping[str, Any]) -> None:
        """Make new pictures towards what was rated well, and say what is known of that."""
        assert self._project is not None, "no project, no pictures"

        def on_items(items: list[GalleryItem | Progress]) -> None:
            for item in items:
                if not isinstance(item, Progress):
                    self.take_in([item])
                elif isinstance(item.item, Report):
                    words = item.item.words
                    self.noticed.emit(
                        Notice(level=Level.INFO, title=tr("Your taste"), message=words)
                    )
                else:
                    self.progressed.emit(item.what, item.done, item.total)

        self.start_work(
            studio_operations.more_to_taste(self._project, run=run, count=count, settings=settings),
            on_items,
        )

    def take_in(self, made: Sequence[GalleryItem]) -> None:
        """Show new pictures before all others, as the index will have them.

        To read a large index anew for each would hold up the window.
        """
        if self._query.strip() or self._minimum_rating:
            self.refresh()
            return
        new = {item.name: item for item in reversed(made) if item.name not in self.items}
        self._set_items([*new.values(), *self.items.values()])

    def export(
        self,
        names: Iterable[str],
        *,
        to: Path,
        kind: str,
        title: str,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Export pictures in one of the ways that there are, with its options."""
        chosen = [self.items[name] for name in names]

        def on_items(items: list[Progress | ExportDone]) -> None:
            last = items[-1]
            if isinstance(last, ExportDone):
                self.exported.emit(last.path)
                if last.copies and not (options or {}).get("leave_out_copies"):
                    self.noticed.emit(notice_of_copies(last))
                if last.unsigned:
                    self.noticed.emit(notice_of_unsigned(last))
                if last.left_out:
                    self.noticed.emit(notice_of_left_out(last))
                    self.refresh(look_at_files=True)
            else:
                self.progressed.emit(tr("Exporting"), last.done, last.total)

        job = studio_exports.export_pictures(chosen, to=to, kind=kind, title=title, options=options)
        self.start_work(job, on_items)

    def remake(self, name: str) -> None:
        """Make a picture again, and tell whether it is the same; one that is not is kept aside."""
        assert self._project is not None, "no project, no pictures"
        path = self.items[name].path

        def on_items(items: list[Any]) -> None:
            last = items[-1]
            if isinstance(last, Progress):
                self.progressed.emit(last.what, last.done, last.total)
            else:
                self.noticed.emit(notice_of_remade(name, last))

        self.start_work(studio_operations.remake(path, self._project), on_items)

    def cancel(self) -> None:
        """Stop making or exporting after the picture at hand."""
        if self._job is not None:
            self._job.cancel()

    @property
    def _open_gallery(self) -> Gallery:
        assert self._gallery is not None, "no project, no pictures"
        return self._gallery

    def _rate(self, stars: Mapping[str, int]) -> dict[str, int]:
        return self._mark(stars, attrgetter("rating"), Gallery.rate)

    def _tag(self, tags: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
        return self._mark(tags, attrgetter("tags"), Gallery.tag)

    def _mark(
        self,
        marks: Mapping[str, T],
        read: Callable[[GalleryItem], T],
        write: Callable[[Gallery, str, T], None],
    ) -> dict[str, T]:
        """Give pictures other marks; gives what those had that are another now."""

        def mark(name: str) -> tuple[GalleryItem, GalleryItem]:
            before = self._open_gallery.item(name)
            write(self._open_gallery, name, marks[name])
            return before, self._open_gallery.item(name)

        changed = [(before, after) for before, after in self._each(marks, mark) if before != after]
        self._show([after for _, after in changed])
        return {before.name: read(before) for before, _ in changed}

    def _move_to_trash(self, names: Iterable[str]) -> list[RemovedPicture]:
        removed = self._each(names, self._open_gallery.remove)
        self.refresh()
        return [picture for picture in removed if picture is not None]

    def _bring_back(self, removed: Iterable[RemovedPicture]) -> list[str]:
        restored = self._each(removed, self._open_gallery.restore)
        self.refresh()
        return [item.name for item in restored]

    def _each(self, things: Iterable[T], act: Callable[[T], R]) -> list[R]:
        """Do something with each; those that it fails with are told of at once and passed over."""
        results: list[R] = []
        errors: list[GenStudioError] = []
        for thing in things:
            try:
                results.append(act(thing))
            except GenStudioError as error:
                errors.append(error)
        if errors:
            self.noticed.emit(notice_about_all(errors))
        return results

    def _show(self, items: Sequence[GalleryItem]) -> None:
        for item in items:
            if item.name in self.items:
                self._version += 1
                self.items[item.name] = item
                self.item_changed.emit(item)
        # Undoing may concern pictures that are filtered out, and perhaps no longer should be.
        if any(item.name not in self.items for item in items):
            self.refresh()

    def start_work(self, job: Job[Any], on_items: Callable[[list[Any]], None]) -> None:
        """Have a job done; one at a time, which :meth:`cancel` ends."""
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


def _close_what_was_opened(job: Job[int | OpenedGallery]) -> None:
    """Close the gallery of a job that has ended, if nobody took it over."""
    ending: int | OpenedGallery | JobEnded = 0
    while not isinstance(ending, JobEnded):
        ending = job.items.get_nowait()
        if isinstance(ending, OpenedGallery):
            ending.gallery.close()
    # For whoever follows it.
    job.items.put(ending)
