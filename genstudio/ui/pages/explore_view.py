"""Explore, on the Create page: wander between the pictures of a model, and along directions."""

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import tr, tr_noop
from genstudio.domain.places import Place, moves_text
from genstudio.domain.runs import RunSummary
from genstudio.domain.settings import Settings
from genstudio.services.studio_operations import OperationEntry
from genstudio.ui.forms import SettingsForm
from genstudio.ui.icons import icon
from genstudio.ui.state.create import CreateState, Wanted
from genstudio.ui.state.exploring import ExploringState
from genstudio.ui.theme import GRID_PX, mark, roomy
from genstudio.ui.widgets.direction_sliders import DirectionSliders
from genstudio.ui.widgets.picture_view import PictureView
from genstudio.ui.widgets.plane_pad import CORNERS, PlanePad
from genstudio.ui.widgets.seed_strip import SeedStrip
from genstudio.ui.widgets.small import named_combo

_NUM_SEEDS = 24
_LARGEST_SEED = 2**31 - 1
_SIDE_WIDTH_PX = 42 * GRID_PX
_GRID_HEIGHT_PX = 24 * GRID_PX
_LOADING = tr_noop("The model is being made ready…")
# Of the form of the operation: what the pad and the sliders say instead.
_PLACE_FIELDS = ("seeds", "across", "down", "moves")


class ExploreView(QWidget):
    """A picture, the plane and the directions that lead to others, and seeds to begin with."""

    def __init__(
        self, state: ExploringState, create: CreateState, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("explore.view")
        self._state = state
        self._create = create
        self._entry: OperationEntry | None = None
        self._runs: dict[Path, RunSummary] = {}
        self._form: SettingsForm | None = None
        self._form_of: object = None
        self._is_filming = False
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 * GRID_PX)
        layout.addWidget(self._make_middle(), 1)
        layout.addWidget(self._make_side())
        state.opened.connect(self._on_opened)
        state.moved.connect(self._on_moved)
        state.drawn.connect(self._on_drawn)
        state.seed_drawn.connect(self._on_seed_drawn)
        state.directions_changed.connect(self._on_directions)
        state.searching.connect(self._on_searching)
        create.hung_now.connect(self._on_hung)
        create.busy_changed.connect(self._update)
        create.filmed.connect(self._on_filmed)
        self._on_opened()

    def show_operation(self, entry: OperationEntry, runs: Sequence[tuple[str, RunSummary]]) -> None:
        """Offer the runs that can be explored, the newest first."""
        self._entry = entry
        self._runs = {run.path: run for _, run in runs}
        chosen = self._run.currentData()
        self._run.blockSignals(True)
        self._run.clear()
        for name, run in runs:
            self._run.addItem(name, run.path)
        self._run.setCurrentIndex(max(self._run.findData(chosen), 0 if runs else -1))
        self._run.blockSignals(False)
        self._show_form()
        self._open()

    def showEvent(self, event: QShowEvent) -> None:
        """Hold a model only while somebody looks at it."""
        super().showEvent(event)
        self._open()

    def hideEvent(self, event: QHideEvent) -> None:
        """Let go of it; places stay."""
        super().hideEvent(event)
        if not self.window().isMinimized():
            self._state.open(None, {})

    # --- building -----------------------------------------------------------------------

    def _make_middle(self) -> QSplitter:
        self._view = PictureView()
        self._view.setObjectName("explore.picture")
        self._view.setAccessibleName(tr("Picture at this place"))
        self._view.set_placeholder(tr(_LOADING))
        self._where = QLabel()
        self._where.setObjectName("explore.where")
        self._where.setTextFormat(Qt.TextFormat.PlainText)
        self._where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        mark(self._where, role="small")
        upper = QWidget()
        upper_layout = QVBoxLayout(upper)
        upper_layout.setContentsMargins(0, 0, 0, 0)
        upper_layout.setSpacing(GRID_PX // 2)
        upper_layout.addWidget(self._view, 1)
        upper_layout.addLayout(self._make_buttons())
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setHandleWidth(GRID_PX)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(upper)
        self._strip = SeedStrip()
        self._strip.seed_activated.connect(self._on_seed)
        self._strip.corner_wanted.connect(self._put)
        self._strip.others_wanted.connect(self._roll_seeds)
        splitter.addWidget(self._strip)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([3 * _GRID_HEIGHT_PX, _GRID_HEIGHT_PX])
        return splitter

    def _make_buttons(self) -> QHBoxLayout:
        self._undo = _tool("undo", "explore.undo", tr("Back to where you were"))
        self._undo.clicked.connect(self._state.undo)
        self._redo = _tool("repeat", "explore.redo", tr("And forward again"))
        self._redo.clicked.connect(self._state.redo)
        self._send = QPushButton(tr("Put into the gallery"))
        self._send.setObjectName("explore.generate")
        self._send.setIcon(icon("layout-grid"))
        self._send.clicked.connect(self._on_send)
        self._walk = QPushButton(tr("Film"))
        self._walk.setObjectName("explore.walk")
        self._walk.setIcon(icon("film"))
        self._walk.setToolTip(
            tr("A film of the way from corner to corner and back, twelve seconds")
        )
        self._walk.clicked.connect(self._on_walk)
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self._undo)
        row.addWidget(self._redo)
        row.addWidget(self._where, 1)
        row.addWidget(self._walk)
        row.addWidget(self._send)
        return row

    def _make_side(self) -> QFrame:
        self._run = named_combo("explore.run", tr("Trained model — run"))
        self._run.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._run.currentIndexChanged.connect(self._on_run)
        self._pad = PlanePad()
        self._pad.setObjectName("explore.plane")
        self._pad.point_moved.connect(self._on_point)
        self._pad.corner_dropped.connect(self._put)
        self._status = QLabel()
        self._status.setObjectName("explore.status")
        self._status.setWordWrap(True)
        mark(self._status, role="small")
        self._sliders = DirectionSliders()
        self._sliders.moved.connect(self._on_slider)
        self._sliders.named.connect(self._state.name_direction)
        self._still = QPushButton(tr("All back to the middle"))
        self._still.setObjectName("explore.still")
        mark(self._still, flat=True)
        self._still.clicked.connect(
            lambda: self._state.go_to(self._state.place.with_values(moves={}))
        )
        self._taste = QPushButton(tr("A step to my taste"))
        self._taste.setObjectName("explore.taste")
        self._taste.setIcon(icon("thumbs-up"))
        self._taste.setToolTip(
            tr(
                "Learns from your stars and choices in the gallery what you like, and moves the "
                "sliders towards it"
            )
        )
        self._taste.clicked.connect(self._state.go_to_taste)
        self._state.taste_sought.connect(self._on_taste_sought)
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(0, 0, GRID_PX, 0)
        self._column.setSpacing(GRID_PX)
        self._column.addWidget(_heading(tr("Between four pictures")))
        self._column.addWidget(self._pad)
        self._column.addWidget(_heading(tr("What changes pictures most")))
        self._column.addWidget(self._status)
        self._column.addWidget(self._sliders)
        self._column.addWidget(self._taste)
        self._column.addWidget(self._still)
        self._column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(content)
        side = QFrame()
        mark(side, role="panel")
        side.setMinimumWidth(roomy(_SIDE_WIDTH_PX))
        side.setMaximumWidth(roomy(_SIDE_WIDTH_PX + 10 * GRID_PX))
        layout = QVBoxLayout(side)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._run)
        layout.addWidget(area, 1)
        return side

    # --- showing ------------------------------------------------------------------------

    def _show_form(self) -> None:
        """Offer how pictures are drawn, with what the chosen model knows."""
        run = self._runs.get(self._run.currentData())
        settings = self._entry.settings.get(run.settings.model_key) if self._entry and run else None
        form_of = settings, run.choices if run else {}
        if form_of == self._form_of:
            return
        self._form_of = form_of
        if self._form is not None:
            self._column.removeWidget(self._form)
            self._form.setParent(None)
            self._form.deleteLater()
            self._form = None
        if settings is not None and run is not None:
            self._form = _form_beside_the_place(settings, run.choices)
            self._form.changed.connect(self._on_form)
            self._column.insertWidget(self._column.count() - 1, self._form)

    def _on_opened(self) -> None:
        self._pad.forget()
        is_open = self._state.run is not None
        self._view.set_picture(None)
        self._view.set_placeholder(tr(_LOADING) if is_open else tr("Choose a trained model."))
        if is_open:
            self._roll_seeds()
        else:
            self._strip.show_seeds([])
        self._update()

    def _on_moved(self) -> None:
        place = self._state.place
        self._pad.show_place(place.seeds, place.across, place.down)
        self._sliders.show_moves(place.moves)
        self._where.setText(_in_words(place))
        seeds = ", ".join(map(str, place.seeds))
        self._where.setToolTip(
            tr("{in_words}, between the seeds {seeds}", in_words=_in_words(place), seeds=seeds)
        )
        self._update()

    def _on_drawn(self, place: Place, image_HWC: np.ndarray) -> None:
        self._view.set_picture(image_HWC)
        if len(place.seeds) == 1 and not place.moves:
            self._on_seed_drawn(place.seeds[0], image_HWC)

    def _on_seed_drawn(self, seed: int, image_HWC: np.ndarray) -> None:
        self._strip.show_seed(seed, image_HWC)
        self._pad.show_seed(seed, image_HWC)

    def _on_directions(self) -> None:
        self._sliders.show_directions(self._state.shares, self._state.names)
        self._status.setText("" if self._state.shares else tr("Looking for directions…"))
        self._status.setVisible(not self._state.shares)
        self._still.setVisible(bool(self._state.shares))
        self._taste.setVisible(bool(self._state.shares))
        self._sliders.show_moves(self._state.place.moves)

    def _on_searching(self, done: int, total: int) -> None:
        self._status.setText(
            tr("Looking for directions: {done:,} of {total:,} pictures", done=done, total=total)
        )

    def _on_taste_sought(self, is_sought: bool) -> None:
        self._taste.setEnabled(not is_sought)
        self._taste.setText(tr("Learning your taste…") if is_sought else tr("A step to my taste"))

    def _on_hung(self) -> None:
        self._where.setText(
            tr("{in_words} · in the gallery", in_words=_in_words(self._state.place))
        )

    def _on_filmed(self, done: int, total: int) -> None:
        self._is_filming = total > 0
        self._walk.setText(f"{done / total:.0%}" if total else tr("Film"))
        self._update()

    def _update(self) -> None:
        is_open = self._state.run is not None
        self._undo.setEnabled(self._state.can_undo)
        self._redo.setEnabled(self._state.can_redo)
        self._send.setEnabled(is_open and self._create.is_open)
        self._walk.setEnabled(self._send.isEnabled() and not self._is_filming)
        self._strip.setEnabled(is_open)

    # --- reacting -----------------------------------------------------------------------

    def _open(self) -> None:
        if self.isVisible():
            self._state.open(self._run.currentData(), self._values())

    def _on_run(self) -> None:
        self._show_form()
        self._open()

    def _values(self) -> dict[str, Any]:
        return self._form.values() if self._form is not None else {}

    def _on_form(self) -> None:
        self._state.draw_with(self._values())
        seeds = self._strip.seeds()
        self._state.draw_seeds([*self._state.place.seeds, *seeds])

    def _roll_seeds(self) -> None:
        """Other pictures to begin with; the first four are the corners if there are none yet."""
        seeds = [secrets.randbelow(_LARGEST_SEED) for _ in range(_NUM_SEEDS)]
        self._strip.show_seeds(seeds)
        if len(self._state.place.seeds) != len(CORNERS):
            corners = tuple(seeds[: len(CORNERS)])
            place = Place(seeds=corners, across=0.5, down=0.5)
            self._state.go_to(place, is_on_the_way=True)
        self._state.draw_seeds([*self._state.place.seeds, *seeds])

    def _on_seed(self, seed: int) -> None:
        """Go to one picture: the plane stays, and leads on from it."""
        seeds = (seed, *self._state.place.seeds[1:])
        self._state.go_to(Place(seeds=seeds))
        self._state.draw_seeds([*seeds, *self._strip.seeds()])

    def _put(self, corner: int, seed: int) -> None:
        seeds = list(self._state.place.seeds)
        if len(seeds) != len(CORNERS) or seeds[corner] == seed:
            return
        seeds[corner] = seed
        self._state.go_to(self._state.place.with_values(seeds=tuple(seeds)))
        self._state.draw_seeds([*seeds, *self._strip.seeds()])

    def _on_point(self, across: float, down: float, goes_on: bool) -> None:
        place = self._state.place.with_values(across=across, down=down)
        self._state.go_to(place, is_on_the_way=goes_on)

    def _on_slider(self, number: int, sigmas: float, goes_on: bool) -> None:
        moves = {**self._state.place.moves, number: sigmas}
        self._state.go_to(self._state.place.with_values(moves=moves), is_on_the_way=goes_on)

    def _on_send(self) -> None:
        assert self._entry is not None
        assert self._state.run is not None
        place = self._state.place
        settings = {
            "seeds": ", ".join(str(seed) for seed in place.seeds),
            "across": place.across,
            "down": place.down,
            "moves": moves_text(place.moves),
        }
        self._create.keep(
            Wanted(
                key=self._entry.card.key,
                run=self._state.run,
                settings={**settings, **self._values()},
            )
        )

    def _on_walk(self) -> None:
        assert self._state.run is not None
        self._on_filmed(0, 1)
        self._create.film(self._state.run, self._state.place.seeds, self._values())


def _form_beside_the_place(
    settings: type[Settings], choices: Mapping[str, Sequence[str]]
) -> SettingsForm:
    names = [name for name in settings.model_fields if name not in _PLACE_FIELDS]
    return SettingsForm(settings, include=names, choices=choices)


def _in_words(place: Place) -> str:
    at = tr("{across:.0%} right, {down:.0%} down", across=place.across, down=place.down)
    return (
        tr("{at} · moved {moves_text}", at=at, moves_text=moves_text(place.moves))
        if place.moves
        else at
    )


def _heading(words: str) -> QLabel:
    label = QLabel(words)
    mark(label, role="heading")
    return label


def _tool(image: str, name: str, words: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName(name)
    button.setIcon(icon(image))
    button.setToolTip(words)
    button.setAccessibleName(words)
    return button
