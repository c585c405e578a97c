"""A film as a strip of frames with times, a scrubber, and painted pictures under their frames."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QSlider, QWidget

from genstudio.domain.language import tr
from genstudio.ui.dropping import dropped_paths
from genstudio.ui.theme import GRID_PX, colors
from genstudio.ui.widgets.pixels import image_from_pixels
from genstudio.ui.widgets.wheel import ignore_wheel_unless_focused

_FRAMES_PX = 7 * GRID_PX
_PAINTED_PX = 6 * GRID_PX
_GAP_PX = GRID_PX // 2
_MARGIN_PX = GRID_PX
_HANDLE_PX = 5
# Times under the strip are at least so far apart.
_TIMES_PX = 9 * GRID_PX
_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)


class FilmStrip(QSlider):
    """A slider whose value is the number of a frame.

    Arrows go by a frame, page keys by a second, Home and End to the ends; Ctrl with an arrow goes
    to the next painted frame, Alt with one moves the painted frame that one is on, and Delete takes
    it out. The mouse scrubs, and drags painted frames along.

    Signals:
        moved(int, int): The painted picture of this frame is one of that frame.
        taken_out(int): Take the painted picture of this frame off.
        dropped(list[Path], int): Files were dropped at this frame.
    """

    moved = Signal(int, int)
    taken_out = Signal(int)
    dropped = Signal(list, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._seconds: Sequence[float] = ()
        self._length_s = 0.0
        self._small: dict[int, QImage] = {}
        self._painted: dict[int, QImage] = {}
        self._names: dict[int, str] = {}
        # The painted frame that is dragged, and where it is now.
        self._dragged: tuple[int, int] | None = None
        self._shape = 16 / 9
        self.setRange(0, 0)
        self.setAcceptDrops(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Frame of the clip"))
        self.valueChanged.connect(self._describe)
        ignore_wheel_unless_focused(self)

    def set_film(self, seconds: Sequence[float], length_s: float, shape: float) -> None:
        """Show another film.

        Args:
            seconds: When each frame is shown; empty while they are counted.
            length_s: Of the film.
            shape: Width of a frame by its height.
        """
        self._seconds, self._length_s, self._shape = seconds, length_s, shape
        self.setRange(0, max(0, len(seconds) - 1))
        self.setSingleStep(1)
        self.setPageStep(max(1, round(len(seconds) / length_s)) if length_s else 1)
        self._describe()
        self.update()

    def set_small(self, small: Mapping[int, np.ndarray]) -> None:
        """Show these frames, by number; those that were there stay."""
        if not small:
            self._small.clear()
        for number, image_HWC in small.items():
            if number not in self._small:
                self._small[number] = image_from_pixels(image_HWC)
        self.update()

    def set_painted(self, painted: Mapping[int, tuple[str, np.ndarray]]) -> None:
        """Show these painted pictures, name and pixels by the number of their frame."""
        size = QSize(3 * _PAINTED_PX, _PAINTED_PX) * self.devicePixelRatioF()
        self._names = {number: name for number, (name, _) in painted.items()}
        self._painted = {
            number: image_from_pixels(image_HWC).scaled(
                size,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            for number, (_, image_HWC) in painted.items()
        }
        self._describe()
        self.update()

    def x_of(self, number: int) -> float:
        """Where a frame is, in the widget."""
        last = max(1, self.maximum())
        return _MARGIN_PX + number / last * (self.width() - 2 * _MARGIN_PX)

    def number_at(self, x: float) -> int:
        """The frame at a place of the widget."""
        share = (x - _MARGIN_PX) / max(1, self.width() - 2 * _MARGIN_PX)
        return round(min(max(share, 0.0), 1.0) * self.maximum())

    def painted_at(self, place: QPointF) -> int | None:
        """The painted frame under a place of the widget."""
        under = (it for it in reversed(self._painted) if self._painted_rect(it).contains(place))
        return next(under, None)

    def sizeHint(self) -> QSize:
        """Frames, times and what is painted under each other."""
        height = _FRAMES_PX + self._times_px() + _PAINTED_PX + 4 * _GAP_PX
        return QSize(60 * GRID_PX, height)

    def minimumSizeHint(self) -> QSize:
        """A few frames."""
        return QSize(30 * GRID_PX, self.sizeHint().height())

    # --- painting -----------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the frames, their times, what is painted, and where one is."""
        theme = colors()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        strip = self._strip_rect()
        painter.fillRect(strip, QColor(theme.canvas))
        self._paint_frames(painter, strip)
        painter.setPen(QPen(QColor(theme.accent if self.hasFocus() else theme.border), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(strip)
        self._paint_times(painter, strip.bottom() + _GAP_PX)
        for number in self._painted:
            self._paint_painted(painter, number)
        if self._seconds:
            self._paint_scrubber(painter, strip)
        painter.end()

    def _paint_frames(self, painter: QPainter, strip: QRectF) -> None:
        if not self._small:
            return
        count = max(1, round(strip.width() / (strip.height() * self._shape)))
        width = strip.width() / count
        painter.save()
        painter.setClipRect(strip)
        for place in range(count):
            middle = self.number_at(strip.left() + (place + 0.5) * width)
            nearest = min(self._small, key=lambda it, to=middle: abs(it - to))
            image = self._small[nearest]
            cell = QRectF(strip.left() + place * width, strip.top(), width, strip.height())
            scale = max(cell.width() / image.width(), cell.height() / image.height())
            shown = QRectF(0, 0, cell.width() / scale, cell.height() / scale)
            shown.moveCenter(QRectF(image.rect()).center())
            painter.drawImage(cell, image, shown)
        painter.restore()

    def _paint_times(self, painter: QPainter, top: float) -> None:
        if not self._seconds or self._seconds[-1] <= 0:
            return
        painter.setPen(QColor(colors().muted))
        last_s = self._seconds[-1]
        most = max(1, int((self.width() - 2 * _MARGIN_PX) / _TIMES_PX))
        step_s = next((it for it in _STEPS_S if last_s / it <= most), _STEPS_S[-1])
        for count in range(int(last_s / step_s) + 1):
            seconds = count * step_s
            number = int(np.searchsorted(np.asarray(self._seconds), seconds))
            x = self.x_of(min(number, self.maximum()))
            box = QRectF(x - _TIMES_PX / 2, top, _TIMES_PX, self._times_px())
            box.moveLeft(min(max(box.left(), 0), self.width() - box.width()))
            side = Qt.AlignmentFlag.AlignHCenter
            if x - _TIMES_PX / 2 < 0:
                side, box = Qt.AlignmentFlag.AlignLeft, box.translated(x, 0)
            painter.drawText(box, side, tr("{seconds:g} s", seconds=seconds))

    def _paint_painted(self, painter: QPainter, number: int) -> None:
        theme = colors()
        rect = self._painted_rect(number)
        is_here = self._place_of(number) == self.value()
        color = QColor(theme.accent if is_here else theme.text)
        painter.setPen(QPen(color, 1.5))
        x = self.x_of(self._place_of(number))
        painter.drawLine(QPointF(x, self._strip_rect().top()), QPointF(x, rect.top()))
        painter.drawImage(rect, self._painted[number])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(color, 2 if is_here else 1))
        painter.drawRect(rect)

    def _paint_scrubber(self, painter: QPainter, strip: QRectF) -> None:
        theme = colors()
        x = self.x_of(self.value())
        painter.setPen(QPen(QColor(theme.window), 4))
        painter.drawLine(QPointF(x, strip.top()), QPointF(x, strip.bottom()))
        painter.setPen(QPen(QColor(theme.accent), 2))
        painter.drawLine(QPointF(x, strip.top()), QPointF(x, strip.bottom()))
        painter.setBrush(QColor(theme.accent))
        painter.setPen(Qt.PenStyle.NoPen)
        top, low = strip.top() - _GAP_PX, strip.top() + _HANDLE_PX
        painter.drawPolygon(
            QPolygonF([QPointF(x - _HANDLE_PX, top), QPointF(x + _HANDLE_PX, top), QPointF(x, low)])
        )

    def _strip_rect(self) -> QRectF:
        width = self.width() - 2 * _MARGIN_PX
        return QRectF(_MARGIN_PX, _GAP_PX + 0.5, width, _FRAMES_PX)

    def _painted_rect(self, number: int) -> QRectF:
        image = self._painted[number]
        width = _PAINTED_PX * image.width() / max(1, image.height())
        top = _FRAMES_PX + self._times_px() + 3 * _GAP_PX
        left = self.x_of(self._place_of(number)) - width / 2
        left = min(max(left, 1.0), self.width() - width - 1)
        return QRectF(left, top, width, _PAINTED_PX)

    def _place_of(self, number: int) -> int:
        """Where a painted picture is shown: under its frame, or where it is being dragged to."""
        if self._dragged is not None and self._dragged[0] == number:
            return self._dragged[1]
        return number

    def _times_px(self) -> int:
        return self.fontMetrics().height()

    # --- reacting -----------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to scrub, or to drag a painted frame, which is shown."""
        if event.button() != Qt.MouseButton.LeftButton or not self._seconds:
            return
        number = self.painted_at(event.position())
        self._dragged = None if number is None else (number, number)
        self.setSliderDown(True)
        self.setValue(number if number is not None else self.number_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrub, or drag."""
        if not self.isSliderDown():
            return
        place = self.number_at(event.position().x())
        if self._dragged is not None:
            self._dragged = (self._dragged[0], place)
        self.setValue(place)
        self.update()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Leave a painted frame where it was dragged to."""
        self.setSliderDown(False)
        dragged, self._dragged = self._dragged, None
        if dragged is not None and dragged[0] != dragged[1]:
            self.moved.emit(*dragged)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What the mouse does; see the class."""
        way = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        here = self.value()
        if way and modifiers == Qt.KeyboardModifier.ControlModifier:
            others = [it for it in sorted(self._painted)[::way] if (it - here) * way > 0]
            self.setValue(others[0] if others else here)
        elif way and modifiers == Qt.KeyboardModifier.AltModifier:
            to = here + way
            if here in self._painted and 0 <= to <= self.maximum() and to not in self._painted:
                self.setValue(to)
                self.moved.emit(here, to)
        elif event.key() in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}:
            if here in self._painted:
                self.taken_out.emit(here)
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files, once it is known where they would lie."""
        if self._seconds and dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show the frame that they would be dropped on."""
        self.setValue(self.number_at(event.position().x()))
        event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Put them where they were dropped."""
        paths: list[Path] = dropped_paths(event.mimeData())
        if paths and self._seconds:
            self.dropped.emit(paths, self.number_at(event.position().x()))
            event.acceptProposedAction()

    def _describe(self) -> None:
        here = self.value()
        if not self._seconds:
            words = tr("The frames are being counted")
        else:
            words = tr(
                "Frame {number:,} of {last:,}, at {seconds:.2f} s",
                number=here,
                last=len(self._seconds) - 1,
                seconds=self._seconds[min(here, len(self._seconds) - 1)],
            )
        if here in self._names:
            words = tr("{words}; painted: {name}", words=words, name=self._names[here])
        if words != self.accessibleDescription():
            self.setAccessibleDescription(words)
