"""Kept places: a name to keep this one under, and those to go back to."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QToolButton, QWidget

from genstudio.domain.language import tr
from genstudio.ui.icons import icon
from genstudio.ui.theme import GRID_PX
from genstudio.ui.widgets.small import named_combo

_LONGEST_NAME = 60


class PlaceSlots(QWidget):
    """A box with names, and what can be done with them.

    Signals:
        kept(str): Keep this place under that name.
        wanted(str): Go to the place of that name.
        forgotten(str): Forget it.
    """

    kept = Signal(str)
    wanted = Signal(str)
    forgotten = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = named_combo("explore.slots", tr("Kept places"))
        self._box.setEditable(True)
        self._box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._box.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        edit = self._box.lineEdit()
        assert edit is not None
        edit.setObjectName("explore.slotname")
        edit.setAccessibleName(tr("Name of a kept place"))
        edit.setPlaceholderText(tr("Name of this place"))
        edit.setMaxLength(_LONGEST_NAME)
        edit.returnPressed.connect(self._on_return)
        self._box.activated.connect(lambda _: self.wanted.emit(self._box.currentText()))
        self._box.editTextChanged.connect(lambda _: self._update())
        self._keep = _button("explore.keep", "save", tr("Keep this place under the name"))
        self._keep.clicked.connect(lambda: self.kept.emit(self._name()))
        self._go = _button("explore.goslot", "compass", tr("Go to the kept place"))
        self._go.clicked.connect(lambda: self.wanted.emit(self._name()))
        self._forget = _button("explore.forget", "trash-2", tr("Forget the kept place"))
        self._forget.clicked.connect(lambda: self.forgotten.emit(self._name()))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID_PX // 2)
        row.addWidget(self._box, 1)
        for button in (self._keep, self._go, self._forget):
            row.addWidget(button)
        self._update()

    def show_names(self, names: Sequence[str]) -> None:
        """Offer these; what is being written stays."""
        written = self._box.currentText()
        self._box.blockSignals(True)
        self._box.clear()
        self._box.addItems(list(names))
        self._box.setCurrentIndex(self._box.findText(written))
        self._box.setEditText(written if written in names else "")
        self._box.blockSignals(False)
        self._update()

    def _name(self) -> str:
        return " ".join(self._box.currentText().split())

    def _on_return(self) -> None:
        name = self._name()
        if name:
            (self.wanted if self._box.findText(name) >= 0 else self.kept).emit(name)

    def _update(self) -> None:
        is_known = self._box.findText(self._name()) >= 0
        self._keep.setEnabled(bool(self._name()))
        self._go.setEnabled(is_known)
        self._forget.setEnabled(is_known)


def _button(name: str, image: str, words: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName(name)
    button.setIcon(icon(image))
    button.setToolTip(words)
    button.setAccessibleName(words)
    return button
