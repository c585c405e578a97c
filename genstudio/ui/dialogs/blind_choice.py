"""Between which two saved states, and how many pairs: the first page of picking blindly."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import tr
from genstudio.services.blind_picks import FEWEST_PICKS
from genstudio.services.studio_blind import Candidate
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.number_boxes import WholeBox
from genstudio.ui.widgets.small import named_combo
from genstudio.ui.widgets.wheel import ignore_wheel_unless_focused

_USUAL, _MOST = 20, 200


class BlindChoice(QWidget):
    """Two boxes of saved states, and a number.

    Args:
        candidates: Saved states, two at least.
        chosen: The two that are proposed.

    Signals:
        started(): Two different ones were chosen.
        cancelled(): Nothing shall be picked.
    """

    started = Signal()
    cancelled = Signal()

    def __init__(self, candidates: Sequence[Candidate], chosen: tuple[int, int]) -> None:
        super().__init__()
        self._candidates = tuple(candidates)
        heading = QLabel(tr("Pick between two saved points without knowing which is which"))
        heading.setWordWrap(True)
        mark(heading, role="heading")
        advice = QLabel(
            tr(
                "Both draw on the same seeds, and left and right are mixed. At the end you are "
                "told how often you took which, and whether chance alone could do that."
            )
        )
        advice.setWordWrap(True)
        self._boxes = (
            named_combo("blind.first", tr("One saved point")),
            named_combo("blind.second", tr("The other saved point")),
        )
        for box, place in zip(self._boxes, chosen, strict=True):
            box.addItems([it.name for it in self._candidates])
            box.setMinimumContentsLength(24)
            box.setCurrentIndex(place)
            box.currentIndexChanged.connect(self._update)
        self._count = WholeBox(FEWEST_PICKS, _MOST)
        self._count.setObjectName("blind.count")
        self._count.setAccessibleName(tr("Pairs"))
        self._count.setValue(_USUAL)
        ignore_wheel_unless_focused(self._count)
        form = QFormLayout()
        form.setVerticalSpacing(GRID_PX)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        form.addRow(tr("One saved point"), self._boxes[0])
        form.addRow(tr("The other saved point"), self._boxes[1])
        form.addRow(tr("Pairs"), self._count)
        self._trouble = QLabel()
        self._trouble.setObjectName("blind.trouble")
        self._trouble.setWordWrap(True)
        self._start = QPushButton(tr("Begin"))
        self._start.setObjectName("blind.start")
        mark(self._start, primary=True)
        self._start.clicked.connect(self.started)
        cancel = QPushButton(tr("Cancel"))
        cancel.setObjectName("blind.close")
        cancel.clicked.connect(self.cancelled)
        foot = QHBoxLayout()
        foot.setSpacing(GRID_PX)
        foot.addWidget(self._trouble, 1)
        foot.addWidget(cancel)
        foot.addWidget(self._start)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 * GRID_PX)
        layout.addWidget(heading)
        layout.addWidget(advice)
        layout.addLayout(form)
        layout.addStretch(1)
        layout.addLayout(foot)
        self._update()

    def chosen(self) -> tuple[Candidate, Candidate]:
        """The two states."""
        first, second = (self._candidates[box.currentIndex()] for box in self._boxes)
        return first, second

    def count(self) -> int:
        """How many pairs."""
        return self._count.value()

    def show_trouble(self, words: str) -> None:
        """Say why it did not begin; empty for nothing."""
        self._trouble.setText(words)

    def _update(self) -> None:
        first, second = self.chosen()
        is_same = first.state == second.state
        self._start.setEnabled(not is_same)
        self.show_trouble(tr("Choose two different ones.") if is_same else "")
