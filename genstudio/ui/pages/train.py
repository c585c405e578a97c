"""The Train page: preview, evolution, losses and messages; the controls beside them."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSlider,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from genstudio.data.decode import UnreadablePictureError, decode_thumbnail
from genstudio.domain import commands, events
from genstudio.domain.runs import RunState, RunSummary
from genstudio.domain.training import Budget
from genstudio.ui.icons import icon
from genstudio.ui.pages.train_controls import TrainControls
from genstudio.ui.state.training import Activity, TrainingState
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.loss_plot import LossPlot
from genstudio.ui.widgets.picture_view import PictureView

_LARGEST_SHEET_PX = 4096
_STATE_WORDS = {
    RunState.FINISHED: "finished",
    RunState.STOPPED: "stopped, can go on",
    RunState.FAILED: "failed",
    RunState.INTERRUPTED: "interrupted, can go on",
}


class TrainPage(QWidget):
    """Shows a run, live or from its record, and steers the one that runs.

    Signals:
        start_wanted(TrainingSettings): Begin a new run with these settings.
    """

    start_wanted = Signal(object)

    def __init__(self, state: TrainingState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page.train")
        self.setAccessibleName("Train")
        self._state = state
        self._previews: list[tuple[int, Path]] = []
        self._follows_newest = True
        self._live_run: Path | None = None
        self.controls = TrainControls(state)
        self.controls.start_wanted.connect(self.start_wanted)
        self.controls.keep_wanted.connect(self._on_keep)
        self.controls.pause_wanted.connect(self._on_pause)
        self.controls.stop_wanted.connect(lambda: state.send(commands.Stop()))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(2 * GRID_PX)
        layout.addLayout(self._make_view(), 1)
        layout.addWidget(self.controls)
        QShortcut(Qt.Key.Key_Space, self._preview, self._on_pause).setContext(
            Qt.ShortcutContext.WidgetShortcut
        )
        state.received.connect(self._on_received)
        state.activity_changed.connect(self._on_activity)
        state.runs_changed.connect(self._on_runs_changed)
        self._on_activity()
        self._on_runs_changed()

    # --- building -----------------------------------------------------------------------

    def _make_view(self) -> QVBoxLayout:
        self._preview = PictureView()
        self._preview.setObjectName("train.preview")
        self._preview.setAccessibleName("Preview on fixed seeds")
        self._preview.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._plot = LossPlot()
        self._plot.setObjectName("train.plot")
        self._plot.setAccessibleName("Losses")
        self._plot.setMinimumHeight(24 * GRID_PX)
        upper = QWidget()
        upper_layout = QVBoxLayout(upper)
        upper_layout.setContentsMargins(0, 0, 0, 0)
        upper_layout.setSpacing(GRID_PX)
        upper_layout.addLayout(self._make_head())
        upper_layout.addWidget(self._preview, 1)
        upper_layout.addLayout(self._make_timeline())
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setHandleWidth(GRID_PX)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(upper)
        splitter.addWidget(self._plot)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 1)
        self._coach = QLabel()
        self._coach.setObjectName("train.coach")
        self._coach.setAccessibleName("What is going on")
        self._coach.setWordWrap(True)
        self._coach.setTextFormat(Qt.TextFormat.PlainText)
        self._progress = QProgressBar()
        self._progress.setObjectName("train.progress")
        self._progress.setAccessibleName("Progress")
        self._progress.setRange(0, 1000)
        view = QVBoxLayout()
        view.setSpacing(GRID_PX)
        view.addWidget(splitter, 1)
        view.addWidget(self._coach)
        view.addWidget(self._progress)
        return view

    def _make_head(self) -> QHBoxLayout:
        self._runs = QComboBox()
        self._runs.setObjectName("train.run")
        self._runs.setAccessibleName("Run that is shown")
        self._runs.activated.connect(self._on_run_chosen)
        self._sample = QPushButton("Preview now")
        self._sample.setObjectName("train.sample")
        self._sample.setIcon(icon("refresh-cw"))
        self._sample.clicked.connect(lambda: self._state.send(commands.SampleNow()))
        self._save = QPushButton("Save now")
        self._save.setObjectName("train.save")
        self._save.setIcon(icon("save"))
        self._save.clicked.connect(lambda: self._state.send(commands.SaveNow()))
        head = QHBoxLayout()
        head.setSpacing(GRID_PX)
        head.addWidget(self._runs, 1)
        head.addWidget(self._sample)
        head.addWidget(self._save)
        return head

    def _make_timeline(self) -> QHBoxLayout:
        self._timeline = QSlider(Qt.Orientation.Horizontal)
        self._timeline.setObjectName("train.timeline")
        self._timeline.setAccessibleName("Evolution: previews so far")
        self._timeline.setToolTip("Look back at earlier previews")
        self._timeline.valueChanged.connect(self._on_timeline)
        self._timeline_label = QLabel()
        self._timeline_label.setMinimumWidth(14 * GRID_PX)
        self._timeline_label.setAlignment(
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        )
        mark(self._timeline_label, role="small")
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self._timeline, 1)
        row.addWidget(self._timeline_label)
        return row

    # --- a run that is under way --------------------------------------------------------

    def _on_received(self, received: Sequence[events.Event]) -> None:
        for event in received:
            match event:
                case events.Preparing():
                    self._say(f"{event.what}: {event.done:,} of {event.total:,}")
                    self._progress.setValue(1000 * event.done // max(event.total, 1))
                case events.RunStarted():
                    self._on_started(event)
                case events.StepDone():
                    self._plot.add(event.step, event.losses)
                    self._progress.setValue(round(1000 * event.progress))
                case events.PreviewReady():
                    self._on_preview(event)
                case events.CheckpointSaved():
                    self._say(f"Saved at step {event.step:,}. Everything up to here is safe.")
                case events.CoachSaid():
                    self._say(f"{event.title}. {event.message}")
                case events.Finished() | events.Stopped() | events.Failed():
                    self._on_ending(event)
                case _:
                    pass
        self._plot.redraw()

    def _on_started(self, event: events.RunStarted) -> None:
        if event.run != self._live_run:
            self._live_run = event.run
            if self._state.shown is None or event.run != self._state.shown.path:
                self._plot.clear()
                self._set_previews([])
        self._say(
            f"A model with {event.num_parameters / 1e6:.1f} million weights learns from "
            f"{event.num_images:,} pictures."
        )

    def _on_preview(self, event: events.PreviewReady) -> None:
        if event.path is not None:
            earlier = [item for item in self._previews if item[0] < event.step]
            self._set_previews([*earlier, (event.step, event.path)])
        if self._follows_newest:
            self._preview.set_picture(event.image)

    def _on_ending(self, event: events.Terminal) -> None:
        match event:
            case events.Finished():
                took = timedelta(seconds=round(event.seconds))
                self._progress.setValue(1000)
                self._say(f"Finished after {took}. The first pictures hang in the Gallery.")
            case events.Stopped():
                self._say(f"Stopped at step {event.step:,} and saved. It can go on from there.")
            case events.Failed():
                self._say(f"{event.title}. {event.message} {event.hint}")

    def _on_activity(self) -> None:
        activity = self._state.activity
        is_training = activity in (Activity.TRAINING, Activity.PAUSED)
        self._sample.setEnabled(is_training)
        self._save.setEnabled(is_training)
        self._runs.setEnabled(not self._state.is_running and self._runs.count() > 0)
        match activity:
            case Activity.PREPARING:
                self._say("Getting ready…")
                self._progress.setValue(0)
            case Activity.PAUSED:
                self._say("Paused. Nothing is lost; the model waits in memory.")
            case Activity.STOPPING:
                self._say("Stopping at a safe point and saving…")
            case _:
                pass

    # --- a run from its record ----------------------------------------------------------

    def _on_runs_changed(self) -> None:
        self._runs.clear()
        for run in reversed(self._state.runs):
            is_live = self._state.is_running and run.path == self._live_run
            self._runs.addItem(_run_title(run, is_live=is_live), run.path)
        shown = self._state.shown
        self._runs.setEnabled(self._runs.count() > 0 and not self._state.is_running)
        if shown is None:
            self._runs.setPlaceholderText("No run yet")
            self._plot.clear()
            self._plot.redraw()
            self._set_previews([])
            self._preview.set_picture(None)
            self._preview.set_placeholder(
                "What the model paints will show here, soon after it has begun to learn."
            )
            self._progress.setValue(0)
            if not self._state.is_running:
                self._say("Nothing has been trained in this project yet.")
            return
        self._runs.setCurrentIndex(self._runs.findData(shown.path))
        if shown.path != self._live_run:
            self._live_run = None
            self._say(f"Step {shown.step:,} is the last that is saved.")
            self._progress.setValue(0)
        self._plot.clear()
        self._plot.extend(shown.losses)
        self._plot.redraw()
        self._set_previews(list(shown.previews))
        self._show_preview(len(self._previews) - 1)

    def _on_run_chosen(self, index: int) -> None:
        self._live_run = None
        self._state.show_run(self._runs.itemData(index))

    # --- previews -----------------------------------------------------------------------

    def _set_previews(self, previews: list[tuple[int, Path]]) -> None:
        was_at_end = self._follows_newest or not self._previews
        self._previews = previews
        last = max(len(previews) - 1, 0)
        self._timeline.blockSignals(True)
        self._timeline.setEnabled(last > 0)
        self._timeline.setRange(0, last)
        if was_at_end:
            self._timeline.setValue(last)
        self._timeline.blockSignals(False)
        self._follows_newest = self._timeline.value() == last
        self._label_timeline()

    def _on_timeline(self, index: int) -> None:
        self._follows_newest = index == len(self._previews) - 1
        self._show_preview(index)
        self._label_timeline()

    def _show_preview(self, index: int) -> None:
        if not 0 <= index < len(self._previews):
            return
        try:
            picture: np.ndarray | None = decode_thumbnail(
                self._previews[index][1], side=_LARGEST_SHEET_PX
            )
        except UnreadablePictureError:
            picture = None
            self._preview.set_placeholder("This preview cannot be read any more.")
        self._preview.set_picture(picture)

    def _label_timeline(self) -> None:
        index = self._timeline.value()
        known = index < len(self._previews)
        self._timeline_label.setText(f"step {self._previews[index][0]:,}" if known else "")

    # --- steering -----------------------------------------------------------------------

    def _on_keep(self, extra: Budget) -> None:
        shown = self._state.shown
        if shown is not None:
            self._live_run = shown.path
            self._state.keep_learning(shown, extra)

    def _on_pause(self) -> None:
        if self._state.activity is Activity.PAUSED:
            self._state.send(commands.Resume())
        elif self._state.activity is Activity.TRAINING:
            self._state.send(commands.Pause())

    def _say(self, text: str) -> None:
        self._coach.setText(text)


def _run_title(run: RunSummary, *, is_live: bool) -> str:
    stamp = run.path.name[:15]
    when = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]} {stamp[9:11]}:{stamp[11:13]}"
    settings = run.settings
    state = "learning now" if is_live else _STATE_WORDS[run.state]
    return f"{when} · {settings.model_key} · {settings.size} px · {state}"
