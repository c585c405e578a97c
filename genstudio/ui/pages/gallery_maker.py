"""The part of the Gallery page that makes new pictures from a trained run."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.cards import INTERPOLATE, TEACH
from genstudio.domain.language import tr
from genstudio.services.studio import CatalogueEntry
from genstudio.ui.dialogs.choosing import ChoosingDialog
from genstudio.ui.forms import SettingsForm
from genstudio.ui.icons import icon
from genstudio.ui.run_words import examples_words, model_name
from genstudio.ui.state.choices import GalleryChoices
from genstudio.ui.state.gallery import GalleryState
from genstudio.ui.state.teaching import GalleryTeaching
from genstudio.ui.state.training import TrainingState
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.number_boxes import WholeBox
from genstudio.ui.widgets.small import named_combo
from genstudio.ui.widgets.wheel import ignore_wheel_unless_focused

_DEFAULT_COUNT = 24


class GalleryMaker(QFrame):
    """Chooses a run, how many and how adventurous, and makes them.

    Signals:
        changed(): Something can be made now, or cannot any more.
        teach_wanted(Path): Teach a branch of that run what the project's choices say.
    """

    changed = Signal()
    teach_wanted = Signal(Path)

    def __init__(
        self, state: GalleryState, training: TrainingState, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        mark(self, role="panel")
        self._state = state
        self._training = training
        self._form: SettingsForm | None = None
        self._form_kind: object = None
        self._run = named_combo("gallery.run", tr("Run to make more from"))
        self._run.setPlaceholderText(tr("No trained run yet"))
        self._run.currentIndexChanged.connect(self._show_form)
        self._count = WholeBox(1, 1000)
        self._count.setObjectName("gallery.number")
        self._count.setAccessibleName(tr("How many"))
        self._count.setValue(_DEFAULT_COUNT)
        ignore_wheel_unless_focused(self._count)
        self._generate = QPushButton(tr("Make more"))
        self._generate.setObjectName("gallery.generate")
        self._generate.setAccessibleName(tr("Make more"))
        self._generate.setIcon(icon("sparkles", "on_accent"))
        mark(self._generate, primary=True)
        self._generate.clicked.connect(self._on_generate)
        title = QLabel(tr("Make more"))
        mark(title, role="heading")
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self._count)
        row.addWidget(self._generate, 1)
        self._taste = QPushButton(tr("More to my taste"))
        self._taste.setObjectName("gallery.taste")
        self._taste.setIcon(icon("thumbs-up"))
        self._taste.setToolTip(
            tr(
                "Learns from your stars and choices what you like, and makes so many towards it; "
                "every fifth is there to surprise you"
            )
        )
        self._taste.clicked.connect(self._on_taste)
        self._compare = QPushButton(tr("A or B"))
        self._compare.setObjectName("gallery.compare")
        self._compare.setIcon(icon("columns-2"))
        self._compare.setToolTip(tr("Shows two at a time and asks which you like more"))
        self._compare.clicked.connect(self._on_compare)
        self._teaching = GalleryTeaching(state)
        self._teach = QPushButton(tr("Teach the model"))
        self._teach.setObjectName("gallery.teach")
        self._teach.setIcon(icon("git-branch"))
        self._teach.clicked.connect(lambda: self.teach_wanted.emit(self._run.currentData()))
        self._taught_by = ElidedLabel()
        self._taught_by.setObjectName("gallery.taught_by")
        mark(self._taught_by, role="small")
        tastes = QHBoxLayout()
        tastes.setSpacing(GRID_PX)
        tastes.addWidget(self._compare)
        tastes.addWidget(self._taste, 1)
        lessons = QHBoxLayout()
        lessons.setSpacing(GRID_PX)
        lessons.addWidget(self._teach)
        lessons.addWidget(self._taught_by, 1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        self._column.setSpacing(GRID_PX + GRID_PX // 2)
        self._column.addWidget(title)
        self._column.addWidget(self._run)
        # In a low window many settings are scrolled through, not squeezed.
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setMinimumHeight(9 * GRID_PX)
        self._scroll.setAccessibleName(tr("Settings of what is made"))
        self._column.addWidget(self._scroll, 1)
        self._column.addLayout(row)
        self._column.addLayout(tastes)
        self._column.addLayout(lessons)
        training.runs_changed.connect(self._show_runs)
        training.catalogue_loaded.connect(self._show_runs)
        training.activity_changed.connect(self._update_teaching)
        state.busy_changed.connect(self._update_button)
        state.changed.connect(self._update_teaching)
        state.item_changed.connect(self._update_teaching)
        self._show_runs()

    def _show_runs(self) -> None:
        chosen = self._run.currentData()
        before = {self._run.itemData(row) for row in range(self._run.count())}
        self._run.clear()
        for run in reversed(self._training.runs):
            entry = self._training.entries.get(run.settings.model_key)
            makes_some = entry is None or entry.sampling is not None
            if run.step > 0 and makes_some:
                settings = run.settings
                self._run.addItem(
                    tr(
                        "{model_key} · {examples_words} · step {step:,}",
                        model_key=model_name(settings.model_key, self._training.entries),
                        examples_words=examples_words(settings),
                        step=run.step,
                    ),
                    run.path,
                )
        now = [self._run.itemData(row) for row in range(self._run.count())]
        if before and (new := [path for path in now if path not in before]):
            chosen = new[0]  # What has just been learned is what a person comes to see.
        shown = self._training.shown
        wanted = chosen if self._run.findData(chosen) >= 0 else shown.path if shown else None
        self._run.setCurrentIndex(max(self._run.findData(wanted), 0 if self._run.count() else -1))
        self._run.setEnabled(self._run.count() > 0)
        self._show_form()

    def _show_form(self) -> None:
        run = next(
            (run for run in self._training.runs if run.path == self._run.currentData()), None
        )
        entry = self._training.entries.get(run.settings.model_key) if run else None
        key, choices = (entry.card.key, run.choices) if entry and run else ("", {})
        if (key, choices) != self._form_kind:
            if self._form is not None:
                self._scroll.takeWidget()
                self._form.setParent(None)
                self._form.deleteLater()
                self._form = None
            self._form_kind = key, choices
            if entry is not None and entry.sampling is not None:
                self._form = SettingsForm(entry.sampling, choices=choices)
                # A single setting is not spread over the room of several.
                self._form.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
                self._scroll.setWidget(self._form)
        self._update_button()

    def _update_button(self) -> None:
        self._generate.setEnabled(
            self._state.is_open and self._form is not None and not self._state.is_busy
        )
        entry = self._entry()
        can_be_steered = entry is not None and INTERPOLATE in entry.card.capabilities
        self._taste.setEnabled(self._generate.isEnabled() and can_be_steered)
        self._compare.setEnabled(self._state.is_open)
        self._update_teaching()
        self.changed.emit()

    def _update_teaching(self) -> None:
        entry = self._entry()
        can_be_taught = entry is not None and TEACH in entry.card.capabilities
        is_ready, words = self._teaching.readiness(is_training=self._training.is_running)
        self._teach.setVisible(can_be_taught)
        self._taught_by.setVisible(can_be_taught)
        self._teach.setEnabled(can_be_taught and is_ready)
        self._teach.setToolTip(
            tr(
                "Trains a branch of this run for some minutes that also follows your choices and "
                "stars; this run stays as it is"
            )
            if is_ready
            else words
        )
        self._taught_by.set_text(words)
        self._taught_by.setToolTip(tr("“A or B” asks for choices; stars that you give count, too"))

    def _entry(self) -> CatalogueEntry | None:
        """Of the architecture of the chosen run."""
        chosen = self._run.currentData()
        run = next((run for run in self._training.runs if run.path == chosen), None)
        return self._training.entries.get(run.settings.model_key) if run else None

    def _on_compare(self) -> None:
        made = GalleryChoices(self._state)
        dialog = ChoosingDialog(self, made.next_pair, made.choose, made.count)
        dialog.finished.connect(self._update_teaching)
        dialog.open()

    def _on_taste(self) -> None:
        assert self._form is not None
        self._state.more_to_taste(
            self._run.currentData(), count=self._count.value(), settings=self._form.values()
        )

    def can_make(self) -> bool:
        """Whether there is a model that makes something, and nothing is being made."""
        return self._generate.isEnabled()

    def make(self) -> None:
        """Make as many as are chosen; what a press of the button does."""
        self._generate.click()

    def _on_generate(self) -> None:
        assert self._form is not None
        # The button cannot be pressed meanwhile: the keyboard would be on the next one.
        self._scroll.setFocus()
        self._state.generate(
            self._run.currentData(), count=self._count.value(), sampling=self._form.values()
        )
