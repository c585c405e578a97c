"""The right side of the Train page: architecture, preset, settings, and the buttons."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.errors import GenStudioError
from genstudio.domain.runs import RunState, RunSummary
from genstudio.domain.settings import parse_settings
from genstudio.domain.training import SIZES, Budget, TrainingSettings
from genstudio.services.presets import (
    DEFAULT_PRESET,
    preset_named,
    presets,
    resolve_settings,
)
from genstudio.ui.forms import SettingsForm
from genstudio.ui.icons import icon
from genstudio.ui.run_words import can_go_on
from genstudio.ui.state.training import Activity, TrainingState
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.disclosure import Disclosure
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.model_cards import ModelCards
from genstudio.ui.widgets.number_boxes import DecimalBox, WholeBox
from genstudio.ui.widgets.wheel import ignore_wheel_unless_focused

_WIDTH_PX = 360
# Shown by editors of their own; the rest of a run's settings is in the form.
_FORM_FIELDS = (
    "mirror",
    "transparency",
    "kinds",
    "accumulate",
    "ema_half_life_kimg",
    "gradient_clip",
    "stop_when",
)
_UNITS = ("minutes", "steps", "images")


class TrainControls(QFrame):
    """Everything that is chosen before a run, and the buttons that steer it.

    Signals:
        start_wanted(TrainingSettings): Begin a new run.
        project_change_wanted(): A person wants another project folder.
        failed(GenStudioError): What was chosen does not go together.
    """

    start_wanted = Signal(object)
    keep_wanted = Signal(object)
    pause_wanted = Signal()
    stop_wanted = Signal()
    project_change_wanted = Signal()
    failed = Signal(object)

    def __init__(self, state: TrainingState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        mark(self, role="panel")
        self._state = state
        self._has_pictures = False
        self._why_not = ""
        self._model_form: SettingsForm | None = None
        self.setMinimumWidth(_WIDTH_PX)
        self.setMaximumWidth(_WIDTH_PX + 10 * GRID_PX)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX + GRID_PX // 2)
        layout.addWidget(self._make_settings(), 1)
        layout.addLayout(self._make_buttons())
        state.catalogue_loaded.connect(self._on_catalogue_loaded)
        state.activity_changed.connect(self._update_buttons)
        state.runs_changed.connect(self._update_buttons)
        self._update_buttons()

    def set_pictures(self, has_pictures: bool, why_not: str) -> None:
        """Say whether there are pictures to learn from, and if not, why.

        Args:
            has_pictures: Whether a run can begin.
            why_not: Shown above the button when a run cannot begin.
        """
        self._has_pictures = has_pictures
        self._why_not = why_not
        self._update_buttons()

    def suggest_size(self, size: int) -> None:
        """Choose the size that suits a new folder."""
        self._size.setCurrentIndex(self._size.findData(size))

    def set_project(self, path: Path | None, *, is_open: bool) -> None:
        """Show where runs are saved."""
        self._project.set_text("" if path is None else str(path))
        self._change_project.setEnabled(path is not None)
        self._change_project.setToolTip(
            "Open another project" if is_open else "Save in another folder"
        )

    def budget(self) -> Budget:
        """The budget as chosen now."""
        unit = _UNITS[self._unit.currentIndex()]
        return Budget.model_validate({"unit": unit, "amount": self._amount.value()})

    def settings(self) -> TrainingSettings:
        """Everything as chosen now.

        Raises:
            SettingsError: Something is out of bounds.
        """
        key = self._models.current_key()
        model_values = self._model_form.values() if self._model_form else {}
        parse_settings(self._state.entries[key].config, model_values)
        training: dict[str, Any] = {
            **self._form.values(),
            "size": SIZES[self._size.currentIndex()],
            "batch": self._batch.value(),
            "budget": self.budget(),
            "device": self._device.currentData(),
        }
        return resolve_settings(
            preset=self._preset.currentData(), model_key=key, training=training, model=model_values
        )

    # --- building -----------------------------------------------------------------------

    def _make_settings(self) -> QScrollArea:
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(0, 0, GRID_PX, 0)
        self._column.setSpacing(GRID_PX + GRID_PX // 2)
        self._form = SettingsForm(TrainingSettings, include=_FORM_FIELDS)
        self._models = ModelCards()
        self._models.setObjectName("train.model")
        self._models.setAccessibleName("Architecture")
        self._models.keyChanged.connect(self._on_model_changed)
        self._loading = QLabel("Getting the architectures ready…")
        mark(self._loading, role="muted")
        self._column.addWidget(self._loading)
        self._column.addWidget(self._models)
        self._column.addLayout(self._make_rows())
        self._all = QWidget()
        self._all_column = QVBoxLayout(self._all)
        self._all_column.setContentsMargins(0, 0, 0, 0)
        self._all_column.setSpacing(2 * GRID_PX)
        self._all_column.addWidget(self._form)
        self._more = Disclosure("All settings", self._all)
        self._more.setObjectName("train.all")
        self._column.addWidget(self._more)
        self._column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(content)
        self._settings_content = content
        return area

    def _make_rows(self) -> QGridLayout:
        self._preset = _combo("train.preset", "Preset")
        for preset in presets():
            self._preset.addItem(preset.title, preset.key)
            last = self._preset.count() - 1
            self._preset.setItemData(last, preset.summary, Qt.ItemDataRole.ToolTipRole)
        self._size = _combo("train.size", "Size of the pictures")
        for size in SIZES:
            self._size.addItem(f"{size} × {size} px", size)
        self._size.setCurrentIndex(SIZES.index(TrainingSettings.model_fields["size"].default))
        self._batch = WholeBox(2, 1024, logarithmic=True)
        self._batch.setObjectName("train.batch")
        self._batch.setAccessibleName("Pictures per step — batch size")
        self._batch.setToolTip(TrainingSettings.model_fields["batch"].description or "")
        ignore_wheel_unless_focused(self._batch)
        self._device = _combo("train.device", "Device")
        self._device.addItem("The fastest — auto", "auto")
        rows = QGridLayout()
        rows.setColumnStretch(1, 1)
        rows.setHorizontalSpacing(2 * GRID_PX)
        rows.setVerticalSpacing(GRID_PX)
        self._preset_summary = QLabel()
        self._preset_summary.setWordWrap(True)
        mark(self._preset_summary, role="small")
        for title, widget in (
            ("Preset", self._preset),
            ("", self._preset_summary),
            ("Picture size", self._size),
            ("Pictures per step", self._batch),
            ("Train for", self._make_budget()),
            ("Device", self._device),
            ("Saved in", self._make_project()),
        ):
            label = QLabel(title)
            label.setBuddy(widget)
            row = rows.rowCount()
            rows.addWidget(label, row, 0)
            rows.addWidget(widget, row, 1)
        self._preset.currentIndexChanged.connect(self._apply_preset)
        keys = [preset.key for preset in presets()]
        self._preset.setCurrentIndex(keys.index(DEFAULT_PRESET))
        return rows

    def _make_budget(self) -> QWidget:
        self._amount = DecimalBox(0.1, 1e9)
        self._amount.setObjectName("train.budget")
        self._amount.setAccessibleName("Train for — budget")
        ignore_wheel_unless_focused(self._amount)
        self._unit = _combo("train.unit", "Unit of the budget")
        for unit, title in zip(_UNITS, ("minutes", "steps", "pictures seen"), strict=True):
            self._unit.addItem(title, unit)
        return _pair(self._amount, self._unit)

    def _make_project(self) -> QWidget:
        self._project = ElidedLabel()
        self._project.setObjectName("train.project")
        self._project.setAccessibleName("Project folder")
        mark(self._project, role="muted")
        self._change_project = QPushButton("Change…")
        self._change_project.setAccessibleName("Change the project folder")
        self._change_project.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._change_project.clicked.connect(self.project_change_wanted)
        return _pair(self._project, self._change_project)

    def _make_buttons(self) -> QVBoxLayout:
        self._start = _button("train.start", "Start learning", "play")
        mark(self._start, primary=True)
        self._start.clicked.connect(self._on_start)
        self._keep = _button("train.resume", "Keep learning — resume", "rotate-ccw")
        self._keep.clicked.connect(self._on_keep)
        self._pause = _button("train.pause", "Pause", "pause")
        self._pause.clicked.connect(self.pause_wanted)
        self._stop = _button("train.stop", "Stop and save", "square")
        self._stop.clicked.connect(self.stop_wanted)
        self._reason = QLabel()
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
        layout.addWidget(self._start)
        layout.addWidget(self._keep)
        layout.addLayout(steering)
        return layout

    # --- reacting -----------------------------------------------------------------------

    def _on_catalogue_loaded(self) -> None:
        self._loading.hide()
        self._models.set_cards([entry.card for entry in self._state.entries.values()])
        for key in self._state.machine.devices:
            self._device.addItem(self._state.machine.names[key], key)
        self._update_buttons()

    def _on_model_changed(self, key: str) -> None:
        if self._model_form is not None:
            self._all_column.removeWidget(self._model_form)
            self._model_form.setParent(None)
            self._model_form.deleteLater()
        self._model_form = SettingsForm(self._state.entries[key].config)
        self._all_column.insertWidget(0, self._model_form)
        self._apply_preset()

    def _apply_preset(self) -> None:
        preset = preset_named(self._preset.currentData())
        self._preset_summary.setText(preset.summary)
        key = self._models.current_key()
        settings = resolve_settings(preset=preset.key, model_key=key)
        self._batch.setValue(settings.batch)
        self._amount.setValue(settings.budget.amount)
        self._unit.setCurrentIndex(_UNITS.index(settings.budget.unit))
        values = settings.model_dump(include=set(_FORM_FIELDS))
        self._form.set_values(values)
        if self._model_form is not None:
            config = self._state.entries[key].config
            self._model_form.set_values(parse_settings(config, settings.model).model_dump())

    def _on_start(self) -> None:
        try:
            settings = self.settings()
        except GenStudioError as error:
            self.failed.emit(error)
            return
        self.start_wanted.emit(settings)

    def _on_keep(self) -> None:
        self.keep_wanted.emit(self.budget())

    def _update_buttons(self) -> None:
        activity = self._state.activity
        is_running = self._state.is_running
        is_ready = bool(self._state.entries)
        shown = self._state.shown
        can_keep = shown is not None and can_go_on(shown)
        self._settings_content.setEnabled(not is_running)
        self._start.setEnabled(is_ready and self._has_pictures and not is_running)
        self._keep.setVisible(can_keep and not is_running)
        self._keep.setEnabled(is_ready)
        if can_keep and shown is not None:
            self._keep.setToolTip(self._what_keeping_does(shown))
        self._pause.setEnabled(activity in (Activity.TRAINING, Activity.PAUSED))
        is_paused = activity is Activity.PAUSED
        self._pause.setText("Go on" if is_paused else "Pause")
        self._pause.setIcon(icon("play" if is_paused else "pause"))
        self._stop.setEnabled(is_running and activity is not Activity.STOPPING)
        self._reason.setText("" if self._has_pictures or is_running else self._why_not)
        self._reason.setVisible(bool(self._reason.text()))

    def _what_keeping_does(self, run: RunSummary) -> str:
        if run.state is RunState.FINISHED:
            return f"Train this run for another {self.budget()}"
        if run.step == 0:
            return "Begin this run again: it was not saved yet"
        budget = run.settings.budget
        return f"Go on at step {run.step:,} until its budget of {budget} is spent"


def _combo(name: str, title: str) -> QComboBox:
    box = QComboBox()
    box.setObjectName(name)
    box.setAccessibleName(title)
    ignore_wheel_unless_focused(box)
    return box


def _button(name: str, text: str, icon_name: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAccessibleName(text)
    button.setIcon(icon(icon_name, "on_accent" if name == "train.start" else ""))
    return button


def _pair(first: QWidget, second: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(GRID_PX)
    layout.addWidget(first, 1)
    layout.addWidget(second)
    return row
