"""Plots of scores: how they are spread, and how well they tell defects from whole pictures."""

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from genstudio.domain.language import tr
from genstudio.metrics.detection import auroc, roc_curve
from genstudio.services.score_tables import ScoreTable
from genstudio.ui.theme import GRID_PX, colors, is_restyled, mark
from genstudio.ui.widgets.loss_canvas import ValueAxis

_BINS = 24
_LEAST_PX = 16 * GRID_PX


class QuietPlot(pg.GraphicsLayoutWidget):
    """Axes without menus, which the mouse leaves alone."""

    def __init__(self, name: str, accessible: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumSize(_LEAST_PX, _LEAST_PX)
        # By itself it asks for more room than a laptop has.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.view = pg.ViewBox(enableMouse=False, enableMenu=False)
        self._axes = [ValueAxis(side, linkView=self.view) for side in ("left", "bottom")]
        self.ci.addItem(self._axes[0], 0, 0)
        self.ci.addItem(self.view, 0, 1)
        self.ci.addItem(self._axes[1], 1, 1)

    def tint(self, left: str, bottom: str) -> None:
        """Take the colours of the theme."""
        theme = colors()
        self.setBackground(theme.panel)
        for axis, words in zip(self._axes, (left, bottom), strict=True):
            axis.enableAutoSIPrefix(False)
            axis.setPen(theme.border)
            axis.setTextPen(theme.muted)
            axis.setLabel(words, color=theme.muted)


class ScorePlots(QWidget):
    """Histogram and ROC curve, with a sentence below that says the same."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table: ScoreTable | None = None
        self._histogram = QuietPlot("scores.histogram", tr("Histogram of scores"))
        self._roc = QuietPlot("scores.roc", tr("ROC curve"))
        self._words = QLabel()
        self._words.setObjectName("scores.words")
        self._words.setWordWrap(True)
        self._words.setAccessibleName(tr("What the plots show"))
        # Plots cannot be reached by the keyboard; what they show can, and be read aloud.
        self._words.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        # By itself a label is reached by clicks alone.
        self._words.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        mark(self._words, role="small")
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self._histogram, 1)
        row.addWidget(self._roc, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        layout.addLayout(row, 1)
        layout.addWidget(self._words)

    def show_scores(self, table: ScoreTable) -> None:
        """Draw a table."""
        self._table = table
        whole, odd = table.of_label(whole=True), table.of_label(whole=False)
        is_labelled = bool(whole and odd)
        if not is_labelled:
            read = [row for row in table.rows if not math.isnan(row.score)]
            whole = [row.score for row in read if not row.is_strange]
            odd = [row.score for row in read if row.is_strange]
        self._draw_histogram(whole, odd, table.threshold)
        self._roc.setVisible(is_labelled)
        strange = sum(row.is_strange for row in table.rows)
        words = tr(
            "{strange:,} of {num_rows:,} lie above the threshold, the dashed line.",
            strange=strange,
            num_rows=len(table.rows),
        )
        if is_labelled:
            area = auroc(whole, odd)
            self._draw_roc(whole, odd, table.threshold)
            words += tr(
                " By the names of their folders, {num_odd:,} have a defect: of a pair of a whole "
                "one and such, the model finds the right one in {area:.1%} (AUROC {area:.3f}).",
                num_odd=len(odd),
                area=area,
            )
            if not math.isnan(table.threshold):
                words += tr(
                    " At the threshold, the dot, {found:.0%} of these are found, and {alarms:.0%} "
                    "of the whole ones are taken for strange.",
                    found=_share_above(odd, table.threshold),
                    alarms=_share_above(whole, table.threshold),
                )
        self._words.setText(words)

    def changeEvent(self, event: QEvent) -> None:
        """Take the colours of the theme: plots do not by themselves."""
        super().changeEvent(event)
        if is_restyled(event) and self._table is not None:
            self.show_scores(self._table)

    def _draw_histogram(
        self, whole: Sequence[float], odd: Sequence[float], threshold: float
    ) -> None:
        self._histogram.view.clear()
        self._histogram.tint(tr("pictures"), tr("score"))
        everything = [*whole, *odd] + ([] if math.isnan(threshold) else [threshold])
        if not everything:
            return
        low, high = min(everything), max(everything)
        edges = np.linspace(low, high if high > low else low + 1, _BINS + 1)
        counts = [np.histogram(values, edges)[0] for values in (whole, odd)]
        theme = colors()
        bottom = np.zeros(_BINS)
        for values, colour in zip(counts, (theme.plot[0], theme.plot[1]), strict=True):
            bars = pg.BarGraphItem(
                x0=edges[:-1], x1=edges[1:], y0=bottom, height=values, brush=colour, pen=theme.panel
            )
            self._histogram.view.addItem(bars)
            bottom = bottom + values
        if not math.isnan(threshold):
            pen = pg.mkPen(theme.text, width=2, style=Qt.PenStyle.DashLine)
            self._histogram.view.addItem(pg.InfiniteLine(threshold, pen=pen))
        self._histogram.view.setRange(
            xRange=(edges[0], edges[-1]), yRange=(0, max(float(bottom.max()), 1)), padding=0.03
        )

    def _draw_roc(self, whole: Sequence[float], odd: Sequence[float], threshold: float) -> None:
        self._roc.view.clear()
        self._roc.tint(tr("found"), tr("false alarms"))
        curve, theme = roc_curve(whole, odd), colors()
        chance = pg.mkPen(theme.muted, style=Qt.PenStyle.DashLine)
        self._roc.view.addItem(pg.PlotCurveItem([0, 1], [0, 1], pen=chance))
        pen = pg.mkPen(theme.plot[0], width=2)
        self._roc.view.addItem(pg.PlotCurveItem(curve.false_alarms, curve.found, pen=pen))
        if not math.isnan(threshold):
            dot = pg.ScatterPlotItem(
                [_share_above(whole, threshold)], [_share_above(odd, threshold)],
                size=GRID_PX, brush=theme.text, pen=theme.panel,
            )  # fmt: skip
            self._roc.view.addItem(dot)
        self._roc.view.setRange(xRange=(0, 1), yRange=(0, 1), padding=0.03)


def _share_above(scores: Sequence[float], threshold: float) -> float:
    return sum(score > threshold for score in scores) / len(scores)
