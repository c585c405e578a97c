"""What is chosen for an operation: the run, the files, how many, and its settings."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.runs import RunSummary
from genstudio.services.studio_operations import OperationEntry
from genstudio.ui.forms import SettingsForm
from genstudio.ui.icons import icon
from genstudio.ui.pages.create_inputs import InputList
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.wheel import ignore_wheel_unless_focused

_MOST = 10_000
_USUAL_COUNT = 9
_LONGEST_SEED = 19


class CreateControls(QWidget):
    """The column of controls.

    Signals:
        start_wanted(): Begin.
        cancel_wanted(): Stop.
        train_wanted(): No run fits, and a person wants to train one.
    """

    start_wanted = Signal()
    cancel_wanted = Signal()
    train_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entry: OperationEntry | None = None
        self._runs: list[RunSummary] = []
        self._form: SettingsForm | None = None
        self._form_of: object = None
        self._is_busy = False
        self._is_open = False
        self.inputs = InputList()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(GRID_PX + GRID_PX // 2)
        self._title = QLabel()
        mark(self._title, role="title")
        self._summary = QLabel()
        self._summary.setWordWrap(True)
        self._layout.addWidget(self._title)
        self._layout.addWidget(self._summary)
        self._add_run()
        self._layout.addWidget(self.inputs)
        self._add_numbers()
        self._add_start()
        self._layout.addStretch(1)
        self.inputs.changed.connect(self._update)

    def set_entry(self, entry: OperationEntry | None, runs: Sequence[RunSummary]) -> None:
        """Offer what an operation lets one choose, with the runs that it can use."""
        self._entry = entry
        fitting = entry.settings if entry else {}
        self._runs = [
            run for run in reversed(runs) if run.step > 0 and run.settings.model_key in fitting
        ]
        card = entry.card if entry else None
        self._title.setText(card.title if card else "")
        self._summary.setText(card.summary if card else "")
        chosen = self._run.currentData()
        self._run.blockSignals(True)
        self._run.clear()
        for run in self._runs:
            settings = run.settings
            words = f"{settings.model_key} · {settings.size} px · step {run.step:,}"
            self._run.addItem(words, run.path)
        self._run.setCurrentIndex(max(self._run.findData(chosen), 0 if self._runs else -1))
        self._run.blockSignals(False)
        needs_run = bool(card and card.needs_run)
        self._run_box.setVisible(needs_run)
        self._run.setVisible(bool(self._runs))
        self._no_run.setVisible(needs_run and not self._runs)
        self.inputs.set_spec(card.inputs[0] if card and card.inputs else None)
        self._count_row.setVisible(bool(card and card.has_count))
        self._seed_row.setVisible(bool(card and card.is_seeded))
        self._show_form()

    def set_busy(self, *, is_busy: bool, is_open: bool) -> None:
        """Whether an operation is at work, and whether a project is open."""
        self._is_busy, self._is_open = is_busy, is_open
        self._progress.setVisible(is_busy)
        self._cancel.setEnabled(is_busy)
        self._update()

    def show_progress(self, what: str, done: int, total: int) -> None:
        """Tell how far it is."""
        self._progress.setRange(0, total)
        self._progress.setValue(done)
        self._progress.setFormat(f"{what}: {done:,} of {total:,}" if total else what)

    def run(self) -> Path | None:
        """Folder of the chosen run."""
        return self._run.currentData() if self._entry and self._entry.card.needs_run else None

    def choose_run(self, path: Path) -> None:
        """Choose a run, if it is offered."""
        if (at := self._run.findData(path)) >= 0:
            self._run.setCurrentIndex(at)

    def count(self) -> int:
        """How many are wanted."""
        return self._count.value()

    def seed(self) -> int | None:
        """Seed of the first; None for any."""
        text = self._seed.text().strip()
        return int(text) if text.isdecimal() and int(text) < 2**63 else None

    def settings(self) -> Mapping[str, Any]:
        """What was chosen in the form."""
        return self._form.values() if self._form else {}

    # --- building -----------------------------------------------------------------------

    def _add_run(self) -> None:
        self._run_box = QWidget()
        column = QVBoxLayout(self._run_box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID_PX // 2)
        label = QLabel("Trained model")
        mark(label, role="heading")
        self._run = QComboBox()
        self._run.setObjectName("create.run")
        self._run.setAccessibleName("Trained model")
        self._run.currentIndexChanged.connect(self._show_form)
        ignore_wheel_unless_focused(self._run)
        label.setBuddy(self._run)
        self._no_run = QWidget()
        self._no_run.setObjectName("create.no_run")
        inside = QVBoxLayout(self._no_run)
        inside.setContentsMargins(0, 0, 0, 0)
        words = QLabel("No model of this project has learned that yet.")
        words.setWordWrap(True)
        mark(words, role="muted")
        train = QPushButton("Train one")
        train.setObjectName("create.train")
        train.clicked.connect(self.train_wanted)
        inside.addWidget(words)
        inside.addWidget(train)
        column.addWidget(label)
        column.addWidget(self._run)
        column.addWidget(self._no_run)
        self._layout.addWidget(self._run_box)

    def _add_numbers(self) -> None:
        self._count = QSpinBox()
        self._count.setObjectName("create.count")
        self._count.setAccessibleName("How many")
        self._count.setRange(1, _MOST)
        self._count.setValue(_USUAL_COUNT)
        ignore_wheel_unless_focused(self._count)
        self._seed = QLineEdit()
        self._seed.setObjectName("create.seed")
        self._seed.setAccessibleName("Seed of the first")
        self._seed.setPlaceholderText("any")
        self._seed.setMaxLength(_LONGEST_SEED)
        self._count_row = _row("How many", self._count)
        self._seed_row = _row("Seed of the first", self._seed)
        self._layout.addWidget(self._count_row)
        self._layout.addWidget(self._seed_row)
        self._form_at = self._layout.count()

    def _add_start(self) -> None:
        self._start = QPushButton("Start")
        self._start.setObjectName("create.start")
        self._start.setAccessibleName("Start")
        self._start.setIcon(icon("play", "on_accent"))
        mark(self._start, primary=True)
        self._start.clicked.connect(self.start_wanted)
        self._cancel = QPushButton("Stop")
        self._cancel.setObjectName("create.cancel")
        self._cancel.setAccessibleName("Stop")
        self._cancel.setEnabled(False)
        self._cancel.clicked.connect(self.cancel_wanted)
        row = QHBoxLayout()
        row.addWidget(self._start, 1)
        row.addWidget(self._cancel)
        self._why_not = QLabel()
        self._why_not.setObjectName("create.why_not")
        self._why_not.setWordWrap(True)
        mark(self._why_not, role="muted")
        self._progress = QProgressBar()
        self._progress.setObjectName("create.progress")
        self._progress.setAccessibleName("Progress")
        self._progress.hide()
        self._layout.addLayout(row)
        self._layout.addWidget(self._progress)
        self._layout.addWidget(self._why_not)

    # --- reacting -----------------------------------------------------------------------

    def _show_form(self) -> None:
        run = next((it for it in self._runs if it.path == self._run.currentData()), None)
        entry = self._entry
        key = run.settings.model_key if run else ""
        shown = entry.settings.get(key) if entry else None
        kinds = tuple(run.kinds) if run else ()
        if (shown, kinds) != self._form_of:
            if self._form is not None:
                self._layout.removeWidget(self._form)
                self._form.setParent(None)
                self._form.deleteLater()
                self._form = None
            self._form_of = shown, kinds
            if shown is not None:
                self._form = SettingsForm(shown, choices={"kinds": kinds})
                self._layout.insertWidget(self._form_at, self._form)
        self._update()

    def _update(self) -> None:
        why = self._reason()
        self._start.setEnabled(not why and not self._is_busy)
        self._why_not.setText("" if self._is_busy else why)
        self._why_not.setVisible(bool(self._why_not.text()))

    def _reason(self) -> str:
        if self._entry is None:
            return "Choose what to do."
        if not self._is_open:
            return "Open a project, or train a model first."
        if self._entry.card.needs_run and not self._runs:
            return "Train a model that can do it first."
        return self.inputs.why_not()


def _row(words: str, widget: QWidget) -> QWidget:
    box = QWidget()
    row = QHBoxLayout(box)
    row.setContentsMargins(0, 0, 0, 0)
    label = QLabel(words)
    label.setBuddy(widget)
    row.addWidget(label, 1)
    row.addWidget(widget, 1)
    return box
