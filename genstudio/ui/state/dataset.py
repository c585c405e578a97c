"""The folder of pictures that is open: its report, and which pictures are taken out."""

import operator
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from genstudio.domain.datasets import Crop, Manifest, PictureInfo, ScanReport, ScansFound
from genstudio.domain.files import is_folder
from genstudio.domain.language import tr, trn
from genstudio.domain.modalities import MOLECULES
from genstudio.domain.notices import Level, Notice
from genstudio.domain.progress import Progress
from genstudio.services import studio
from genstudio.services.fitting import PictureFacts, facts_about
from genstudio.services.jobs import Job, JobEnded
from genstudio.services.notices import notice_about
from genstudio.services.projects import Project
from genstudio.ui.bridge import Bridge
from genstudio.ui.history import History

_FEWEST_PICTURES = 2


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which pictures of a folder are taken out at first."""

    excluded: frozenset[str]
    only: frozenset[str] | None

    def leaves_out(self, name: str) -> bool:
        is_other = self.only is not None and not self.only & _normal([name])
        return is_other or name in self.excluded


def _normal(names: Iterable[str]) -> frozenset[str]:
    """Names that can be compared: systems take accents apart, or do not."""
    return frozenset(unicodedata.normalize("NFC", name) for name in names)


class ContentHashes:
    """Content hashes by name, gathered once for each report: edits come many times a second."""

    def __init__(self) -> None:
        self._report: ScanReport | None = None
        self._hash_of: dict[str, str] = {}

    def of(self, report: ScanReport) -> Mapping[str, str]:
        """Name of each picture of a report => its content hash."""
        if report is not self._report:
            self._report = report
            self._hash_of = {it.name: it.content_hash for it in report.pictures}
        return self._hash_of


class DatasetState(QObject):
    """The pictures to learn from.

    Attributes:
        history: What was taken out and in since the folder was opened.
        scanned: The folder that is being looked through, or was last.
        captions: Name of each picture that has one => its caption, as it was found or written.
        crops: Name of each picture with squares of its own => the squares.
        modality_before: What an opened project learned the folder as; empty for a new folder.

    Signals:
        changed(): Another folder, another report, or other pictures are taken out.
        progressed(str, int, int): What is being done, with so many of so many files.
        arrived(list[PictureInfo]): Pictures were found in the folder that is looked through.
        failed(Notice): The folder cannot be used; the one before stays open.
        noticed(Notice): Something a person should know about the open folder.
        scans_found(Path): The folder holds scans; what was open before stays open.
        captioned(Mapping[str, str]): Captions were written; empty ones were taken away.
        cropped(Mapping[str, tuple[Crop, ...]]): Squares were chosen; none is the middle one.
    """

    changed = Signal()
    progressed = Signal(str, int, int)
    arrived = Signal(list)
    failed = Signal(Notice)
    noticed = Signal(Notice)
    scans_found = Signal(object)
    captioned = Signal(object)
    cropped = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._job: Job[Progress | ScanReport | ScansFound] | None = None
        self._reading: Job[Manifest | None] | None = None
        self._readings: list[Job[Manifest | None]] = []
        self.scanned: Path | None = None
        self.modality_before = ""
        self.report: ScanReport | None = None
        self.excluded: frozenset[str] = frozenset()
        self.captions: Mapping[str, str] = {}
        self.crops: Mapping[str, tuple[Crop, ...]] = {}
        self.history = History(self)
        # What takes a while of very many pictures, and of what: it is asked for several times
        # whenever something changes.
        self._used: tuple[tuple[object, ...], list[PictureInfo]] = ((), [])
        self._facts: tuple[tuple[object, ...], PictureFacts | None] = ((), None)

    @property
    def is_scanning(self) -> bool:
        """Whether a folder is being looked through."""
        return self._job is not None

    def open(
        self,
        folder: Path,
        excluded: Iterable[str] = (),
        *,
        only: Collection[str] | None = None,
        column: str = "",
        within: Sequence[str] = (),
    ) -> None:
        """Look through a folder and make it the one to learn from.

        Args:
            folder: The folder of pictures.
            excluded: Names of those that are taken out at first.
            only: Names of those that are not taken out at first; by default all others.
            column: Of tables, where a person chose one.
            within: Folders inside it that alone are looked into, where several are one set.
        """
        self.cancel()
        self._reading = None  # A person has chosen.
        self.modality_before = ""
        job = studio.scan(folder, column, within)
        wanted = _Wanted(frozenset(excluded), None if only is None else _normal(only))
        self._job = job
        self.scanned = folder
        self._bridge.follow(
            job.items,
            lambda items: self._on_items(job, items, wanted),
            lambda ending: self._on_end(job, ending),
        )
        job.start()
        self.changed.emit()

    def take_over(self, report: ScanReport, excluded: frozenset[str], modality_before: str) -> None:
        """Have what another window found, without looking through its folder again.

        Args:
            report: What it found, with captions and crops as they are to be.
            excluded: Names of those that are taken out.
            modality_before: What an opened project learned the folder as.
        """
        self.cancel()
        self._reading = None
        self.modality_before = modality_before
        self.scanned = report.folder
        self.report, self.excluded = report, excluded
        self.captions, self.crops = report.captions.texts, report.crops
        self.changed.emit()

    def read_column(self, column: str) -> None:
        """Read another column of the tables of the open folder."""
        if self.report is not None and column != self.report.column:
            self.open(self.report.folder, column=column)

    def look_again(self) -> None:
        """Look through the open folder once more; what was taken out stays so."""
        report = self.report
        if report is not None:
            excluded = self.excluded
            self.open(report.folder, excluded, column=report.column, within=report.within)

    def reopen(self, project: Project) -> None:
        """Look again through the pictures that a project learned from last, if it did."""
        if self.is_scanning:
            return
        job = studio.read_manifest(project)
        self._reading = job
        self._readings.append(job)
        self._bridge.follow(
            job.items,
            lambda items: self._on_manifest(job, items[0]),
            lambda ending: self._on_manifest_end(job, ending),
        )
        job.start()

    def _on_manifest(self, job: Job[Manifest | None], manifest: Manifest | None) -> None:
        if job is not self._reading or manifest is None:
            return
        if is_folder(manifest.folder):
            column = manifest.layout if manifest.modality == MOLECULES else ""
            within = manifest.within
            self.open(manifest.folder, manifest.excluded, column=column, within=within)
            self.modality_before = manifest.modality
        else:
            self.failed.emit(_notice_of_moved_pictures(manifest.folder))

    def _on_manifest_end(self, job: Job[Manifest | None], ending: JobEnded) -> None:
        self._readings.remove(job)
        if job is not self._reading:
            return  # A person has chosen other pictures.
        self._reading = None
        if ending.error is not None:
            self.failed.emit(notice_about(ending.error))

    def cancel(self) -> None:
        """Stop looking; what was open before stays open."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
            self.changed.emit()

    def shutdown(self) -> None:
        """Stop looking before the window closes."""
        job = self._job
        self.cancel()
        if job is not None:
            job.join()
        for reading in self._readings:
            reading.cancel()
            reading.join()

    def used(self) -> list[PictureInfo]:
        """Pictures that will be learned from."""
        of = self.report, self.excluded
        if not _are_same(of, self._used[0]):
            pictures = self.report.pictures if self.report else ()
            used = [picture for picture in pictures if picture.name not in self.excluded]
            self._used = of, used
        return list(self._used[1])

    def facts(self) -> PictureFacts | None:
        """What is known of the pictures that will be learned from; None before any are."""
        of = self.report, self.excluded, self.captions
        if not _are_same(of, self._facts[0]):
            report = self.captioned_report()
            if report is not None:
                report = report.model_copy(update={"pictures": tuple(self.used())})
            self._facts = of, facts_about(report) if report else None
        return self._facts[1]

    def captioned_report(self) -> ScanReport | None:
        """The report with captions and crops as they are now; None before there is one."""
        report = self.report
        if report is None:
            return None
        if self.captions is not report.captions.texts:
            report = report.with_captions(self.captions)
        if self.crops:
            report = report.model_copy(update={"crops": dict(self.crops)})
        return report

    def take_captions(self, captions: Mapping[str, str]) -> None:
        """Have other captions, which a person wrote before."""
        if captions != self.captions:
            self.captions = captions
            self.changed.emit()

    def take_crops(self, crops: Mapping[str, tuple[Crop, ...]]) -> None:
        """Have other crops, which a person chose before."""
        if crops != self.crops:
            self.crops = crops
            self.changed.emit()

    def write_crops(self, crops: Mapping[str, tuple[Crop, ...]]) -> None:
        """Choose squares of pictures, by name; none takes the middle one."""
        changes = {name: it for name, it in crops.items() if it != self.crops.get(name, ())}
        if changes:
            put = self._put_crops
            self.history.add(tr("crop {}"), put(changes), undo=put, redo=put)

    def _put_crops(self, changes: dict[str, tuple[Crop, ...]]) -> dict[str, tuple[Crop, ...]]:
        """Change crops; gives what they were."""
        before = {name: self.crops.get(name, ()) for name in changes}
        merged = {**self.crops, **changes}
        self.crops = {name: it for name, it in merged.items() if it}
        self.cropped.emit(changes)
        self.changed.emit()
        return before

    def write_captions(self, texts: Mapping[str, str]) -> None:
        """Write captions of pictures, by name; an empty one takes it away."""
        changes = {
            name: text for name, text in texts.items() if text != self.captions.get(name, "")
        }
        if changes:
            before = self._put_captions(changes)
            put = self._put_captions
            self.history.add(tr("caption {}"), before, undo=put, redo=put)

    def _put_captions(self, changes: dict[str, str]) -> dict[str, str]:
        """Change captions; gives what they were."""
        before = {name: self.captions.get(name, "") for name in changes}
        merged = {**self.captions, **changes}
        self.captions = {name: text for name, text in merged.items() if text}
        self.captioned.emit(changes)
        self.changed.emit()
        return before

    def why_not_ready(self) -> str:
        """Why nothing can be learned from these pictures yet; empty if it can."""
        if self.is_scanning:
            return tr("The folder is being looked through.")
        if self.report is None:
            return tr("Choose a folder of pictures on the Dataset page first.")
        if len(self.used()) < _FEWEST_PICTURES:
            return tr("At least two pictures are needed; choose others on the Dataset page.")
        return ""

    def exclude(self, names: Iterable[str]) -> None:
        """Take pictures out; the files stay where they are."""
        self._change(tr("take out {}"), frozenset(names) - self.excluded)

    def include(self, names: Iterable[str]) -> None:
        """Take pictures in again."""
        self._change(tr("take {} in again"), frozenset(names) & self.excluded)

    def toggle(self, name: str) -> None:
        """Take a picture out, or in again."""
        act = self.include if name in self.excluded else self.exclude
        act([name])

    def _change(self, text: str, names: frozenset[str]) -> None:
        if names:
            self.history.add(text, self._flip(names), undo=self._flip, redo=self._flip)

    def _flip(self, names: frozenset[str]) -> frozenset[str]:
        """Take those pictures out that are in, and in those that are out."""
        self.excluded ^= names
        self.changed.emit()
        return names

    def _on_items(
        self,
        job: Job[Progress | ScanReport | ScansFound],
        items: list[Progress | ScanReport | ScansFound],
        wanted: "_Wanted",
    ) -> None:
        if job is not self._job:
            return  # Another folder was chosen meanwhile.
        found = [it.item for it in items if isinstance(it, Progress) and it.item]
        if found:
            self.arrived.emit(found)
        last = items[-1]
        if isinstance(last, Progress):
            self.progressed.emit(last.what, last.done, last.total)
            return
        if isinstance(last, ScansFound):
            self._job = None
            self.changed.emit()
            self.scans_found.emit(last.folder)
            return
        self.history.clear()
        self.report = last
        self.captions = last.captions.texts
        self.crops = last.crops
        leaves_out = wanted.excluded or wanted.only is not None
        left_out = (p.name for p in last.pictures if wanted.leaves_out(p.name))
        self.excluded = frozenset(left_out if leaves_out else ())
        self._job = None
        self.changed.emit()
        if wanted.only is not None and self.excluded:
            self.noticed.emit(self._notice_of_others())

    def _notice_of_others(self) -> Notice:
        assert self.report is not None
        number, all_of_them = len(self.used()), len(self.report.pictures)
        return Notice(
            level=Level.INFO,
            title=trn(
                "{used:,} of {number:,} picture will be used",
                "{used:,} of {number:,} pictures will be used",
                all_of_them,
                used=number,
            ),
            message=tr(
                "The others in that folder were not dropped, and are left out. They can be "
                "taken in again."
            ),
        )

    def _on_end(self, job: Job[Progress | ScanReport | ScansFound], ending: JobEnded) -> None:
        if job is self._job:
            self._job = None
            self.changed.emit()
        if ending.error is not None:
            self.failed.emit(notice_about(ending.error))


def _are_same(these: tuple[object, ...], those: tuple[object, ...]) -> bool:
    """Whether they are the very same objects; to compare very many names would take a while."""
    return len(these) == len(those) and all(map(operator.is_, these, those))


def _notice_of_moved_pictures(folder: Path) -> Notice:
    return Notice(
        level=Level.WARNING,
        title=tr("The pictures are not where they were"),
        message=tr(
            "This project learned from {folder}. Its runs and its gallery are here, and runs "
            "can go on; a new run needs the folder.",
            folder=folder,
        ),
    )
