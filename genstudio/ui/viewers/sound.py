"""Viewer of sounds and notes: their picture with a cursor, and a player below."""

from pathlib import Path

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from genstudio.domain.language import tr
from genstudio.services.sound_playing import Listened
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.player_bar import PlayerBar
from genstudio.ui.widgets.sound_view import SoundView


class SoundViewer:
    """Plays a sound, or notes by the program's own synthesiser.

    Attributes:
        widget: What goes into a page.
    """

    def __init__(self) -> None:
        self.widget = QWidget()
        self._view = SoundView()
        self._view.setObjectName("viewer.sound")
        self._view.setAccessibleName(tr("Sound"))
        self._words = QLabel()
        self._words.setObjectName("viewer.words")
        mark(self._words, role="small")
        self._bar = PlayerBar()
        self._bar.read.connect(self._on_read)
        self._bar.failed.connect(self._view.show_words)
        self._bar.moved.connect(self._view.set_place)
        self._view.sought.connect(self._bar.seek)
        layout = QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._view, 1)
        layout.addWidget(self._words)
        layout.addWidget(self._bar)

    def show_result(self, path: Path, source: Path | None) -> None:
        """Show a file; it plays when a person says so."""
        del source  # Two at once could not be told apart.
        self._bar.open(path)

    def clear(self, words: str) -> None:
        """Show nothing, and say this instead."""
        self._bar.open(None)
        self._words.setText("")
        self._view.show_words(words)

    def shutdown(self) -> None:
        """Leave no thread and no process behind."""
        self._bar.shutdown()

    def _on_read(self, listened: Listened) -> None:
        self._words.setText(listened.words)
        self._view.show_picture(listened.picture_HWC, listened.sound.seconds, listened.end_share)
