"""“Did it copy me?” for pictures of the gallery: asked, kept, and shown."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from genstudio.domain.progress import Progress
from genstudio.services import studio_copies
from genstudio.services.copy_marks import CopyMark, read_marks
from genstudio.services.studio_copies import FoundCopies
from genstudio.ui.state.gallery import GalleryState


class GalleryCopies(QObject):
    """Looks for copies among pictures that a gallery shows.

    Attributes:
        marks: What is known of the project's pictures, by name.

    Signals:
        found(FoundCopies): Some were looked at.
        changed(): Other marks are known.
    """

    found = Signal(object)
    changed = Signal()

    def __init__(self, state: GalleryState) -> None:
        super().__init__(state)
        self._state = state
        self._of: object = None
        self.marks: dict[str, CopyMark] = {}
        state.busy_changed.connect(self._on_project)
        state.changed.connect(self._on_project)

    def is_copy(self, name: str) -> bool:
        """Whether a picture was found to be nearly the same as one that was learned from."""
        mark = self.marks.get(name)
        return mark is not None and mark.is_copy

    def check(self, names: Sequence[str]) -> None:
        """Compare pictures with what their runs learned from."""
        project = self._state.project
        if project is None or self._state.is_busy:
            return
        items = [self._state.items[name] for name in names if name in self._state.items]
        if not items:
            return

        def on_items(done: list[Any]) -> None:
            last = done[-1]
            if isinstance(last, Progress):
                self._state.progressed.emit(last.what, last.done, last.total)
            elif isinstance(last, FoundCopies):
                self.marks = last.marks
                self.changed.emit()
                self.found.emit(last)

        self._state.start_work(studio_copies.check_copies(project, items), on_items)

    def _on_project(self) -> None:
        project = self._state.project
        if project is not self._of:
            self._of = project
            self.marks = {} if project is None else read_marks(project.path)
