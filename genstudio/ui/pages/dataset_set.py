"""The set as a whole: a map of its pictures, groups of alike ones, rankings, and plots."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from genstudio.data.picture_figures import PictureFigures, groups_of_alike
from genstudio.domain.language import tr, tr_noop
from genstudio.ui.run_words import counted
from genstudio.ui.state.dataset import DatasetState
from genstudio.ui.state.figures import FiguresState
from genstudio.ui.theme import GRID_PX, colors, mark
from genstudio.ui.widgets.empty_state import EmptyState
from genstudio.ui.widgets.grid_items import GridItem
from genstudio.ui.widgets.picture_map import PictureMap
from genstudio.ui.widgets.score_plots import QuietPlot
from genstudio.ui.widgets.small import named_combo
from genstudio.ui.widgets.thumbnail_grid import ThumbnailGrid

_ASKING, _MEASURING, _SHOWING, _UNREADABLE = range(4)
_BINS = 40
_RANKINGS: tuple[tuple[str, str, bool], ...] = (
    (tr_noop("Most blurred first"), "sharpness", False),
    (tr_noop("Strangest first — outliers"), "strangeness", True),
    (tr_noop("Darkest first"), "brightness", False),
    (tr_noop("Brightest first"), "brightness", True),
    (tr_noop("Greyest first"), "colour", False),
    (tr_noop("Most colourful first"), "colour", True),
    (tr_noop("Smallest first"), "pixels", False),
)
_PLOTS = (
    (tr_noop("Shorter side, px"), "pixels"),
    (tr_noop("Width by height"), "aspect"),
    (tr_noop("Brightness"), "brightness"),
    (tr_noop("Colourfulness"), "colour"),
    (tr_noop("Hue, of colourful ones"), "hue"),
    (tr_noop("Sharpness"), "sharpness"),
)
_GREY = 0.05


class SetView(QWidget):
    """Measures the open set when a person asks for it, and shows what it is like.

    Args:
        state: Has the pictures.
        figures: Measures them.
        thumbnail: Reads a picture for a grid.

    Signals:
        show_wanted(set[str]): Show these pictures among all.
    """

    show_wanted = Signal(object)

    def __init__(
        self,
        state: DatasetState,
        figures: FiguresState,
        thumbnail: Callable[[Path, int], np.ndarray],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("dataset.set")
        self._state, self._figures = state, figures
        self._chosen: list[str] = []
        self._first_of_group: dict[str, str] = {}
        self._others: list[str] = []
        self._map_buttons: list[QPushButton] = []
        self._unfilled: list[Callable[[], None]] = []
        self._filling = QTimer(self, singleShot=True, interval=0)
        self._filling.timeout.connect(self._fill)
        self._map = PictureMap()
        self._map.setObjectName("dataset.map")
        self._map.chosen.connect(self._on_chosen)
        self._ranked = self._make_grid("dataset.ranked", thumbnail)
        self._alike = self._make_grid("dataset.alike", thumbnail)
        self._plots = _Plots()
        self._tabs = QTabWidget()
        self._tabs.addTab(self._make_map(), tr("Map"))
        self._tabs.addTab(self._make_alike(), tr("Look alike"))
        self._tabs.addTab(self._make_ranked(), tr("Ranked"))
        self._tabs.addTab(self._plots, tr("Figures"))
        self._stack = QStackedWidget()
        self._stack.addWidget(self._make_asking())
        self._stack.addWidget(self._make_measuring())
        self._stack.addWidget(self._tabs)
        self._stack.addWidget(self._make_unreadable())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        figures.measured.connect(self._show)
        figures.progressed.connect(self._on_progressed)
        state.changed.connect(self._show_left_out)
        self._show()

    def shutdown(self) -> None:
        """Let go of threads before the window closes."""
        self._filling.stop()
        self._ranked.shutdown()
        self._alike.shutdown()

    def begin(self) -> None:
        """Measure at once, if that was not done yet."""
        if self._figures.figures is None:
            self._figures.measure()
        self._show()

    # --- building -----------------------------------------------------------------------

    def _make_asking(self) -> EmptyState:
        asking = EmptyState(
            "compass",
            tr("See the set as a whole"),
            tr(
                "Each picture is looked at once more: then there is a map of "
                "all of them, groups of "
                "alike ones, outliers, and plots of sizes, light and colours."
            ),
            tr("Measure the pictures"),
        )
        asking.triggered.connect(self.begin)
        return asking

    def _make_unreadable(self) -> EmptyState:
        none = EmptyState(
            "image-off",
            tr("No picture could be read"),
            tr(
                "The folder may have been moved, or its drive may be missing. What you chose is "
                "kept; measure again when the pictures are back."
            ),
            tr("Measure the pictures"),
        )
        none.setObjectName("dataset.none_measured")
        none.triggered.connect(self._figures.measure)
        return none

    def _make_measuring(self) -> QWidget:
        page = QWidget()
        self._progress = QProgressBar()
        self._progress.setAccessibleName(tr("Measuring the pictures"))
        self._progress_words = QLabel()
        self._progress_words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        mark(self._progress_words, role="muted")
        cancel = QPushButton(tr("Cancel"))
        cancel.clicked.connect(self._figures.cancel)
        row = QHBoxLayout()
        row.addWidget(self._progress, 1)
        row.addWidget(cancel)
        layout = QVBoxLayout(page)
        layout.addStretch(1)
        layout.addLayout(row)
        layout.addWidget(self._progress_words)
        layout.addStretch(1)
        return page

    def _make_map(self) -> QWidget:
        hint = QLabel(tr("Draw around points to choose pictures. Near ones are alike."))
        self._chosen_words = QLabel()
        self._chosen_words.setObjectName("dataset.map_chosen")
        for label in (hint, self._chosen_words):
            mark(label, role="small")
        row = _row(hint, self._chosen_words)
        for name, text, act in (
            ("dataset.map_show", tr("Show them"), lambda: self.show_wanted.emit(set(self._chosen))),
            ("dataset.map_exclude", tr("Leave out"), lambda: self._state.exclude(self._chosen)),
            ("dataset.map_include", tr("Use again"), lambda: self._state.include(self._chosen)),
        ):
            self._map_buttons.append(_button(name, text, act))
            row.addWidget(self._map_buttons[-1])
        return _page(self._map, row)

    def _make_alike(self) -> QWidget:
        self._alike_words = QLabel()
        self._alike_words.setWordWrap(True)
        mark(self._alike_words, role="small")
        row = _row(self._alike_words)
        self._leave_others = _button(
            "dataset.alike_exclude",
            tr("Leave out all but the sharpest"),
            lambda: self._state.exclude(self._others),
        )
        row.addWidget(self._leave_others)
        self._none_alike = EmptyState(
            "check",
            tr("No pictures look the same"),
            tr("Each is seen as often as the others, and none counts for two."),
        )
        self._none_alike.setObjectName("dataset.none_alike")
        page = _page(self._alike, row)
        page.layout().addWidget(self._none_alike)  # type: ignore[union-attr]
        return page

    def _make_ranked(self) -> QWidget:
        self._ranking = named_combo("dataset.ranking", tr("Order"))
        for title, name, descends in _RANKINGS:
            self._ranking.addItem(tr(title), (name, descends))
        self._ranking.currentIndexChanged.connect(self._rank)
        row = QHBoxLayout()
        row.addWidget(self._ranking)
        row.addStretch(1)
        for name, text, act in (
            ("dataset.ranked_exclude", tr("Leave out"), self._state.exclude),
            ("dataset.ranked_include", tr("Use again"), self._state.include),
        ):
            row.addWidget(_button(name, text, lambda act=act: act(self._ranked.selected_keys())))
        return _page(self._ranked, row)

    def _make_grid(self, name: str, thumbnail: Callable[[Path, int], np.ndarray]) -> ThumbnailGrid:
        grid = ThumbnailGrid(thumbnail, self._described)
        grid.setObjectName(name)
        grid.toggled_key.connect(self._state.toggle)
        grid.activated_key.connect(self._state.toggle)
        return grid

    # --- showing ------------------------------------------------------------------------

    def _show(self) -> None:
        figures = self._figures.figures
        is_measuring = self._figures.is_measuring and figures is None
        page = _SHOWING if figures is not None else _MEASURING if is_measuring else _ASKING
        is_none = figures is not None and not figures.names
        self._stack.setCurrentIndex(_UNREADABLE if is_none else page)
        if figures is None or is_none:
            return
        self._map.show_places(figures.names, figures.place, self._state.excluded)
        self._on_chosen([])
        # One after the other, so that of very many pictures the map is there at once.
        self._unfilled = [self._show_alike, self._rank, self._show_plots]
        self._filling.start()

    def _fill(self) -> None:
        if self._figures.figures is None or not self._unfilled:
            return
        self._unfilled.pop(0)()
        self._filling.start()

    def _show_plots(self) -> None:
        if self._figures.figures is not None:
            self._plots.show_figures(self._figures.figures)

    def _show_alike(self) -> None:
        figures, report = self._figures.figures, self._state.report
        if figures is None or report is None:
            return
        sharpness = dict(zip(figures.names, figures.sharpness.tolist(), strict=True))
        groups = groups_of_alike(report.pictures, sharpness)
        self._first_of_group = {name: group[0] for group in groups for name in group}
        self._others = [name for group in groups for name in group[1:]]
        self._alike.set_keys([name for group in groups for name in group])
        for widget in (self._alike, self._alike_words, self._leave_others):
            widget.setVisible(bool(groups))
        self._none_alike.setVisible(not groups)
        if groups:
            words = tr(
                "{counted} of pictures that look the same, the sharpest of each first and marked "
                "“keep”.",
                counted=counted(len(groups), "group"),
            )
            self._alike_words.setText(words)

    def _rank(self) -> None:
        figures = self._figures.figures
        if figures is None:
            return
        name, descends = self._ranking.currentData()
        values: np.ndarray = getattr(figures, name)
        order = np.argsort(-values if descends else values, kind="stable")
        self._ranked.set_keys([figures.names[at] for at in order.tolist()])

    def _show_left_out(self) -> None:
        if self._figures.figures is None or self._state.report is None:
            return
        self._map.show_left_out(self._state.excluded)
        self._ranked.viewport().update()
        self._alike.viewport().update()

    def _described(self, name: str) -> GridItem:
        report = self._state.report
        folder = report.folder if report is not None else Path()
        is_kept = self._first_of_group.get(name) == name
        return GridItem(
            folder / name,
            caption=name,
            dimmed=name in self._state.excluded,
            badge=tr("keep") if is_kept else "",
        )

    def _on_progressed(self, what: str, done: int, total: int) -> None:
        self._stack.setCurrentIndex(_MEASURING)
        self._progress.setRange(0, total)
        self._progress.setValue(done)
        words = tr("{what}: {done:,} of {total:,}", what=what, done=done, total=total)
        self._progress_words.setText(words)

    def _on_chosen(self, names: list[str]) -> None:
        self._chosen = names
        for button in self._map_buttons:
            button.setEnabled(bool(names))
        self._chosen_words.setText(
            tr("{counted} chosen", counted=counted(len(names), "picture")) if names else ""
        )


class _Plots(QWidget):
    """A histogram for each figure."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Figures of the pictures"))
        layout = QGridLayout(self)
        layout.setSpacing(GRID_PX)
        self._plots: dict[str, QuietPlot] = {}
        for place, (title, name) in enumerate(_PLOTS):
            plot = QuietPlot(f"dataset.plot.{name}", tr(title))
            self._plots[name] = plot
            layout.addWidget(plot, place // 2, place % 2)

    def show_figures(self, figures: PictureFigures) -> None:
        """Draw how many pictures have which value."""
        theme = colors()
        for (title, name), plot in zip(_PLOTS, self._plots.values(), strict=True):
            plot.tint("", tr(title))
            values: np.ndarray = getattr(figures, name)
            if name == "hue":
                values = values[figures.colour > _GREY]
            plot.view.clear()
            if not len(values):
                continue
            counts, edges = np.histogram(values, bins=_BINS)
            bars = pg.BarGraphItem(
                x0=edges[:-1], x1=edges[1:], height=counts, brush=theme.plot[0], pen=theme.panel
            )
            plot.view.addItem(bars)


def _page(body: QWidget, row: QHBoxLayout) -> QWidget:
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, GRID_PX, 0, 0)
    layout.setSpacing(GRID_PX)
    layout.addWidget(body, 1)
    layout.addLayout(row)
    return page


def _row(first: QWidget, *others: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(GRID_PX)
    row.addWidget(first, 1)
    for widget in others:
        row.addWidget(widget)
    return row


def _button(name: str, text: str, act: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.clicked.connect(lambda *_: act())
    return button
