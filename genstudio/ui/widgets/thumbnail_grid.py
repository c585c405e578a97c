"""A grid of thumbnails that stays quick with a hundred thousand pictures."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QCloseEvent,
    QHideEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QWidget

from genstudio.domain.language import tr
from genstudio.ui.theme import GRID_PX, colors
from genstudio.ui.widgets.grid_items import Describe, GridItems
from genstudio.ui.widgets.thumbnail_delegate import ThumbnailDelegate
from genstudio.ui.widgets.thumbnail_loader import LoadPixels, ThumbnailLoader

_SIDE_PX = 112
_GAP_PX = 2 * GRID_PX
# Often enough that pictures appear while a person scrolls, rarely enough to cost nothing.
_PLAN_EVERY_MS = 40
_WHEEL_STEP_PX = 5 * GRID_PX

_Anchor = QAbstractItemView.CursorAction
_Select = QItemSelectionModel.SelectionFlag


class ThumbnailGrid(QListView):
    """Pictures in rows as wide as the window; only those in view are loaded, beside the window.

    Signals:
        activated_key(str): Double-clicked, or Enter was pressed.
        toggled_key(str): Space was pressed.
        current_changed_key(str): Another item is the current one; empty if none is.
        selection_changed_keys(): Other items are selected.
    """

    activated_key = Signal(str)
    toggled_key = Signal(str)
    current_changed_key = Signal(str)
    selection_changed_keys = Signal()

    def __init__(self, load: LoadPixels, describe: Describe, parent: QWidget | None = None) -> None:
        """Make an empty grid.

        Args:
            load: Reads a file into uint8 (height, width, 3), its longest side about as many
                pixels as the second argument says. Called in another thread; if it raises,
                the picture is shown as unreadable.
            describe: Tells how the picture of a key is shown; asked whenever it is painted.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._items = GridItems(describe, self)
        self._loader = ThumbnailLoader(load, self)
        self._delegate = ThumbnailDelegate(self._items, self._loader, self)
        self._columns = 1
        self._planned: dict[Path, str] = {}
        self._told_key = ""
        self._told_selection: list[str] = []
        # Of thousands of single ones that takes a while to find out, and is asked for often.
        self._selected: list[str] | None = None
        self._is_replacing = False
        self._planner = QTimer(self, singleShot=True, interval=_PLAN_EVERY_MS)
        self._planner.timeout.connect(self._plan)
        self._loader.loaded.connect(self._on_loaded)
        self.destroyed.connect(self._loader.stop)
        self.doubleClicked.connect(lambda index: self.activated_key.emit(self._key_at(index)))
        self.setModel(self._items)
        self.setItemDelegate(self._delegate)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setUniformItemSizes(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionRectVisible(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(_WHEEL_STEP_PX)
        self.setAccessibleName(tr("Pictures"))
        self.set_side(_SIDE_PX)

    def keys(self) -> list[str]:
        """All keys in the order shown."""
        return self._items.keys()

    def set_keys(self, keys: Sequence[str]) -> None:
        """Show other pictures; what was current and selected stays so where it is still there.

        Args:
            keys: What they are known by, no two alike. If they are the same as before, what
                is described differently now is shown so.
        """
        if self._items.are(keys):
            self.viewport().update()
            return
        current, selected = self.current_key(), self.selected_keys()
        self._is_replacing = True
        self._items.replace_all(keys)
        self._selected = None
        self.selectionModel().select(self._items.selection_of(selected), _Select.ClearAndSelect)
        if current is not None:
            self.selectionModel().setCurrentIndex(self._items.index_of(current), _Select.NoUpdate)
        self._is_replacing = False
        self._tell()

    def add_keys(self, keys: Sequence[str], *, prepend: bool = False) -> None:
        """Add pictures at the end or at the beginning; what is in view stays where it is."""
        if not prepend:
            self._items.insert(self._items.rowCount(), keys)
            return
        bar = self.verticalScrollBar()
        top = bar.value()
        first = top // self._delegate.cell.height() * self._columns
        self._items.insert(0, keys)
        if top:
            rows_down = (first + len(keys)) // self._columns - first // self._columns
            self.executeDelayedItemsLayout()
            bar.setValue(top + rows_down * self._delegate.cell.height())

    def update_key(self, key: str) -> None:
        """Show a picture as it is described now; one that is not shown is passed over."""
        self._items.update(key)

    def update_keys(self, keys: Collection[str]) -> None:
        """Show pictures as they are described now; those that are not shown are passed over."""
        self._items.update_many(keys)

    def current_key(self) -> str | None:
        """Key of the item that the keyboard acts on."""
        return self._key_at(self.currentIndex()) or None

    def selected_keys(self) -> list[str]:
        """Keys of the selected items, in the order shown."""
        if self._selected is None:
            self._selected = self._items.keys_in(self.selectionModel().selection())
        return list(self._selected)

    def select(self, key: str) -> None:
        """Make one item the current and only selected one; one that is not shown is passed over."""
        index = self._items.index_of(key)
        if index.isValid():
            self.selectionModel().setCurrentIndex(index, _Select.ClearAndSelect)
            self.scrollTo(index)

    def select_keys(self, keys: Iterable[str]) -> None:
        """Select items and no others, and scroll to the first of them."""
        selection = self._items.selection_of(keys)
        self._is_replacing = True
        if not selection.isEmpty():
            first = self._items.index(selection.first().top())
            self.selectionModel().setCurrentIndex(first, _Select.NoUpdate)
            self.scrollTo(first)
        # In two steps: Qt compares each range that goes with each that comes, which for thousands
        # of single pictures takes seconds.
        self.selectionModel().clearSelection()
        self.selectionModel().select(selection, _Select.Select)
        self._is_replacing = False
        self._tell()

    def set_drags_out(self) -> None:
        """Let pictures be dragged into other programs, which get copies of their files."""
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setDefaultDropAction(Qt.DropAction.CopyAction)

    def set_side(self, side_px: int) -> None:
        """Show thumbnails of another size; those that are loaded serve until they are again."""
        self._delegate.side_px = side_px
        self._arrange()

    def shutdown(self) -> None:
        """Stop loading and wait until its thread has ended; shown again, the grid starts anew."""
        self._planner.stop()
        self._loader.stop()

    def moveCursor(
        self, cursorAction: QAbstractItemView.CursorAction, _modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        """Walk as through a text: on from the end of a row to the next, last row reachable."""
        last = self._items.rowCount() - 1
        row = self.currentIndex().row()
        if last < 0 or row < 0:
            return self._items.index(0)
        page = max(1, self.viewport().height() // self._delegate.cell.height()) * self._columns
        steps = {
            _Anchor.MoveLeft: -1,
            _Anchor.MovePrevious: -1,
            _Anchor.MoveRight: 1,
            _Anchor.MoveNext: 1,
            _Anchor.MoveUp: -self._columns,
            _Anchor.MoveDown: self._columns,
            _Anchor.MovePageUp: -page,
            _Anchor.MovePageDown: page,
            _Anchor.MoveHome: -row,
            _Anchor.MoveEnd: last - row,
        }
        target = row + steps[cursorAction]
        if cursorAction == _Anchor.MoveUp and target < 0:
            target = row
        return self._items.index(min(max(target, 0), last))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space toggles and Enter opens the current item; other keys move, select or pass."""
        key = self.current_key()
        if key and event.key() == Qt.Key.Key_Space and not event.modifiers():
            self.toggled_key.emit(key)
        elif key and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.activated_key.emit(key)
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Search nothing: letters are the page's commands."""

    def currentChanged(
        self,
        current: QModelIndex | QPersistentModelIndex,
        previous: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Tell who is current now."""
        super().currentChanged(current, previous)
        self._tell()

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Tell that others are selected."""
        super().selectionChanged(selected, deselected)
        self._selected = None
        self._tell()

    def dataChanged(
        self,
        topLeft: QModelIndex | QPersistentModelIndex,
        bottomRight: QModelIndex | QPersistentModelIndex,
        roles: Iterable[int] = (),
    ) -> None:
        """Repaint; a list view would arrange all items anew, though no cell changes its size."""
        QAbstractItemView.dataChanged(self, topLeft, bottomRight, list(roles))

    def visualRegionForSelection(self, _selection: QItemSelection) -> QRegion:
        """All that is in view; a list view would add up the place of every selected item."""
        return QRegion(self.viewport().rect())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the pictures in view and soon load those that are missing."""
        if not self._planner.isActive():
            self._planner.start()
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), colors().canvas)
        painter.end()
        super().paintEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Spread the cells over the new width."""
        self._arrange()
        super().resizeEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Load nothing that nobody sees."""
        self._loader.want((), 0)
        super().hideEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Leave no thread behind."""
        self.shutdown()
        super().closeEvent(event)

    def _arrange(self) -> None:
        """Make cells as wide as an even share of the width, whether or not the bar shows."""
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent, None, self)
        width = max(1, self.maximumViewportSize().width() - bar)
        smallest = self._delegate.side_px + _GAP_PX
        self._columns = max(1, width // smallest)
        self._delegate.cell = QSize(width // self._columns, smallest)
        self.scheduleDelayedItemsLayout()

    def _plan(self) -> None:
        """Want what is in view, then what the next turn of the wheel would bring."""
        if not self.isVisible():
            return
        height = self.viewport().height()
        top = self.verticalScrollBar().value()
        shown = self._rows(top, top + height)
        ahead = self._rows(top + height, top + 2 * height)
        behind = self._rows(top - height, top)
        rows = dict.fromkeys((*shown, *ahead, *behind))
        self._planned = {self._items.item(row).path: self._items.key(row) for row in rows}
        side_px = round(self._delegate.side_px * self.devicePixelRatioF())
        self._loader.want(self._planned, side_px)

    def _rows(self, top: int, bottom: int) -> range:
        line = self._delegate.cell.height()
        first = max(0, top // line) * self._columns
        after = max(0, -(-bottom // line)) * self._columns
        return range(first, min(after, self._items.rowCount()))

    def _on_loaded(self, path: Path) -> None:
        if path in self._planned:
            self.update(self._items.index_of(self._planned[path]))

    def _tell(self) -> None:
        """Emit what is another than what was told last."""
        if self._is_replacing:
            return
        key, selection = self.current_key() or "", self.selected_keys()
        is_other_key, is_other_selection = key != self._told_key, selection != self._told_selection
        self._told_key, self._told_selection = key, selection
        if is_other_key:
            self.current_changed_key.emit(key)
        if is_other_selection:
            self.selection_changed_keys.emit()

    def _key_at(self, index: QModelIndex) -> str:
        return self._items.key(index.row()) if index.isValid() else ""
