"""A picture large; one that was made from another stands behind it, with a slider between them."""

from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QStackedLayout, QWidget

from genstudio.data.decode import UnreadablePictureError
from genstudio.services import studio
from genstudio.ui.theme import GRID_PX, colors
from genstudio.ui.widgets.picture_view import PictureView
from genstudio.ui.widgets.pixels import image_from_pixels

_KEY_STEP = 0.05
_HANDLE_PX = 9


class BeforeAfter(QWidget):
    """Two pictures one over the other: the first left of the slider, the second right of it.

    Signals:
        moved(float): The slider is at another place, from 0 to 1.
    """

    moved = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._before = self._after = None
        self._share = 0.5
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setAccessibleName("Before and after")
        self._describe()

    def set_pictures(self, before_HWC: np.ndarray, after_HWC: np.ndarray) -> None:
        """Show two pictures; the first is brought to the size of the second.

        Args:
            before_HWC: uint8, shape (height, width, 1, 3 or 4).
            after_HWC: Likewise, of any size.
        """
        height, width = after_HWC.shape[:2]
        fitted = Image.fromarray(_rgb(before_HWC)).resize((width, height), Image.Resampling.LANCZOS)
        self._before = image_from_pixels(np.asarray(fitted))
        self._after = image_from_pixels(after_HWC)
        self.update()

    def share(self) -> float:
        """How much of the width shows the first picture, from 0 to 1."""
        return self._share

    def set_share(self, share: float) -> None:
        """Move the slider."""
        share = min(max(share, 0.0), 1.0)
        if share != self._share:
            self._share = share
            self._describe()
            self.update()
            self.moved.emit(share)

    def sizeHint(self) -> QSize:
        """Room to look at something."""
        return QSize(60 * GRID_PX, 45 * GRID_PX)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the slider, Home and End to its ends."""
        steps = {
            Qt.Key.Key_Left: self._share - _KEY_STEP,
            Qt.Key.Key_Right: self._share + _KEY_STEP,
            Qt.Key.Key_Home: 0.0,
            Qt.Key.Key_End: 1.0,
        }
        if event.key() in steps:
            self.set_share(steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Move the slider to where it is pressed."""
        self._follow(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the slider."""
        self._follow(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint both halves, the slider and who has the focus."""
        theme = colors()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(QPen(QColor(theme.accent if self.hasFocus() else theme.border), 1))
        painter.setBrush(QColor(theme.canvas))
        painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        place = self._place()
        if self._before is None or self._after is None or place.isEmpty():
            return
        edge = place.left() + place.width() * self._share
        left = QRectF(place.left(), place.top(), edge - place.left(), place.height())
        right = QRectF(edge, place.top(), place.right() - edge, place.height())
        for image, part in ((self._before, left), (self._after, right)):
            scale = image.width() / place.width()
            cut = QRectF((part.left() - place.left()) * scale, 0, part.width() * scale,
                         image.height())  # fmt: skip
            painter.drawImage(part, image, cut)
        self._paint_slider(painter, edge, place)

    def _paint_slider(self, painter: QPainter, edge: float, place: QRectF) -> None:
        theme = colors()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        # Dark and light, so that it is seen on any picture.
        for color, width in ((QColor(0, 0, 0, 160), 4), (QColor(theme.accent), 2)):
            painter.setPen(QPen(color, width))
            painter.drawLine(int(edge), int(place.top()), int(edge), int(place.bottom()))
        painter.setBrush(QColor(theme.accent))
        painter.setPen(QPen(QColor(255, 255, 255), 2))
        middle = place.center().y() - _HANDLE_PX
        painter.drawEllipse(QRectF(edge - _HANDLE_PX, middle, 2 * _HANDLE_PX, 2 * _HANDLE_PX))

    def _place(self) -> QRectF:
        """Where the pictures are: as large as fits, in the middle."""
        if self._after is None:
            return QRectF()
        room = QRectF(self.rect()).adjusted(GRID_PX, GRID_PX, -GRID_PX, -GRID_PX)
        scale = min(room.width() / self._after.width(), room.height() / self._after.height())
        place = QRectF(0, 0, self._after.width() * scale, self._after.height() * scale)
        place.moveCenter(room.center())
        return place

    def _follow(self, event: QMouseEvent) -> None:
        place = self._place()
        if not place.isEmpty():
            self.set_share((event.position().x() - place.left()) / place.width())

    def _describe(self) -> None:
        self.setAccessibleDescription(
            f"{self._share:.0%} of the width show the picture as it was, the rest what was made of "
            "it. Left and right arrows move the border."
        )


class ImageViewer(QWidget):
    """Shows a picture, and with a source the slider between both."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture = PictureView()
        self._picture.setObjectName("create.picture")
        self._picture.setAccessibleName("Selected result")
        self._both = BeforeAfter()
        self._both.setObjectName("create.before_after")
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._picture)
        self._stack.addWidget(self._both)
        self.show_result(None, None)

    def show_result(self, path: Path | None, source: Path | None) -> None:
        """Show a file, and beside it what it was made from; None for nothing."""
        self._stack.setCurrentWidget(self._picture)
        if path is None:
            self._picture.set_placeholder("Results come here as they are made.")
            self._picture.set_picture(None)
            return
        try:
            made_HWC = studio.picture(path)
            if source is not None:
                self._both.set_pictures(studio.picture(source), made_HWC)
                self._stack.setCurrentWidget(self._both)
                return
        except UnreadablePictureError as error:
            self._picture.set_placeholder(str(error))
            self._picture.set_picture(None)
            return
        self._picture.set_picture(made_HWC)


def _rgb(picture_HWC: np.ndarray) -> np.ndarray:
    if picture_HWC.shape[-1] == 1:
        return np.repeat(picture_HWC, 3, axis=-1)
    return picture_HWC
