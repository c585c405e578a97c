"""A walk put together of key frames: a table of stops, a preview, and the film."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSlider,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.errors import GenStudioError
from genstudio.domain.films import KINDS
from genstudio.domain.language import tr, trn
from genstudio.domain.notices import Level, Notice
from genstudio.domain.places import Place
from genstudio.domain.progress import Progress
from genstudio.domain.walks import Walk
from genstudio.services import slots, studio_films
from genstudio.services.jobs import Job, JobEnded
from genstudio.services.notices import notice_about
from genstudio.services.walk_files import keep_walk, kept_walk
from genstudio.ui.icons import icon
from genstudio.ui.pages.explore_parts import place_in_words
from genstudio.ui.state.create import CreateState
from genstudio.ui.state.exploring import ExploringState
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.picture_view import PictureView
from genstudio.ui.widgets.small import named_combo
from genstudio.ui.widgets.walk_stops import WalkStops

_SIZE_PX = (110 * GRID_PX, 72 * GRID_PX)
_PREVIEW_FPS: Final = 8
_MOST_PREVIEWED = 900


class WalkDialog(QDialog):
    """Stays open beside the Explore view, so that further places can be found and added.

    Args:
        window: Where it is shown.
        state: Knows where one is.
        create: Films.
        values: How pictures are drawn.
    """

    def __init__(
        self, window: QWidget, state: ExploringState, create: CreateState, values: Mapping[str, Any]
    ) -> None:
        super().__init__(window)
        assert state.run is not None, "a run is explored"
        self.setObjectName("dialog.walk")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("A walk with key frames"))
        room = window.window().size()
        self.resize(min(_SIZE_PX[0], room.width()), min(_SIZE_PX[1], room.height()))
        self._state, self._create, self._values = state, create, dict(values)
        self._run: Path = state.run
        self._frames: list[np.ndarray] = []
        self._here: tuple[Place, np.ndarray] | None = None
        self._job: Job[Progress | np.ndarray] | None = None
        self._is_old = False
        self._playing = QTimer(self, interval=1000 // _PREVIEW_FPS)
        self._playing.timeout.connect(self._on_tick)
        splitter = QSplitter()
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self._make_stops())
        splitter.addWidget(self._make_preview())
        splitter.setSizes([_SIZE_PX[0] // 2, _SIZE_PX[0] // 2])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX)
        layout.addWidget(splitter, 1)
        layout.addLayout(self._make_foot())
        state.drawn.connect(self._on_drawn)
        create.filmed.connect(self._on_filmed)
        state.closing.connect(self.reject)
        if (walk := kept_walk(self._run)) is not None:
            self._loop.setChecked(walk.is_loop)
            self._stops.set_stops(walk.key_frames)
        self._update()

    # --- building -----------------------------------------------------------------------

    def _make_stops(self) -> QWidget:
        self._stops = WalkStops(_words_of)
        self._stops.itemSelectionChanged.connect(self._on_selected)
        self._stops.changed.connect(self._on_changed)
        add = QPushButton(tr("Add"))
        add.setObjectName("walk.add")
        add.setIcon(icon("plus"))
        self._add_menu = QMenu(add)
        self._add_menu.aboutToShow.connect(self._fill_menu)
        add.setMenu(self._add_menu)
        self._up = _button(
            "chevron-up", "walk.up", tr("Earlier"), partial(self._stops.move_selected, -1)
        )
        self._down = _button(
            "chevron-down", "walk.down", tr("Later"), partial(self._stops.move_selected, 1)
        )
        self._remove = _button(
            "trash-2", "walk.remove", tr("Take it out"), self._stops.take_out_selected
        )
        self._loop = QCheckBox(tr("Back to the first"))
        self._loop.setObjectName("walk.loop")
        self._loop.setChecked(True)
        self._loop.toggled.connect(self._on_changed)
        row = QHBoxLayout()
        row.addWidget(add)
        row.addWidget(self._up)
        row.addWidget(self._down)
        row.addWidget(self._remove)
        row.addStretch(1)
        row.addWidget(self._loop)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stops, 1)
        layout.addLayout(row)
        return page

    def _make_preview(self) -> QWidget:
        self._view = PictureView()
        self._view.setObjectName("walk.preview")
        self._view.setAccessibleName(tr("Preview of the walk"))
        self._view.set_placeholder(tr("Add two places or more, then press Preview."))
        self._play = QPushButton(tr("Preview"))
        self._play.setObjectName("walk.play")
        self._play.setIcon(icon("play"))
        self._play.clicked.connect(self._on_play)
        self._time = QSlider(Qt.Orientation.Horizontal)
        self._time.setObjectName("walk.time")
        self._time.setAccessibleName(tr("Time in the walk"))
        self._time.valueChanged.connect(self._show_frame)
        row = QHBoxLayout()
        row.addWidget(self._play)
        row.addWidget(self._time, 1)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view, 1)
        layout.addLayout(row)
        return page

    def _make_foot(self) -> QHBoxLayout:
        self._words = QLabel()
        self._words.setObjectName("walk.words")
        mark(self._words, role="muted")
        self._kind = named_combo("walk.kind", tr("Kind of film"))
        for kind, title in KINDS.items():
            self._kind.addItem(tr(title), kind)
        self._fps = named_combo("walk.fps", tr("Frames a second"))
        for fps in (12, 24, 30, 60):
            self._fps.addItem(tr("{fps} frames a second", fps=fps), fps)
        self._fps.setCurrentIndex(2)
        self._film = QPushButton(tr("Film"))
        self._film.setObjectName("walk.film")
        self._film.setIcon(icon("film"))
        mark(self._film, primary=True)
        self._film.clicked.connect(self._on_film)
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self._words, 1)
        for widget in (self._kind, self._fps, self._film):
            row.addWidget(widget)
        return row

    # --- stops --------------------------------------------------------------------------

    def walk(self) -> Walk | None:
        """What is put together; None while there is no stop."""
        stops = self._stops.stops()
        return Walk(key_frames=stops, is_loop=self._loop.isChecked()) if stops else None

    def add_place(self, place: Place, image_HWC: np.ndarray | None = None) -> None:
        """Add a stop at the end."""
        self._stops.add(place, image_HWC)

    def add_files(self, paths: Sequence[Path]) -> None:
        """Add pictures that this run made from seeds."""
        for path in paths:
            try:
                seed = slots.seed_of(path, self._run)
            except GenStudioError as error:
                self._state.noticed.emit(notice_about(error))
            else:
                self.add_place(Place(seeds=(seed,)))

    def _fill_menu(self) -> None:
        menu = self._add_menu
        menu.clear()
        menu.addAction(icon("compass"), tr("Where I am now"), self._add_here)
        kept = menu.addMenu(icon("save"), tr("A kept place"))
        known = self._state.slots
        kept.setEnabled(bool(known))
        for name, place in known.items():
            kept.addAction(name.replace("&", "&&"), partial(self.add_place, place))
        menu.addAction(icon("layout-grid"), tr("Pictures of the gallery…"), self._ask_for_pictures)

    def _add_here(self) -> None:
        place = self._state.place
        picture = self._here[1] if self._here is not None and self._here[0] == place else None
        self.add_place(place, picture)

    def _ask_for_pictures(self) -> None:
        begin = str(self._run.parent.parent / "gallery")
        title = tr("Choose pictures that this run made")
        kinds = tr("Pictures ({kinds})", kinds="*.png")
        chosen, _ = QFileDialog.getOpenFileNames(self, title, begin, kinds)
        self.add_files([Path(path) for path in chosen])

    def _on_changed(self) -> None:
        self._is_old = True
        self._stop()
        self._update()
        walk = self.walk()
        if walk is not None:
            try:
                keep_walk(self._run, walk)
            except GenStudioError as error:
                self._state.noticed.emit(notice_about(error))

    def _update(self) -> None:
        walk = self.walk()
        row = self._stops.selected_row()
        can_go = walk is not None and len(walk.key_frames) > 1
        self._play.setEnabled(can_go)
        self._film.setEnabled(can_go and self._create.is_open)
        self._up.setEnabled(row > 0)
        self._down.setEnabled(0 <= row < self._stops.rowCount() - 1)
        self._remove.setEnabled(row >= 0)
        if walk is None:
            self._words.setText(tr("Walk about in Explore, and add where you want to stop."))
        else:
            self._words.setText(
                trn(
                    "{number} place, {seconds:.1f} seconds",
                    "{number} places, {seconds:.1f} seconds",
                    len(walk.key_frames),
                    seconds=walk.seconds,
                )
            )

    def _on_selected(self) -> None:
        self._update()
        row = self._stops.selected_row()
        walk = self.walk()
        if walk is None or row < 0 or self._is_old:
            return
        begins = sum(it.seconds for it in walk.key_frames[:row])
        self._time.setValue(min(round(begins * _PREVIEW_FPS), self._time.maximum()))

    # --- preview ------------------------------------------------------------------------

    def _on_play(self) -> None:
        if self._playing.isActive() or self._job is not None:
            self._stop()
            return
        walk = self.walk()
        if walk is None:
            return
        if self._frames and not self._is_old:
            self._start_playing()
            return
        if walk.frames(_PREVIEW_FPS) > _MOST_PREVIEWED:
            text = tr("Up to {most} seconds can be seen beforehand.",
                      most=_MOST_PREVIEWED // _PREVIEW_FPS)  # fmt: skip
            self._state.noticed.emit(
                Notice(level=Level.INFO, title=tr("This walk is long"), message=text)
            )
            return
        self._frames = []
        self._is_old = False
        job = studio_films.preview_walk(
            self._run,
            walk,
            self._values,
            fps=_PREVIEW_FPS,
            pictures=self._state.pictures_of(walk),
        )
        self._job = job
        self._create.follow(job, partial(self._on_frames, job, walk), self._on_end)
        job.start()
        self._play.setText(tr("Stop"))
        self._play.setIcon(icon("square"))

    def _on_frames(self, job: Job[Any], walk: Walk, items: list[Progress | np.ndarray]) -> None:
        if job is not self._job:
            return
        is_first = not self._frames
        self._frames += [it for it in items if isinstance(it, np.ndarray)]
        self._time.setRange(0, max(len(self._frames) - 1, 0))
        begins = 0.0
        for row, stop in enumerate(walk.key_frames):
            at = round(begins * _PREVIEW_FPS)
            if at < len(self._frames) and row < self._stops.rowCount():
                self._stops.set_thumbnail(row, self._frames[at])
            begins += stop.seconds
        if is_first and self._frames:
            self._playing.start()

    def _on_end(self, ending: JobEnded) -> None:
        self._job = None
        if ending.error is not None:
            self._stop()
            self._state.noticed.emit(notice_about(ending.error))

    def _start_playing(self) -> None:
        self._playing.start()
        self._play.setText(tr("Stop"))
        self._play.setIcon(icon("square"))

    def _on_tick(self) -> None:
        last = len(self._frames) - 1
        at = self._time.value() + 1
        if at > last and self._job is not None:
            return  # The next frame is still being drawn.
        self._time.setValue(at if at <= last else 0)

    def _show_frame(self, at: int) -> None:
        if 0 <= at < len(self._frames):
            self._view.set_picture(self._frames[at])

    def _stop(self) -> None:
        self._playing.stop()
        if self._job is not None:
            self._job.cancel()
            self._job.join()
            self._job = None
            self._is_old = True
        self._play.setText(tr("Preview"))
        self._play.setIcon(icon("play"))

    # --- film ---------------------------------------------------------------------------

    def _on_film(self) -> None:
        walk = self.walk()
        if walk is None:
            return
        self._stop()
        self._film.setEnabled(False)
        suffix, codec = self._kind.currentData()
        self._create.film_key_frames(
            self._run,
            walk,
            self._values,
            fps=self._fps.currentData(),
            suffix=suffix,
            codec=codec,
            pictures=self._state.pictures_of(walk),
        )

    def _on_filmed(self, done: int, total: int) -> None:
        self._film.setText(f"{done / total:.0%}" if total else tr("Film"))
        self._film.setEnabled(not total and self._stops.rowCount() > 1)

    def _on_drawn(self, place: Place, image_HWC: np.ndarray) -> None:
        self._here = (place, image_HWC)

    def done(self, result: int) -> None:
        """Stop drawing, and hear no more of what goes on outside."""
        self._stop()
        # The window's states live on, and a slot of one that is gone would be called.
        self._state.drawn.disconnect(self._on_drawn)
        self._state.closing.disconnect(self.reject)
        self._create.filmed.disconnect(self._on_filmed)
        super().done(result)


def _words_of(place: Place) -> str:
    if place == Place(seeds=place.seeds[:1]):
        return tr("seed {seed}", seed=place.seeds[0])
    return place_in_words(place)


def _button(symbol: str, name: str, title: str, act: Callable[[], None]) -> QPushButton:
    button = QPushButton()
    button.setObjectName(name)
    button.setIcon(icon(symbol))
    button.setToolTip(title)
    button.setAccessibleName(title)
    button.clicked.connect(lambda _checked=False: act())
    return button
