"""A label with a name of its own, whose text changes: what a screen reader says is both."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocumentFragment
from PySide6.QtWidgets import QLabel, QWidget


class NamedLabel(QLabel):
    """A line such as "Free disk space": its text is the description.

    A label's accessible name takes the place of its text, which nobody would hear otherwise.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)

    def setText(self, text: str) -> None:
        """Show a text, and have it said."""
        super().setText(text)
        is_plain = self.textFormat() == Qt.TextFormat.PlainText
        self.setAccessibleDescription(text if is_plain else plain(text))


def plain(text: str) -> str:
    """A text without its marks, if it has any, as it is said."""
    if "</" not in text:
        return text
    return QTextDocumentFragment.fromHtml(text).toPlainText()
