"""Captions that a person writes: kept in the project, and put over those of its folders."""

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject

from genstudio.domain.datasets import ScanReport
from genstudio.domain.errors import GenStudioError
from genstudio.domain.files import write_text
from genstudio.domain.language import trn
from genstudio.domain.notices import Level, Notice
from genstudio.services import caption_edits
from genstudio.services.notices import notice_about
from genstudio.ui.state.dataset import DatasetState
from genstudio.ui.state.picture_edits import PictureEdits
from genstudio.ui.state.project import ProjectState


class CaptionsState(PictureEdits[str]):
    """Keeps what is written until there is a project, and then in it."""

    def __init__(
        self, dataset: DatasetState, project: ProjectState, parent: QObject | None = None
    ) -> None:
        super().__init__(dataset, project, parent)
        dataset.captioned.connect(self._keep)

    def export(self, path: Path) -> None:
        """Write all captions as a table to a file that a person chose."""
        captions = self._dataset.captions
        try:
            write_text(path, caption_edits.table_of(captions))
        except GenStudioError as error:
            self.noticed.emit(notice_about(error))
            return
        title = trn("{number:,} caption exported", "{number:,} captions exported", len(captions))
        self.noticed.emit(Notice(level=Level.INFO, title=title, message=str(path)))

    def _load(self, project: Path) -> dict[str, str]:
        return caption_edits.load_edits(project)

    def _write(self, project: Path, edits: Mapping[str, str]) -> None:
        caption_edits.save_edits(project, edits)

    def _lay_over(self, report: ScanReport, edits: Mapping[str, str]) -> None:
        self._dataset.take_captions(caption_edits.edited(report, edits))
