"""Captions that a person writes: kept in the project, and put over those of its folders."""

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from genstudio.domain.datasets import ScanReport
from genstudio.domain.errors import GenStudioError
from genstudio.domain.files import write_text
from genstudio.domain.language import tr
from genstudio.domain.notices import Level, Notice
from genstudio.services import caption_edits
from genstudio.services.notices import notice_about
from genstudio.ui.state.dataset import ContentHashes, DatasetState
from genstudio.ui.state.project import ProjectState

# Captions are written one soon after the other.
_SAVED_AFTER_MS = 500


class CaptionsState(QObject):
    """Keeps what is written until there is a project, and then in it.

    Signals:
        noticed(Notice): Captions cannot be read or saved, or they were exported.
    """

    noticed = Signal(Notice)

    def __init__(
        self, dataset: DatasetState, project: ProjectState, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._dataset = dataset
        self._project = project
        self._opened: Path | None = None
        self._edits: dict[str, str] = {}
        self._unsaved: dict[str, str] = {}
        self._seen: ScanReport | None = None
        self._hashes = ContentHashes()
        self._can_save = True
        self._timer = QTimer(self, singleShot=True, interval=_SAVED_AFTER_MS)
        self._timer.timeout.connect(self.save)
        dataset.changed.connect(self._on_dataset_changed)
        dataset.captioned.connect(self._on_captioned)
        project.changed.connect(self._on_project_changed)

    def save(self) -> None:
        """Write what is not written yet, if there is a project."""
        self._timer.stop()
        if self._opened is None or not self._unsaved or not self._can_save:
            return
        try:
            caption_edits.save_edits(self._opened, self._edits)
            self._unsaved = {}
        except GenStudioError as error:
            self.noticed.emit(notice_about(error))

    def export(self, path: Path) -> None:
        """Write all captions as a table to a file that a person chose."""
        captions = self._dataset.captions
        try:
            write_text(path, caption_edits.table_of(captions))
        except GenStudioError as error:
            self.noticed.emit(notice_about(error))
            return
        title = tr("{num_captions:,} captions exported", num_captions=len(captions))
        self.noticed.emit(Notice(level=Level.INFO, title=title, message=str(path)))

    def shutdown(self) -> None:
        """Save before the window closes."""
        self.save()

    def _on_captioned(self, changes: Mapping[str, str]) -> None:
        report = self._dataset.report
        if report is None:
            return
        hash_of = self._hashes.of(report)
        written = {hash_of[name]: text for name, text in changes.items() if name in hash_of}
        self._edits |= written
        self._unsaved |= written
        self._timer.start()

    def _on_dataset_changed(self) -> None:
        if self._dataset.report is not self._seen:
            self._seen = self._dataset.report
            self._apply()

    def _on_project_changed(self) -> None:
        opened = None if self._project.project is None else self._project.project.path
        if opened == self._opened:
            return
        self.save()
        self._opened = opened
        self._can_save = True
        self._edits = dict(self._unsaved)
        if opened is not None:
            try:
                self._edits = caption_edits.load_edits(opened) | self._unsaved
            except GenStudioError as error:
                # What cannot be read must not be written over.
                self._can_save = False
                self.noticed.emit(notice_about(error))
        self.save()
        self._apply()

    def _apply(self) -> None:
        if self._seen is not None:
            self._dataset.take_captions(caption_edits.edited(self._seen, self._edits))
