"""Viewer of molecules: the drawing large, with what is known of it below."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from genstudio.domain.language import tr
from genstudio.services import studio_examples
from genstudio.ui.theme import GRID_PX
from genstudio.ui.viewers.image import ImageViewer


class MoleculeViewer:
    """Shows a molecule.

    Attributes:
        widget: What goes into a page.
    """

    def __init__(self) -> None:
        self.widget = QWidget()
        self._drawing = ImageViewer()
        self._words = QLabel()
        self._words.setObjectName("viewer.words")
        self._words.setAccessibleName(tr("What is known of it"))
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._drawing.widget, 1)
        layout.addWidget(self._words)

    def show_result(self, path: Path, source: Path | None) -> None:
        """Draw it, and tell of it."""
        del source  # A file with another molecule is nothing to lay over this one.
        self._drawing.show_result(path, None)
        self._words.setText(studio_examples.said_of(path))

    def clear(self, words: str) -> None:
        """Show no molecule."""
        self._drawing.clear(words)
        self._words.setText("")

    def shutdown(self) -> None:
        """Leave no thread behind."""
        self._drawing.shutdown()
