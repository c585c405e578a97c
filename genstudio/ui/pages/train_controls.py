"""The right side of the Train page: what is chosen before a run, and the buttons that steer it."""

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.runs import RunState, RunSummary
from genstudio.domain.training import Budget, TrainingSettings
from genstudio.services.fitting import PictureFacts
from genstudio.ui.actions import command_named
from genstudio.ui.dropping import dropped_paths
from genstudio.ui.icons import icon
from genstudio.ui.pages.train_choices import TrainChoices
from genstudio.ui.run_words import can_go_on
from genstudio.ui.state.training import Activity, TrainingState
from genstudio.ui.theme import GRID_PX, mark, roomy
from genstudio.ui.widgets.fit_panel import FitPanel

_WIDTH_PX = 360
_MEANWHILE = tr_noop(
    "What is chosen above is for another run: stop this one first, or add it to the queue."
)


class TrainControls(QFrame):
    """What is chosen before a run, and the buttons that steer it.

    Attributes:
        choices: What is chosen.
        fit_panel: Says whether it fits.

    Signals:
        start_wanted(TrainingSettings): Begin a new run.
        project_change_wanted(): A person wants another project folder.
        failed(GenStudioError): What was chosen does not go together.
        queue_wanted(TrainingSettings): Have a run with these settings wait for its turn.
        queue_shown(): Show the queue.
        preset_dropped(Path): Choose what a preset file says.
        commands_changed(): Other buttons can be pressed now.
    """

    start_wanted = Signal(object)
    keep_wanted = Signal(object)
    pause_wanted = Signal()
    stop_wanted = Signal()
    project_change_wanted = Signal()
    failed = Signal(object)
    commands_changed = Signal()
    preset_dropped = Signal(object)
    queue_wanted = Signal(object)
    queue_shown = Signal()

    def __init__(self, state: TrainingState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        mark(self, role="panel")
        self._state = state
        self.setAcceptDrops(True)
        self._has_pictures = False
        self._why_not = ""
        self.choices = TrainChoices(state)
        self.choices.project_change_wanted.connect(self.project_change_wanted)
        self.setMinimumWidth(roomy(_WIDTH_PX))
        self.setMaximumWidth(roomy(_WIDTH_PX + 10 * GRID_PX))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX + GRID_PX // 2)
        layout.addWidget(self.choices, 1)
        layout.addLayout(self._make_buttons())
        self.choices.fitness_changed.connect(self._update_buttons)
        self.choices.changed.connect(self._show_reason)
        state.catalogue_loaded.connect(self._update_buttons)
        state.activity_changed.connect(self._update_buttons)
        state.runs_changed.connect(self._update_buttons)
        self._update_buttons()

    def set_pictures(self, pictures: PictureFacts | None, why_not: str) -> None:
        """Fit the settings to other pictures, and say whether a run can begin.

        Args:
            pictures: What is known of them; None before any are.
            why_not: Shown above the button when a run cannot begin; empty if it can.
        """
        self._has_pictures = not why_not
        self._why_not = why_not
        self.choices.set_pictures(pictures)
        self._update_buttons()

    def budget(self) -> Budget:
        """The budget as chosen now."""
        return self.choices.budget()

    def settings(self) -> TrainingSettings:
        """Everything as chosen now.

        Raises:
            SettingsError: Something is out of bounds.
        """
        return self.choices.settings()

    def show_waiting(self, count: int) -> None:
        """Say on its button how many runs wait in the queue."""
        title = command_named("train.queue").plain_title
        self._queue.setText(tr("Queue ({count})", count=count) if count else title)

    def buttons(self) -> dict[str, QPushButton]:
        """The buttons that are commands, by their keys."""
        return {it.objectName(): it for it in self._buttons}

    # --- building -----------------------------------------------------------------------

    def _make_buttons(self) -> QVBoxLayout:
        self._start = _button("train.start")
        mark(self._start, primary=True)
        self._start.clicked.connect(lambda: self._emit_settings(self.start_wanted))
        self._keep = _button("train.resume")
        self._keep.clicked.connect(self._on_keep)
        self._pause = _button("train.pause")
        self._pause.clicked.connect(self.pause_wanted)
        self._stop = _button("train.stop")
        self._stop.clicked.connect(self.stop_wanted)
        self._add = _button("train.queue_add")
        self._add.clicked.connect(lambda: self._emit_settings(self.queue_wanted))
        self._queue = _button("train.queue")
        self._queue.clicked.connect(self.queue_shown)
        self.fit_panel = FitPanel()
        self._buttons = (
            self._start, self._keep, self._pause, self._stop, self._add, self._queue,
            self.fit_panel.check,
        )  # fmt: skip
        self._reason = QLabel()
        self._reason.setObjectName("train.reason")
        self._reason.setWordWrap(True)
        mark(self._reason, role="small")
        steering = QHBoxLayout()
        steering.setSpacing(GRID_PX)
        steering.addWidget(self._pause)
        steering.addWidget(self._stop)
        layout = QVBoxLayout()
        layout.setContentsMargins(0, 0, GRID_PX, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._reason)
        layout.addWidget(self.fit_panel)
        layout.addWidget(self._start)
        layout.addWidget(self._keep)
        layout.addLayout(steering)
        queueing = QHBoxLayout()
        queueing.setSpacing(GRID_PX)
        queueing.addWidget(self._add)
        queueing.addWidget(self._queue)
        layout.addLayout(queueing)
        return layout

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take preset files."""
        if any(it.suffix == ".toml" for it in dropped_paths(event.mimeData())):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Choose what the dropped preset says."""
        for path in dropped_paths(event.mimeData()):
            if path.suffix == ".toml":
                self.preset_dropped.emit(path)

    # --- reacting -----------------------------------------------------------------------

    def _emit_settings(self, wanted: SignalInstance) -> None:
        try:
            settings = self.settings()
        except GenStudioError as error:
            self.failed.emit(error)
            return
        wanted.emit(settings)

    def _on_keep(self) -> None:
        self.keep_wanted.emit(self.budget())

    def _update_buttons(self) -> None:
        activity = self._state.activity
        is_running = self._state.is_running
        is_ready = bool(self._state.entries)
        shown = self._state.shown
        can_keep = shown is not None and can_go_on(shown)
        why_not = self._why_not or self.choices.why_not()
        can_begin = is_ready and self._has_pictures and not why_not
        # Else the keyboard would be on the next button that can be pressed: the queue's.
        pressed = (self._start, self._keep, self._pause, self._stop)
        was_pressed = any(button.hasFocus() for button in pressed)
        self._start.setEnabled(can_begin and not is_running)
        self._add.setEnabled(can_begin)
        # Two at once would each slow the other down, and say nothing true.
        self.fit_panel.setVisible(not is_running)
        self.fit_panel.check.setEnabled(can_begin)
        self._keep.setVisible(can_keep and not is_running)
        self._keep.setEnabled(is_ready)
        self._mark_next(shown if can_keep and not is_running else None, can_begin=can_begin)
        if can_keep and shown is not None:
            self._keep.setToolTip(self._what_keeping_does(shown))
        self._pause.setEnabled(activity in (Activity.TRAINING, Activity.PAUSED))
        is_paused = activity is Activity.PAUSED
        self._pause.setText(tr("Go on") if is_paused else tr("Pause"))
        self._pause.setIcon(icon("play" if is_paused else "pause"))
        self._stop.setEnabled(is_running and activity is not Activity.STOPPING)
        if was_pressed and not any(button.hasFocus() for button in pressed):
            self.choices.setFocus()
        self._show_reason()
        self.commands_changed.emit()

    def _show_reason(self) -> None:
        """Say above the buttons why nothing can begin, or what would."""
        why_not = self._why_not or self.choices.why_not()
        words = why_not or self.choices.in_short()
        self._reason.setText(tr(_MEANWHILE) if self._state.is_running else words)
        self._reason.setVisible(bool(self._reason.text()))

    def _mark_next(self, kept: RunSummary | None, *, can_begin: bool) -> None:
        """Show as the thing to do next what a person most likely wants.

        Args:
            kept: The run that can be kept learning; None if there is none.
            can_begin: Whether another run can be begun.
        """
        is_unfinished = kept is not None and kept.state is not RunState.FINISHED
        is_same = kept is not None and kept.settings.model_key == self.choices.model_key()
        is_keeping = is_unfinished and (is_same or not can_begin)
        for button, is_next in ((self._keep, is_keeping), (self._start, not is_keeping)):
            if button.property("primary") is not is_next:
                mark(button, primary=is_next)
                name = command_named(button.objectName()).icon
                button.setIcon(icon(name, "on_accent" if is_next else ""))

    def _what_keeping_does(self, run: RunSummary) -> str:
        if run.state is RunState.FINISHED:
            return tr("Train this run for another {budget}", budget=self.budget())
        if run.step == 0:
            return tr("Begin this run again: it was not saved yet")
        budget = run.settings.budget
        return tr(
            "Go on at step {step:,} until its budget of {budget} is spent",
            step=run.step,
            budget=budget,
        )


def _button(key: str) -> QPushButton:
    command = command_named(key)
    button = QPushButton(command.plain_title)
    button.setObjectName(key)
    button.setAccessibleName(command.plain_title)
    button.setToolTip(command.help)
    button.setIcon(icon(command.icon, "on_accent" if key == "train.start" else ""))
    return button
