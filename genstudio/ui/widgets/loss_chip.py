"""The entry of one line in a plot's legend: pattern, name and value; a click hides the line."""

import math

from PySide6.QtCore import QLineF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontInfo,
    QFontMetrics,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QStyle, QStyleOptionToolButton, QToolButton, QWidget

from genstudio.domain.language import tr, written
from genstudio.ui.theme import GRID_PX, colors

# In widths of the line; short enough to show in a chip. With the colours they tell any two of
# 49 lines apart.
_DASHES = ((), (4, 2), (1.5, 1.5), (5, 1.5, 1.5, 1.5), (1, 3), (2.5, 1, 1, 1, 1, 1), (7, 2))
_LINE_PX = 2
_SWATCH_PX = 22
_PADDING_PX = 6
_NAME_SIZE = 0.9
_WIDEST_VALUE = "−0.00000"


def line_pen(number: int) -> QPen:
    """How the line of that number is drawn: a colour of the theme and a dash of its own."""
    plot = colors().plot
    pen = QPen(QColor(plot[number % len(plot)]), _LINE_PX)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setCosmetic(True)
    dashes = _DASHES[(number + number // len(plot)) % len(_DASHES)]
    if dashes:
        pen.setDashPattern(dashes)
    return pen


def number_in_short(value: float) -> str:
    """Four digits, as 0.6931, 12.50 or 1.2e−05: a value that wavers does not change its width.

    Large ones have all their digits, and none after the point: 12,345.
    """
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    if 999.95 <= size < 999_999.5:
        form = ",.0f"
    else:
        form = "#.4g" if value == 0 or 1e-3 <= size < 1e4 else ".1e"
    return written(value, form).replace("-", "−")


def chip_height(font: QFont) -> int:
    """Height of every chip, in pixels: the name above the value."""
    lines = QFontMetrics(_name_font(font)).height() + QFontMetrics(font).height()
    return lines + 2 * _PADDING_PX


class LossChip(QToolButton):
    """Checked while its line shows; as wide as its longest value, so that nothing jumps."""

    def __init__(self, name: str, number: int, parent: QWidget | None = None) -> None:
        """Make a chip.

        Args:
            name: Of the line.
            number: Which of the patterns the line has.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._number = number
        self._value = ""
        words = tr(name)
        self.setText(words)
        self.setAccessibleName(words)
        self.setToolTip(tr("{name}: click to hide or show the line", name=words))
        self.setCheckable(True)
        self.setChecked(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def value(self) -> str:
        """What is written under the name."""
        return self._value

    def set_value(self, value: float) -> None:
        """Write another value."""
        text = number_in_short(value)
        if text != self._value:
            self._value = text
            self.setAccessibleDescription(text)
            self.update()

    def sizeHint(self) -> QSize:
        """Room for the whole name."""
        name = QFontMetricsF(_name_font(self.font())).horizontalAdvance(self.text())
        width = math.ceil(_SWATCH_PX + GRID_PX / 2 + name)
        width = max(width, self._value_width()) + 2 * _PADDING_PX
        return QSize(width, chip_height(self.font()))

    def minimumSizeHint(self) -> QSize:
        """Room for the value; the name is shortened."""
        return QSize(self._value_width() + 2 * _PADDING_PX, chip_height(self.font()))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the button, then pattern and name above the value."""
        theme = colors()
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        option.text = ""
        painter = QPainter(self)
        self.style().drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option, painter, self)
        room = self.rect().adjusted(_PADDING_PX, _PADDING_PX - 1, -_PADDING_PX, -_PADDING_PX + 1)
        upper = room.adjusted(0, 0, 0, -room.height() // 2)
        lower = room.adjusted(0, upper.height(), 0, 0)
        pen = line_pen(self._number)
        if not self.isChecked():
            pen.setColor(QColor(theme.disabled))
        painter.setPen(pen)
        middle = upper.center().y() + 1
        painter.drawLine(QLineF(upper.left(), middle, upper.left() + _SWATCH_PX, middle))
        upper.setLeft(upper.left() + _SWATCH_PX + GRID_PX // 2)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(theme.muted))
        painter.setFont(_name_font(self.font()))
        metrics = painter.fontMetrics()
        name = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, upper.width())
        painter.drawText(upper, left, name)
        painter.setPen(QColor(theme.text if self.isChecked() else theme.muted))
        painter.setFont(self.font())
        painter.drawText(lower, left, self._value)
        painter.end()

    def _value_width(self) -> int:
        return self.fontMetrics().horizontalAdvance(_WIDEST_VALUE)


def _name_font(base: QFont) -> QFont:
    font = QFont(base)
    font.setPointSizeF(QFontInfo(base).pointSizeF() * _NAME_SIZE)
    return font
