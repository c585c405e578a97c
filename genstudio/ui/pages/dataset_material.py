"""The line of the Dataset page that says what the folder is learned as."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from genstudio.domain.language import tr
from genstudio.ui.state.materials import MaterialsState
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.named_label import NamedLabel
from genstudio.ui.widgets.small import named_combo


class LearnedAs(QWidget):
    """What the folder is learned as, with a choice where there is one; hidden until it is known.

    Signals:
        column_chosen(str): Another column of a table shall be read.
    """

    column_chosen = Signal(str)

    def __init__(self, state: MaterialsState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._is_waiting = False
        self._choice = named_combo("dataset.modality", tr("Learned as"))
        self._choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._choice.activated.connect(lambda: state.choose(self._choice.currentData()))
        self._column = named_combo("dataset.column", tr("Column of the table"))
        self._column.setToolTip(tr("The column of the table that holds the molecules"))
        self._column.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._column.textActivated.connect(self.column_chosen)
        self._column_title = QLabel(tr("Column"))
        self._column_title.setBuddy(self._column)
        title = QLabel(tr("Learned as"))
        title.setBuddy(self._choice)
        self._summary = NamedLabel(tr("What was found for it"))
        self._summary.setObjectName("dataset.examples")
        self._remarks = QLabel()
        self._remarks.setObjectName("dataset.remarks")
        self._remarks.setWordWrap(True)
        mark(self._remarks, role="small")
        for label in (self._summary, self._remarks):
            label.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout()
        row.setSpacing(GRID_PX + GRID_PX // 2)
        row.addWidget(title)
        row.addWidget(self._choice)
        row.addWidget(self._column_title)
        row.addWidget(self._column)
        row.addWidget(self._summary, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        layout.addLayout(row)
        layout.addWidget(self._remarks)
        state.changed.connect(self._show)
        self._show()

    def set_waiting(self, *, is_waiting: bool) -> None:
        """Hide what was found in the folder before while another one is looked through."""
        self._is_waiting = is_waiting
        self._show()

    def _show(self) -> None:
        materials, current = self._state.materials, self._state.current()
        self.setVisible(current is not None and not self._is_waiting)
        if materials is None or current is None:
            return
        self._choice.blockSignals(True)
        self._choice.clear()
        for row, material in enumerate(materials.fitting):
            self._choice.addItem(material.card.title, material.card.key)
            tip = Qt.ItemDataRole.ToolTipRole
            self._choice.setItemData(row, material.card.folder, tip)
        self._choice.setCurrentIndex(materials.fitting.index(current))
        self._choice.blockSignals(False)
        self._choice.setEnabled(len(materials.fitting) > 1)
        self._choice.setToolTip(current.card.folder)
        self._column.clear()
        self._column.addItems(current.report.columns)
        self._column.setCurrentText(current.report.column)
        for widget in (self._column, self._column_title):
            widget.setVisible(len(current.report.columns) > 1)
        self._summary.setText(current.summary)
        self._remarks.setText("\n".join(current.remarks))
        self._remarks.setVisible(bool(current.remarks))
