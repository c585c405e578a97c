"""Made pictures beside the training pictures that they come nearest to."""

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QListWidget, QListWidgetItem, QWidget

from genstudio.domain.language import tr
from genstudio.services.compared import NearPair
from genstudio.ui.theme import GRID_PX
from genstudio.ui.widgets.pixels import image_from_pixels

_SIDE_PX, _LARGE_SIDE_PX = 12 * GRID_PX, 16 * GRID_PX
_LARGE_FROM_PX = 150 * GRID_PX
_GAP_PX = GRID_PX
_WORDS_LINES = 3


class PairList(QListWidget):
    """Pairs in a grid, the nearest first: what was made at the left, yours at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pairs: tuple[NearPair, ...] = ()
        self._side_px = _SIDE_PX
        self.setAccessibleName(tr("Nearest pairs"))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._arrange()

    def show_pairs(self, pairs: Sequence[NearPair]) -> None:
        """Show other pairs."""
        self.clear()
        self._pairs = tuple(pairs)
        for pair in pairs:
            item = QListWidgetItem()
            is_copy = pair.distance < pair.alarm
            judged = tr("⚠ nearly the same") if is_copy else tr("not a copy")
            item.setText(
                tr(
                    "{judged}\n{distance:.3f} · alarm below {alarm:.3f}\n{name}",
                    judged=judged,
                    distance=pair.distance,
                    alarm=pair.alarm,
                    name=pair.training_name.rpartition("/")[2],
                )
            )
            words = tr(
                "Seed {made_name} beside {training_name}: distance {distance:.3f}, alarm below "
                "{alarm:.3f}, {value}",
                made_name=pair.made_name,
                training_name=pair.training_name,
                distance=pair.distance,
                alarm=pair.alarm,
                value=tr("nearly the same") if is_copy else tr("not a copy"),
            )
            item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
            item.setToolTip(words)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.addItem(item)
        self._paint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make use of a large window."""
        super().resizeEvent(event)
        side_px = _LARGE_SIDE_PX if self.width() >= _LARGE_FROM_PX else _SIDE_PX
        is_other = side_px != self._side_px
        self._side_px = side_px
        self._arrange()
        if is_other:
            self._paint()

    def _arrange(self) -> None:
        """Share the width out among as many pairs as fit."""
        width = 2 * self._side_px + _GAP_PX
        self.setIconSize(QSize(width, self._side_px))
        height = self._side_px + _WORDS_LINES * self.fontMetrics().lineSpacing() + 4 * GRID_PX
        room = self.width() - self.verticalScrollBar().sizeHint().width() - 4
        columns = max(room // (width + 3 * GRID_PX), 1)
        self.setGridSize(QSize(max(room // columns, width), height))

    def _paint(self) -> None:
        for at, pair in enumerate(self._pairs):
            self.item(at).setIcon(QIcon(self._pixmap(pair)))

    def _pixmap(self, pair: NearPair) -> QPixmap:
        ratio = self.devicePixelRatioF()
        side_px, gap_px = round(self._side_px * ratio), round(_GAP_PX * ratio)
        pixmap = QPixmap(2 * side_px + gap_px, side_px)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        for picture_HWC, left in ((pair.made_HWC, 0), (pair.training_HWC, side_px + gap_px)):
            shown = _fitted(image_from_pixels(picture_HWC), side_px)
            inset = (side_px - shown.width()) // 2
            painter.drawImage(left + inset, inset, shown)
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return pixmap


def _fitted(image: QImage, side_px: int) -> QImage:
    """A square picture brought to a size; small ones by whole numbers, so that pixels stay even."""
    times = side_px // image.width()
    if times >= 2:
        return image.scaled(image.size() * times)
    keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    return image.scaled(side_px, side_px, keep, smooth)
