"""Looking at pictures of the gallery: whole screen, two at once, copied, starred by keys."""

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QMimeData, QObject, Qt, QUrl
from PySide6.QtGui import QGuiApplication, QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from genstudio.domain.language import tr
from genstudio.domain.notices import Level, Notice
from genstudio.ui.dialogs.comparing import ComparingDialog
from genstudio.ui.dialogs.full_screen import FullScreen
from genstudio.ui.state.gallery import GalleryState
from genstudio.ui.widgets.grid_items import GridItem
from genstudio.ui.widgets.thumbnail_grid import ThumbnailGrid

PAIR: Final = 2
_STARS = 5


class GalleryViewing(QObject):
    """What can be done with the pictures of a grid by a key.

    Args:
        page: That the grid is on.
        grid: Of the pictures.
        state: The gallery.
        described: Tells of a key how its picture is shown.
    """

    def __init__(
        self,
        page: QWidget,
        grid: ThumbnailGrid,
        state: GalleryState,
        described: Callable[[str], GridItem],
    ) -> None:
        super().__init__(page)
        self._page = page
        self._grid = grid
        self._state = state
        self._described = described
        acts: dict[str, Callable[[], object]] = {
            "F": self.show_full_screen,
            "C": self.compare_two,
            "Ctrl+C": self.copy,
            **{str(stars): partial(self._rate, stars) for stars in range(_STARS + 1)},
        }
        for keys, act in acts.items():
            shortcut = QShortcut(QKeySequence(keys), grid)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    def show_full_screen(self) -> None:
        """Show the current picture on the whole screen, and those before and behind it."""
        key = self._grid.current_key()
        if key is None:
            return
        shown = FullScreen(
            self._page,
            self._grid.keys(),
            key,
            path_of=lambda it: self._described(it).path,
            words_of=self._words_of,
            rate=self._rate_one,
            closed=self._grid.select,
        )
        shown.showFullScreen()

    def compare_two(self) -> None:
        """Show the two selected pictures over and beside each other."""
        keys = self._grid.selected_keys()
        if len(keys) != PAIR:
            text = tr("Select two pictures (Ctrl and a click), then press C again.")
            title = tr("Two pictures can be compared")
            self._state.noticed.emit(Notice(level=Level.INFO, title=title, message=text))
            return
        shown = [self._described(key) for key in keys]
        captions = [it.caption or it.path.name for it in shown]
        ComparingDialog(self._page, [it.path for it in shown], captions).open()

    def copy(self) -> None:
        """Copy the selected files for other programs; of one picture, also what is seen of it."""
        paths = [self._described(key).path for key in self._grid.selected_keys()]
        if not paths:
            return
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        image = QImage(str(paths[0])) if len(paths) == 1 else QImage()
        if not image.isNull():
            data.setImageData(image)
        QGuiApplication.clipboard().setMimeData(data)

    def _words_of(self, key: str) -> str:
        item = self._described(key)
        return " · ".join(words for words in (item.caption or key, item.badge) if words)

    def _rate(self, stars: int) -> None:
        names = [key for key in self._grid.selected_keys() if key in self._state.items]
        if names:
            self._state.rate(names, stars)

    def _rate_one(self, key: str, stars: int) -> None:
        if key in self._state.items:
            self._state.rate([key], stars)
