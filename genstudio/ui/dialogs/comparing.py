"""Two pictures of the gallery: with a line between them, side by side, or what differs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import tr
from genstudio.services import studio
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.before_after import BeforeAfterView
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.picture_view import PictureView
from genstudio.ui.widgets.pixel_loader import PixelLoader, Pixels
from genstudio.ui.widgets.small import named_combo

_SIZE_PX = (120 * GRID_PX, 84 * GRID_PX)
_LINE, _BESIDE, _DIFFERENCE = range(3)
# So small a difference nobody sees; enlarged so much it is seen.
_VISIBLE: Final = 8
_GAIN: Final = 4
_STEPS = 1000


class ComparingDialog(QDialog):
    """Two pictures, the second as large as the first.

    Args:
        window: Where it is shown.
        paths: Of both.
        captions: What they are called; they may be called the same.
    """

    def __init__(self, window: QWidget, paths: Sequence[Path], captions: Sequence[str]) -> None:
        super().__init__(window)
        self.setObjectName("dialog.comparing")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Compare two pictures"))
        room = window.window().size()
        self.resize(min(_SIZE_PX[0], room.width()), min(_SIZE_PX[1], room.height()))
        self._way = named_combo("comparing.way", tr("How both are shown"))
        self._way.addItems([tr("A line between both"), tr("Side by side"), tr("What differs")])
        self._words = QLabel()
        self._words.setObjectName("comparing.words")
        self._words.setWordWrap(True)
        mark(self._words, role="muted")
        self._over = BeforeAfterView((tr("A"), tr("B")))
        self._over.setObjectName("comparing.over")
        self._beside = (PictureView(), PictureView())
        self._difference = PictureView()
        self._difference.setObjectName("comparing.difference")
        self._line = QSlider(Qt.Orientation.Horizontal)
        self._line.setObjectName("comparing.line")
        self._line.setAccessibleName(tr("Where the line is"))
        self._line.setRange(0, _STEPS)
        self._line.setValue(_STEPS // 2)
        self._line.valueChanged.connect(lambda value: self._over.set_split(value / _STEPS))
        self._over.split_dragged.connect(lambda split: self._line.setValue(round(split * _STEPS)))
        self._stack = QStackedWidget()
        for widget in (self._page_over(), self._page_beside(captions), self._difference):
            self._stack.addWidget(widget)
        self._way.currentIndexChanged.connect(self._stack.setCurrentIndex)
        head = QHBoxLayout()
        head.addWidget(self._way)
        head.addWidget(self._words, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX)
        layout.addLayout(head)
        layout.addWidget(self._stack, 1)
        layout.addWidget(buttons)
        self._loader = PixelLoader(studio.picture, self)
        self._loader.loaded.connect(self._on_loaded)
        self._loader.want(list(paths))
        self.finished.connect(self._loader.stop)

    def _page_over(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._over, 1)
        layout.addWidget(self._line)
        return page

    def _page_beside(self, captions: Sequence[str]) -> QWidget:
        page = QWidget()
        layout = QHBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 * GRID_PX)
        for view, letter, caption in zip(self._beside, (tr("A"), tr("B")), captions, strict=True):
            column = QVBoxLayout()
            name = ElidedLabel()
            name.set_text(f"{letter} · {caption}")
            name.setAlignment(Qt.AlignmentFlag.AlignCenter)
            view.setAccessibleName(name.text())
            column.addWidget(view, 1)
            column.addWidget(name)
            layout.addLayout(column, 1)
        return page

    def _on_loaded(self, pixels: list[Pixels]) -> None:
        unreadable = [it for it in pixels if isinstance(it, str)]
        if unreadable:
            self._words.setText(unreadable[0])
            return
        first, second = (np.asarray(it) for it in pixels)
        second = _as_large(second, first)
        self._over.set_before(first)
        self._over.set_picture(second)
        for view, picture in zip(self._beside, (first, second), strict=True):
            view.set_picture(picture)
        apart = np.abs(first[..., :3].astype(np.int16) - second[..., :3].astype(np.int16))
        self._difference.set_picture(np.clip(apart * _GAIN, 0, 255).astype(np.uint8))
        visible = float((apart.max(axis=2) >= _VISIBLE).mean())
        self._words.setText(
            tr("They are the same.")
            if not apart.any()
            else tr(
                "{share:.0f} % of the pixels differ visibly; the mean difference is {mean:.1f} of "
                "255 levels.",
                share=100 * visible,
                mean=float(apart.mean()),
            )
        )


def _as_large(picture_HWC: np.ndarray, other_HWC: np.ndarray) -> np.ndarray:
    """A picture in the size and with as many channels as another."""
    height, width = other_HWC.shape[:2]
    image = Image.fromarray(np.squeeze(picture_HWC)).convert("RGB")
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(image)
