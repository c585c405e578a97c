"""A quiet line that says what settings are fitted to, and why each, for whoever asks."""

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from genstudio.domain.language import tr, tr_noop
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.disclosure import Disclosure

_BEFORE = tr_noop("Fits itself to your pictures")


class FitNote(QWidget):
    """Has its place from the beginning, so that nothing moves when pictures are known."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentences = QLabel()
        self._sentences.setObjectName("train.fit.why")
        self._sentences.setAccessibleName(tr("Why these settings"))
        self._sentences.setTextFormat(Qt.TextFormat.RichText)
        self._sentences.setWordWrap(True)
        mark(self._sentences, role="small")
        self._disclosure = Disclosure(tr(_BEFORE), self._sentences)
        self._disclosure.setObjectName("train.fit")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._disclosure)
        self.show_fit(0, ())

    def show_fit(self, count: int, sentences: Sequence[str]) -> None:
        """Say what the settings are fitted to.

        Args:
            count: Of the pictures; 0 if none are known.
            sentences: The reasons.
        """
        of_all = tr("{count:,} pictures", count=count) if count != 1 else "picture"
        self._disclosure.set_title(
            tr("Fitted to your {of_all}", of_all=of_all) if count else tr(_BEFORE)
        )
        self._disclosure.setEnabled(bool(sentences))
        if not sentences:
            self._disclosure.set_open(False)
        # Also read out while it is closed.
        self._disclosure.set_description(" ".join(sentences))
        gap = f"margin: 0 0 {GRID_PX - 2}px 0"
        self._sentences.setText("".join(f'<p style="{gap}">{escape(it)}</p>' for it in sentences))
