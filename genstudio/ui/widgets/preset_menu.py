"""Saved presets: a small menu beside the built-in ones, and files that are dropped."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu, QToolButton, QWidget

from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import tr
from genstudio.services.own_presets import (
    OwnPreset,
    own_presets,
    read_preset,
    unreadable_presets,
)
from genstudio.ui.icons import icon


class PresetMenu(QToolButton):
    """A button with a menu.

    Signals:
        save_wanted(str, object): Save what is chosen under a title, into a file or None.
        chosen(OwnPreset): Choose what a preset says.
        failed(GenStudioError): A file is no preset.
    """

    save_wanted = Signal(str, object)
    chosen = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("train.presets")
        self.setAccessibleName(tr("Your presets"))
        self.setToolTip(tr("Save these settings, or choose ones that you saved or were given"))
        self.setIcon(icon("save"))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self.fill)
        self.setMenu(self._menu)

    def fill(self) -> None:
        """List what is saved now."""
        self._menu.clear()
        for _, preset in own_presets():
            title = preset.title.replace("&", "&&")
            action = self._menu.addAction(title)
            action.triggered.connect(partial(self._choose, preset))
        for path in unreadable_presets():
            name = path.stem.replace("&", "&&")
            action = self._menu.addAction(tr("{name} — cannot be read", name=name))
            # Says why.
            action.triggered.connect(partial(self._open, path))
        self._menu.addSeparator()
        self._menu.addAction(tr("Save these settings…")).triggered.connect(self._ask_title)
        self._menu.addAction(tr("Save into a file to share…")).triggered.connect(self._ask_file)
        self._menu.addAction(tr("Open a preset file…")).triggered.connect(self._ask_which)

    def open_file(self, path: Path) -> None:
        """Choose what a preset file says."""
        try:
            preset = read_preset(path)
        except GenStudioError as error:
            self.failed.emit(error)
            return
        self.chosen.emit(preset)

    def _choose(self, preset: OwnPreset, *_checked: bool) -> None:
        self.chosen.emit(preset)

    def _open(self, path: Path, *_checked: bool) -> None:
        self.open_file(path)

    def _ask_title(self) -> None:
        dialog = QInputDialog(self.window())
        dialog.setObjectName("dialog.preset_title")
        dialog.setWindowTitle(tr("Save these settings"))
        dialog.setLabelText(tr("Name of the preset"))
        dialog.textValueSelected.connect(
            lambda title: title.strip() and self.save_wanted.emit(title.strip(), None)
        )
        dialog.open()

    def _ask_file(self) -> None:
        dialog = self._file_dialog(tr("Save the preset"), QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("toml")
        dialog.fileSelected.connect(lambda path: self.save_wanted.emit(Path(path).stem, Path(path)))
        dialog.open()

    def _ask_which(self) -> None:
        dialog = self._file_dialog(tr("Open a preset"), QFileDialog.AcceptMode.AcceptOpen)
        dialog.fileSelected.connect(lambda path: self.open_file(Path(path)))
        dialog.open()

    def _file_dialog(self, title: str, mode: QFileDialog.AcceptMode) -> QFileDialog:
        dialog = QFileDialog(self.window(), title)
        dialog.setAcceptMode(mode)
        dialog.setNameFilter(tr("Presets (*.toml)"))
        return dialog
