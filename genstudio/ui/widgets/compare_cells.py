"""What stands in the cells and headers of a comparison, and how it is painted."""

from dataclasses import dataclass

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QFontInfo, QFontMetrics, QImage, QPainter, QPen
from PySide6.QtWidgets import (
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QWidget,
)

from genstudio.ui.theme import GRID_PX, colors
from genstudio.ui.widgets.thumbnail_painting import small_font

CELL = Qt.ItemDataRole.UserRole
_PADDING_PX = GRID_PX
_GAP_PX = GRID_PX // 2
_VALUE_SIZE = 1.15
# Pictures of a sheet are not made larger than this: what is coarse looks coarser still.
_LARGEST_SHEET_PX = 70 * GRID_PX
_CRISP_FROM = 2.0
_WRAPPED = Qt.TextFlag.TextWordWrap.value | Qt.AlignmentFlag.AlignLeft.value


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        value: What it says first.
        small: A second line.
        sentence: What it means.
        badge: A mark beside the value.
        badge_words: What the mark means.
        sheet: Pictures instead of all that.
    """

    value: str
    small: str = ""
    sentence: str = ""
    badge: str = ""
    badge_words: str = ""
    sheet: QImage | None = None

    def words(self) -> str:
        """All of it, to be read out."""
        parts = (self.value, self.badge_words, self.small, self.sentence)
        return ". ".join(part.rstrip(".") for part in parts if part)


class CellDelegate(QStyledItemDelegate):
    """Paints cells: the value first, then its floor, then what it means."""

    def __init__(self, table: QTableWidget) -> None:
        super().__init__(table)
        self._table = table

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """As high as the words need in a column of that width."""
        # The line of the grid is painted inside the column.
        width = self._table.columnWidth(index.column()) - 1
        cell: Cell = index.data(CELL)
        if cell.sheet is not None:
            inner = width - 2 * _PADDING_PX
            return QSize(width, _fitted(cell.sheet, inner).height() + 2 * _PADDING_PX)
        return QSize(width, cell_height(cell, option.font, width))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint one cell."""
        cell: Cell = index.data(CELL)
        theme = colors()
        painter.save()
        if cell.sheet is not None:
            _paint_sheet(painter, option.rect, cell.sheet)
        else:
            for place, text, font, color in _lines(cell, option.font, option.rect):
                painter.setFont(font)
                painter.setPen(QColor(getattr(theme, color)))
                painter.drawText(place, _WRAPPED, text)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(option.rect.adjusted(1, 1, -2, -2))
        painter.restore()


class WordsHeader(QHeaderView):
    """A header of several lines each: the first one stands out, the others explain it."""

    def __init__(self, orientation: Qt.Orientation, width_px: int, parent: QWidget) -> None:
        super().__init__(orientation, parent)
        self._width_px = width_px
        self.setSectionsClickable(False)
        self.setHighlightSections(False)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    def sectionSizeFromContents(self, section: int) -> QSize:
        """As high as the words need; a vertical header is as wide as it was told."""
        width = self._width_px
        if self.orientation() == Qt.Orientation.Horizontal:
            width = self.sectionSize(section)
        lines = self._header_lines(section, QRect(0, 0, width, 0))
        return QSize(width, lines[-1][0].bottom() + 1 + _PADDING_PX if lines else 0)

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:
        """Paint one header."""
        theme = colors()
        painter.save()
        painter.fillRect(rect, QColor(theme.panel))
        painter.setPen(QColor(theme.border))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.drawLine(rect.topRight(), rect.bottomRight())
        for place, text, font, color in self._header_lines(logicalIndex, rect):
            painter.setFont(font)
            painter.setPen(QColor(getattr(theme, color)))
            painter.drawText(place, _WRAPPED, text)
        painter.restore()

    def _header_lines(self, section: int, rect: QRect) -> "list[_Line]":
        words = self.model().headerData(section, self.orientation(), Qt.ItemDataRole.DisplayRole)
        title, *more = str(words or "").split("\n")
        bold = QFont(self.font())
        bold.setWeight(QFont.Weight.DemiBold)
        texts = [(title, bold, "text")]
        texts += [
            (text, small_font(self.font()), "warning" if text.startswith("▲") else "muted")
            for text in more
        ]
        return _stacked(texts, rect)


def cell_height(cell: Cell, font: QFont, width_px: int) -> int:
    """How high a cell of words is at a width, in pixels."""
    lines = _lines(cell, font, QRect(0, 0, width_px, 0))
    return max(place.bottom() + 1 for place, *_ in lines) + _PADDING_PX


_Line = tuple[QRect, str, QFont, str]


def _lines(cell: Cell, base: QFont, rect: QRect) -> list[_Line]:
    """Where each piece of text is, in which font and colour."""
    value = QFont(base)
    if cell.sentence:
        value.setPointSizeF(QFontInfo(base).pointSizeF() * _VALUE_SIZE)
        value.setWeight(QFont.Weight.DemiBold)
    texts = [(cell.value, value, "text")]
    if cell.small:
        texts.append((cell.small, small_font(base), "muted"))
    if cell.sentence:
        texts.append((cell.sentence, small_font(base), "text"))
    lines = _stacked(texts, rect)
    if cell.badge:
        first = lines[0][0]
        font = small_font(base)
        font.setWeight(QFont.Weight.DemiBold)
        metrics = QFontMetrics(font)
        width = metrics.horizontalAdvance(cell.badge)
        left = rect.left() + rect.width() - _PADDING_PX - width
        top = first.top() + (first.height() - metrics.height()) // 2
        badge = QRect(QPoint(left, top), QSize(width + 1, metrics.height()))
        lines.append((badge, cell.badge, font, "accent"))
    return lines


def _stacked(texts: list[tuple[str, QFont, str]], rect: QRect) -> list[_Line]:
    lines: list[_Line] = []
    top = rect.top() + _PADDING_PX
    width = rect.width() - 2 * _PADDING_PX
    for text, font, color in texts:
        room = QRect(rect.left() + _PADDING_PX, top, width, 10_000)
        height = QFontMetrics(font).boundingRect(room, _WRAPPED, text).height()
        lines.append((QRect(room.left(), top, width, height), text, font, color))
        top += height + _GAP_PX
    return lines


def _fitted(sheet: QImage, width: int) -> QSize:
    """The size at which a sheet is shown: whole multiples of its pixels where these show."""
    width = min(width, _LARGEST_SHEET_PX)
    scale = width / max(sheet.width(), 1)
    if scale >= _CRISP_FROM:
        scale = int(scale)
    return QSize(round(sheet.width() * scale), round(sheet.height() * scale))


def _paint_sheet(painter: QPainter, rect: QRect, sheet: QImage) -> None:
    place = QRect(
        rect.topLeft() + QPoint(_PADDING_PX, _PADDING_PX),
        _fitted(sheet, rect.width() - 2 * _PADDING_PX),
    )
    is_crisp = place.width() >= sheet.width() * _CRISP_FROM
    if place.width() < sheet.width():
        size = place.size() * painter.device().devicePixelRatioF()
        sheet = sheet.scaled(
            size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not is_crisp)
    painter.drawImage(place, sheet)
