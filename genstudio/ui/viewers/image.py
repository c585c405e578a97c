"""Viewer of pictures: one large, with a slider to what it was made from."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QVBoxLayout, QWidget

from genstudio.domain.language import tr
from genstudio.services import studio
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.before_after import BeforeAfterView
from genstudio.ui.widgets.pixel_loader import PixelLoader, Pixels
from genstudio.ui.widgets.wheel import ignore_wheel_unless_focused

_PARTS = 100
_STEP, _PAGE = 2, 10


class ImageViewer:
    """Shows a picture; where there is a source, it can be laid over it from the left.

    Attributes:
        widget: What goes into a page.
    """

    def __init__(self) -> None:
        self.widget = QWidget()
        self._wanted: tuple[Path, Path | None] | None = None
        self._loader = PixelLoader(studio.picture, self.widget)
        self._loader.loaded.connect(self._on_loaded)
        self._view = BeforeAfterView()
        self._view.setObjectName("viewer.picture")
        self._view.setAccessibleName(tr("Result"))
        self._view.split_dragged.connect(lambda split: self._slider.setValue(round(split * _PARTS)))
        layout = QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._view, 1)
        layout.addWidget(self._make_slider())

    def show_result(self, path: Path, source: Path | None) -> None:
        """Read the picture, and what it was made from, and show them."""
        if self._wanted != (path, source):
            self._wanted = path, source
            self._loader.want([path] if source is None else [path, source])

    def clear(self, words: str) -> None:
        """Show no picture."""
        self._wanted = None
        self._loader.want(())
        self._view.set_placeholder(words)
        self._view.set_picture(None)
        self._show_before(None)

    def shutdown(self) -> None:
        """Leave no thread behind."""
        self._loader.stop()

    def _make_slider(self) -> QWidget:
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setObjectName("viewer.before_after")
        self._slider.setAccessibleName(tr("Before and after"))
        self._slider.setToolTip(tr("How much of the picture it was made from is shown"))
        self._slider.setRange(0, _PARTS)
        self._slider.setSingleStep(_STEP)
        self._slider.setPageStep(_PAGE)
        ignore_wheel_unless_focused(self._slider)
        self._slider.valueChanged.connect(self._on_moved)
        self._slider.setValue(_PARTS // 2)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID_PX)
        # As in the picture: left of the line it is as before.
        for widget in (_end(tr("Before")), self._slider, _end(tr("After"))):
            row.addWidget(widget)
        self._row = QWidget()
        self._row.setLayout(row)
        policy = self._row.sizePolicy()
        policy.setVerticalPolicy(QSizePolicy.Policy.Fixed)
        self._row.setSizePolicy(policy)
        self._row.hide()
        return self._row

    def _on_moved(self, value: int) -> None:
        self._view.set_split(value / _PARTS)
        self._slider.setAccessibleDescription(
            tr("{value} % of the picture before is shown", value=value)
        )

    def _on_loaded(self, pixels: list[Pixels]) -> None:
        after, *rest = pixels
        if isinstance(after, str):
            self._view.set_placeholder(after)
            self._view.set_picture(None)
            self._show_before(None)
            return
        self._view.set_picture(after)
        before = rest[0] if rest else None
        # What it was made from may be gone by now: the result is worth seeing without it.
        self._show_before(None if isinstance(before, str) else before)

    def _show_before(self, before: np.ndarray | None) -> None:
        self._view.set_before(before)
        self._row.setVisible(before is not None)


def _end(words: str) -> QLabel:
    label = QLabel(words)
    mark(label, role="small")
    return label
