"""Squares that a person chooses of pictures: kept in the project, and laid over its folders."""

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject

from genstudio.domain.datasets import Crop, ScanReport
from genstudio.domain.language import tr
from genstudio.domain.notices import Level, Notice
from genstudio.services import crop_edits
from genstudio.services.crop_edits import KeptCrops
from genstudio.ui.state.dataset import DatasetState
from genstudio.ui.state.picture_edits import PictureEdits
from genstudio.ui.state.project import ProjectState


class CropsState(PictureEdits[KeptCrops]):
    """Keeps what is chosen until there is a project, and then in it; says whose picture is gone."""

    def __init__(
        self, dataset: DatasetState, project: ProjectState, parent: QObject | None = None
    ) -> None:
        super().__init__(dataset, project, parent)
        self._told = ""
        dataset.cropped.connect(self._on_cropped)

    def _load(self, project: Path) -> dict[str, KeptCrops]:
        return crop_edits.load_crops(project)

    def _write(self, project: Path, edits: Mapping[str, KeptCrops]) -> None:
        crop_edits.save_crops(project, edits)

    def _lay_over(self, report: ScanReport, edits: Mapping[str, KeptCrops]) -> None:
        self._dataset.take_crops(crop_edits.crops_of(report, edits))
        told = crop_edits.words_of_gone(report, edits)
        if told and told != self._told:
            title = tr("Some crops have no picture")
            self.noticed.emit(Notice(level=Level.WARNING, title=title, message=told))
        self._told = told

    def _on_cropped(self, changes: Mapping[str, tuple[Crop, ...]]) -> None:
        self._keep({name: KeptCrops(name, crops) for name, crops in changes.items()})
