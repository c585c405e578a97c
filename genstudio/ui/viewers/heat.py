"""Viewer of what does not belong: a picture under its heat map, whose opacity has a slider."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from genstudio.data.heat import heated
from genstudio.domain.language import tr
from genstudio.services import studio
from genstudio.services.studio_operations import part_of
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.before_after import BeforeAfterView
from genstudio.ui.widgets.pixel_loader import PixelLoader, Pixels
from genstudio.ui.widgets.wheel import ignore_wheel_unless_focused

_PERCENT = 100
_USUAL = 70
_STEP, _PAGE = 5, 20


class HeatViewer:
    """Shows a picture and where it is strange.

    Attributes:
        widget: What goes into a page.
    """

    def __init__(self) -> None:
        self.widget = QWidget()
        self._wanted: Path | None = None
        self._picture: np.ndarray | None = None
        self._heat_HW: np.ndarray | None = None
        self._loader = PixelLoader(studio.picture, self.widget)
        self._loader.loaded.connect(self._on_loaded)
        self._view = BeforeAfterView()
        self._view.setObjectName("viewer.heat")
        self._view.setAccessibleName(tr("Picture with heat map"))
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setObjectName("viewer.opacity")
        self._slider.setAccessibleName(tr("Opacity of the heat map"))
        self._slider.setToolTip(tr("How strongly what is strange is coloured"))
        self._slider.setRange(0, _PERCENT)
        self._slider.setSingleStep(_STEP)
        self._slider.setPageStep(_PAGE)
        self._slider.setValue(_USUAL)
        ignore_wheel_unless_focused(self._slider)
        self._slider.valueChanged.connect(self._paint)
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        for widget in (_end(tr("Picture")), self._slider, _end(tr("Heat map"))):
            row.addWidget(widget)
        layout = QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._view, 1)
        layout.addLayout(row)

    def show_result(self, path: Path, source: Path | None) -> None:
        """Read the picture, as it was looked at, and its heat map."""
        del source  # It may be of another size than what was looked at.
        if self._wanted != path:
            self._wanted = path
            self._loader.want([part_of(path, "picture"), part_of(path, "heat"), path])

    def clear(self, words: str) -> None:
        """Show no picture."""
        self._wanted = None
        self._loader.want(())
        self._picture = self._heat_HW = None
        self._view.set_placeholder(words)
        self._view.set_picture(None)

    def shutdown(self) -> None:
        """Leave no thread behind."""
        self._loader.stop()

    def _on_loaded(self, pixels: list[Pixels]) -> None:
        picture, heat, result = pixels
        self._picture = self._heat_HW = None
        if not (isinstance(picture, str) or isinstance(heat, str)):
            self._take(picture, heat)
        self._slider.setEnabled(self._picture is not None)
        if self._picture is not None:
            self._paint()
        elif isinstance(result, str):
            self._view.set_placeholder(result)
            self._view.set_picture(None)
        else:  # Its parts were taken away; the result has the map in it.
            self._view.set_picture(result)

    def _take(self, picture: np.ndarray, heat: np.ndarray) -> None:
        if picture.shape[:2] == heat.shape[:2]:
            self._picture = picture
            self._heat_HW = heat[..., 0].astype(np.float32) / 255

    def _paint(self) -> None:
        value = self._slider.value()
        self._slider.setAccessibleDescription(f"{value} %")
        if self._picture is not None and self._heat_HW is not None:
            self._view.set_picture(heated(self._picture, self._heat_HW, value / _PERCENT))


def _end(words: str) -> QLabel:
    label = QLabel(words)
    mark(label, role="small")
    return label
