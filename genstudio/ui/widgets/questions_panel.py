"""Three questions whose answers set everything else."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QVBoxLayout, QWidget

from genstudio.domain.language import tr
from genstudio.services.questions import HOW_GOOD, MINUTES, WHAT, Answers, Proposal
from genstudio.ui.icons import icon
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.small import named_combo

_MINUTES = 60


class QuestionsPanel(QWidget):
    """Three boxes and a button.

    Signals:
        answered(Answers): A person wants everything set.
    """

    answered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._what = self._box("train.what", tr("What is it?"), WHAT)
        self._minutes = self._box("train.how_long", tr("How long may it take?"), MINUTES)
        self._minutes.setCurrentIndex(list(MINUTES).index(_MINUTES))
        self._good = self._box("train.how_good", tr("How good shall it be?"), HOW_GOOD)
        self._good.setCurrentIndex(1)
        set_all = QPushButton(icon("wand-sparkles"), tr("Set everything"))
        set_all.setObjectName("train.set_all")
        set_all.clicked.connect(lambda: self.answered.emit(self.answers()))
        self._reasons = QLabel()
        self._reasons.setObjectName("train.reasons")
        self._reasons.setWordWrap(True)
        mark(self._reasons, role="small")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        for box in (self._what, self._minutes, self._good):
            title = QLabel(box.accessibleName())
            title.setBuddy(box)
            layout.addWidget(title)
            layout.addWidget(box)
        layout.addWidget(set_all)
        layout.addWidget(self._reasons)
        self._reasons.hide()

    def answers(self) -> Answers:
        """What is answered now."""
        return Answers(
            what=self._what.currentData(),
            minutes=self._minutes.currentData(),
            how_good=self._good.currentData(),
        )

    def show_reasons(self, proposal: Proposal) -> None:
        """Say why things were set so."""
        self._reasons.setText(" ".join(proposal.reasons))
        self._reasons.setVisible(bool(proposal.reasons))

    @staticmethod
    def _box(name: str, title: str, answers: Mapping[Any, str]) -> QComboBox:
        box = named_combo(name, title)
        for key, words in answers.items():
            box.addItem(tr(words), key)
        return box
