"""A section that a person opens and closes."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from genstudio.domain.language import tr
from genstudio.ui.icons import icon


class Disclosure(QWidget):
    """A heading with a chevron; the content under it shows while it is open.

    Signals:
        toggled(bool): Opened or closed.
    """

    toggled = Signal(bool)

    def __init__(self, title: str, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content = content
        self._description = ""
        self._button = QToolButton()
        self.set_title(title)
        self._button.setCheckable(True)
        self._button.setIconSize(QSize(16, 16))
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._button.toggled.connect(self._on_toggled)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._button)
        layout.addWidget(content)
        self._on_toggled(False)

    def set_title(self, title: str) -> None:
        """Give the heading other words."""
        self._button.setText(title)
        self._button.setAccessibleName(title)

    def set_description(self, words: str) -> None:
        """Say more to those who cannot see whether it is open."""
        self._description = words
        self._describe()

    def is_open(self) -> bool:
        """Whether the content shows."""
        return self._button.isChecked()

    def set_open(self, is_open: bool) -> None:
        """Open or close the section."""
        self._button.setChecked(is_open)

    def _on_toggled(self, is_open: bool) -> None:
        self._button.setIcon(icon("chevron-down" if is_open else "chevron-right"))
        self._describe()
        self._content.setVisible(is_open)
        self.toggled.emit(is_open)

    def _describe(self) -> None:
        state = tr("open") if self.is_open() else tr("closed")
        words = f"{state}. {self._description}" if self._description else state
        self._button.setAccessibleDescription(words)
