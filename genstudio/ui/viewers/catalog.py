"""Which widget shows a result of a kind large."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

from PySide6.QtWidgets import QWidget

from genstudio.ui.viewers.image import ImageViewer


class Viewer(Protocol):
    """A widget that shows one result."""

    def show_result(self, path: Path | None, source: Path | None) -> None:
        """Show a file, and beside it what it was made from; None for nothing."""
        ...


_VIEWERS: dict[str, Callable[[], QWidget]] = {"image": ImageViewer}


def make_viewer(kind: str) -> QWidget:
    """A new viewer for an artifact kind; of unknown kinds, their picture is shown."""
    return _VIEWERS.get(kind, ImageViewer)()


def as_viewer(widget: QWidget) -> Viewer:
    """A viewer's own methods."""
    return cast("Viewer", widget)
