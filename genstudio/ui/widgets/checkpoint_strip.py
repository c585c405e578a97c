"""A row of a run's checkpoints as small cards, the newest at the right."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QPoint, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QSizePolicy, QWidget

from genstudio.data.decode import UnreadablePictureError
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.runs import CheckpointInfo
from genstudio.services import studio
from genstudio.ui.theme import GRID_PX, colors
from genstudio.ui.widgets.checkpoint_delegate import CheckpointDelegate
from genstudio.ui.widgets.checkpoint_items import CheckpointItems
from genstudio.ui.widgets.thumbnail_loader import ThumbnailLoader

_SIDE_PX = 64
_EMPTY_TEXT = tr_noop("Saved points appear here, at least one a minute.")

_Select = QItemSelectionModel.SelectionFlag


class CheckpointStrip(QListView):
    """Shows checkpoints; arrows choose, S or the star stars, Enter or the menu key opens a menu.

    Signals:
        chosen(CheckpointInfo | None): Another checkpoint is the chosen one, or none is.
        star_wanted(CheckpointInfo): Star it, or take its star away.
        menu_wanted(QPoint): A menu for the chosen one, at this place of the screen.
    """

    chosen = Signal(object)
    star_wanted = Signal(object)
    menu_wanted = Signal(QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # Of each checkpoint's picture: the side of the samples on it, and what to show without it.
        self._sheets: dict[Path, tuple[int, Path | None]] = {}
        self._items = CheckpointItems(self)
        self._loader = ThumbnailLoader(self._load, self)
        self._loader.loaded.connect(lambda _: self.viewport().update())
        self.destroyed.connect(self._loader.stop)
        self._cards = CheckpointDelegate(self._items, self._loader, self)
        self._told: Path | None = None
        self._is_replacing = False
        self.setModel(self._items)
        self.setItemDelegate(self._cards)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Saved points"))
        self.setAccessibleDescription(tr(_EMPTY_TEXT))
        self.set_side(_SIDE_PX)

    def checkpoints(self) -> tuple[CheckpointInfo, ...]:
        """All that are shown, oldest first."""
        return self._items.items()

    def current(self) -> CheckpointInfo | None:
        """The chosen one."""
        rows = self.selectionModel().selectedIndexes()
        return self._items.at(rows[0]) if rows else None

    def set_checkpoints(
        self,
        checkpoints: Sequence[CheckpointInfo],
        *,
        picture_px: int,
        previews: Sequence[tuple[int, Path]] = (),
    ) -> None:
        """Show other checkpoints; the chosen one stays so if it is among them.

        Args:
            checkpoints: In order of their steps.
            picture_px: Side of the samples on their pictures.
            previews: Step and file of the run's previews, for checkpoints without a picture.
        """
        if tuple(checkpoints) == self.checkpoints():
            return
        for checkpoint in checkpoints:
            earlier = [path for step, path in previews if step <= checkpoint.step]
            self._sheets[checkpoint.preview] = (picture_px, earlier[-1] if earlier else None)
        told = self._told
        at_hand = self._items.at(self.currentIndex()) if self.hasFocus() or told else None
        bar = self.horizontalScrollBar()
        place, was_at_end = bar.value(), bar.value() == bar.maximum()
        self._is_replacing = True
        self._items.replace_all(checkpoints)
        # The keyboard begins at the newest.
        newest = self._items.index(len(checkpoints) - 1)
        current = self._items.index_of(at_hand.path) if at_hand else newest
        self.selectionModel().setCurrentIndex(current, _Select.NoUpdate)
        self.selectionModel().select(self._items.index_of(told), _Select.ClearAndSelect)
        self._is_replacing = False
        self.executeDelayedItemsLayout()
        bar.setValue(bar.maximum() if was_at_end else place)
        self.setAccessibleDescription("" if checkpoints else tr(_EMPTY_TEXT))
        self._want()
        # Its star may be another, though it is still the chosen one.
        self._tell(always=told is not None)

    def choose(self, checkpoint: CheckpointInfo | None) -> None:
        """Make one the chosen one, or none."""
        index = self._items.index_of(checkpoint.path if checkpoint else None)
        if index.isValid():
            self.selectionModel().setCurrentIndex(index, _Select.ClearAndSelect)
        else:
            self.clearSelection()

    def set_side(self, side_px: int) -> None:
        """Show pictures of another size."""
        if side_px != self._cards.side_px:
            self._cards.side_px = side_px
            self._arrange()
            self._want()

    def shutdown(self) -> None:
        """Stop loading and wait until its thread has ended."""
        self._loader.stop()

    # --- events -------------------------------------------------------------------------

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Tell who is chosen now."""
        super().selectionChanged(selected, deselected)
        self._tell()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Everything that the mouse does."""
        checkpoint = self._items.at(self.currentIndex())
        if event.key() == Qt.Key.Key_S and checkpoint is not None and not event.modifiers():
            self.star_wanted.emit(checkpoint)
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and checkpoint is not None:
            self._open_menu(checkpoint, None)
        elif event.key() == Qt.Key.Key_Escape and self.current() is not None:
            self.clearSelection()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Search nothing: letters are commands."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on a star stars; elsewhere it chooses."""
        index = self.indexAt(event.position().toPoint())
        checkpoint = self._items.at(index)
        card = self._cards.card_rect(self.visualRect(index), self.font())
        star = self._cards.star_rect(card)
        is_on_star = checkpoint is not None and star.contains(event.position().toPoint())
        if is_on_star and event.button() == Qt.MouseButton.LeftButton:
            self.star_wanted.emit(checkpoint)
        else:
            super().mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """A menu for the card under the pointer, or for that which the keyboard is on."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            checkpoint, place = self._items.at(self.currentIndex()), None
        else:
            checkpoint, place = self._items.at(self.indexAt(event.pos())), event.globalPos()
        if checkpoint is not None:
            self._open_menu(checkpoint, place)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """There is one direction only to scroll in."""
        turned = event.angleDelta()
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() - (turned.x() or turned.y()))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the cards, or say what will be here."""
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), colors().panel)
        if self._items.rowCount() == 0:
            painter.setPen(QColor(colors().muted))
            margin = 2 * GRID_PX
            box = self.viewport().rect().adjusted(margin, 0, -margin, 0)
            wrapped = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(box, wrapped, tr(_EMPTY_TEXT))
        painter.end()
        super().paintEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Load what is missing."""
        super().showEvent(event)
        self._want()

    def hideEvent(self, event: QHideEvent) -> None:
        """Load nothing that nobody sees."""
        self._loader.want((), 0)
        super().hideEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Another font has other lines."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self._arrange()

    # --- inside -------------------------------------------------------------------------

    def _arrange(self) -> None:
        """As high as a card and the scroll bar, whether or not there is either."""
        bar_px = self.horizontalScrollBar().sizeHint().height()
        height = self._cards.cell(self.font()).height() + bar_px + 2 * self.frameWidth()
        self.setFixedHeight(height)
        self.scheduleDelayedItemsLayout()

    def _want(self) -> None:
        if self.isVisible():
            newest_first = [checkpoint.preview for checkpoint in reversed(self.checkpoints())]
            self._loader.want(newest_first, round(self._cards.side_px * self.devicePixelRatioF()))

    def _load(self, path: Path, side_px: int) -> np.ndarray:
        """Called in the loader's thread."""
        picture_px, instead = self._sheets[path]
        try:
            return studio.sheet_corner(path, side_px, picture_px=picture_px)
        except UnreadablePictureError:
            if instead is None:
                raise
            return studio.sheet_corner(instead, side_px, picture_px=picture_px)

    def _open_menu(self, checkpoint: CheckpointInfo, place: QPoint | None) -> None:
        self.choose(checkpoint)
        if place is None:
            card = self.visualRect(self._items.index_of(checkpoint.path))
            place = self.viewport().mapToGlobal(card.center())
        self.menu_wanted.emit(place)

    def _tell(self, *, always: bool = False) -> None:
        if self._is_replacing:
            return
        current = self.current()
        path = current.path if current else None
        if always or path != self._told:
            self._told = path
            self.chosen.emit(current)
