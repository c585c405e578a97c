"""What cards that are chosen from a list share: their frame, their fonts, wrapped words."""

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle

from genstudio.ui.theme import colors

PADDING_PX = 12
WRAPPED = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
_ROUNDING_PX = 6
_SMALL = 0.9
_ENDLESS_PX = 10_000


def title_font(font: QFont) -> QFont:
    """For the title of a card."""
    bold = QFont(font)
    bold.setWeight(QFont.Weight.DemiBold)
    return bold


def small_font(font: QFont) -> QFont:
    """For what is of the second rank."""
    small = QFont(font)
    small.setPointSizeF(QFontInfo(font).pointSizeF() * _SMALL)
    return small


def wrapped(text: str, font: QFont, left: int, top: int, width: int) -> QRect:
    """The place that words take, wrapped to a width."""
    endless = QRect(left, top, max(width, 1), _ENDLESS_PX)
    bounds = QFontMetrics(font).boundingRect(endless, WRAPPED, text)
    return QRect(left, top, width, bounds.height())


def paint_frame(painter: QPainter, frame: QRect, state: QStyle.StateFlag) -> None:
    """Paint the ground of a card: whether it is chosen, under the pointer, has the focus."""
    theme = colors()
    is_chosen = bool(state & QStyle.StateFlag.State_Selected)
    is_hovered = bool(state & QStyle.StateFlag.State_MouseOver)
    painter.setPen(QPen(QColor(theme.accent), 2) if is_chosen else QColor(theme.border))
    painter.setBrush(QColor(theme.hover if is_hovered and not is_chosen else theme.field))
    inset = 1.0 if is_chosen else 0.5
    edge = QRectF(frame).adjusted(inset, inset, -inset, -inset)
    painter.drawRoundedRect(edge, _ROUNDING_PX, _ROUNDING_PX)
    if state & QStyle.StateFlag.State_HasFocus:
        painter.setPen(QColor(theme.text))
        painter.drawRoundedRect(edge.adjusted(2.5, 2.5, -2.5, -2.5), 4, 4)
