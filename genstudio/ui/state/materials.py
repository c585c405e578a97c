"""What the open folder can be learned as, and what was chosen."""

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from genstudio.domain.cards import ModelCard
from genstudio.domain.language import inside, tr
from genstudio.domain.notices import Notice
from genstudio.services import studio_materials
from genstudio.services.jobs import Job, JobEnded, end_all
from genstudio.services.notices import notice_about
from genstudio.services.studio_materials import Material, Materials
from genstudio.ui.bridge import Bridge
from genstudio.ui.state.dataset import DatasetState

# Pictures are often taken out one after the other.
_PAUSE_MS = 200


class MaterialsState(QObject):
    """Looks at the folder whenever other pictures of it are used.

    Attributes:
        materials: What was found; None before anything was.

    Signals:
        changed(): Something else was found or chosen.
        noticed(Notice): Something a person should read.
    """

    changed = Signal()
    noticed = Signal(Notice)

    def __init__(
        self, bridge: Bridge, dataset: DatasetState, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._dataset = dataset
        self._folder: Path | None = None
        self._chosen = ""
        self._job: Job[Materials] | None = None
        self._jobs: list[Job[Materials]] = []
        self._seen: object = None
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._look)
        self.materials: Materials | None = None
        dataset.changed.connect(self._on_dataset_changed)

    def current(self) -> Material | None:
        """What the folder is learned as; None before it is known."""
        if self.materials is None:
            return None
        wanted = self._chosen or self._dataset.modality_before
        fitting = self.materials.fitting
        return next((it for it in fitting if it.card.key == wanted), fitting[0])

    def choose(self, key: str) -> None:
        """Learn the folder as something else that it can be learned as."""
        current = self.current()
        if current is not None and key != current.card.key:
            self._chosen = key
            self.changed.emit()

    def why_not(self, card: ModelCard) -> str:
        """Why a model cannot learn the folder as it is; empty if it can, or nothing is known."""
        current = self.current()
        if self.materials is None or current is None or current.card.key in card.modalities:
            return ""
        titles = [self.materials.titles.get(key, key) for key in card.modalities]
        learns_from = tr(" or ").join(map(inside, titles))
        here = inside(current.card.title)
        possible = [it for it in self.materials.fitting if it.card.key in card.modalities]
        if possible:
            title = possible[0].card.title
            return tr(
                "Learns from {learns_from}; this folder is learned as {here}. The Dataset page "
                "lets you choose “{title}”.",
                learns_from=learns_from,
                here=here,
                title=title,
            )
        return tr(
            "Learns from {learns_from}; this folder holds {here}.",
            learns_from=learns_from,
            here=here,
        )

    def shutdown(self) -> None:
        """Stop looking before the window closes."""
        self._pause.stop()
        end_all(self._jobs)

    def _on_dataset_changed(self) -> None:
        report = self._dataset.report
        # Very many captions are quickly told apart by identity.
        captions = self._dataset.captions
        seen = None if report is None else (id(report), self._dataset.excluded, id(captions))
        if seen == self._seen:
            return
        self._seen = seen
        if report is None or report.folder != self._folder:
            self._folder = None if report is None else report.folder
            self._chosen = ""
            self._job = self.materials = None
            self.changed.emit()
            self._look()
        else:
            self._pause.start()

    def _look(self) -> None:
        report = self._dataset.report
        if report is None or not report.pictures:
            return
        job = studio_materials.recognise(
            report, self._dataset.excluded, self._dataset.captioned_report()
        )
        self._job = job
        self._jobs.append(job)
        self._bridge.follow(
            job.items,
            lambda items: self._on_items(job, items[-1]),
            lambda ending: self._on_end(job, ending),
        )
        job.start()

    def _on_items(self, job: Job[Materials], found: Materials) -> None:
        if job is self._job:
            self.materials = found
            current = self.current()
            # It stays so when pictures are taken out, as long as it can.
            self._chosen = self._chosen or (current.card.key if current else "")
            self.changed.emit()

    def _on_end(self, job: Job[Materials], ending: JobEnded) -> None:
        self._jobs.remove(job)
        if ending.error is not None and job is self._job:
            self.noticed.emit(notice_about(ending.error))
