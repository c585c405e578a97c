"""The interface of a viewer: how one result of a kind is shown large."""

from pathlib import Path
from typing import Protocol

from PySide6.QtWidgets import QWidget


class Viewer(Protocol):
    """Shows one result at a time; reads files beside the window.

    Attributes:
        widget: What goes into a page.
    """

    widget: QWidget

    def show_result(self, path: Path, source: Path | None) -> None:
        """Show a file; what it was made from can be compared with it, if there is such a file."""
        ...

    def clear(self, words: str) -> None:
        """Show nothing, and say this instead."""
        ...

    def shutdown(self) -> None:
        """Leave no thread behind."""
        ...
