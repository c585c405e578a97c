"""Explore, on the Create page: wander between the pictures of a model, and along directions."""

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import tr, tr_noop
from genstudio.domain.places import ZONES, Place, place_settings
from genstudio.domain.runs import RunSummary
from genstudio.domain.walks import KeyFrame, Walk
from genstudio.services.studio_operations import OperationEntry
from genstudio.ui.forms import SettingsForm
from genstudio.ui.icons import icon
from genstudio.ui.pages.explore_live import LiveDialog
from genstudio.ui.pages.explore_more import ExploreMore
from genstudio.ui.pages.explore_parts import (
    form_beside_the_place,
    heading,
    place_in_words,
    side_panel,
    tool_button,
)
from genstudio.ui.pages.explore_walk import WalkDialog
from genstudio.ui.state.create import CreateState, Wanted
from genstudio.ui.state.exploring import ExploringState
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.direction_sliders import DirectionSliders
from genstudio.ui.widgets.picture_view import PictureView
from genstudio.ui.widgets.plane_pad import CORNERS, PlanePad
from genstudio.ui.widgets.seed_strip import SeedStrip
from genstudio.ui.widgets.small import named_combo
from genstudio.ui.widgets.wrapping_row import WrappingRow
from genstudio.ui.widgets.zone_rows import ZONE_TITLES

_NUM_SEEDS = 24
_LARGEST_SEED = 2**31 - 1
# From corner to corner in a film.
_LEG_S = 3.0
_GRID_HEIGHT_PX = 24 * GRID_PX
_LOADING = tr_noop("The model is being made ready…")


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
        self._live: Path | None = None
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
        state.model_changed.connect(self._on_model)
        state.picture_drawn.connect(self._on_picture_drawn)
        # On this page nothing else can be undone.
        QShortcut(QKeySequence.StandardKey.Undo, self, state.undo)
        QShortcut(QKeySequence.StandardKey.Redo, self, state.redo)
        create.hung_now.connect(self._on_hung)
        create.busy_changed.connect(self._update)
        create.filmed.connect(self._on_filmed)
        self._on_opened()

    def show_operation(
        self,
        entry: OperationEntry,
        runs: Sequence[tuple[str, RunSummary]],
        live: Path | None = None,
    ) -> None:
        """Offer the runs that can be explored, the newest first.

        Args:
            entry: The operation.
            runs: Names and runs.
            live: Folder of the run that is being trained, which is followed.
        """
        self._entry = entry
        self._live = live
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

    def _make_buttons(self) -> WrappingRow:
        self._undo = tool_button("undo", "explore.undo", tr("Back to where you were"))
        self._undo.clicked.connect(self._state.undo)
        self._redo = tool_button("repeat", "explore.redo", tr("And forward again"))
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
        self._key_frames = tool_button(
            "list-ordered", "explore.keyframes", tr("A walk with key frames…")
        )
        self._key_frames.clicked.connect(self._on_key_frames)
        self._live_button = tool_button("radio", "explore.live", tr("Perform live…"))
        self._live_button.clicked.connect(lambda: LiveDialog(self, self._state).open())
        row = WrappingRow()
        row.addWidget(self._undo)
        row.addWidget(self._redo)
        row.addWidget(self._where)
        row.addWidget(self._live_button)
        row.addWidget(self._key_frames)
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
        self._zone = named_combo("explore.zone", tr("What the sliders change"))
        self._zone.addItem(tr("Everything"), "")
        for zone in ZONES:
            self._zone.addItem(tr(ZONE_TITLES[zone]), zone)
        self._zone.currentIndexChanged.connect(self._on_zone)
        self._more = ExploreMore(self._state, self._strip.current_seed)
        self._sliders = DirectionSliders()
        self._sliders.moved.connect(self._on_slider)
        self._sliders.named.connect(self._state.name_direction)
        self._still = QPushButton(tr("All back to the middle"))
        self._still.setObjectName("explore.still")
        mark(self._still, flat=True)
        self._still.clicked.connect(
            lambda: self._state.go_to(self._state.place.with_values(moves={}, zone_moves={}))
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
        self._column.addWidget(heading(tr("Between four pictures")))
        self._column.addWidget(self._pad)
        self._column.addWidget(heading(tr("What changes pictures most")))
        self._column.addWidget(self._status)
        self._column.addWidget(self._zone)
        self._column.addWidget(self._sliders)
        self._column.addWidget(self._taste)
        self._column.addWidget(self._still)
        self._column.addWidget(self._more)
        self._column.addStretch(1)
        return side_panel(self._run, content)

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
            self._form = form_beside_the_place(settings, run.choices)
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
        keys = [self._key_of(place, corner) for corner in range(len(place.seeds))]
        self._pad.show_place(keys, place.across, place.down)
        self._sliders.show_moves(place.moves_of(self._zone.currentData()))
        self._where.setText(place_in_words(place))
        seeds = ", ".join(map(str, place.seeds))
        self._where.setToolTip(
            tr("{in_words}, between the seeds {seeds}", in_words=place_in_words(place), seeds=seeds)
        )
        self._update()

    def _on_drawn(self, place: Place, image_HWC: np.ndarray, is_draft: bool) -> None:
        self._view.set_picture(image_HWC)
        if is_draft:
            return
        if len(place.seeds) == 1 and place == Place(seeds=place.seeds):
            self._on_seed_drawn(place.seeds[0], image_HWC)

    def _on_seed_drawn(self, seed: int, image_HWC: np.ndarray) -> None:
        self._strip.show_seed(seed, image_HWC)
        self._pad.show_seed(seed, image_HWC)

    def _key_of(self, place: Place, corner: int) -> int:
        """What the pad knows a corner by: its seed, or a number below 0 for a picture."""
        if corner not in place.pictures:
            return place.seeds[corner]
        known = [*self._state.pictures, place.pictures[corner]]
        return -1 - known.index(place.pictures[corner])

    def _on_picture_drawn(self, content_hash: str, image_HWC: np.ndarray) -> None:
        key = -1 - list(self._state.pictures).index(content_hash)
        keys = [self._key_of(self._state.place, it) for it in range(len(self._state.place.seeds))]
        # The pad keeps what is at a corner; this one will be in a moment.
        self._pad.show_place([key, *keys[1:]], self._state.place.across, self._state.place.down)
        self._pad.show_seed(key, image_HWC)

    def _on_model(self) -> None:
        self._zone.setVisible(self._state.has_zones)
        if not self._state.has_zones:
            self._zone.setCurrentIndex(0)
        if self._state.step and self._state.follows:
            # Newer weights draw the same seeds otherwise.
            self._state.draw_seeds([*self._state.place.seeds, *self._strip.seeds()])

    def _on_zone(self) -> None:
        self._sliders.show_moves(self._state.place.moves_of(self._zone.currentData()))

    def _on_directions(self) -> None:
        self._sliders.show_directions(self._state.shares, self._state.names)
        self._status.setText("" if self._state.shares else tr("Looking for directions…"))
        self._status.setVisible(not self._state.shares)
        self._still.setVisible(bool(self._state.shares))
        self._taste.setVisible(bool(self._state.shares))
        self._on_zone()

    def _on_searching(self, done: int, total: int) -> None:
        self._status.setText(
            tr("Looking for directions: {done:,} of {total:,} pictures", done=done, total=total)
        )

    def _on_taste_sought(self, is_sought: bool) -> None:
        self._taste.setEnabled(not is_sought)
        self._taste.setText(tr("Learning your taste…") if is_sought else tr("A step to my taste"))

    def _on_hung(self) -> None:
        self._where.setText(
            tr("{in_words} · in the gallery", in_words=place_in_words(self._state.place))
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
        self._key_frames.setEnabled(is_open)
        self._live_button.setEnabled(is_open)
        self._walk.setEnabled(self._send.isEnabled() and not self._is_filming)
        self._strip.setEnabled(is_open)

    # --- reacting -----------------------------------------------------------------------

    def _open(self) -> None:
        if self.isVisible():
            run = self._run.currentData()
            self._state.open(run, self._values(), follows=run is not None and run == self._live)

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
        place = self._state.place.with_seed(0, seed)
        self._state.go_to(Place(seeds=place.seeds, pictures=place.pictures))
        self._state.draw_seeds([*place.seeds, *self._strip.seeds()])

    def _put(self, corner: int, seed: int) -> None:
        if len(self._state.place.seeds) == len(CORNERS):
            place = self._state.place.with_seed(corner, seed)
            self._state.go_to(place)
            self._state.draw_seeds([*place.seeds, *self._strip.seeds()])

    def _on_point(self, across: float, down: float, goes_on: bool) -> None:
        place = self._state.place.with_values(across=across, down=down)
        self._state.go_to(place, is_on_the_way=goes_on)

    def _on_slider(self, number: int, sigmas: float, goes_on: bool) -> None:
        place, zone = self._state.place, self._zone.currentData()
        moves = {**place.moves_of(zone), number: sigmas}
        self._state.go_to(place.moved(zone, moves), is_on_the_way=goes_on)

    def _on_send(self) -> None:
        assert self._entry is not None
        assert self._state.run is not None
        place = self._state.place
        files = [self._state.pictures[it] for _, it in sorted(place.pictures.items())]
        self._create.keep(
            Wanted(
                key=self._entry.card.key,
                run=self._state.run,
                inputs={"pictures": files} if files else {},
                settings={**place_settings(place), **self._values()},
                # What is seen, also where a better one has been saved since.
                checkpoint=str(self._state.step) if self._state.step else "best",
            )
        )

    def _on_key_frames(self) -> None:
        if self._state.run is not None:
            WalkDialog(self, self._state, self._create, self._values()).show()

    def _on_walk(self) -> None:
        assert self._state.run is not None
        self._on_filmed(0, 1)
        place = self._state.place
        corners = (
            Place(seeds=(seed,), pictures={0: place.pictures[at]} if at in place.pictures else {})
            for at, seed in enumerate(place.seeds)
        )
        walk = Walk(key_frames=tuple(KeyFrame(place=it, seconds=_LEG_S) for it in corners))
        self._create.film_key_frames(
            self._state.run, walk, self._values(), pictures=self._state.pictures_of(walk)
        )
