"""A row that says where something is saved, with a button to choose another place."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from genstudio.domain.language import tr
from genstudio.ui.icons import icon
from genstudio.ui.theme import GRID_PX


class PlaceRow(QWidget):
    """A path that can be typed or chosen.

    Args:
        name: Object name; those of its field and button begin with it.
        place: To begin with.
        choose: Asks for another one, beginning at the path it is given; None for none.

    Signals:
        changed(): It is another path now.
    """

    changed = Signal()

    def __init__(
        self, name: str, place: Path, choose: Callable[[QWidget, Path], Path | None]
    ) -> None:
        super().__init__()
        self._begin, self._ask = place, choose
        self._path = QLineEdit(str(place))
        self._path.setObjectName(f"{name}.place")
        self._path.setAccessibleName(tr("Where to"))
        self._path.textChanged.connect(lambda _: self.changed.emit())
        button = QPushButton(tr("Choose…"))
        button.setObjectName(f"{name}.choose")
        button.setAccessibleName(tr("Choose where it goes"))
        button.setIcon(icon("folder-open"))
        button.clicked.connect(self._on_choose)
        label = QLabel(tr("Where to"))
        label.setBuddy(self._path)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(label)
        layout.addWidget(self._path, 1)
        layout.addWidget(button)

    @property
    def place(self) -> Path | None:
        """What is chosen; None while the field is empty."""
        text = self._path.text().strip()
        return Path(text) if text else None

    def _on_choose(self) -> None:
        chosen = self._ask(self, self.place or self._begin)
        if chosen is not None:
            self._path.setText(str(chosen))
