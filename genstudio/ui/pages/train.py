"""The Train page: preview, evolution, losses and messages; the controls beside them."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QProgressBar,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain import commands, events
from genstudio.domain.amounts import duration
from genstudio.domain.language import inside, tr, trn
from genstudio.domain.marks import mark_of
from genstudio.domain.progress import Progress
from genstudio.domain.runs import CheckpointInfo, RunState, RunSummary
from genstudio.domain.training import Budget
from genstudio.ui.dialogs.going_back import ask_before_going_back
from genstudio.ui.pages.train_controls import TrainControls
from genstudio.ui.pages.train_head import TrainHead
from genstudio.ui.run_words import can_go_on, how_it_stands
from genstudio.ui.state.first_pictures import FirstPicturesState
from genstudio.ui.state.training import Activity, TrainingState
from genstudio.ui.theme import GRID_PX
from genstudio.ui.widgets.coach_bar import CoachBar
from genstudio.ui.widgets.evolution import Evolution
from genstudio.ui.widgets.figure_line import FigureLine
from genstudio.ui.widgets.loss_plot import LossPlot

# From this height on there is room for larger checkpoints and a larger plot.
_TALL_PX = 125 * GRID_PX
_SIDE_PX, _TALL_SIDE_PX = 8 * GRID_PX, 12 * GRID_PX
_PLOT_PX, _TALL_PLOT_PX = 20 * GRID_PX, 36 * GRID_PX


class TrainPage(QWidget):
    """Shows a run, live or from its record, and steers the one that runs.

    Signals:
        start_wanted(TrainingSettings): Begin a new run with these settings.
        plot_failed(GenStudioError): The plot could not be saved.
        film_wanted(Path): Make a film of how the pictures of that run came about.
    """

    start_wanted = Signal(object)
    film_wanted = Signal(object)
    plot_failed = Signal(object)

    def __init__(
        self,
        state: TrainingState,
        first_pictures: FirstPicturesState,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("page.train")
        self.setAccessibleName(tr("Train"))
        self._state = state
        self._live_run: Path | None = None
        self._failure = ""
        self._finished = ""
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
        state.received.connect(self._on_received)
        state.activity_changed.connect(self._on_activity)
        state.runs_changed.connect(self._on_runs_changed)
        state.checkpoints_changed.connect(self._show_checkpoints)
        state.catalogue_loaded.connect(self._update_commands)
        first_pictures.progressed.connect(self._on_first_pictures)
        first_pictures.ended.connect(self._on_first_pictures_end)
        self._on_activity()
        self._on_runs_changed()

    def showEvent(self, event: QShowEvent) -> None:
        """What the coach says is seen here, and needs no message."""
        super().showEvent(event)
        self._state.is_watched = True

    def hideEvent(self, event: QHideEvent) -> None:
        """What the coach says is a message again."""
        super().hideEvent(event)
        self._state.is_watched = False

    def shutdown(self) -> None:
        """Leave no thread behind."""
        self._evolution.panel.strip.shutdown()
        self._evolution.player.shutdown()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make use of a large window."""
        super().resizeEvent(event)
        is_tall = self.height() >= _TALL_PX
        self._evolution.panel.strip.set_side(_TALL_SIDE_PX if is_tall else _SIDE_PX)
        self._plot.setMinimumHeight(_TALL_PLOT_PX if is_tall else _PLOT_PX)

    # --- building -----------------------------------------------------------------------

    def _make_view(self) -> QVBoxLayout:
        self._plot = LossPlot()
        self._plot.setObjectName("train.plot")
        self._plot.setAccessibleName(tr("Losses"))
        self._plot.tools.failed.connect(self.plot_failed)
        self._head = TrainHead(self._state)
        self._head.run_chosen.connect(self._forget_live_run)
        upper = QWidget()
        upper_layout = QVBoxLayout(upper)
        upper_layout.setContentsMargins(0, 0, 0, 0)
        upper_layout.setSpacing(GRID_PX)
        upper_layout.addWidget(self._head)
        upper_layout.addWidget(self._make_evolution(), 1)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setHandleWidth(GRID_PX)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(upper)
        splitter.addWidget(self._plot)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 1)
        self._coach = CoachBar()
        self._coach.keep_wanted.connect(lambda: self._on_keep(self.controls.budget()))
        self._coach.action_wanted.connect(self._on_coach_action)
        self._progress = QProgressBar()
        self._progress.setObjectName("train.progress")
        self._progress.setAccessibleName(tr("Progress"))
        self._progress.setRange(0, 1000)
        view = QVBoxLayout()
        view.setSpacing(GRID_PX)
        self._figures = FigureLine()
        view.addWidget(splitter, 1)
        view.addWidget(self._figures)
        view.addWidget(self._coach)
        view.addWidget(self._progress)
        return view

    def _make_evolution(self) -> Evolution:
        self._evolution = Evolution()
        self._evolution.film_wanted.connect(self.film_wanted)
        self._evolution.panel.continue_wanted.connect(self._on_continue)
        self._evolution.panel.branch_wanted.connect(self._on_branch)
        self._evolution.panel.star_wanted.connect(self._on_star)
        QShortcut(Qt.Key.Key_Space, self._evolution.preview, self._on_pause).setContext(
            Qt.ShortcutContext.WidgetShortcut
        )
        return self._evolution

    # --- a run that is under way --------------------------------------------------------

    def _on_received(self, received: Sequence[events.Event]) -> None:
        for event in received:
            if (mark := mark_of(event)) is not None:
                self._plot.mark(*mark)
            match event:
                case events.Preparing():
                    self._say(
                        tr(
                            "{what}: {done:,} of {total:,}",
                            what=event.what,
                            done=event.done,
                            total=event.total,
                        )
                    )
                    self._progress.setValue(1000 * event.done // max(event.total, 1))
                case events.RunStarted():
                    self._on_started(event)
                case events.StepDone():
                    self._plot.add(event.step, event.losses)
                    self._progress.setValue(round(1000 * event.progress))
                case events.PreviewReady():
                    self._evolution.add_preview(event.step, event.path, event.image)
                case events.CheckpointSaved():
                    self._say(
                        tr(
                            "Saved at step {step:,}. Everything up to here is safe.",
                            step=event.step,
                        )
                    )
                case events.MetricsReady():
                    self._plot.add_quality(event.step, event.metrics)
                    self._figures.show_figures(event.step, event.metrics)
                case events.Advice():
                    self._coach.show_verdict(event)
                case events.Message():
                    self._coach.say(
                        f"{event.title}. {event.text}", is_warning=event.level == "warning"
                    )
                case events.Finished() | events.Stopped() | events.Failed():
                    self._on_ending(event)
                case _:
                    pass
        self._plot.redraw()

    def _show_checkpoints(self) -> None:
        if self._state.shown is not None:
            self._evolution.show_checkpoints(self._state.shown)

    def _on_started(self, event: events.RunStarted) -> None:
        self._live_run = event.run
        self._failure = ""
        if self._state.shown is None or event.run != self._state.shown.path:
            self._plot.clear()
            self._figures.forget()
            self._evolution.begin(event.run)
            self._coach.show_verdict(None)
        else:
            # A run that goes on from an older checkpoint does again what came after it.
            self._plot.cut_after(event.step)
            self._evolution.go_back(event.step)
        told = trn(
            "A model with {num_parameters:.1f} million weights learns from {number:,} example.",
            "A model with {num_parameters:.1f} million weights learns from {number:,} examples.",
            event.num_images,
            num_parameters=event.num_parameters / 1e6,
        )
        if event.num_held_out:
            # Else a person misses some of those that they gave.
            told += " " + trn(
                "{number:,} more is kept back, to judge it by.",
                "{number:,} more are kept back, to judge it by.",
                event.num_held_out,
            )
        self._say(told)

    def _on_ending(self, event: events.Terminal) -> None:
        match event:
            case events.Finished():
                took = duration(event.seconds)
                self._progress.setValue(1000)
                why = f": {inside(event.reason)}" if event.reason else ""
                self._finished = tr("Finished after {took}{why}.", took=took, why=why)
                self._say(self._finished)
            case events.Stopped():
                self._say(
                    tr(
                        "Stopped at step {step:,} and saved. It can go on from there; what it "
                        "learned can be used in the Gallery and on the Create page.",
                        step=event.step,
                    )
                )
            case events.Failed():
                self._live_run = event.run or self._live_run
                self._failure = f"{event.title}. {event.message} {event.hint}"
                self._coach.say(self._failure, is_warning=True)

    def _on_first_pictures(self, progress: Progress) -> None:
        if not self._state.is_running:
            self._say(
                tr(
                    "{finished} {what}: {done} of {total}",
                    finished=self._finished,
                    what=progress.what,
                    done=progress.done,
                    total=progress.total,
                )
            )

    def _on_first_pictures_end(self) -> None:
        if not self._state.is_running:
            self._say(
                tr("{finished} The first results hang in the Gallery.", finished=self._finished)
            )

    def _on_activity(self) -> None:
        self._update_commands()
        steerable = (Activity.TRAINING, Activity.PAUSED)
        self._coach.set_live(is_live=self._state.activity in steerable)
        match self._state.activity:
            case Activity.PREPARING:
                self._say(tr("Getting ready…"))
                self._progress.setValue(0)
            case Activity.PAUSED:
                self._say(tr("Paused. Nothing is lost; the model waits in memory."))
            case Activity.STOPPING:
                self._say(tr("Stopping at a safe point and saving…"))
            case _:
                pass

    def _update_commands(self) -> None:
        is_ready = bool(self._state.entries)
        why_not = "" if is_ready else tr("The architectures are being made ready")
        if self._state.is_running:
            why_not = tr("A training is under way: stop it first")
        self._evolution.panel.forbid_training(why_not)
        self._coach.allow_keeping(is_allowed=not why_not)

    # --- a run from its record ----------------------------------------------------------

    def _on_runs_changed(self) -> None:
        shown = self._state.shown
        self._evolution.show_run(shown)
        self._plot.clear()
        if shown is not None:
            self._plot.extend(shown.losses)
            for checkpoint in shown.checkpoints:
                self._plot.add_quality(checkpoint.step, checkpoint.metrics)
            for mark in shown.marks:
                self._plot.mark(*mark)
        self._plot.redraw()
        if self._state.is_running:
            return
        measured = [it for it in shown.checkpoints if it.metrics] if shown else []
        if measured:
            newest = max(measured, key=lambda it: it.step)
            self._figures.show_figures(newest.step, newest.metrics)
        else:
            self._figures.forget()
        self._coach.show_verdict(shown.said if shown else None)
        if shown is not None:
            self._say_how_it_stands(shown)
        else:
            self._progress.setValue(0)
            self._say(tr("Nothing has been trained in this project yet."))

    def _say_how_it_stands(self, run: RunSummary) -> None:
        is_other = run.path != self._live_run
        if is_other:
            self._forget_live_run()
            self._progress.setValue(0)
        is_broken = run.state in (RunState.INTERRUPTED, RunState.FAILED)
        if is_other or is_broken:
            self._coach.say(
                f"{self._failure} {how_it_stands(run)}".strip(),
                is_warning=is_broken,
                offers_keeping=is_broken and can_go_on(run),
            )

    def _forget_live_run(self) -> None:
        self._live_run = None
        self._failure = ""

    # --- checkpoints --------------------------------------------------------------------

    def _on_star(self, checkpoint: CheckpointInfo) -> None:
        if self._state.shown is not None:
            self._state.star(self._state.shown, checkpoint, is_starred=not checkpoint.is_starred)

    def _on_continue(self, checkpoint: CheckpointInfo) -> None:
        shown = self._state.shown
        if shown is None:
            return
        later = [other for other in shown.checkpoints if other.step > checkpoint.step]
        if not later:
            self._on_keep(self.controls.budget())
            return
        ask_before_going_back(
            self,
            checkpoint.step,
            later,
            go_back=lambda: self._go_back(shown, checkpoint),
            branch=lambda: self._on_branch(checkpoint),
        )

    def _go_back(self, run: RunSummary, checkpoint: CheckpointInfo) -> None:
        # Should it not get as far as the training, what to say is how the run stands.
        self._forget_live_run()
        self._state.continue_from(run, checkpoint, self.controls.budget())

    def _on_branch(self, checkpoint: CheckpointInfo) -> None:
        if self._state.shown is not None:
            self._state.branch_from(self._state.shown, checkpoint, self.controls.budget())

    # --- steering -----------------------------------------------------------------------

    def _on_keep(self, extra: Budget) -> None:
        shown = self._state.shown
        if shown is not None:
            self._live_run = shown.path
            self._state.keep_learning(shown, extra)

    def _on_coach_action(self, action: events.CoachAction) -> None:
        if action.setting:
            self._state.send(commands.Change(action.setting, action.value))
        else:
            self._state.send(commands.Stop())

    def _on_pause(self) -> None:
        if self._state.activity is Activity.PAUSED:
            self._state.send(commands.Resume())
        elif self._state.activity is Activity.TRAINING:
            self._state.send(commands.Pause())

    def _say(self, text: str) -> None:
        self._coach.say(text)
