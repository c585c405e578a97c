"""In which order the gallery is shown, and searches that were kept as collections."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QInputDialog, QLineEdit, QMenu, QToolButton, QWidget

from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import tr
from genstudio.domain.progress import Progress
from genstudio.services import nearness
from genstudio.services.collections_file import (
    LONGEST_NAME,
    read_collections,
    save_collections,
    tagged,
)
from genstudio.services.notices import notice_about
from genstudio.ui.icons import icon
from genstudio.ui.state.gallery import GalleryState
from genstudio.ui.widgets.small import named_combo

_NEWEST, _BEST, _NEAREST = range(3)


class GalleryOrder(QObject):
    """A box to choose an order from.

    Attributes:
        box: It.

    Signals:
        changed(): Pictures stand in another order.
    """

    changed = Signal()

    def __init__(self, state: GalleryState, selected: Callable[[], list[str]]) -> None:
        super().__init__(state)
        self._state = state
        self._selected = selected
        self._near: dict[str, int] = {}
        self.box = named_combo("gallery.order", tr("Order of the pictures"))
        self.box.addItems([tr("Newest first"), tr("Best first"), tr("Most like the selected")])
        self.box.currentIndexChanged.connect(self._on_chosen)

    def ordered(self, names: Sequence[str]) -> list[str]:
        """Names of pictures, newest first, in the order that is chosen."""
        way = self.box.currentIndex()
        if way == _BEST:
            return sorted(names, key=lambda name: -self._state.items[name].rating)
        if way == _NEAREST and self._near:
            last = len(self._near)
            return sorted(names, key=lambda name: self._near.get(name, last))
        return list(names)

    def _on_chosen(self, way: int) -> None:
        if way != _NEAREST:
            self.changed.emit()
            return
        selected = self._selected()
        if not selected or self._state.is_busy:
            self.box.setCurrentIndex(_NEWEST)
            return

        def on_items(done: list[Any]) -> None:
            last = done[-1]
            if isinstance(last, Progress):
                self._state.progressed.emit(last.what, last.done, last.total)
            else:
                self._near = {it: at for at, it in enumerate(last)}
                self.changed.emit()

        items = list(self._state.items.values())
        self._state.start_work(nearness.by_nearness(items, selected[0]), on_items)


class CollectionsButton(QToolButton):
    """Offers the collections of the project, and keeps what is searched for as another one.

    Args:
        state: The gallery.
        search: Where a search is written.
        selected: Names of the selected pictures.
    """

    def __init__(
        self, state: GalleryState, search: QLineEdit, selected: Callable[[], list[str]]
    ) -> None:
        super().__init__()
        self._state = state
        self._search = search
        self._selected = selected
        self.setObjectName("gallery.collections")
        self.setIcon(icon("library"))
        self.setToolTip(tr("Collections: searches and selections that you keep"))
        self.setAccessibleName(tr("Collections"))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill)
        self.setMenu(self._menu)

    def _fill(self) -> None:
        self._menu.clear()
        project = self._state.project
        known = {} if project is None else read_collections(project.path)
        everything = self._menu.addAction(icon("images"), tr("All pictures"))
        everything.triggered.connect(lambda: self._search.setText(""))
        for name, query in known.items():
            entry = self._menu.addAction(name.replace("&", "&&"))
            entry.triggered.connect(lambda _=False, query=query: self._search.setText(query))
        self._menu.addSeparator()
        keep = self._menu.addAction(icon("search"), tr("Keep this search…"))
        keep.setEnabled(project is not None and bool(self._search.text().strip()))
        keep.triggered.connect(self.keep_search)
        gather = self._menu.addAction(icon("plus"), tr("Collect the selected…"))
        gather.setEnabled(project is not None and bool(self._selected()))
        gather.triggered.connect(self.collect_selected)
        removing = self._menu.addMenu(icon("minus"), tr("Forget a collection"))
        removing.setEnabled(bool(known))
        for name in known:
            entry = removing.addAction(name.replace("&", "&&"))
            entry.triggered.connect(lambda _=False, name=name: self._forget(name))

    def keep_search(self) -> None:
        """Ask for a name, and keep what is searched for under it."""
        if name := _asked_name(self, tr("Keep this search")):
            self._keep(name, self._search.text().strip())

    def collect_selected(self) -> None:
        """Ask for a name, tag the selected pictures with it, and keep the search for the tag."""
        if name := _asked_name(self, tr("Collect the selected pictures")):
            tag = name.replace(",", " ")
            for picture in self._selected():
                tags = self._state.items[picture].tags
                if tag not in tags:
                    self._state.tag([picture], [*tags, tag])
            self._keep(name, tagged(tag))

    def _keep(self, name: str, query: str) -> None:
        self._change(lambda known: {**known, name: query})

    def _forget(self, name: str) -> None:
        self._change(lambda known: {it: query for it, query in known.items() if it != name})

    def _change(self, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        project = self._state.project
        assert project is not None, "no project, no pictures"
        try:
            save_collections(project.path, change(read_collections(project.path)))
        except GenStudioError as error:
            self._state.noticed.emit(notice_about(error))


def _asked_name(parent: QWidget, title: str) -> str:
    name, is_wanted = QInputDialog.getText(parent, title, tr("Name"))
    return name.strip()[:LONGEST_NAME] if is_wanted else ""
