"""What a person changes of pictures: kept in the project, and laid over what its folders hold."""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from genstudio.domain.datasets import ScanReport
from genstudio.domain.errors import GenStudioError
from genstudio.domain.notices import Notice
from genstudio.services.notices import notice_about
from genstudio.ui.state.dataset import ContentHashes, DatasetState
from genstudio.ui.state.project import ProjectState

T = TypeVar("T")

# One change comes soon after the other: captions are typed, squares are dragged.
_SAVED_AFTER_MS = 500


class PictureEdits(QObject, Generic[T]):
    """Keeps edits until there is a project, and then in it.

    Signals:
        noticed(Notice): Edits cannot be read or saved, or something is to be known of them.
    """

    noticed = Signal(Notice)

    def __init__(
        self, dataset: DatasetState, project: ProjectState, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._dataset = dataset
        self._project = project
        self._opened: Path | None = None
        # By the content hash of the picture.
        self._edits: dict[str, T] = {}
        self._unsaved: dict[str, T] = {}
        self._seen: ScanReport | None = None
        self._hashes = ContentHashes()
        self._can_save = True
        self._timer = QTimer(self, singleShot=True, interval=_SAVED_AFTER_MS)
        self._timer.timeout.connect(self.save)
        dataset.changed.connect(self._on_dataset_changed)
        project.changed.connect(self._on_project_changed)

    @abstractmethod
    def _load(self, project: Path) -> dict[str, T]: ...

    @abstractmethod
    def _write(self, project: Path, edits: Mapping[str, T]) -> None: ...

    @abstractmethod
    def _lay_over(self, report: ScanReport, edits: Mapping[str, T]) -> None:
        """Show pictures as a person changed them."""

    def save(self) -> None:
        """Write what is not written yet, if there is a project."""
        self._timer.stop()
        if self._opened is None or not self._unsaved or not self._can_save:
            return
        try:
            self._write(self._opened, self._edits)
            self._unsaved = {}
        except GenStudioError as error:
            self.noticed.emit(notice_about(error))

    def shutdown(self) -> None:
        """Save before the window closes."""
        self.save()

    def _keep(self, changes: Mapping[str, T]) -> None:
        """Keep what was changed of pictures that are there, by name, and soon save it."""
        report = self._dataset.report
        if report is None:
            return
        hash_of = self._hashes.of(report)
        changed = {hash_of[name]: edit for name, edit in changes.items() if name in hash_of}
        self._edits |= changed
        self._unsaved |= changed
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
                self._edits = self._load(opened) | self._unsaved
            except GenStudioError as error:
                # What cannot be read must not be written over.
                self._can_save = False
                self.noticed.emit(notice_about(error))
        self.save()
        self._apply()

    def _apply(self) -> None:
        if self._seen is not None:
            self._lay_over(self._seen, self._edits)
