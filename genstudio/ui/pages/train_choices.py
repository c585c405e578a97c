"""What is chosen before a run: architecture, preset, size, budget and all settings."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import tr
from genstudio.domain.modalities import MOLECULES, NOTES, partner_kind
from genstudio.domain.settings import parse_known, parse_settings, setting_fields
from genstudio.domain.training import SIZES, Budget, TrainingSettings
from genstudio.services.fitting import PictureFacts, Suggestion, fit, suggest_model
from genstudio.services.presets import (
    DEFAULT_PRESET,
    Fit,
    preset_named,
    resolve_settings,
)
from genstudio.services.questions import Answers, Proposal, propose
from genstudio.ui.followed import Followed
from genstudio.ui.forms import SettingsForm
from genstudio.ui.pages.train_basics import UNITS, TrainBasics
from genstudio.ui.pages.train_settings import TrainSettings
from genstudio.ui.state.materials import MaterialsState
from genstudio.ui.state.training import TrainingState
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.disclosure import Disclosure
from genstudio.ui.widgets.model_cards import ModelCards, UnfitButton
from genstudio.ui.widgets.questions_panel import QuestionsPanel

# The rest of a run's settings have editors of their own.
_WAY = frozenset({"reverse"})
_IN_FORM = frozenset(it.name for it in setting_fields(TrainingSettings) if it.hints.group) - _WAY


class TrainChoices(QScrollArea):
    """Everything that is chosen before a run.

    What a person has not chosen follows the preset, the pictures and the machine.

    Attributes:
        rows: The settings that everybody meets.

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
        self._hidden: frozenset[str] = frozenset({"reverse", "bars", "notation"})
        # What the folder is learned as, there and back.
        self._ways = ("", "")
        self._modality = ""
        self._fit: Fit | None = None
        self._suggestion = ""
        self._is_filling = False
        self._is_model_own = False
        self._smallest_px = SIZES[-1]
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
        modality = "" if current is None else current.card.key
        if modality != self._modality:
            # What was scrolled to is not there any more, or somewhere else.
            self._modality = modality
            self.verticalScrollBar().setValue(0)
        self._ways = ("", "") if current is None else (current.summary, current.turned)
        self.rows.name_examples(current.card.noun[1] if current else tr("pictures"))
        has_roles = current is not None and len(current.card.roles) > 1
        has_classes = current is None or current.card.has_classes
        pictures = current is None or not current.card.suffixes
        has_pictures = pictures or (current is not None and current.card.has_pictures)
        shown = {
            "reverse": has_roles,
            "kinds": has_classes,
            "mirror": has_pictures,
            "transparency": pictures,
            "colours": pictures,
            "notation": current is not None and current.card.key == MOLECULES,
            "bars": current is not None
            and NOTES in (current.card.key, partner_kind(current.card.key, current.layout)),
        }
        self.rows.show_size(is_shown=has_pictures)
        self._hidden = frozenset(name for name, is_shown in shown.items() if not is_shown)
        self._all.run.set_hidden(self._hidden - _WAY)
        self._way.set_hidden(self._hidden & _WAY)
        self._way.setVisible(has_roles)
        self._suggest_model()
        self.fitness_changed.emit()

    def why_not(self) -> str:
        """Why the chosen architecture cannot learn what the folder holds; empty if it can."""
        return self._unfit.get(self._models.current_key(), "")

    def suggest_size(self, size: int, smallest_px: int = SIZES[-1]) -> None:
        """Choose the size that suits a new folder, whose pictures are usually so large."""
        self._smallest_px = smallest_px
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

        Raises:
            SettingsError: A value is none that can be chosen; nothing is changed then.
        """
        values = parse_known(TrainingSettings, training, model_key=self.model_key())
        if "size" in values:
            self.suggest_size(values["size"])
        if "batch" in values:
            self._batch.setValue(values["batch"])
        if "budget" in values:
            budget: Budget = values["budget"]
            self._unit.setCurrentIndex(UNITS.index(budget.unit))
            self._amount.setValue(budget.amount)
        for form, names in ((self._all.run, _IN_FORM), (self._way, _WAY)):
            form.set_values({name: value for name, value in values.items() if name in names})

    def apply_model(self, values: Mapping[str, Any]) -> None:
        """Choose settings of the architecture, as a person does; unknown ones are passed over.

        Raises:
            SettingsError: A value is none that can be chosen; nothing is changed then.
        """
        entry = self._state.entries.get(self.model_key())
        if entry is not None:
            self._all.set_model_values(parse_known(entry.config, values))

    def known_settings(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Settings of a run, and of the chosen architecture, that there are."""
        return TrainingSettings.model_fields, self._all.model_values()

    def propose(self, proposal: Proposal) -> None:
        """Choose what answers propose."""
        if proposal.model_key:
            self.choose_model(proposal.model_key)
        self._preset.setCurrentIndex(self._preset.findData(proposal.preset))
        self.apply({"size": proposal.size, "budget": proposal.budget})
        self._questions.show_reasons(proposal)

    def choose_preset(self, key: str) -> None:
        """Choose a built-in preset."""
        self._preset.setCurrentIndex(self._preset.findData(key))

    def _on_answered(self, answers: Answers) -> None:
        known = [entry.card for entry in self._state.entries.values()]
        cards = [card for card in known if card.key not in self._unfit]
        fastest = next(iter(self._state.machine.devices), "cpu")
        proposal = propose(
            answers, self._pictures, cards, accelerator=fastest, smallest_px=self._smallest_px
        )
        self.propose(proposal)

    def forms(self) -> list[SettingsForm]:
        """Those of all settings: of the run, and of the architecture."""
        way = [] if self._way.isHidden() else [self._way]
        return [*way, *self._all.forms()]

    def show_all_settings(self) -> None:
        """Show those again that the line to find one had hidden."""
        self._all.show_all()

    def set_project(self, path: Path | None, *, is_open: bool) -> None:
        """Show where runs are saved."""
        self._project.set_text("" if path is None else str(path))
        self._change_project.setEnabled(path is not None)
        self._change_project.setToolTip(
            tr("Open another project") if is_open else tr("Save in another folder")
        )

    def budget(self) -> Budget:
        """The budget as chosen now."""
        unit = UNITS[self._unit.currentIndex()]
        return Budget.model_validate({"unit": unit, "amount": self._amount.value()})

    def settings(self) -> TrainingSettings:
        """Everything as chosen now.

        Raises:
            SettingsError: Something is out of bounds.
        """
        key = self._models.current_key()
        model_values = self._all.model_values()
        parse_settings(self._state.entries[key].config, model_values)
        chosen = {**self._all.run.values(), **self._way.values()}
        training: dict[str, Any] = {
            **{name: it for name, it in chosen.items() if name not in self._hidden},
            "size": SIZES[self._size.currentIndex()],
            "batch": self._batch.value(),
            "budget": self.budget(),
            "device": self._device.currentData(),
        }
        return resolve_settings(
            preset=self._preset.currentData(), model_key=key, training=training, model=model_values
        )

    def in_short(self) -> str:
        """What a run would learn, how large and how long, in a line; empty before that is known."""
        entry = self._state.entries.get(self._models.current_key())
        if entry is None:
            return ""
        there, back = self._ways
        is_turned = bool(back) and self._way.values()["reverse"]
        parts = [
            entry.card.title,
            back if is_turned else there if back else "",
            "" if self._size.isHidden() else f"{self._size.currentData()}\N{NO-BREAK SPACE}px",
            str(self.budget()),
        ]
        return " · ".join(part for part in parts if part)

    def model_key(self) -> str:
        """The chosen architecture; empty before any are known."""
        return self._models.current_key()

    # --- building -----------------------------------------------------------------------

    def _build(self) -> None:
        content = QWidget()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(0, 0, GRID_PX, 0)
        self._column.setSpacing(GRID_PX + GRID_PX // 2)
        self._all = TrainSettings(_IN_FORM)
        self._all.changed.connect(self._on_form_changed)
        self._all.run.set_hidden(self._hidden - _WAY)
        # Which way to learn is a question at the beginning, and not one of many settings.
        self._way = SettingsForm(TrainingSettings, include=_WAY)
        self._way.changed.connect(self._on_form_changed)
        self._way.hide()
        self._models = ModelCards()
        self._models.setObjectName("train.model")
        self._models.setAccessibleName(tr("Architecture"))
        self._models.keyChanged.connect(self._on_model_changed)
        self._questions = QuestionsPanel()
        self._questions.answered.connect(self._on_answered)
        self._loading = QLabel(tr("Getting the architectures ready…"))
        mark(self._loading, role="muted")
        self._column.addWidget(self._loading)
        questions = Disclosure(tr("Three questions set everything"), self._questions)
        questions.setObjectName("train.questions")
        self._column.addWidget(questions)
        self._column.addWidget(self._models)
        others = UnfitButton(self._models)
        others.setObjectName("train.others")
        self._column.addWidget(others, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addWidget(self._way)
        rows = TrainBasics()
        self._take_rows(rows)
        self._column.addLayout(rows)
        self._more = Disclosure(tr("All settings"), self._all)
        self._more.setObjectName("train.all")
        self._column.addWidget(self._more)
        self._column.addStretch(1)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(content)

    def _take_rows(self, rows: TrainBasics) -> None:
        """Have the widgets of a run's first settings, and follow what is chosen with them."""
        self.rows = rows
        self._preset, self._size, self._batch = rows.preset, rows.size, rows.batch
        self._amount, self._unit, self._device = rows.amount, rows.unit, rows.device
        self._project, self._change_project = rows.project, rows.change_project
        self._batch_back, self._budget_back = rows.batch_back, rows.budget_back
        self._preset_summary, self._fit_note = rows.preset_summary, rows.fit_note
        self.preset_menu = rows.preset_menu
        self._batch_value = Followed(self._batch.value, self._batch.setValue)
        self._batch.valueChanged.connect(lambda: self._on_own_change(self._batch_value))
        self._batch_back.clicked.connect(self._batch_value.reset)
        self._budget_value = Followed(self.budget, self._show_budget)
        for changed in (self._amount.valueChanged, self._unit.currentIndexChanged):
            changed.connect(lambda: self._on_own_change(self._budget_value))
        self._budget_back.clicked.connect(self._budget_value.reset)
        self._change_project.clicked.connect(self.project_change_wanted)
        for box in (self._size, self._device, self._preset):
            box.currentIndexChanged.connect(self._fill)
        self.choose_preset(DEFAULT_PRESET)

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
            why = tr(
                "“{title}” is suggested: it learns from what this folder holds.",
                title=cards[0].title,
            )
            found = Suggestion(cards[0].key, why)
        self._suggestion = found.why if found else ""
        self._models.set_suggested(found.model_key if found else "", self._suggestion)
        # What a person chose stays, unless it could not begin.
        if found and (not self._is_model_own or self.why_not()):
            with self._filling():
                self._models.select(found.model_key)

    def _on_model_changed(self, key: str) -> None:
        self._is_model_own |= not self._is_filling
        self._all.show_model(key, self._state.entries[key].config)
        self._fill()
        self.fitness_changed.emit()
        self._all.take_up()
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
            self._all.run.set_defaults(settings.model_dump(include=set(_IN_FORM)))
            if key in self._state.entries:
                config = self._state.entries[key].config
                model = parse_settings(config, settings.model).model_dump()
                self._all.set_model_defaults(model)
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
            self._unit.setCurrentIndex(UNITS.index(budget.unit))
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
        chosen = self._all.own_names()
        if self._batch_value.is_own:
            chosen.add("batch")
        sentences = [self._suggestion, *self._fit.sentences(chosen)] if self._fit else []
        count = self._pictures.count if self._pictures and self._fit else 0
        self._fit_note.show_fit(count, [it for it in sentences if it])
        self.changed.emit()
