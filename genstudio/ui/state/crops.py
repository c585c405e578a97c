"""Squares that a person chooses of pictures: kept in the project, and laid over its folders."""

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from genstudio.domain.datasets import Crop, ScanReport
from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import tr
from genstudio.domain.notices import Level, Notice
from genstudio.services import crop_edits
from genstudio.services.crop_edits import KeptCrops
from genstudio.services.notices import notice_about
from genstudio.ui.state.dataset import ContentHashes, DatasetState
from genstudio.ui.state.project import ProjectState

# While a square is dragged, it changes many times a second.
_SAVED_AFTER_MS = 500


class CropsState(QObject):
    """Keeps what is chosen until there is a project, and then in it.

    Signals:
        noticed(Notice): Crops cannot be read or saved, or their pictures are gone.
    """

    noticed = Signal(Notice)

    def __init__(
        self, dataset: DatasetState, project: ProjectState, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._dataset = dataset
        self._project = project
        self._opened: Path | None = None
        self._kept: dict[str, KeptCrops] = {}
        self._unsaved: dict[str, KeptCrops] = {}
        self._seen: ScanReport | None = None
        self._hashes = ContentHashes()
        self._told = ""
        self._can_save = True
        self._timer = QTimer(self, singleShot=True, interval=_SAVED_AFTER_MS)
        self._timer.timeout.connect(self.save)
        dataset.changed.connect(self._on_dataset_changed)
        dataset.cropped.connect(self._on_cropped)
        project.changed.connect(self._on_project_changed)

    def save(self) -> None:
        """Write what is not written yet, if there is a project."""
        self._timer.stop()
        if self._opened is None or not self._unsaved or not self._can_save:
            return
        try:
            crop_edits.save_crops(self._opened, self._kept)
            self._unsaved = {}
        except GenStudioError as error:
            self.noticed.emit(notice_about(error))

    def shutdown(self) -> None:
        """Save before the window closes."""
        self.save()

    def _on_cropped(self, changes: Mapping[str, tuple[Crop, ...]]) -> None:
        report = self._dataset.report
        if report is None:
            return
        hash_of = self._hashes.of(report)
        chosen = {
            hash_of[name]: KeptCrops(name, crops)
            for name, crops in changes.items()
            if name in hash_of
        }
        self._kept |= chosen
        self._unsaved |= chosen
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
        self._kept = dict(self._unsaved)
        if opened is not None:
            try:
                self._kept = crop_edits.load_crops(opened) | self._unsaved
            except GenStudioError as error:
                # What cannot be read must not be written over.
                self._can_save = False
                self.noticed.emit(notice_about(error))
        self.save()
        self._apply()

    def _apply(self) -> None:
        if self._seen is None:
            return
        self._dataset.take_crops(crop_edits.crops_of(self._seen, self._kept))
        told = crop_edits.words_of_gone(self._seen, self._kept)
        if told and told != self._told:
            self.noticed.emit(
                Notice(level=Level.WARNING, title=tr("Some crops have no picture"), message=told)
            )
        self._told = told
