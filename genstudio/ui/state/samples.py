"""The built-in pictures, drawn when a person first wants to try them."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from genstudio.domain.notices import Notice
from genstudio.domain.progress import Progress
from genstudio.services import studio
from genstudio.services.jobs import Job, JobEnded
from genstudio.services.notices import notice_about
from genstudio.ui.bridge import Bridge


class SamplesState(QObject):
    """Draws the built-in pictures in the background.

    Signals:
        progressed(int, int): So many of so many are drawn.
        made(Path): The folder that they are in.
        failed(Notice): They could not be drawn.
    """

    progressed = Signal(int, int)
    made = Signal(object)
    failed = Signal(Notice)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._job: Job[Progress] | None = None

    def make(self) -> None:
        """Draw what is missing, then tell where they are."""
        if self._job is not None:
            return
        folder, self._job = studio.make_samples()
        self._bridge.follow(
            self._job.items, self._on_items, lambda ending: self._on_end(ending, folder)
        )
        self._job.start()

    def shutdown(self) -> None:
        """Stop drawing before the window closes."""
        if self._job is not None:
            self._job.cancel()
            self._job.join()

    def _on_items(self, items: list[Progress]) -> None:
        self.progressed.emit(items[-1].done, items[-1].total)

    def _on_end(self, ending: JobEnded, folder: Path) -> None:
        self._job = None
        if ending.error is not None:
            self.failed.emit(notice_about(ending.error))
        elif not ending.cancelled:
            self.made.emit(folder)
