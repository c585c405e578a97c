"""The settings of a run that everybody meets: preset, size, how many at once, how long, where."""

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QSizePolicy, QWidget

from genstudio.domain.language import tr
from genstudio.domain.training import SIZES, TrainingSettings
from genstudio.services.presets import presets
from genstudio.ui.followed import back_button
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.fit_note import FitNote
from genstudio.ui.widgets.number_boxes import DecimalBox, WholeBox
from genstudio.ui.widgets.preset_menu import PresetMenu
from genstudio.ui.widgets.small import named_combo, side_by_side
from genstudio.ui.widgets.wheel import ignore_wheel_unless_focused

UNITS: Final = ("minutes", "steps", "images")


class TrainBasics(QGridLayout):
    """A row for each; what is chosen with them is the page's."""

    def __init__(self) -> None:
        super().__init__()
        self.setColumnStretch(1, 1)
        self.setHorizontalSpacing(GRID_PX)
        self.setVerticalSpacing(GRID_PX)
        self._make_boxes()
        self._make_budget()
        self._make_project()
        self._add(tr("Preset"), side_by_side(self.preset, self.preset_menu))
        self._add("", self.preset_summary)
        self.addWidget(self.fit_note, self.rowCount(), 0, 1, 3)
        self._size_title = self._add(tr("Picture size"), self.size)
        self._batch_title = self._add(tr("Pictures per step"), self.batch, self.batch_back)
        self._add(tr("Train for"), side_by_side(self.amount, self.unit), self.budget_back)
        self._add(tr("Device"), self.device)
        self._add(tr("Saved in"), side_by_side(self.project, self.change_project))

    def controls(self) -> list[QWidget]:
        """What sets something, each called what it sets, as far as it means something now."""
        every: list[QWidget] = [self.preset, self.size, self.batch, self.amount, self.device]
        return [it for it in every if not it.isHidden()]

    def name_examples(self, examples: str) -> None:
        """Call what is learned from by its name: a sound is no picture.

        Args:
            examples: Several of them, such as "sounds".
        """
        title = tr("{examples} per step", examples=examples.capitalize())
        self._batch_title.setText(title)
        self.batch.setAccessibleName(tr("{title} — batch size", title=title))
        self.unit.setItemText(UNITS.index("images"), tr("{examples} seen", examples=examples))

    def show_size(self, *, is_shown: bool) -> None:
        """Show the size, which only pictures have."""
        self._size_title.setVisible(is_shown)
        self.size.setVisible(is_shown)

    def _add(self, title: str, widget: QWidget, back: QWidget | None = None) -> QLabel:
        label = QLabel(title)
        label.setBuddy(widget)
        row = self.rowCount()
        self.addWidget(label, row, 0)
        self.addWidget(widget, row, 1)
        if back is not None:
            self.addWidget(back, row, 2)
        return label

    def _make_boxes(self) -> None:
        self.preset = named_combo("train.preset", tr("Preset"))
        for preset in presets():
            self.preset.addItem(preset.title, preset.key)
            last = self.preset.count() - 1
            self.preset.setItemData(last, preset.summary, Qt.ItemDataRole.ToolTipRole)
        self.preset_menu = PresetMenu()
        self.preset_summary = QLabel()
        self.preset_summary.setWordWrap(True)
        mark(self.preset_summary, role="small")
        self.fit_note = FitNote()
        self.size = named_combo("train.size", tr("Size of the pictures"))
        for size in SIZES:
            self.size.addItem(f"{size} × {size} px", size)
        self.size.setCurrentIndex(SIZES.index(TrainingSettings.model_fields["size"].default))
        self.batch = WholeBox(2, 1024, logarithmic=True)
        self.batch.setObjectName("train.batch")
        self.batch.setAccessibleName(tr("Pictures per step — batch size"))
        self.batch.setToolTip(tr(TrainingSettings.model_fields["batch"].description or ""))
        ignore_wheel_unless_focused(self.batch)
        self.batch_back = back_button("batch", tr("Pictures per step"))
        self.device = named_combo("train.device", tr("Device"))
        self.device.addItem(tr("The fastest — auto"), "auto")

    def _make_budget(self) -> None:
        self.amount = DecimalBox(0.1, 1e9)
        self.amount.setObjectName("train.budget")
        self.amount.setAccessibleName(tr("Train for — budget"))
        ignore_wheel_unless_focused(self.amount)
        self.unit = named_combo("train.unit", tr("Unit of the budget"))
        for unit, title in zip(
            UNITS, (tr("minutes"), tr("steps"), tr("pictures seen")), strict=True
        ):
            self.unit.addItem(title, unit)
        self.budget_back = back_button("budget", tr("Train for"))

    def _make_project(self) -> None:
        self.project = ElidedLabel()
        self.project.setObjectName("train.project")
        self.project.setAccessibleName(tr("Project folder"))
        mark(self.project, role="muted")
        self.change_project = QPushButton(tr("Change…"))
        self.change_project.setAccessibleName(tr("Change the project folder"))
        self.change_project.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
