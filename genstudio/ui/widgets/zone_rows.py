"""Rows that say of which seed the form, texture and colour of a picture are taken."""

from collections.abc import Mapping

from PySide6.QtCore import QRegularExpression, Signal
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QToolButton, QWidget

from genstudio.domain.language import tr, tr_noop
from genstudio.domain.places import ZONES
from genstudio.ui.icons import icon
from genstudio.ui.theme import GRID_PX

ZONE_TITLES: Mapping[str, str] = {
    "form": tr_noop("Form"),
    "texture": tr_noop("Texture"),
    "colour": tr_noop("Colour"),
}
_SEED = QRegularExpression(r"\d{0,18}")


class ZoneRows(QWidget):
    """One row for each zone.

    Signals:
        style_changed(str, object): Take a zone of this seed, or of none: None.
        chosen_wanted(str): Take a zone of the picture that is chosen elsewhere.
        gallery_wanted(str): Take a zone of a picture of the gallery.
    """

    style_changed = Signal(str, object)
    chosen_wanted = Signal(str)
    gallery_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edits: dict[str, QLineEdit] = {}
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(GRID_PX // 2)
        layout.setVerticalSpacing(GRID_PX // 2)
        layout.setColumnStretch(1, 1)
        for row, zone in enumerate(ZONES):
            title = tr(ZONE_TITLES[zone])
            edit = QLineEdit()
            edit.setObjectName(f"explore.style.{zone}")
            edit.setValidator(QRegularExpressionValidator(_SEED, edit))
            edit.setPlaceholderText(tr("of this place"))
            edit.setClearButtonEnabled(True)
            edit.setAccessibleName(tr("{title} of seed", title=title))
            edit.setToolTip(tr("A seed whose part is taken; empty for that of this place"))
            edit.editingFinished.connect(lambda at=zone: self._on_edited(at))
            edit.textChanged.connect(lambda text, at=zone: self._on_text(at, text))
            self._edits[zone] = edit
            label = QLabel(title)
            label.setBuddy(edit)
            chosen = self._button(
                f"explore.chosen.{zone}",
                "image",
                tr("{title} of the picture that is chosen below", title=title),
            )
            chosen.clicked.connect(lambda _=False, at=zone: self.chosen_wanted.emit(at))
            hung = self._button(
                f"explore.hung.{zone}",
                "layout-grid",
                tr("{title} of a picture of the gallery…", title=title),
            )
            hung.clicked.connect(lambda _=False, at=zone: self.gallery_wanted.emit(at))
            for column, widget in enumerate((label, edit, chosen, hung)):
                layout.addWidget(widget, row, column)

    def show_styles(self, styles: Mapping[str, int]) -> None:
        """Show of which seed each zone is taken."""
        for zone, edit in self._edits.items():
            text = str(styles[zone]) if zone in styles else ""
            if text != edit.text():
                edit.blockSignals(True)
                edit.setText(text)
                edit.blockSignals(False)

    def _on_edited(self, zone: str) -> None:
        text = self._edits[zone].text()
        self.style_changed.emit(zone, int(text) if text else None)

    def _on_text(self, zone: str, text: str) -> None:
        if not text:  # The button that empties it ends no edit.
            self.style_changed.emit(zone, None)

    def _button(self, name: str, image: str, words: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setIcon(icon(image))
        button.setToolTip(words)
        button.setAccessibleName(words)
        return button
