"""All settings of a run and of its architecture, with a line to find one."""

from collections.abc import Collection, Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from genstudio.domain.language import tr
from genstudio.domain.settings import Settings
from genstudio.domain.training import TrainingSettings
from genstudio.ui.forms import SettingsForm
from genstudio.ui.theme import GRID_PX


class TrainSettings(QWidget):
    """Two forms under each other, and what was chosen for each architecture that was shown.

    Args:
        names: Settings of a run that are shown here; others have editors of their own.
        parent: Qt parent.

    Attributes:
        run: The form of the run's settings.

    Signals:
        changed(): Something else is set.
    """

    changed = Signal()

    def __init__(self, names: Collection[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run = SettingsForm(TrainingSettings, include=names)
        self.run.changed.connect(self.changed)
        self._model: SettingsForm | None = None
        self._key = ""
        # What was chosen for an architecture is there again when a person comes back to it.
        self._own_of_model: dict[str, dict[str, Any]] = {}
        self._find = QLineEdit()
        self._find.setObjectName("train.find")
        self._find.setAccessibleName(tr("Find a setting"))
        self._find.setPlaceholderText(tr("Find a setting: memory, mirror, learning rate…"))
        self._find.setClearButtonEnabled(True)
        self._find.textChanged.connect(self._look_for)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2 * GRID_PX)
        self._column.addWidget(self._find)
        self._column.addWidget(self.run)

    def forms(self) -> list[SettingsForm]:
        """Those of the run and, once one is shown, of an architecture."""
        return [self.run, *([self._model] if self._model is not None else [])]

    def show_all(self) -> None:
        """Show those again that the line to find one had hidden."""
        self._find.clear()

    def show_model(self, key: str, config: type[Settings]) -> None:
        """Show the settings of another architecture, as they are by default.

        Args:
            key: Of the architecture.
            config: Its settings.
        """
        if self._model is not None:
            self._own_of_model[self._key] = self._model.own_values()
            self._column.removeWidget(self._model)
            self._model.setParent(None)
            self._model.deleteLater()
        self._key = key
        self._model = SettingsForm(config)
        self._column.insertWidget(1, self._model)
        self._look_for(self._find.text())

    def take_up(self) -> None:
        """Set again what was chosen for the shown architecture, and tell of changes from now on.

        Comes after its defaults, which that must be told from.
        """
        if self._model is not None:
            self._model.set_values(self._own_of_model.get(self._key, {}))
            self._model.changed.connect(self.changed)

    def model_values(self) -> dict[str, Any]:
        """Settings of the shown architecture as they are now; empty where none is shown."""
        return {} if self._model is None else self._model.values()

    def set_model_values(self, values: Mapping[str, Any]) -> None:
        """Choose settings of the shown architecture; those that it has not are passed over."""
        if self._model is not None:
            known = self._model.values()
            self._model.set_values({name: it for name, it in values.items() if name in known})

    def set_model_defaults(self, values: Mapping[str, Any]) -> None:
        """Give settings of the shown architecture other defaults; what a person chose stays."""
        if self._model is not None:
            self._model.set_defaults(values)

    def own_names(self) -> set[str]:
        """Names of the settings that a person chose."""
        return {name for form in self.forms() for name in form.own_values()}

    def _look_for(self, text: str) -> None:
        """Show the settings that were looked for."""
        for form in self.forms():
            form.look_for(text)
