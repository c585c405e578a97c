"""How scans become grey: the window, the axis and what belongs together, with a live preview."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.errors import SettingsError
from genstudio.domain.language import number_text, tr, tr_noop
from genstudio.domain.settings import parse_settings
from genstudio.services import studio_scans
from genstudio.services.scans import Look, ScanOptions
from genstudio.ui.forms import SettingsForm
from genstudio.ui.icons import icon
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.picture_view import PictureView
from genstudio.ui.widgets.pixel_loader import PixelLoader, Pixels

_FORM_PX = 44 * GRID_PX
_PREVIEW_PX = 48 * GRID_PX
_SLIDER_STEPS = 100
# While somebody types or steps, looking waits.
_SETTLED_MS = 200
_NOTHING = tr_noop("Choose a folder of scans: DICOM, NIfTI, 16-bit TIFF or PNG.")
_NUMBERS = tr_noop(
    "Here values go from {least} to {most}. From black to white: {low} to {high}, which is a "
    "middle of {middle} and a width of {width}."
)
_CARE = tr_noop(
    "Pictures get numbers for names, and patients become numbers in groups.csv. "
    "Look at what you import: names that are written into a picture stay in it. "
    "Not for diagnosis."
)


class ScansPanel(QWidget):
    """Folder, window and axis at the right; a slice at the left.

    Signals:
        choose_wanted(): A person wants to choose a folder.

    Args:
        prefix: That the names of its controls begin with.
    """

    choose_wanted = Signal()

    def __init__(self, prefix: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.folder: Path | None = None
        # Read in the loader's thread: whoever changes it puts a new one in its place.
        self._asked: tuple[Mapping[str, Any], float] = ({}, 0.5)
        self._seen: Look | None = None
        self._loader = PixelLoader(self._read, self)
        self._loader.loaded.connect(self._on_loaded)
        self._timer = QTimer(self, singleShot=True, interval=_SETTLED_MS)
        self._timer.timeout.connect(self._look)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * GRID_PX)
        row.addLayout(self._make_view(prefix), 1)
        row.addWidget(self._make_form(prefix))

    def set_folder(self, folder: Path | None) -> None:
        """Look at the scans of a folder; of none, let go of what was shown."""
        self.folder = folder
        self._path.setText("" if folder is None else str(folder))
        self._timer.start()

    def options(self) -> dict[str, Any] | None:
        """What was chosen; None where the form says that something is wrong with it."""
        values = self._form.values()
        try:
            parse_settings(ScanOptions, values)
        except SettingsError:
            return None
        return dict(values)

    def stop(self) -> None:
        """Wait until nothing is read any more."""
        self._timer.stop()
        self._loader.stop()

    def _make_view(self, prefix: str) -> QVBoxLayout:
        self._view = PictureView()
        self._view.setObjectName(f"{prefix}.preview")
        self._view.setAccessibleName(tr("A slice of the first scan"))
        self._view.setMinimumSize(_PREVIEW_PX, _PREVIEW_PX)
        self._view.set_placeholder(tr(_NOTHING))
        self._slice = QSlider(Qt.Orientation.Horizontal)
        self._slice.setObjectName(f"{prefix}.slice")
        self._slice.setAccessibleName(tr("Which slice is shown"))
        self._slice.setRange(0, _SLIDER_STEPS)
        self._slice.setValue(_SLIDER_STEPS // 2)
        self._slice.valueChanged.connect(self._timer.start)
        below = QHBoxLayout()
        label = QLabel(tr("Slice"))
        label.setBuddy(self._slice)
        below.addWidget(label)
        below.addWidget(self._slice, 1)
        column = QVBoxLayout()
        column.setSpacing(GRID_PX)
        column.addWidget(self._view, 1)
        column.addLayout(below)
        column.addLayout(self._make_numbers(prefix))
        return column

    def _make_numbers(self, prefix: str) -> QHBoxLayout:
        self._numbers = QLabel()
        self._numbers.setObjectName(f"{prefix}.numbers")
        self._numbers.setAccessibleName(tr("Values of this slice"))
        self._numbers.setWordWrap(True)
        self._numbers.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        # By itself a label is reached by clicks alone.
        self._numbers.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        # Two lines, so that nothing moves when the first numbers are there.
        self._numbers.setMinimumHeight(2 * self._numbers.fontMetrics().lineSpacing())
        mark(self._numbers, role="small")
        self._alike = QPushButton(tr("Same for all files"))
        self._alike.setObjectName(f"{prefix}.alike")
        self._alike.setToolTip(
            tr("Take this middle and this width for all files, so that brightness can be compared")
        )
        self._alike.setEnabled(False)
        self._alike.clicked.connect(self._on_alike)
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self._numbers, 1)
        row.addWidget(self._alike)
        return row

    def _make_form(self, prefix: str) -> QScrollArea:
        choose = QPushButton(tr("Choose a folder of scans…"))
        choose.setObjectName(f"{prefix}.choose")
        choose.setIcon(icon("folder-open"))
        choose.clicked.connect(self.choose_wanted)
        self._path = ElidedLabel()
        self._path.setAccessibleName(tr("Folder of scans"))
        self._form = SettingsForm(ScanOptions)
        self._form.changed.connect(self._timer.start)
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

    def _look(self) -> None:
        if self.folder is None:
            self._loader.want(())
            self._view.set_picture(None)
            self._show_numbers(None)
            return
        self._asked = dict(self._form.values()), self._slice.value() / _SLIDER_STEPS
        self._loader.want([self.folder])

    def _read(self, path: Path) -> np.ndarray:
        """In the loader's thread, which reads one after the other: the last is what is shown."""
        self._seen = None
        self._seen = studio_scans.preview(path, *self._asked)
        return self._seen.pixels

    def _on_loaded(self, pixels: list[Pixels]) -> None:
        (found,) = pixels
        if isinstance(found, str):
            self._view.set_placeholder(found)
        self._view.set_picture(None if isinstance(found, str) else found)
        self._show_numbers(None if isinstance(found, str) else self._seen)

    def _show_numbers(self, look: Look | None) -> None:
        has_own_width = bool(self._form.values().get("width"))
        self._alike.setEnabled(look is not None and look.high > look.low and not has_own_width)
        if look is None:
            self._numbers.clear()
            return
        told = {name: getattr(look, name) for name in ("least", "most", "low", "high")}
        told |= dict(zip(("middle", "width"), _window_of(look), strict=True))
        digits = _digits(look.high - look.low)
        written = {name: number_text(value, digits) for name, value in told.items()}
        self._numbers.setText(tr(_NUMBERS, **written))

    def _on_alike(self) -> None:
        if self._seen is not None:
            middle, width = _window_of(self._seen)
            self._form.set_values({"middle": middle, "width": width})


def _window_of(look: Look) -> tuple[float, float]:
    """Middle and width, as exact as a person would type them."""
    digits = _digits(look.high - look.low)
    return round((look.low + look.high) / 2, digits), round(look.high - look.low, digits)


def _digits(width: float) -> int:
    """Decimals that make a thousand steps of a width."""
    return max(0, 3 - math.ceil(math.log10(width))) if width > 0 else 0
