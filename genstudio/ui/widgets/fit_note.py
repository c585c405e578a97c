"""A quiet line that says what settings are fitted to, and why each, for whoever asks."""

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from genstudio.domain.language import tr, tr_noop, trn
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.disclosure import Disclosure
from genstudio.ui.widgets.named_label import NamedLabel

_BEFORE = tr_noop("Fits itself to what is learned")


class FitNote(QWidget):
    """Has its place from the beginning, so that nothing moves when pictures are known."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentences = NamedLabel(tr("Why these settings"))
        self._sentences.setObjectName("train.fit.why")
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
            count: Of what is learned from; 0 if that is not known.
            sentences: The reasons.
        """
        self._disclosure.set_title(
            trn("Fitted to your {number:,} example", "Fitted to your {number:,} examples", count)
            if count
            else tr(_BEFORE)
        )
        self._disclosure.setEnabled(bool(sentences))
        if not sentences:
            self._disclosure.set_open(False)
        # Also read out while it is closed.
        self._disclosure.set_description(" ".join(sentences))
        gap = f"margin: 0 0 {GRID_PX - 2}px 0"
        self._sentences.setText("".join(f'<p style="{gap}">{escape(it)}</p>' for it in sentences))
