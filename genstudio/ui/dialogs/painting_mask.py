"""The question which part of a picture is meant, answered with a brush."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import tr, tr_noop
from genstudio.services import studio
from genstudio.ui.icons import icon
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.mask_view import MaskView
from genstudio.ui.widgets.pixel_loader import PixelLoader, Pixels

_WIDTH_PX, _HEIGHT_PX = 112 * GRID_PX, 84 * GRID_PX
_SMALLEST_BRUSH, _LARGEST_BRUSH, _FIRST_BRUSH = 2, 400, 48
_HELP = tr_noop(
    "Left button paints, right button takes away, the wheel enlarges, 0 shows all of it."
)


def ask_for_mask(window: QWidget, path: Path, use: Callable[[np.ndarray], None]) -> QDialog:
    """Ask, and have the mask used; does not wait for the answer.

    Args:
        window: Where to ask.
        path: The picture; only read.
        use: Called with the mask, uint8 (height, width, 3) of the picture's size.
    """
    dialog = MaskDialog(window, path, use)
    dialog.open()
    return dialog


class MaskDialog(QDialog):
    """The picture with a brush above, and what can be done below."""

    def __init__(self, window: QWidget, path: Path, use: Callable[[np.ndarray], None]) -> None:
        super().__init__(window)
        self.setObjectName("dialog.mask")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Paint a mask over {name}", name=path.name))
        self.resize(_WIDTH_PX, _HEIGHT_PX)
        self._use = use
        self._loader = PixelLoader(studio.picture, self)
        self._loader.loaded.connect(self._on_loaded)
        self._view = MaskView()
        self._view.setObjectName("mask.view")
        self._view.setAccessibleName(tr("Picture with the mask"))
        self._view.set_placeholder(tr("Reading the picture…"))
        self._view.changed.connect(self._update)
        help_ = QLabel(tr(_HELP))
        mark(help_, role="small")
        layout = QVBoxLayout(self)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._view, 1)
        layout.addWidget(help_)
        layout.addLayout(self._make_tools())
        layout.addWidget(self._make_buttons())
        QShortcut(QKeySequence.StandardKey.Undo, self, self._view.undo)
        self._update()
        self._loader.want([path])

    def done(self, result: int) -> None:
        """Leave no thread behind."""
        self._loader.stop()
        super().done(result)

    def _make_tools(self) -> QHBoxLayout:
        self._brush = QSlider(Qt.Orientation.Horizontal)
        self._brush.setObjectName("mask.brush")
        self._brush.setAccessibleName(tr("Width of the brush"))
        self._brush.setRange(_SMALLEST_BRUSH, _LARGEST_BRUSH)
        self._brush.valueChanged.connect(self._view.set_brush)
        self._brush.setValue(_FIRST_BRUSH)
        title = QLabel(tr("Brush"))
        title.setBuddy(self._brush)
        erase = QCheckBox(tr("Take away"))
        erase.setObjectName("mask.erase")
        erase.toggled.connect(self._view.set_erasing)
        self._undo = _tool("undo", tr("Undo"), "undo-2", self._view.undo)
        self._clear = _tool("clear", tr("Clear"), "eraser", self._view.clear_mask)
        self._invert = _tool("invert", tr("Invert"), "contrast", self._view.invert)
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(title)
        row.addWidget(self._brush, 1)
        for widget in (erase, self._undo, self._clear, self._invert):
            row.addWidget(widget)
        return row

    def _make_buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._take = buttons.addButton(tr("Use this mask"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._take.setObjectName("mask.use")
        mark(self._take, primary=True)
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)
        return buttons

    def _on_loaded(self, pictures: list[Pixels]) -> None:
        (found,) = pictures
        if isinstance(found, str):
            self._view.set_placeholder(found)
            return
        self._view.set_picture(found)
        self._brush.setValue(max(_FIRST_BRUSH, max(found.shape[:2]) // 12))

    def _on_accepted(self) -> None:
        self._use(self._view.mask())
        self.accept()

    def _update(self) -> None:
        self._undo.setEnabled(self._view.can_undo())
        is_empty = self._view.is_empty()
        self._clear.setEnabled(not is_empty)
        self._take.setEnabled(not is_empty)


def _tool(key: str, words: str, icon_name: str, do: Callable[[], None]) -> QPushButton:
    button = QPushButton(words)
    button.setObjectName(f"mask.{key}")
    button.setIcon(icon(icon_name))
    button.clicked.connect(do)
    return button
