"""The command palette: some letters find a command, a page, something to do."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import tr
from genstudio.ui.finding import Entry, find
from genstudio.ui.icons import icon
from genstudio.ui.theme import GRID_PX, colors, mark
from genstudio.ui.widgets.card_painting import small_font

_SIZE = QSize(76 * GRID_PX, 56 * GRID_PX)
_ROW_PX = 6 * GRID_PX
_ICON_PX = 2 * GRID_PX
_ENTRY_ROLE = Qt.ItemDataRole.UserRole
_MOST_SHOWN = 60
_TO_LIST = (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp)


def show_palette(window: QWidget, entries: Sequence[Entry]) -> None:
    """Let a person find one of the entries and do it; does not wait for that."""
    Palette(window, entries).open()


class Palette(QDialog):
    """A line to type in above what is found.

    Args:
        window: Where it is shown.
        entries: What can be found, in the order in which it is shown while nothing is typed.
    """

    def __init__(self, window: QWidget, entries: Sequence[Entry]) -> None:
        super().__init__(window)
        self.setObjectName("dialog.palette")
        self.setWindowTitle(tr("Find anything"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._entries = entries
        self._line = QLineEdit()
        self._line.setObjectName("palette.line")
        self._line.setAccessibleName(tr("Find anything"))
        self._line.setPlaceholderText(tr("A command, a page, a setting, something to do…"))
        self._line.setClearButtonEnabled(True)
        self._line.textChanged.connect(self._look)
        self._line.installEventFilter(self)
        self._list = QListWidget()
        self._list.setObjectName("palette.list")
        self._list.setAccessibleName(tr("Found"))
        self._list.setItemDelegate(_EntryDelegate(self._list))
        self._list.setUniformItemSizes(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemActivated.connect(self._do)
        self._list.itemClicked.connect(self._do)
        self._nothing = QLabel(tr("Nothing is called so. Try another word."))
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        mark(self._nothing, role="muted")
        layout = QVBoxLayout(self)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._line)
        layout.addWidget(self._list, 1)
        layout.addWidget(self._nothing, 1)
        self.resize(_SIZE.boundedTo(window.size() - QSize(GRID_PX, GRID_PX)))
        self._look("")
        self._line.setFocus()

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """While one types, arrows walk through what is found, and Enter does it."""
        if watched is self._line and isinstance(event, QKeyEvent) and self._list.count():
            if event.type() == QEvent.Type.KeyPress and event.key() in _TO_LIST:
                self._list.keyPressEvent(event)
                return True
            is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if event.type() == QEvent.Type.KeyPress and is_enter:
                self._do(self._list.currentItem())
                return True
        return False

    def _look(self, query: str) -> None:
        self._list.clear()
        found = find(query, self._entries)[:_MOST_SHOWN]
        for entry in found:
            item = QListWidgetItem(entry.title)
            item.setData(_ENTRY_ROLE, entry)
            item.setToolTip(entry.help)
            said = [entry.title, entry.where, entry.shortcut, entry.help]
            if not entry.is_enabled:
                said.append(tr("Not now."))
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
            item.setData(
                Qt.ItemDataRole.AccessibleTextRole, ". ".join(it.rstrip(".") for it in said if it)
            )
            self._list.addItem(item)
        self._list.setCurrentRow(_row_to_do(query, found))
        self._list.setVisible(bool(found))
        self._nothing.setVisible(not found)

    def _do(self, item: QListWidgetItem | None) -> None:
        if item is None or not item.flags() & Qt.ItemFlag.ItemIsEnabled:
            return
        entry: Entry = item.data(_ENTRY_ROLE)
        # What it opens would else open behind this.
        self.accept()
        entry.act()


def _row_to_do(query: str, found: Sequence[Entry]) -> int:
    """What Enter does: the best that can be done; -1 for nothing."""
    if found and found[0].title.casefold() == query.strip().casefold():
        # Typed in full: nothing else is meant, even where that cannot be done now.
        return 0 if found[0].is_enabled else -1
    return next((row for row, entry in enumerate(found) if entry.is_enabled), -1)


class _EntryDelegate(QStyledItemDelegate):
    """Paints icon and title, below it what it belongs to, and the keys at the right."""

    def sizeHint(
        self, option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Every row is as high as two lines."""
        return QSize(option.rect.width(), max(_ROW_PX, 2 * option.fontMetrics.height() + GRID_PX))

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint one row."""
        entry: Entry = index.data(_ENTRY_ROLE)
        theme = colors()
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        ink = theme.on_accent if is_chosen else theme.text if entry.is_enabled else theme.disabled
        quiet = theme.on_accent if is_chosen else theme.muted if entry.is_enabled else ink
        painter.save()
        if is_chosen:
            painter.fillRect(option.rect, QColor(theme.accent))
        room = option.rect.adjusted(GRID_PX, GRID_PX // 2, -GRID_PX, -GRID_PX // 2)
        if entry.icon:
            box = QRect(room.left(), room.center().y() - _ICON_PX // 2, _ICON_PX, _ICON_PX)
            icon(entry.icon, "on_accent" if is_chosen else "muted").paint(painter, box)
        text = room.adjusted(_ICON_PX + GRID_PX, 0, 0, 0)
        keys_width = option.fontMetrics.horizontalAdvance(entry.shortcut)
        painter.setPen(QColor(quiet))
        painter.drawText(
            text, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, entry.shortcut
        )
        text.setRight(text.right() - keys_width - 2 * GRID_PX)
        half = text.height() // 2
        self._line(painter, text.adjusted(0, 0, 0, -half), entry.title, QColor(ink))
        painter.setFont(small_font(option.font))
        below = f"{entry.where} · {entry.help}" if entry.help else entry.where
        self._line(painter, text.adjusted(0, half, 0, 0), below, QColor(quiet))
        painter.restore()

    @staticmethod
    def _line(painter: QPainter, rect: QRect, text: str, color: QColor) -> None:
        painter.setPen(color)
        elide = Qt.TextElideMode.ElideRight
        shown = painter.fontMetrics().elidedText(text, elide, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
