"""The head of the Train page: which run is shown, and what can be asked of it."""

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QWidget

from genstudio.domain import commands
from genstudio.domain.language import tr
from genstudio.ui.dialogs.removing_run import ask_before_removing_run
from genstudio.ui.icons import icon
from genstudio.ui.run_words import model_name, run_title
from genstudio.ui.state.training import Activity, TrainingState
from genstudio.ui.theme import GRID_PX
from genstudio.ui.widgets.small import named_combo


class TrainHead(QWidget):
    """Chooses the run that is shown; removes it, or asks for a preview or a checkpoint of it.

    Signals:
        run_chosen(): A person wants to see another run, which is shown now.
    """

    run_chosen = Signal()

    def __init__(self, state: TrainingState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._runs = named_combo("train.run", tr("Run that is shown"))
        self._runs.setPlaceholderText(tr("No run yet"))
        self._runs.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._runs.activated.connect(self._on_run_chosen)
        self._remove = QToolButton()
        self._remove.setObjectName("train.remove_run")
        self._remove.setAccessibleName(tr("Move this run to the trash…"))
        self._remove.setIcon(icon("trash-2"))
        self._remove.setIconSize(QSize(18, 18))
        self._remove.clicked.connect(self._on_remove)
        self._sample = QPushButton(tr("Preview now"))
        self._sample.setObjectName("train.sample")
        self._sample.setIcon(icon("refresh-cw"))
        self._sample.clicked.connect(lambda: state.send(commands.SampleNow()))
        self._save = QPushButton(tr("Save now"))
        self._save.setObjectName("train.save")
        self._save.setIcon(icon("save"))
        self._save.clicked.connect(lambda: state.send(commands.SaveNow()))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._runs, 1)
        for widget in (self._remove, self._sample, self._save):
            layout.addWidget(widget)
        state.activity_changed.connect(self._update)
        state.runs_changed.connect(self._on_runs_changed)
        # Only now are architectures known by their titles.
        state.catalogue_loaded.connect(self._on_runs_changed)
        self._on_runs_changed()

    def _on_runs_changed(self) -> None:
        self._runs.clear()
        for run in reversed(self._state.runs):
            is_live = run.path == self._state.live_run
            name = model_name(run.settings.model_key, self._state.entries)
            self._runs.addItem(run_title(run, is_live=is_live, name=name), run.path)
        if self._state.shown is not None:
            self._runs.setCurrentIndex(self._runs.findData(self._state.shown.path))
        # In a small window there is no room for all of it.
        self._runs.setToolTip(self._runs.currentText())
        self._update()

    def _update(self) -> None:
        is_running, has_run = self._state.is_running, self._state.shown is not None
        is_training = self._state.activity in (Activity.TRAINING, Activity.PAUSED)
        self._runs.setEnabled(has_run and not is_running)
        self._remove.setEnabled(has_run and not is_running)
        self._remove.setToolTip(
            tr("A training is under way: stop it before you remove a run")
            if is_running
            else tr("Move this run to the trash…")
        )
        self._sample.setEnabled(is_training)
        self._save.setEnabled(is_training)

    def _on_run_chosen(self, index: int) -> None:
        self.run_chosen.emit()
        self._state.show_run(self._runs.itemData(index))

    def _on_remove(self) -> None:
        shown = self._state.shown
        if shown is not None:
            ask_before_removing_run(self, shown, lambda: self._state.remove_run(shown))
