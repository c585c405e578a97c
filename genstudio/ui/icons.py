"""Icons drawn from SVG files in the colour that the theme has at the moment of drawing."""

from functools import cache

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPaintEvent, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QWidget

from genstudio.domain.resources import resource
from genstudio.ui.theme import colors


def icon(name: str, color: str = "") -> QIcon:
    """An icon of the set in ``resources/icons``, sharp at any size and scale.

    Args:
        name: File name without ``.svg``.
        color: Name of one of the theme's :class:`~genstudio.ui.theme.Colors`, such as
            "danger"; by default that of text, and of disabled or selected text where it
            belongs.

    Raises:
        FileNotFoundError: There is no such icon.
    """
    _svg(name)  # A wrong name shows here and not in the middle of painting.
    return QIcon(_ThemedEngine(name, color))


def program_picture(side_px: int, scale: float) -> QPixmap:
    """The program's own picture.

    Args:
        side_px: Its side.
        scale: Pixels of the screen for each of these.
    """
    pixmap = QPixmap(QSize(side_px, side_px) * scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(resource("desktop/genstudio.svg").read_bytes())).render(painter)
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap


class IconLabel(QWidget):
    """An icon that stands by itself, redrawn when the theme changes."""

    def __init__(
        self, name: str, side_px: int, color: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._icon = icon(name, color)
        self.setFixedSize(side_px, side_px)

    def set_icon(self, name: str, color: str = "") -> None:
        """Show another icon."""
        self._icon = icon(name, color)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the icon over the whole widget."""
        painter = QPainter(self)
        self._icon.paint(painter, self.rect())
        painter.end()


class _ThemedEngine(QIconEngine):
    """Asks the theme for its colour whenever it paints, so that no icon is ever stale."""

    def __init__(self, name: str, color: str) -> None:
        super().__init__()
        self._name = name
        self._color = color

    def clone(self) -> QIconEngine:
        return _ThemedEngine(self._name, self._color)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        side = min(rect.width(), rect.height())
        # At the left of a wide place: the rest is the gap to the words of a button.
        square = QRectF(rect.x(), rect.y() + (rect.height() - side) / 2, side, side)
        _renderer(self._name, self._tint(mode)).render(painter, square)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        if size.isEmpty():
            return pixmap  # Tool buttons ask for one before they have been laid out.
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap

    def _tint(self, mode: QIcon.Mode) -> str:
        theme = colors()
        if mode == QIcon.Mode.Disabled:
            return theme.disabled
        if self._color:
            return getattr(theme, self._color)
        return theme.on_accent if mode == QIcon.Mode.Selected else theme.text


@cache
def _svg(name: str) -> str:
    return resource(f"icons/{name}.svg").read_text(encoding="utf-8")


@cache
def _renderer(name: str, color: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(_svg(name).replace("currentColor", color).encode()))
