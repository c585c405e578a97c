"""The losses of a run as lines over its steps."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QColor, QPen, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedLayout, QVBoxLayout, QWidget

from genstudio.domain import metric_names
from genstudio.domain.language import tr, tr_noop
from genstudio.ui.theme import GRID_PX, colors, is_restyled, mark
from genstudio.ui.widgets.loss_canvas import LossCanvas, to_log
from genstudio.ui.widgets.loss_chip import LossChip, chip_height, line_pen
from genstudio.ui.widgets.loss_history import LossHistory, in_parts, smoothed_without_lag
from genstudio.ui.widgets.plot_files import save_plot
from genstudio.ui.widgets.plot_tools import PlotTools

# Figures that say how good it is, best first.
_QUALITY = (metric_names.KID, metric_names.SWD)
_EMPTY_TEXT = tr_noop("The curves of learning (losses) will show here once training has begun.")
# A line beyond this ratio to the first would press that flat, and starts hidden.
_LARGEST_RATIO = 20
_POINTS_TO_JUDGE = 50
# Of a line; more would be finer than the pixels of the screen.
_DRAWN_PARTS = 300
# The smoothed line follows a fiftieth of the run.
_SMOOTHED_PART = 50
_RAW_STRENGTH = 0.3
# Often enough to read values by; what is drawn, the training does without (about 1 % of a core for
# the lines, which therefore wait until they are longer by one of their parts).
_PAUSE_MS = 1000


_Extent = tuple[float, float, float, float]


class LossPlot(QWidget):
    """One line for each loss, smoothed over its faint raw values, and a row of chips above.

    A chip shows the newest value of its line, or that under the pointer, and hides or shows
    the line. The plot always fits what is visible.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._histories: dict[str, LossHistory] = {}
        self._lines: dict[str, _Line] = {}
        self._marks: list[pg.InfiniteLine] = []
        self._is_log = False
        self._last_step = -1
        self._is_stale = False
        # Last step of the lines as they are drawn; None if what is drawn is wrong.
        self._drawn_step: int | None = None
        self._pointed_step: float | None = None
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._catch_up)
        self._plot = LossCanvas()
        self._cursor = pg.InfiniteLine(angle=90)
        self._cursor.setZValue(1)
        self._cursor.hide()
        self._plot.add(self._cursor)
        self._plot.pointed.connect(self._on_pointed)
        self._plot.left.connect(self._on_left)
        self._step = QLabel()
        self._step.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        mark(self._step, role="small")
        self._empty = QLabel(tr(_EMPTY_TEXT))
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        mark(self._empty, role="muted")
        self._chips = QHBoxLayout()
        self._stack = QStackedLayout()
        self._lay_out()
        self._tint()
        self.setAccessibleName(tr("Losses"))
        self.setAccessibleDescription(tr(_EMPTY_TEXT))

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Note the losses of a step; they show at the next :meth:`redraw`.

        A smaller step than the last says that the run went back: what came after goes.
        """
        if step < self._last_step:
            self.cut_after(step)
        self._last_step = step
        for name, value in values.items():
            if name not in self._histories:
                self._histories[name] = LossHistory()
            self._histories[name].add(step, value)
        self._is_stale = True

    def add_quality(self, step: int, values: Mapping[str, float]) -> None:
        """Note how good what is made is; measured rarely, its line stands beside the losses."""
        for name in _QUALITY:
            if name in values:
                self._histories.setdefault(name, LossHistory()).add(step, values[name])
                self._is_stale = True

    def mark(self, step: int, word: str) -> None:
        """Mark a step at which something happened, with a word."""
        line = pg.InfiniteLine(step, angle=90, label=tr(word), labelOpts={"position": 0.55})
        line.setPen(QPen(QColor(colors().muted), 0, Qt.PenStyle.DotLine))
        line.label.setColor(QColor(colors().muted))
        self._marks.append(line)
        self._plot.add(line)

    def lines(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Name of each line => its steps and values."""
        return {name: (it.steps(), it.values()) for name, it in self._histories.items()}

    def set_log(self, is_log: bool) -> None:
        """Show values by their logarithms, or by themselves."""
        self._is_log = is_log
        self._plot.set_log(is_log)
        self._drawn_step = None
        self._is_stale = True
        self._draw()

    def save(self, path: Path) -> None:
        """Write the plot into a file; its suffix says as what.

        Raises:
            ProjectError: It cannot be written.
        """
        save_plot(self, self.lines(), path)

    def extend(self, steps: Iterable[tuple[int, Mapping[str, float]]]) -> None:
        """Note the losses of many steps, as of a run that is opened."""
        for step, values in steps:
            self.add(step, values)

    def cut_after(self, step: int) -> None:
        """Forget what came after a step; it shows at the next :meth:`redraw`."""
        for history in self._histories.values():
            history.cut_after(step)
        self._last_step = min(self._last_step, step)
        self._drawn_step = None
        self._is_stale = True

    def clear(self) -> None:
        """Forget everything."""
        for line in self._lines.values():
            line.remove()
        self._histories.clear()
        self._lines.clear()
        for line in self._marks:
            self._plot.remove(line)
        self._marks.clear()
        self._last_step = -1
        self._drawn_step = None
        self._pointed_step = None
        self._is_stale = True
        self._draw()

    def redraw(self) -> None:
        """Show what was added since the last time, now or soon; call it as often as you like."""
        if not self._pause.isActive():
            self._draw()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what was added out of sight."""
        super().showEvent(event)
        self._catch_up()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the buttons in the corner of the plot, which gets its size after this widget has."""
        if event.type() == QEvent.Type.Resize:
            self._place_tools()
        return super().eventFilter(watched, event)

    def _place_tools(self) -> None:
        self.tools.adjustSize()
        self.tools.move(self._plot.width() - self.tools.width() - GRID_PX, GRID_PX // 2)

    def changeEvent(self, event: QEvent) -> None:
        """Take the colours of the theme."""
        if is_restyled(event):
            self._tint()
        super().changeEvent(event)

    def _draw(self) -> None:
        if not (self._is_stale and self.isVisible()):
            return
        self._is_stale = False
        self._pause.start()
        for name, history in self._histories.items():
            if name not in self._lines and len(history):
                self._add_line(name, history)
                self._drawn_step = None
        self._stack.setCurrentIndex(1 if any(map(len, self._histories.values())) else 0)
        if self._drawn_step is None or (
            self._last_step - self._drawn_step >= self._last_step / _DRAWN_PARTS
        ):
            self._draw_lines()
        self._write_values()

    def _draw_lines(self) -> None:
        self._drawn_step = self._last_step
        self._hide_misfits()
        extents = [line.draw(is_log=self._is_log) for line in self._lines.values()]
        self._fit([extent for extent in extents if extent is not None])

    def _catch_up(self) -> None:
        """Draw what has come or, if nothing has since the last time, what the lines are behind."""
        if self._is_stale:
            self._draw()
        elif self._drawn_step != self._last_step and self.isVisible():
            self._draw_lines()

    def _add_line(self, name: str, history: LossHistory) -> None:
        line = _Line(name, len(self._lines), history, self._plot)
        if name in _QUALITY:
            # A hundred times as large as losses: beside it, these would be one flat line.
            line.is_judged = True
            line.chip.setChecked(False)
        # Not by a click: screen readers check the chip, and nothing is clicked then.
        line.chip.toggled.connect(self._on_toggled)
        self._chips.insertWidget(len(self._lines), line.chip)
        self._lines[name] = line

    def _hide_misfits(self) -> None:
        """Judge each line once, as soon as enough of it is known."""
        shown = [line for line in self._lines.values() if line.chip.isChecked()]
        if not shown or len(shown[0].history) < _POINTS_TO_JUDGE:
            return
        scale = shown[0].typical_scale()
        for line in self._lines.values():
            if not line.is_judged and len(line.history) >= _POINTS_TO_JUDGE:
                line.is_judged = True
                low, high = sorted((scale, line.typical_scale()))
                with QSignalBlocker(line.chip):  # This is no person's choice.
                    line.chip.setChecked(high <= low * _LARGEST_RATIO)

    def _fit(self, extents: list[_Extent]) -> None:
        if extents:
            first, last, low, high = np.transpose(extents)
            self._plot.fit(first.min(), last.max(), low.min(), high.max())

    def _write_values(self) -> None:
        """Of the step under the pointer, or the newest."""
        step = max((line.history.last_step for line in self._lines.values()), default=0)
        for line in self._lines.values():
            if self._pointed_step is None or not len(line.history):
                line.chip.set_value(line.history.newest)
            else:
                step, value = line.history.nearest(self._pointed_step)
                line.chip.set_value(value)
        self._cursor.setVisible(self._pointed_step is not None)
        self._step.setText(tr("step {step:,.0f}", step=step) if step >= 0 and self._lines else "")
        words = (f"{line.chip.text()} {line.chip.value()}" for line in self._lines.values())
        self.setAccessibleDescription(
            ", ".join((self._step.text(), *words)).strip() or tr(_EMPTY_TEXT)
        )

    def _on_toggled(self) -> None:
        """A person's choice stays."""
        for line in self._lines.values():
            line.is_judged |= line.chip is self.sender()
        self._drawn_step = None
        self._is_stale = True
        self._draw()

    def _on_pointed(self, step: float) -> None:
        if self._lines:
            self._pointed_step = step
            self._cursor.setValue(step)
            self._write_values()

    def _on_left(self) -> None:
        self._pointed_step = None
        self._write_values()

    def _tint(self) -> None:
        theme = colors()
        self._plot.tint()
        self._cursor.setPen(QPen(QColor(theme.text), 0))
        for line in self._lines.values():
            line.tint()

    def _lay_out(self) -> None:
        row = QWidget()
        # As high as a chip before there is one: nothing jumps when they come.
        row.setFixedHeight(chip_height(self.font()))
        self._chips.setContentsMargins(0, 0, 0, 0)
        self._chips.setSpacing(GRID_PX // 2)
        self._chips.addStretch(1)
        self._chips.addWidget(self._step)
        row.setLayout(self._chips)
        # Over the plot, and not in a row: what takes no room moves nothing when it comes.
        self.tools = PlotTools(self, self._plot)
        self._plot.installEventFilter(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        layout.addWidget(row)
        layout.addLayout(self._stack, 1)
        # Only now: what a stack shows that is in no widget yet would be a window for a moment.
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._plot)


class _Line:
    """What stands for one loss: its chip, its raw and its smoothed line."""

    def __init__(self, name: str, number: int, history: LossHistory, plot: LossCanvas) -> None:
        self.history = history
        self.chip = LossChip(name, number)
        self.is_judged = False
        self._number = number
        self._plot = plot
        self._raw = pg.PlotDataItem(skipFiniteCheck=True)
        self._smooth = pg.PlotDataItem(skipFiniteCheck=True, antialias=True)
        # All raw lines lie behind all smoothed ones.
        self._raw.setZValue(-1)
        for curve in (self._raw, self._smooth):
            plot.add(curve)
        self.tint()

    def typical_scale(self) -> float:
        """Size of a usual value at the beginning of the run."""
        return float(np.median(np.abs(self.history.values()[:_POINTS_TO_JUDGE])))

    def draw(self, *, is_log: bool = False) -> _Extent | None:
        """Draw the line unless it is hidden or empty, and return its extent.

        Args:
            is_log: Draw logarithms.

        Returns:
            First and last step, lowest and highest value that should be seen; None if nothing is.
        """
        is_shown = self.chip.isChecked() and len(self.history) > 0
        self._raw.setVisible(is_shown)
        self._smooth.setVisible(is_shown)
        if not is_shown:
            return None
        steps, means, lows, highs = in_parts(
            self.history.steps(), self.history.values(), _DRAWN_PARTS
        )
        smooth = smoothed_without_lag(means, max(1.0, len(means) / _SMOOTHED_PART))
        if is_log:
            lows, highs, smooth = (to_log(it) for it in (lows, highs, smooth))
        # Up and down within each part: no peak is lost, however many values a pixel stands for.
        self._raw.setData(np.repeat(steps, 2), np.column_stack((lows, highs)).ravel())
        self._smooth.setData(steps, smooth)
        return steps[0], steps[-1], *_extent(lows, highs, smooth)

    def tint(self) -> None:
        """Take the colours of the theme."""
        pen = line_pen(self._number)
        self._raw.setPen(QPen(_mixed(pen.color(), QColor(colors().panel), _RAW_STRENGTH), 0))
        self._smooth.setPen(pen)
        self.chip.update()

    def remove(self) -> None:
        """Take everything off the plot."""
        for curve in (self._raw, self._smooth):
            self._plot.remove(curve)
        self.chip.hide()
        self.chip.deleteLater()


def _extent(lows: np.ndarray, highs: np.ndarray, smooth: np.ndarray) -> tuple[float, float]:
    """All but the rarest outliers; how a run begins only if that is not far off."""
    later = smooth[len(smooth) // 20 :]
    low = min(np.percentile(lows, 1), later.min())
    high = max(np.percentile(highs, 99), later.max())
    height = high - low
    return (
        max(min(low, smooth.min()), low - height),
        min(max(high, smooth.max()), high + height),
    )


def _mixed(color: QColor, ground: QColor, strength: float) -> QColor:
    """As if transparent, but drawn several times as fast."""
    over, under = (np.array((part.red(), part.green(), part.blue())) for part in (color, ground))
    return QColor(*(strength * over + (1 - strength) * under).round().astype(int).tolist())
