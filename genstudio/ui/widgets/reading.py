"""A page to read: text in a comfortable size, that can be selected and copied."""

from PySide6.QtGui import QTextBlockFormat, QTextCursor, QTextOption
from PySide6.QtWidgets import QTextEdit, QWidget

from genstudio.ui.theme import GRID_PX

_LARGER = 1.15
_LINE_PERCENT = 140


class ReadingView(QTextEdit):
    """Shows a text; nothing can be written in it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setAcceptRichText(False)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().setDocumentMargin(3 * GRID_PX)
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * _LARGER)
        self.setFont(font)

    def show_text(self, text: str, *, placeholder: str = "", is_at_end: bool = False) -> None:
        """Show a text from its beginning, or its end; where it is empty, other words quietly."""
        self.setPlaceholderText(placeholder)
        self.setPlainText(text)
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        spaced = QTextBlockFormat()
        spaced.setLineHeight(
            _LINE_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value
        )
        cursor.mergeBlockFormat(spaced)
        edge = QTextCursor.MoveOperation.End if is_at_end else QTextCursor.MoveOperation.Start
        self.moveCursor(edge)
