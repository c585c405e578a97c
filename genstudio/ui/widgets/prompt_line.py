"""A line for a prompt: completes the words that a model knows, and says how others are read."""

from collections.abc import Sequence

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtWidgets import QCompleter, QLineEdit, QVBoxLayout, QWidget

from genstudio.domain.language import tr, trn
from genstudio.domain.words import read_prompt
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.named_label import NamedLabel

_MOST_NAMED = 12
_MOST_OFFERED = 8
# Behind these a new word begins.
_BETWEEN_WORDS = " ,;.:/"


class PromptLine(QWidget):
    """Edits a prompt.

    Attributes:
        line: What is written in.

    Signals:
        changed(): Something else is written.
    """

    changed = Signal()

    def __init__(self, words: Sequence[str], parent: QWidget | None = None) -> None:
        """Offer words.

        Args:
            words: Those that the model knows, the most frequent first.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._words = tuple(words)
        self.line = QLineEdit()
        self.line.setPlaceholderText(tr("Anything"))
        self.line.setClearButtonEnabled(True)
        self._note = NamedLabel(tr("How the prompt is read"))
        self._note.setObjectName("prompt.note")
        self._note.setWordWrap(True)
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        mark(self._note, role="small")
        completer = QCompleter(self)
        completer.setModel(QStringListModel(list(self._words), completer))
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        completer.setMaxVisibleItems(_MOST_OFFERED)
        completer.setWidget(self.line)
        completer.activated.connect(self._complete)
        self._completer = completer
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        layout.addWidget(self.line)
        layout.addWidget(self._note)
        self.line.textChanged.connect(self._on_changed)
        self.line.textEdited.connect(self._offer)
        self._show_reading()

    def text(self) -> str:
        """What is written."""
        return self.line.text()

    def set_text(self, text: str) -> None:
        """Write something else."""
        self.line.setText(text)

    def offered(self) -> list[str]:
        """Words that complete what is written before the cursor; none while nothing is begun."""
        begun = self._begun_word()
        if not begun:
            return []
        self._completer.setCompletionPrefix(begun)
        model = self._completer.completionModel()
        count = min(model.rowCount(), _MOST_OFFERED)
        return [str(model.data(model.index(row, 0))) for row in range(count)]

    def _begun_word(self) -> str:
        before = self.line.text()[: self.line.cursorPosition()]
        start = max(before.rfind(mark_) for mark_ in _BETWEEN_WORDS) + 1
        return before[start:]

    def _offer(self) -> None:
        popup = self._completer.popup()
        if self.offered() not in ([], [self._begun_word().casefold()]):
            self._completer.complete()
        elif popup is not None:
            popup.hide()

    def _complete(self, word: str) -> None:
        at, begun = self.line.cursorPosition(), len(self._begun_word())
        text = self.line.text()
        behind = text[at:].lstrip()
        self.line.setText(f"{text[: at - begun]}{word} {behind}")
        self.line.setCursorPosition(at - begun + len(word) + 1)

    def _on_changed(self) -> None:
        self._show_reading()
        self.changed.emit()

    def _show_reading(self) -> None:
        reading = read_prompt(self.line.text(), self._words)
        if reading.remark:
            read = " ".join(reading.words) or tr("anything")
            note = tr("Read as: {read} ({remark}).", read=read, remark=reading.remark)
        else:
            named = ", ".join(self._words[:_MOST_NAMED])
            more = " …" if len(self._words) > _MOST_NAMED else ""
            note = trn(
                "It knows {number:,} word: {named}{more}",
                "It knows {number:,} words: {named}{more}",
                len(self._words),
                named=named,
                more=more,
            )
        self._note.setText(note)
