"""Viewer of texts: the text to read, and how much of it stands in what was learned."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from genstudio.domain.language import tr
from genstudio.services import studio_examples
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.reading import ReadingView


class TextViewer:
    """Shows a text.

    Attributes:
        widget: What goes into a page.
    """

    def __init__(self) -> None:
        self.widget = QWidget()
        self._text = ReadingView()
        self._text.setObjectName("viewer.text")
        self._text.setAccessibleName(tr("Text"))
        self._words = QLabel()
        self._words.setObjectName("viewer.words")
        self._words.setAccessibleName(tr("What is known of it"))
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        mark(self._words, role="small")
        layout = QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._words)

    def show_result(self, path: Path, source: Path | None) -> None:
        """Show what is written in a file."""
        del source  # What it continues is another text, and no layer over this one.
        self._text.show_text(studio_examples.text_of(path))
        self._words.setText(studio_examples.said_of(path))

    def clear(self, words: str) -> None:
        """Show no text."""
        self._text.show_text("", placeholder=words)
        self._words.setText("")

    def shutdown(self) -> None:
        """It has no thread."""
