"""The empty plot of losses: axes, colours, and which step is under the pointer."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QGraphicsItem

from genstudio.domain.language import number_text, tr
from genstudio.ui.theme import GRID_PX, colors

# Room at the ends of the axes, as a part of their length.
_MARGIN = 0.05
_GRID_STRENGTH = 64
# Values nearer to nought lie on a line.
_LINEAR = 1e-3


class _StepAxis(pg.AxisItem):
    """Steps, thousands with a k and millions with an M."""

    def tickStrings(self, values: Iterable[float], _scale: float, _spacing: float) -> list[str]:
        return [_in_short(value) for value in values]


class ValueAxis(pg.AxisItem):
    """Values, by themselves or by their logarithms."""

    is_log = False

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[Any]:
        """Where lines are: as pyqtgraph has them, or at powers of ten."""
        if not self.is_log:
            return super().tickValues(minVal, maxVal, size)
        return [(1.0, decades(minVal, maxVal))]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """What stands beside the lines."""
        if not self.is_log:
            return [in_words(text) for text in super().tickStrings(values, scale, spacing)]
        return [in_words(f"{from_log(value):.3g}") for value in values]


def in_words(number: str) -> str:
    """A number of an axis with the decimal sign of the language, and a minus that is one."""
    sign = number_text(0.5, 1)[1]
    return number.replace("-", "−").replace(".", sign)


def to_log(values: np.ndarray) -> np.ndarray:
    """Values on a logarithmic scale that runs through nought, below :data:`_LINEAR` in a line."""
    return np.sign(values) * np.log10(1 + np.abs(values) / _LINEAR)


def from_log(value: float) -> float:
    """The value at a place of that scale."""
    return math.copysign(_LINEAR * (10 ** abs(value) - 1), value)


def decades(low: float, high: float) -> list[float]:
    """Places of the powers of ten, of either sign, and of nought, within a part of that scale."""
    powers = [0.0]
    powers += [sign * 10.0**power for power in range(-2, 13) for sign in (1, -1)]
    places = sorted(float(it) for it in to_log(np.array(powers)))
    return [it for it in places if low <= it <= high]


class LossCanvas(pg.GraphicsLayoutWidget):
    """A plot that only shows: the mouse neither moves nor scales it, and it has no menu.

    Signals:
        pointed(float): The pointer is over this step.
        left(): The pointer is not over the plot any more.
    """

    pointed = Signal(float)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        # Not pyqtgraph's PlotItem: that makes forty hidden widgets for menus nobody opens.
        self._view = pg.ViewBox(enableMouse=False, enableMenu=False)
        self._steps = _StepAxis("bottom", linkView=self._view)
        self._values = ValueAxis("left", linkView=self._view)
        self.ci.addItem(self._values, 0, 0)
        self.ci.addItem(self._view, 0, 1)
        self.ci.addItem(self._steps, 1, 1)
        self.ci.setSpacing(0)
        self.ci.setContentsMargins(GRID_PX // 2, GRID_PX, GRID_PX, GRID_PX // 2)
        self._values.setGrid(_GRID_STRENGTH)
        # Grid lines are drawn over the view by their axis, but belong behind the losses. Only
        # those with a number: each costs as much as a loss.
        self._values.setZValue(-1)
        self._values.setStyle(maxTickLevel=1)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def add(self, item: QGraphicsItem) -> None:
        """Show something at its steps and values."""
        self._view.addItem(item, ignoreBounds=True)

    def remove(self, item: QGraphicsItem) -> None:
        """Take it off again."""
        self._view.removeItem(item)

    def extent(self) -> tuple[list[float], list[float]]:
        """First and last step, lowest and highest value of the axes."""
        steps, values = self._view.viewRange()
        return steps, values

    def fit(self, first: float, last: float, low: float, high: float) -> None:
        """Let the axes hold these steps and values."""
        (_, right), (bottom, top) = self._view.viewRange()
        margin = _MARGIN * ((high - low) or abs(high) or 1.0)
        self._view.setRange(
            xRange=(first, _roomy(last, right, _MARGIN * max(last - first, 1))),
            yRange=(-_roomy(-low, -bottom, margin), _roomy(high, top, margin)),
            padding=0,
        )
        # Left to the painting, the view would ask there to be painted once more.
        self._view.prepareForPaint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell which step is under the pointer."""
        super().mouseMoveEvent(event)
        point = self.mapToScene(event.position().toPoint())
        if self._view.sceneBoundingRect().contains(point):
            self.pointed.emit(self._view.mapSceneToView(point).x())
        else:
            self.left.emit()

    def leaveEvent(self, event: QEvent) -> None:
        """Tell that none is any more."""
        super().leaveEvent(event)
        self.left.emit()

    def set_log(self, is_log: bool) -> None:
        """Have the axis of values say what logarithms stand for."""
        self._values.is_log = is_log
        self._values.picture = None
        self._values.update()

    def tint(self) -> None:
        """Take the colours of the theme."""
        theme = colors()
        self.setBackground(theme.panel)
        for axis in (self._steps, self._values):
            axis.setPen(theme.border)
            axis.setTextPen(theme.muted)
        self._steps.setLabel(tr("step"), color=theme.muted)


def _roomy(outermost: float, end: float, margin: float) -> float:
    """Upper end of an axis: that which it has, while it fits, else with some room to grow into.

    An axis that moved at every step would be hard to read, and drawing it is most of the work.
    """
    return end if 0 <= end - outermost <= 3 * margin else outermost + margin


def _in_short(step: float) -> str:
    for unit, suffix in ((1e6, "M"), (1e3, "k")):
        if step >= unit:
            return in_words(f"{step / unit:g}{suffix}")
    return in_words(f"{step:g}")
