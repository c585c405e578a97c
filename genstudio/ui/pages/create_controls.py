"""The right side of the Create page: what an operation is done with, and what starts it."""

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.amounts import duration
from genstudio.domain.language import tr
from genstudio.domain.operations import InputSpec
from genstudio.domain.pace import Pace
from genstudio.domain.pack_hints import how_to_get
from genstudio.domain.runs import RunSummary
from genstudio.services import studio_operations
from genstudio.services.studio_operations import OperationEntry
from genstudio.ui.dialogs.painting_mask import ask_for_mask
from genstudio.ui.forms import SettingsForm
from genstudio.ui.icons import icon
from genstudio.ui.kind_words import missing
from genstudio.ui.pages.create_inputs import InputFiles
from genstudio.ui.state.create import CreateState, Wanted
from genstudio.ui.theme import GRID_PX, mark, roomy
from genstudio.ui.widgets.number_boxes import WholeBox
from genstudio.ui.widgets.small import named_combo
from genstudio.ui.widgets.wheel import ignore_wheel_unless_focused

_WIDTH_PX = 336
_MOST = 10_000
_LARGEST_SEED = 2**31 - 1
_DEFAULT_COUNT, _DEFAULT_COUNT_OF_INPUTS = 24, 8


class CreateControls(QFrame):
    """Run, inputs, numbers and settings of one operation.

    Signals:
        start_wanted(Wanted): Have it done.
        files_changed(): Other files are in the inputs.
        gather_wanted, paste_wanted, gallery_wanted: As those of an input.
    """

    start_wanted = Signal(object)
    files_changed = Signal()
    gather_wanted = Signal(str, list, str)
    paste_wanted = Signal(str, object)
    gallery_wanted = Signal(str)

    def __init__(self, state: CreateState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        mark(self, role="panel")
        self._state = state
        self._entry: OperationEntry | None = None
        self._runs: dict[Path, RunSummary] = {}
        self._inputs: list[InputFiles] = []
        self._form: SettingsForm | None = None
        self._form_of: object = None
        # Settings that a view beside the form says, which shows them in its own way.
        self._said: dict[str, object] = {}
        self._pace = Pace()
        self.setMinimumWidth(roomy(_WIDTH_PX))
        self.setMaximumWidth(roomy(_WIDTH_PX + 10 * GRID_PX))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX + GRID_PX // 2)
        layout.addWidget(self._make_choices(), 1)
        layout.addLayout(self._make_buttons())
        state.busy_changed.connect(self._on_busy_changed)
        state.progressed.connect(self._on_progressed)
        state.ended.connect(self._on_ended)
        self._update()

    def show_operation(self, entry: OperationEntry, runs: Sequence[tuple[str, RunSummary]]) -> None:
        """Offer an operation.

        Args:
            entry: The operation.
            runs: Name and summary of those that it can be done with, the newest first.
        """
        is_other = self._entry is None or entry.card.key != self._entry.card.key
        self._entry = entry
        self._content.show()
        self._title.setText(entry.card.title)
        self._show_runs(runs)
        for widget in (self._run, self._run_title):
            widget.setVisible(entry.card.needs_run)
        for widget in (self._count, self._count_title):
            widget.setVisible(entry.card.has_count)
        self._watch.setVisible(entry.card.can_watch)
        for widget in (self._seed, self._seed_title, self._roll, self._keeps_seed):
            widget.setVisible(entry.card.is_seeded)
        if is_other:
            has_inputs = bool(entry.card.inputs)
            self._count.setValue(_DEFAULT_COUNT_OF_INPUTS if has_inputs else _DEFAULT_COUNT)
            self._show_inputs(entry.card.inputs)
            self._status.setText("")
            self._progress.setValue(0)
        self._show_form()

    def add_files(self, files: Sequence[Path], name: str = "") -> None:
        """Add files to the input of that name, or to the first that they fit."""
        for given in self._inputs:
            is_fit = bool(files) and studio_operations.fits(files[0], given.spec.kind)
            if given.spec.name == name or (not name and is_fit):
                given.add(files)
                return

    def files(self, name: str) -> list[Path]:
        """What is in the input of that name."""
        return [path for it in self._inputs if it.spec.name == name for path in it.files()]

    def take_out(self, files: Sequence[Path], name: str) -> None:
        """Take files out of the input of that name."""
        for given in self._inputs:
            if given.spec.name == name:
                given.take_out(files)

    def say(self, settings: Mapping[str, object]) -> None:
        """Have settings said by a view beside the form, and not shown in it."""
        self._said = dict(settings)
        if self._form is not None:
            self._form.set_hidden(self._said)

    def clear_files(self) -> None:
        """Take all files out of the inputs."""
        for given in self._inputs:
            given.clear()

    def take(self, data: QMimeData) -> bool:
        """Add what was dropped to the first input; says whether there is one that takes it."""
        return bool(self._inputs) and self._inputs[0].take(data)

    def shutdown(self) -> None:
        """Leave no thread behind."""
        for given in self._inputs:
            given.shutdown()

    # --- building -----------------------------------------------------------------------

    def _make_choices(self) -> QScrollArea:
        self._title = QLabel()
        self._title.setWordWrap(True)
        mark(self._title, role="heading")
        self._run = named_combo("create.run", tr("Trained model — run"))
        self._run.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._run.currentIndexChanged.connect(self._show_form)
        self._run_title = _title(tr("Trained model"), self._run)
        self._count = WholeBox(1, _MOST)
        self._count.setObjectName("create.count")
        self._count.setAccessibleName(tr("How many"))
        ignore_wheel_unless_focused(self._count)
        self._count_title = _title(tr("How many"), self._count)
        content = QWidget()
        self._content = content
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(0, 0, GRID_PX, 0)
        self._column.setSpacing(GRID_PX + GRID_PX // 2)
        self._inputs_column = QVBoxLayout()
        self._inputs_column.setSpacing(GRID_PX + GRID_PX // 2)
        self._column.addWidget(self._title)
        self._column.addLayout(_stacked(self._run_title, self._run))
        self._column.addLayout(self._inputs_column)
        self._column.addLayout(_stacked(self._count_title, self._count))
        self._column.addLayout(self._make_seed())
        self._watch = QCheckBox(tr("Keep watching these folders"))
        self._watch.setObjectName("create.watch")
        self._watch.setToolTip(tr("Pictures that are put there later are looked at, until Cancel"))
        self._column.addWidget(self._watch)
        self._form_row = self._column.count()
        self._optional_column = QVBoxLayout()
        self._optional_column.setSpacing(GRID_PX + GRID_PX // 2)
        self._column.addLayout(self._optional_column)
        self._column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(content)
        # Before the operations are known there is nothing to choose; an area shows what it gets.
        content.hide()
        return area

    def _make_seed(self) -> QVBoxLayout:
        self._seed = WholeBox(0, _LARGEST_SEED)
        self._seed.setObjectName("create.seed")
        self._seed.setAccessibleName(tr("Seed of the first"))
        self._seed.setToolTip(tr("The same seed and settings make the same results again"))
        ignore_wheel_unless_focused(self._seed)
        self._seed.setValue(_new_seed())
        self._used_seed: int | None = None
        self._roll = QPushButton(tr("Other"))
        self._roll.setObjectName("create.roll")
        self._roll.setAccessibleName(tr("Another seed"))
        self._roll.setIcon(icon("dices"))
        self._roll.clicked.connect(lambda: self._seed.setValue(_new_seed()))
        self._keeps_seed = QCheckBox(tr("Keep this seed next time"))
        self._keeps_seed.setObjectName("create.keep_seed")
        self._seed_title = _title(tr("Seed"), self._seed)
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self._seed, 1)
        row.addWidget(self._roll)
        column = QVBoxLayout()
        column.setSpacing(GRID_PX // 2)
        column.addWidget(self._seed_title)
        column.addLayout(row)
        column.addWidget(self._keeps_seed)
        return column

    def _make_buttons(self) -> QVBoxLayout:
        self._reason = QLabel()
        self._reason.setObjectName("create.reason")
        self._reason.setWordWrap(True)
        # It may name a file to look for, or a command.
        self._reason.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        mark(self._reason, role="small")
        self._start = QPushButton(tr("Make"))
        self._start.setObjectName("create.start")
        self._start.setAccessibleName(tr("Make"))
        self._start.setIcon(icon("play", "on_accent"))
        mark(self._start, primary=True)
        self._start.clicked.connect(self._on_start)
        self._cancel = QPushButton(tr("Cancel"))
        self._cancel.setObjectName("create.cancel")
        self._cancel.setToolTip(tr("Stop after the result at hand; what was made stays"))
        self._cancel.clicked.connect(self._on_cancel)
        self._progress = QProgressBar()
        self._progress.setObjectName("create.progress")
        self._progress.setAccessibleName(tr("Progress"))
        self._status = QLabel()
        self._status.setObjectName("create.status")
        self._status.setWordWrap(True)
        mark(self._status, role="small")
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self._start, 1)
        row.addWidget(self._cancel)
        layout = QVBoxLayout()
        layout.setContentsMargins(0, 0, GRID_PX, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._reason)
        layout.addLayout(row)
        layout.addWidget(self._progress)
        layout.addWidget(self._status)
        return layout

    # --- showing ------------------------------------------------------------------------

    def _show_runs(self, runs: Sequence[tuple[str, RunSummary]]) -> None:
        self._runs = {run.path: run for _, run in runs}
        chosen = self._run.currentData()
        self._run.blockSignals(True)
        self._run.clear()
        for name, run in runs:
            self._run.addItem(name, run.path)
            self._run.setItemData(self._run.count() - 1, name, Qt.ItemDataRole.ToolTipRole)
        self._run.setCurrentIndex(max(self._run.findData(chosen), 0 if runs else -1))
        self._run.blockSignals(False)

    def _show_inputs(self, specs: Sequence[InputSpec]) -> None:
        """Ask for the inputs; files stay where the new operation takes such files, too."""
        before = {(given.spec.name, given.spec.kind): given.files() for given in self._inputs}
        for given in self._inputs:
            given.shutdown()
            for column in (self._inputs_column, self._optional_column):
                column.removeWidget(given)
            given.setParent(None)
            given.deleteLater()
        self._inputs = []
        for number, spec in enumerate(specs):
            name = "create.inputs" if number == 0 else f"create.inputs.{spec.name}"
            given = InputFiles(spec, name)
            given.changed.connect(self._update)
            given.changed.connect(self.files_changed)
            given.gather_wanted.connect(self.gather_wanted)
            given.paste_wanted.connect(self.paste_wanted)
            given.gallery_wanted.connect(self.gallery_wanted)
            given.mask_wanted.connect(self._on_mask_wanted)
            given.add(before.get((spec.name, spec.kind), ()))
            self._inputs.append(given)
            # What can be left out comes last, but for a mask, which belongs to its picture.
            is_needed = bool(spec.minimum or spec.paints)
            (self._inputs_column if is_needed else self._optional_column).addWidget(given)

    def _show_form(self) -> None:
        if self._entry is None:
            return
        run = self._runs.get(self._run.currentData())
        key = run.settings.model_key if run and self._entry.card.needs_run else ""
        settings = self._entry.settings.get(key)
        choices = run.choices if run else {}
        form_of = self._entry.card.key, settings, choices
        if form_of != self._form_of:
            self._form_of = form_of
            if self._form is not None:
                self._column.removeWidget(self._form)
                self._form.setParent(None)
                self._form.deleteLater()
                self._form = None
            if settings is not None:
                self._form = SettingsForm(settings, choices=choices)
                self._form.set_hidden(self._said)
                self._column.insertWidget(self._form_row, self._form)
                self._form.setVisible(bool(self._form.values()))
        self._update()

    # --- reacting -----------------------------------------------------------------------

    def _on_start(self) -> None:
        assert self._entry is not None
        # The seed of what was made stays to be read, and to be kept, until more is made.
        if self._seed.value() == self._used_seed and not self._keeps_seed.isChecked():
            self._seed.setValue(_new_seed())
        self._used_seed = self._seed.value()
        wanted = Wanted(
            key=self._entry.card.key,
            run=self._run.currentData() if self._entry.card.needs_run else None,
            inputs={given.spec.name: given.files() for given in self._inputs},
            count=self._count.value(),
            seed=self._seed.value(),
            settings={**(self._form.values() if self._form is not None else {}), **self._said},
            watch=self._watch.isChecked(),
        )
        self._pace = Pace()
        self._progress.setRange(0, 0)
        self._status.setText(tr("Getting ready…"))
        self.start_wanted.emit(wanted)

    def _on_mask_wanted(self, name: str, over: str) -> None:
        files = self.files(over)
        if not files:
            self._status.setText(tr("Add the picture first: the mask is painted over it."))
            return

        def use(mask_HWC: np.ndarray) -> None:
            for it in self._inputs:
                if it.spec.name == name:
                    it.clear()
            self.paste_wanted.emit(name, mask_HWC)

        ask_for_mask(self.window(), files[0], use)

    def _on_cancel(self) -> None:
        self._status.setText(tr("Stopping after the result at hand…"))
        self._state.cancel()

    def _on_progressed(self, what: str, done: int, total: int) -> None:
        self._progress.setRange(0, max(total, 1))
        self._progress.setValue(done)
        told = tr("{what}: {done:,} of {total:,}", what=what, done=done, total=total)
        left_s = self._pace.left_s(what, done, total)
        if left_s is not None:
            told += tr(" · about {duration} left", duration=duration(left_s))
        self._status.setText(told)

    def _on_ended(self, words: str) -> None:
        self._status.setText(words)

    def _on_busy_changed(self) -> None:
        if not self._state.is_busy and self._progress.maximum() == 0:
            self._progress.setRange(0, 1)
            self._progress.reset()
        self._update()

    def _update(self) -> None:
        why_not = self._why_not()
        self._reason.setText(why_not)
        self._start.setEnabled(not why_not and not self._state.is_busy)
        self._cancel.setEnabled(self._state.is_busy)

    def _why_not(self) -> str:
        """What is missing before it can start; empty if nothing is."""
        if self._entry is None:
            return tr("The operations are being made ready.")
        if pack := self._entry.missing_pack:
            return tr("Needs the pack “{key}”.", key=pack) + " " + how_to_get(pack)
        if self._entry.card.needs_run and self._run.currentData() is None:
            return tr("No trained model can do this yet.")
        specs = [given.spec for given in self._inputs]
        return missing(specs, [len(given.files()) for given in self._inputs])


def _title(words: str, buddy: QWidget) -> QLabel:
    label = QLabel(words)
    label.setBuddy(buddy)
    return label


def _stacked(*widgets: QWidget) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(GRID_PX // 2)
    for widget in widgets:
        column.addWidget(widget)
    return column


def _new_seed() -> int:
    return secrets.randbelow(_LARGEST_SEED)
