"""What was found of copies: pictures beside the training pictures that they come nearest to."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from genstudio.domain.language import tr, tr_noop
from genstudio.services.compared import NearPair
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.pair_list import PairList

if TYPE_CHECKING:
    from genstudio.ui.state.gallery_copies import FoundCopies

_WIDTH_PX, _HEIGHT_PX = 90 * GRID_PX, 62 * GRID_PX
_EXPLAIN = tr_noop(
    "At the left what was made, at the right the nearest of the pictures that were learned from, "
    "as it is or mirrored. Nearer than the alarm lies at most one in a hundred of your own "
    "pictures to another, and what is a copy lies less than half as far from its original as from "
    "others."
)


def show_copies(window: QWidget, found: "FoundCopies") -> None:
    """Show it; does not wait until it is closed."""
    _CopiesDialog(window, found.words, _ordered(found)).open()


def _ordered(found: "FoundCopies") -> Sequence[NearPair]:
    """Of one picture all that is near; of several, the nearest of each, copies first."""
    if len(found.checks) == 1:
        return found.checks[0].pairs
    nearest = [it.pairs[0] for it in found.checks if it.pairs]
    return sorted(nearest, key=lambda it: it.distance / max(it.alarm, 1e-9))


class _CopiesDialog(QDialog):
    def __init__(self, window: QWidget, words: str, pairs: Sequence[NearPair]) -> None:
        super().__init__(window)
        self.setObjectName("dialog.copies")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Did it copy?"))
        self.resize(
            min(_WIDTH_PX, window.window().width()), min(_HEIGHT_PX, window.window().height())
        )
        verdict = QLabel(words)
        verdict.setObjectName("copies.verdict")
        verdict.setWordWrap(True)
        mark(verdict, role="heading")
        explanation = QLabel(tr(_EXPLAIN))
        explanation.setWordWrap(True)
        mark(explanation, role="small")
        shown = PairList()
        shown.setObjectName("copies.pairs")
        shown.show_pairs(pairs)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX + GRID_PX // 2)
        layout.addWidget(verdict)
        layout.addWidget(explanation)
        layout.addWidget(shown, 1)
        layout.addWidget(buttons)
