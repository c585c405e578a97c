"""The question how and where to export pictures of the gallery."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr
from genstudio.domain.settings import parse_settings
from genstudio.services.exporters.protocol import Exporter
from genstudio.services.preferences import ExportMemory
from genstudio.services.projects import slug
from genstudio.ui.dialogs.folders import choose_export, usual_export_folder
from genstudio.ui.forms import SettingsForm
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.place_row import PlaceRow

Export = Callable[[Path, Mapping[str, Any]], None]

_WIDTH_PX = 70 * GRID_PX
# Heading, place, buttons and edges.
_BESIDE_THE_FORM_PX = 32 * GRID_PX
_LOWEST_FORM_PX = 12 * GRID_PX


def ask_how_to_export(
    window: QWidget,
    exporter: Exporter,
    counted: str,
    title: str,
    memory: ExportMemory,
    export: Export,
) -> None:
    """Ask, and have it done; does not wait for the answer.

    Args:
        window: Where to ask.
        exporter: What was chosen.
        counted: What is exported, such as "24 pictures".
        title: Of the project; what is made is called so.
        memory: What goes along, as it was chosen last; changed to what is chosen now.
        export: Called with the place and the options.
    """
    _ExportDialog(window, exporter, counted, title, memory, export).open()


class _ExportDialog(QDialog):
    def __init__(
        self,
        window: QWidget,
        exporter: Exporter,
        counted: str,
        title: str,
        memory: ExportMemory,
        export: Export,
    ) -> None:
        super().__init__(window)
        self.setObjectName("dialog.export")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._exporter = exporter
        self._memory = memory
        self._export = export
        card = exporter.card
        self.setWindowTitle(tr("Export {counted}", counted=counted))
        self.setMinimumWidth(_WIDTH_PX)
        heading = QLabel(card.title)
        mark(heading, role="heading")
        summary = QLabel(card.summary)
        summary.setWordWrap(True)
        self._form = SettingsForm(exporter.Options)
        self._form.set_values(memory.model_dump())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX + GRID_PX // 2)
        layout.addWidget(heading)
        layout.addWidget(summary)
        self._row = self._make_place(title)
        layout.addWidget(self._row)
        layout.addWidget(self._scrolled_form(window), 1)
        layout.addWidget(self._make_buttons())

    def _scrolled_form(self, window: QWidget) -> QScrollArea:
        """As high as it needs to be, but no higher than the window has room for."""
        area = QScrollArea()
        area.setObjectName("export.settings")
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self._form)
        room = window.window().height() - _BESIDE_THE_FORM_PX
        wanted = self._form.sizeHint().height()
        area.setMinimumHeight(max(_LOWEST_FORM_PX, min(wanted, room)))
        return area

    def _make_place(self, title: str) -> PlaceRow:
        suffixes = self._exporter.card.suffixes
        name = f"{slug(title)}{suffixes[0] if suffixes else ''}"
        row = PlaceRow(
            "export",
            usual_export_folder() / name,
            lambda at, begin: choose_export(at, suffixes, begin),
        )
        row.changed.connect(self._update)
        return row

    def _make_buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._start = buttons.addButton(tr("Export"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._start.setObjectName("export.start")
        mark(self._start, primary=True)
        self._start.setDefault(True)
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)
        return buttons

    def _update(self) -> None:
        self._start.setEnabled(self._row.place is not None)

    def _on_accepted(self) -> None:
        values, place = self._form.values(), self._row.place
        if place is None:
            return
        try:
            parse_settings(self._exporter.Options, values)
        except SettingsError:
            return  # The form says beside the value what is wrong with it.
        for name in ExportMemory.model_fields:
            setattr(self._memory, name, values[name])
        self.accept()
        self._export(place, values)
