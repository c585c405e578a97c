"""A line for a place on the disk, with a button to choose it and words about what lies there."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QSize, QTimer
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.data.palettes import words_about_palette
from genstudio.domain.language import tr, tr_noop
from genstudio.services.base_models import words_about_base
from genstudio.services.signing import words_about_certificate, words_about_key
from genstudio.services.studio_languages import words_about_language_model
from genstudio.ui.icons import icon
from genstudio.ui.theme import GRID_PX, mark

# While somebody types, looking waits.
_SETTLED_MS = 300
# What lies at a place => what says what it is, and which files are offered.
_LOOKS: Final[dict[str, tuple[Callable[[str], str], str]]] = {
    "model": (words_about_base, tr_noop("Weights (*.safetensors)")),
    "language-model": (words_about_language_model, tr_noop("Language models (*.gguf)")),
    "palette": (
        words_about_palette,
        tr_noop("Palettes (*.gpl *.pal *.hex *.txt *.png *.gif *.bmp)"),
    ),
    "certificate": (words_about_certificate, tr_noop("Certificates (*.pem *.crt *.cer)")),
    "key": (words_about_key, tr_noop("Keys (*.pem *.key)")),
}
# Of what there are folders, too.
_FOLDERS = frozenset({"model", "language-model"})


class PlaceLine(QWidget):
    """A folder or a single file with weights of a base model, a palette, a certificate.

    Attributes:
        line: The place, as text.

    Args:
        title: What is chosen.
        opens: What lies there: "model", "language-model", "palette", "certificate" or "key".
    """

    def __init__(self, title: str, opens: str = "model") -> None:
        super().__init__()
        self._title = title
        self._may_be_folder = opens in _FOLDERS
        self._words_about, self._kinds = _LOOKS.get(opens, _LOOKS["model"])
        self.line = QLineEdit()
        self.line.setPlaceholderText(tr("None is chosen"))
        self._words = QLabel()
        self._words.setObjectName("place.words")
        self._words.setWordWrap(True)
        self._words.hide()
        mark(self._words, role="small")
        self._timer = QTimer(self, singleShot=True, interval=_SETTLED_MS)
        self._timer.timeout.connect(self._look)
        self.line.textChanged.connect(self._timer.start)
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self.line, 1)
        row.addWidget(self._make_button())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        layout.addLayout(row)
        layout.addWidget(self._words)

    def _make_button(self) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon("folder-open"))
        button.setIconSize(QSize(16, 16))
        button.setToolTip(tr("Choose…"))
        button.setAccessibleName(tr("Choose: {title}", title=self._title))
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        if self._may_be_folder:
            menu.addAction(icon("folder-open"), tr("A folder…"), self._choose_folder)
        menu.addAction(icon("file"), tr("A single file…"), self._choose_file)
        button.setMenu(menu)
        return button

    def _choose_folder(self) -> None:
        if chosen := QFileDialog.getExistingDirectory(self, self._title, self.line.text()):
            self.line.setText(chosen)

    def _choose_file(self) -> None:
        before = self.line.text()
        chosen, _ = QFileDialog.getOpenFileName(self, self._title, before, tr(self._kinds))
        if chosen:
            self.line.setText(chosen)

    def _look(self) -> None:
        words = self._words_about(self.line.text())
        self._words.setText(words)
        self._words.setVisible(bool(words))
