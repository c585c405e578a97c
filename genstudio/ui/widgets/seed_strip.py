"""Pictures of seeds to begin with, and where each can be put."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from genstudio.domain.language import tr
from genstudio.ui.icons import icon
from genstudio.ui.theme import GRID_PX
from genstudio.ui.widgets.plane_pad import CORNERS
from genstudio.ui.widgets.seed_grid import SeedGrid
from genstudio.ui.widgets.wrapping_row import WrappingRow

_ARROWS = "↖↗↙↘"


class SeedStrip(QWidget):
    """A grid of seeds with its buttons.

    Signals:
        seed_activated(object): Go to this seed.
        corner_wanted(int, object): Put this seed at a corner, counted from 0.
        others_wanted(): Show other seeds.
    """

    seed_activated = Signal(object)
    corner_wanted = Signal(int, object)
    others_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = SeedGrid()
        self._grid.setObjectName("explore.grid")
        self._grid.setAccessibleName(tr("Pictures to begin with"))
        self._grid.setToolTip(
            tr(
                "Double-click or Enter goes there; drag one to a corner of the "
                "plane, or put it there "
                "with the buttons below"
            )
        )
        self._grid.seed_activated.connect(self.seed_activated)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        layout.addWidget(self._grid, 1)
        layout.addLayout(self._make_buttons())

    def seeds(self) -> list[int]:
        """What is shown, in order."""
        return self._grid.seeds()

    def current_seed(self) -> int | None:
        """The one that is chosen."""
        return self._grid.current_seed()

    def show_seeds(self, seeds: Sequence[int]) -> None:
        """Show other seeds; their pictures come with :meth:`show_seed`."""
        self._grid.show_seeds(seeds)

    def show_seed(self, seed: int, image_HWC: np.ndarray) -> None:
        """Show the picture of a seed: uint8 (height, width, 3 or 4)."""
        self._grid.show_seed(seed, image_HWC)

    def _make_buttons(self) -> WrappingRow:
        row = WrappingRow(GRID_PX // 2)
        row.addWidget(QLabel(tr("To a corner")))
        for corner, words in enumerate(CORNERS):
            button = QToolButton()
            button.setText(_ARROWS[corner])
            button.setToolTip(tr("Put the chosen picture at the corner {words}", words=tr(words)))
            button.setObjectName(f"explore.corner{corner + 1}")
            button.setAccessibleName(
                tr("Put the chosen picture at the corner {words}", words=tr(words))
            )
            button.clicked.connect(lambda _=False, at=corner: self._put(at))
            row.addWidget(button)
        others = QPushButton(tr("Other pictures"))
        others.setObjectName("explore.seed")
        others.setIcon(icon("dices"))
        others.clicked.connect(self.others_wanted)
        row.addWidget(others)
        return row

    def _put(self, corner: int) -> None:
        seed = self._grid.current_seed()
        if seed is not None:
            self.corner_wanted.emit(corner, seed)
