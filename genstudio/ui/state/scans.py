"""Scans on their way to become pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from genstudio.domain.language import tr
from genstudio.domain.notices import Level, Notice
from genstudio.domain.progress import Progress
from genstudio.services import studio_scans
from genstudio.services.jobs import Job, JobEnded
from genstudio.services.notices import notice_about
from genstudio.services.scans import Imported
from genstudio.ui.bridge import Bridge


class ScansState(QObject):
    """What is imported, one set at a time.

    Signals:
        imported(Path): A new folder holds the pictures.
        progressed(int, int): So many of so many files are read; 0 of 0 when it has ended.
        noticed(Notice): Something a person should read.
    """

    imported = Signal(object)
    progressed = Signal(int, int)
    noticed = Signal(Notice)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._work: Job[Progress | Imported] | None = None

    def start(self, paths: Sequence[Path], to: Path, options: Mapping[str, Any]) -> None:
        """Begin, unless something is imported already."""
        if self._work is not None:
            text = tr("Wait until they are pictures; then import the next.")
            self.noticed.emit(
                Notice(level=Level.INFO, title=tr("Scans are being imported"), message=text)
            )
            return
        job = studio_scans.import_scans(paths, to, options)
        self._work = job
        self._bridge.follow(job.items, self._on_items, self._on_end)
        job.start()

    def close(self) -> None:
        """Stop before the window closes."""
        if self._work is not None:
            self._work.cancel()
            self._work.join()
            self._work = None

    def _on_items(self, items: list[Progress | Imported]) -> None:
        last = items[-1]
        if isinstance(last, Imported):
            title = tr("Scans are pictures now")
            self.noticed.emit(Notice(level=Level.INFO, title=title, message=last.words))
            self.imported.emit(last.folder)
        else:
            self.progressed.emit(last.done, last.total)

    def _on_end(self, ending: JobEnded) -> None:
        self._work = None
        self.progressed.emit(0, 0)
        if ending.error is not None:
            self.noticed.emit(notice_about(ending.error))
