"""The question which scans become pictures, in which window of grey, with a look at one."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.settings import parse_settings
from genstudio.services import studio_scans
from genstudio.services.outputs import free_place
from genstudio.services.scans import ScanOptions
from genstudio.ui.dialogs.folders import choose_pictures, usual_export_folder
from genstudio.ui.forms import SettingsForm
from genstudio.ui.icons import icon
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.picture_view import PictureView
from genstudio.ui.widgets.pixel_loader import PixelLoader, Pixels

Import = Callable[[list[Path], Path, Mapping[str, Any]], None]

_WIDTH_PX, _HEIGHT_PX = 112 * GRID_PX, 76 * GRID_PX
_FORM_PX = 44 * GRID_PX
_PREVIEW_PX = 48 * GRID_PX
# While somebody types or steps, looking waits.
_SETTLED_MS = 200
_NOTHING = tr_noop("Choose a folder of scans: DICOM, NIfTI, 16-bit TIFF or PNG.")
_CARE = tr_noop(
    "Pictures get numbers for names, and patients become numbers in groups.csv. "
    "Look at what you import: names that are written into a picture stay in it. "
    "Not for diagnosis."
)


def ask_which_scans(window: QWidget, import_scans: Import) -> QDialog:
    """Ask, and have it done; does not wait for the answer.

    Args:
        window: Where to ask.
        import_scans: Called with the scans, the new folder and the options.
    """
    dialog = ScansDialog(window, import_scans)
    dialog.open()
    return dialog


class ScansDialog(QDialog):
    """Folder, window and axis at the right; the middle slice at the left."""

    def __init__(self, window: QWidget, import_scans: Import) -> None:
        super().__init__(window)
        self.setObjectName("dialog.scans")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Import scans"))
        self.resize(_WIDTH_PX, _HEIGHT_PX)
        self._import = import_scans
        self._folder: Path | None = None
        # Read in the loader's thread: whoever changes it puts a new one in its place.
        self._values: Mapping[str, Any] = {}
        self._loader = PixelLoader(lambda path: studio_scans.preview(path, self._values), self)
        self._loader.loaded.connect(self._on_loaded)
        self._timer = QTimer(self, singleShot=True, interval=_SETTLED_MS)
        self._timer.timeout.connect(self._look)
        self._view = PictureView()
        self._view.setObjectName("scans.preview")
        self._view.setAccessibleName(tr("Middle slice of the first scan"))
        self._view.setMinimumSize(_PREVIEW_PX, _PREVIEW_PX)
        self._view.set_placeholder(tr(_NOTHING))
        row = QHBoxLayout()
        row.setSpacing(2 * GRID_PX)
        row.addWidget(self._view, 1)
        row.addWidget(self._make_form())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX)
        layout.addLayout(row, 1)
        layout.addWidget(self._make_buttons())
        self.finished.connect(self._loader.stop)
        self._update()

    def set_folder(self, folder: Path) -> None:
        """Look at the scans of a folder."""
        self._folder = folder
        self._path.setText(str(folder))
        self._update()

    def _make_form(self) -> QScrollArea:
        choose = QPushButton(tr("Choose a folder of scans…"))
        choose.setObjectName("scans.choose")
        choose.setIcon(icon("folder-open"))
        choose.clicked.connect(self._choose)
        self._path = ElidedLabel()
        self._path.setAccessibleName(tr("Folder of scans"))
        self._form = SettingsForm(ScanOptions)
        self._form.changed.connect(self._update)
        care = QLabel(tr(_CARE))
        care.setWordWrap(True)
        mark(care, role="small")
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, GRID_PX, 0)
        column.setSpacing(GRID_PX)
        for widget in (choose, self._path, self._form, care):
            column.addWidget(widget)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setMinimumWidth(_FORM_PX)
        area.setMaximumWidth(_FORM_PX)
        area.setWidget(content)
        return area

    def _make_buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._start = buttons.addButton(tr("Import"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._start.setObjectName("scans.start")
        mark(self._start, primary=True)
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)
        return buttons

    def _choose(self) -> None:
        chosen = choose_pictures(self, self._folder)
        if chosen is not None:
            self.set_folder(chosen)

    def _update(self) -> None:
        self._start.setEnabled(self._folder is not None)
        self._timer.start()

    def _look(self) -> None:
        if self._folder is not None:
            self._values = dict(self._form.values())
            self._loader.want([self._folder])

    def _on_loaded(self, pixels: list[Pixels]) -> None:
        (found,) = pixels
        if isinstance(found, str):
            self._view.set_placeholder(found)
        self._view.set_picture(None if isinstance(found, str) else found)

    def _on_accepted(self) -> None:
        values = self._form.values()
        try:
            parse_settings(ScanOptions, values)
        except SettingsError:
            return  # The form says beside the value what is wrong with it.
        assert self._folder is not None
        self.accept()
        # Not called like the folder of scans, whose name may be a person's.
        to = free_place(usual_export_folder() / "GenStudio scans")
        self._import([self._folder], to, values)
