"""A line of quality figures: what was measured last of what a model makes."""

import math
from collections.abc import Mapping

from PySide6.QtWidgets import QLabel, QSizePolicy

from genstudio.domain.language import tr, written
from genstudio.domain.metric_names import SHOWN
from genstudio.ui.theme import mark

_LARGE = 999.5


class FigureLine(QLabel):
    """The last measurement of a run in a line; hidden while there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("train.figures")
        self.setAccessibleName(tr("Quality"))
        mark(self, role="muted")
        self.setWordWrap(True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.hide()

    def show_figures(self, step: int, figures: Mapping[str, float]) -> None:
        """Show what was measured at a step; unknown figures are left out."""
        known = [(shown, figures[name]) for name, shown in SHOWN.items() if name in figures]
        parts = [f"{shown.words} {_in_short(value, shown.form)}" for shown, value in known]
        self.setText(
            tr("At step {step:,}: {parts}", step=step, parts="  ·  ".join(parts)) if parts else ""
        )
        self.setToolTip("\n".join(f"{shown.words}: {shown.help}" for shown, _ in known))
        self.setVisible(bool(parts))

    def forget(self) -> None:
        """Show nothing."""
        self.show_figures(0, {})


def _in_short(value: float, form: str) -> str:
    # Three digits of a large number would be written with an exponent: 9.15e+03.
    is_large = form.endswith("g") and _LARGE <= abs(value) < math.inf
    return written(value, ",.0f" if is_large else form)
