"""What is chosen before a run: architecture, preset, size, budget and all settings."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.modalities import NOTES
from genstudio.domain.settings import parse_settings, setting_fields
from genstudio.domain.training import SIZES, Budget, TrainingSettings
from genstudio.services.fitting import PictureFacts, Suggestion, fit, suggest_model
from genstudio.services.presets import (
    DEFAULT_PRESET,
    Fit,
    preset_named,
    presets,
    resolve_settings,
)
from genstudio.ui.followed import Followed, back_button
from genstudio.ui.forms import SettingsForm
from genstudio.ui.state.materials import MaterialsState
from genstudio.ui.state.training import TrainingState
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.disclosure import Disclosure
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.fit_note import FitNote
from genstudio.ui.widgets.model_cards import ModelCards
from genstudio.ui.widgets.number_boxes import DecimalBox, WholeBox
from genstudio.ui.widgets.small import named_combo, side_by_side
from genstudio.ui.widgets.wheel import ignore_wheel_unless_focused

# The rest of a run's settings have editors of their own.
_IN_FORM = frozenset(it.name for it in setting_fields(TrainingSettings) if it.hints.group)
_UNITS = ("minutes", "steps", "images")


class TrainChoices(QScrollArea):
    """Everything that is chosen before a run.

    What a person has not chosen follows the preset, the pictures and the machine.

    Signals:
        project_change_wanted(): A person wants another project folder.
        changed(): Something else is chosen, by a person or because it fits.
        fitness_changed(): Another architecture is chosen, or what it can learn from is known.
    """

    project_change_wanted = Signal()
    changed = Signal()
    fitness_changed = Signal()

    def __init__(self, state: TrainingState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._pictures: PictureFacts | None = None
        # Of those that cannot learn what the folder holds, by key.
        self._unfit: dict[str, str] = {}
        self._hidden: frozenset[str] = frozenset({"reverse", "bars"})
        self._fit: Fit | None = None
        self._suggestion = ""
        self._is_filling = False
        self._is_model_own = False
        self._model_form: SettingsForm | None = None
        self._shown_model = ""
        # What was chosen for an architecture is there again when a person comes back to it.
        self._own_of_model: dict[str, dict[str, Any]] = {}
        self._build()
        state.catalogue_loaded.connect(self._on_catalogue_loaded)

    def set_pictures(self, pictures: PictureFacts | None) -> None:
        """Fit the settings to other pictures; None before any are known."""
        if pictures != self._pictures:
            self._pictures = pictures
            self._suggest_model()
            self._fill()

    def set_material(self, materials: MaterialsState) -> None:
        """Say of architectures that learn from something else why they cannot start."""
        cards = [entry.card for entry in self._state.entries.values()]
        reasons = {card.key: materials.why_not(card) for card in cards}
        self._unfit = {key: why for key, why in reasons.items() if why}
        self._models.set_unfit(self._unfit)
        current = materials.current()
        has_roles = current is not None and len(current.card.roles) > 1
        has_classes = current is None or current.card.has_classes
        pictures = current is None or not current.card.suffixes
        shown = {
            "reverse": has_roles,
            "kinds": has_classes,
            "mirror": pictures,
            "transparency": pictures,
            "bars": current is not None and current.card.key == NOTES,
        }
        self._hidden = frozenset(name for name, is_shown in shown.items() if not is_shown)
        self._form.set_hidden(self._hidden)
        self._suggest_model()
        self.fitness_changed.emit()

    def why_not(self) -> str:
        """Why the chosen architecture cannot learn what the folder holds; empty if it can."""
        return self._unfit.get(self._models.current_key(), "")

    def suggest_size(self, size: int) -> None:
        """Choose the size that suits a new folder."""
        self._size.setCurrentIndex(self._size.findData(size))

    def choose_model(self, key: str) -> None:
        """Choose an architecture, as a click on its card does.

        Raises:
            KeyError: There is no such architecture.
        """
        self._models.select(key)

    def apply(self, training: Mapping[str, Any]) -> None:
        """Choose settings of the run, as a person does.

        Args:
            training: Values by name; those that nothing on the page shows are passed over.
        """
        if "size" in training:
            self.suggest_size(training["size"])
        if "batch" in training:
            self._batch.setValue(training["batch"])
        shown = {name: value for name, value in training.items() if name in _IN_FORM}
        self._form.set_values(shown)

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
            **{name: it for name, it in self._form.values().items() if name not in self._hidden},
            "size": SIZES[self._size.currentIndex()],
            "batch": self._batch.value(),
            "budget": self.budget(),
            "device": self._device.currentData(),
        }
        return resolve_settings(
            preset=self._preset.currentData(), model_key=key, training=training, model=model_values
        )

    # --- building -----------------------------------------------------------------------

    def _build(self) -> None:
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(0, 0, GRID_PX, 0)
        self._column.setSpacing(GRID_PX + GRID_PX // 2)
        self._form = SettingsForm(TrainingSettings, include=_IN_FORM)
        self._form.changed.connect(self._on_form_changed)
        self._form.set_hidden(self._hidden)
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
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(content)

    def _make_rows(self) -> QGridLayout:
        self._preset = named_combo("train.preset", "Preset")
        for preset in presets():
            self._preset.addItem(preset.title, preset.key)
            last = self._preset.count() - 1
            self._preset.setItemData(last, preset.summary, Qt.ItemDataRole.ToolTipRole)
        self._size = named_combo("train.size", "Size of the pictures")
        for size in SIZES:
            self._size.addItem(f"{size} × {size} px", size)
        self._size.setCurrentIndex(SIZES.index(TrainingSettings.model_fields["size"].default))
        self._batch = WholeBox(2, 1024, logarithmic=True)
        self._batch.setObjectName("train.batch")
        self._batch.setAccessibleName("Pictures per step — batch size")
        self._batch.setToolTip(TrainingSettings.model_fields["batch"].description or "")
        ignore_wheel_unless_focused(self._batch)
        self._batch_value = Followed(self._batch.value, self._batch.setValue)
        self._batch.valueChanged.connect(lambda: self._on_own_change(self._batch_value))
        self._batch_back = back_button("batch", "Pictures per step")
        self._batch_back.clicked.connect(self._batch_value.reset)
        self._budget_back = back_button("budget", "Train for")
        self._device = named_combo("train.device", "Device")
        self._device.addItem("The fastest — auto", "auto")
        rows = QGridLayout()
        rows.setColumnStretch(1, 1)
        rows.setHorizontalSpacing(GRID_PX)
        rows.setVerticalSpacing(GRID_PX)
        self._preset_summary = QLabel()
        self._preset_summary.setWordWrap(True)
        mark(self._preset_summary, role="small")
        self._fit_note = FitNote()
        for title, widget, back in (
            ("Preset", self._preset, None),
            ("", self._preset_summary, None),
            ("Picture size", self._size, None),
            ("Pictures per step", self._batch, self._batch_back),
            ("Train for", self._make_budget(), self._budget_back),
            ("Device", self._device, None),
            ("Saved in", self._make_project(), None),
        ):
            label = QLabel(title)
            label.setBuddy(widget)
            row = rows.rowCount()
            rows.addWidget(label, row, 0)
            rows.addWidget(widget, row, 1)
            if widget is self._preset_summary:
                rows.addWidget(self._fit_note, row + 1, 0, 1, 3)
            if back is not None:
                rows.addWidget(back, row, 2)
        self._size.currentIndexChanged.connect(self._fill)
        self._device.currentIndexChanged.connect(self._fill)
        self._preset.currentIndexChanged.connect(self._fill)
        keys = [preset.key for preset in presets()]
        self._preset.setCurrentIndex(keys.index(DEFAULT_PRESET))
        return rows

    def _make_budget(self) -> QWidget:
        self._amount = DecimalBox(0.1, 1e9)
        self._amount.setObjectName("train.budget")
        self._amount.setAccessibleName("Train for — budget")
        ignore_wheel_unless_focused(self._amount)
        self._unit = named_combo("train.unit", "Unit of the budget")
        for unit, title in zip(_UNITS, ("minutes", "steps", "pictures seen"), strict=True):
            self._unit.addItem(title, unit)
        self._budget_value = Followed(self.budget, self._show_budget)
        for changed in (self._amount.valueChanged, self._unit.currentIndexChanged):
            changed.connect(lambda: self._on_own_change(self._budget_value))
        self._budget_back.clicked.connect(self._budget_value.reset)
        return side_by_side(self._amount, self._unit)

    def _make_project(self) -> QWidget:
        self._project = ElidedLabel()
        self._project.setObjectName("train.project")
        self._project.setAccessibleName("Project folder")
        mark(self._project, role="muted")
        self._change_project = QPushButton("Change…")
        self._change_project.setAccessibleName("Change the project folder")
        self._change_project.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._change_project.clicked.connect(self.project_change_wanted)
        return side_by_side(self._project, self._change_project)

    # --- reacting -----------------------------------------------------------------------

    def _on_catalogue_loaded(self) -> None:
        self._loading.hide()
        with self._filling():
            self._models.set_cards([entry.card for entry in self._state.entries.values()])
            for key in self._state.machine.devices:
                self._device.addItem(self._state.machine.names[key], key)
        self._suggest_model()
        self._fill()

    def _suggest_model(self) -> None:
        """Mark the architecture that suits the pictures; choose it until a person chooses."""
        known = [entry.card for entry in self._state.entries.values()]
        cards = [card for card in known if card.key not in self._unfit]
        found = suggest_model(self._pictures, cards) if self._pictures else None
        if found is None and self._unfit and cards:
            why = f"“{cards[0].title}” is suggested: it learns from what this folder holds."
            found = Suggestion(cards[0].key, why)
        self._suggestion = found.why if found else ""
        self._models.set_suggested(found.model_key if found else "", self._suggestion)
        # What a person chose stays, unless it could not begin.
        if found and (not self._is_model_own or self.why_not()):
            with self._filling():
                self._models.select(found.model_key)

    def _on_model_changed(self, key: str) -> None:
        self._is_model_own |= not self._is_filling
        if self._model_form is not None:
            self._own_of_model[self._shown_model] = self._model_form.own_values()
            self._all_column.removeWidget(self._model_form)
            self._model_form.setParent(None)
            self._model_form.deleteLater()
        self._shown_model = key
        self._model_form = SettingsForm(self._state.entries[key].config)
        self._all_column.insertWidget(0, self._model_form)
        self._fill()
        self.fitness_changed.emit()
        # After the defaults, which they must be told from.
        self._model_form.set_values(self._own_of_model.get(key, {}))
        self._model_form.changed.connect(self._on_form_changed)
        self._show_choices()

    def _fill(self) -> None:
        """Show what fits, wherever a person has not chosen something else."""
        preset = preset_named(self._preset.currentData())
        self._preset_summary.setText(preset.summary)
        key = self._models.current_key()
        self._fit = self._what_fits(key)
        settings = resolve_settings(preset=preset.key, model_key=key, fit=self._fit)
        with self._filling():
            self._batch_value.follow(settings.batch)
            self._budget_value.follow(settings.budget)
            self._form.set_defaults(settings.model_dump(include=set(_IN_FORM)))
            if self._model_form is not None:
                config = self._state.entries[key].config
                self._model_form.set_defaults(parse_settings(config, settings.model).model_dump())
        self._show_choices()

    def _what_fits(self, key: str) -> Fit | None:
        if self._pictures is None or key not in self._state.entries:
            return None
        fastest = next(iter(self._state.machine.devices), "cpu")
        chosen = self._device.currentData()
        return fit(
            self._pictures,
            size=SIZES[self._size.currentIndex()],
            accelerator=fastest if chosen == "auto" else chosen,
            preset=self._preset.currentData(),
            card=self._state.entries[key].card,
            config=self._state.entries[key].config,
        )

    @contextmanager
    def _filling(self) -> Generator[None]:
        """What changes meanwhile was not chosen by a person."""
        was_filling, self._is_filling = self._is_filling, True
        try:
            yield
        finally:
            self._is_filling = was_filling

    def _show_budget(self, budget: Budget) -> None:
        with self._filling():
            self._unit.setCurrentIndex(_UNITS.index(budget.unit))
            self._amount.setValue(budget.amount)
        self._show_choices()

    def _on_own_change(self, value: Followed) -> None:
        if not self._is_filling:
            value.note_own()
            self._show_choices()

    def _on_form_changed(self) -> None:
        if not self._is_filling:
            self._show_choices()

    def _show_choices(self) -> None:
        """Offer the ways back, and give the reasons for what a person left as it fits."""
        self._batch_back.setVisible(self._batch_value.is_changed())
        self._budget_back.setVisible(self._budget_value.is_changed())
        chosen = set(self._form.own_values())
        if self._model_form is not None:
            chosen |= self._model_form.own_values().keys()
        if self._batch_value.is_own:
            chosen.add("batch")
        sentences = [self._suggestion, *self._fit.sentences(chosen)] if self._fit else []
        count = self._pictures.count if self._pictures and self._fit else 0
        self._fit_note.show_fit(count, [it for it in sentences if it])
        self.changed.emit()
