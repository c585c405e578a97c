"""The Gallery page: pictures made so far, found, rated, made more of, exported."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import asking, tr, tr_noop
from genstudio.services import studio, studio_exports
from genstudio.services.exporters.protocol import Exporter
from genstudio.services.gallery_items import GalleryItem
from genstudio.ui.dialogs.copies import show_copies
from genstudio.ui.icons import icon
from genstudio.ui.kind_words import counted_files
from genstudio.ui.pages.gallery_details import GalleryDetails
from genstudio.ui.pages.gallery_maker import GalleryMaker
from genstudio.ui.pages.gallery_order import CollectionsButton, GalleryOrder
from genstudio.ui.pages.gallery_viewing import PAIR, GalleryViewing
from genstudio.ui.recipe_words import RecipeWords, caption
from genstudio.ui.run_words import counted
from genstudio.ui.state.gallery import GalleryState
from genstudio.ui.state.gallery_copies import GalleryCopies
from genstudio.ui.state.training import TrainingState
from genstudio.ui.theme import GRID_PX, mark, roomy
from genstudio.ui.widgets.empty_state import EmptyState
from genstudio.ui.widgets.grid_items import GridItem
from genstudio.ui.widgets.named_label import plain
from genstudio.ui.widgets.small import named_combo
from genstudio.ui.widgets.thumbnail_grid import ThumbnailGrid

_TYPING_PAUSE_MS = 250
_PICTURES, _PREVIEWS = range(2)


_SEARCH_HELP = tr_noop(
    "<p>Words are looked for in the model, the run, the seed, the file’s name and your tags.</p>"
    "<p><b>tag:sea</b> · <b>stars:&gt;=3</b> · <b>model:gan</b> · <b>run:night</b> · <b>seed:7</b> "
    "· <b>made:translate</b></p>"
    "<p>Several must all be found; <b>OR</b> between them, <b>-</b> before one that must not be, "
    "brackets around what belongs together, quotation marks around words that stand together.</p>"
)

_TRAIN_FIRST = tr_noop(
    "Train a model first: when it has finished, the first of what it makes hang here."
)
_LEARNING = tr_noop(
    "A model is learning. When it has finished, the first of what it makes hang here; stop it "
    "earlier, and you can have some made."
)
_MAKE_NOW = tr_noop("A model has learned, and can make some now.")


class GalleryPage(QWidget):
    """Shows the gallery, or all training previews.

    Args:
        state: Of the gallery.
        training: What can make more.
        words: What recipes name; by default they name operations by their keys.

    Signals:
        export_wanted(Exporter, list): The way of exporting, and the names of the pictures.
        train_wanted(): There is nothing to show yet, and a person wants to change that.
        use_wanted(list[Path]): Use these pictures on the Create page.
        teach_wanted(Path): Teach a branch of that run what the project's choices say.
    """

    export_wanted = Signal(object, list)
    use_wanted = Signal(list)
    teach_wanted = Signal(Path)
    train_wanted = Signal()

    def __init__(
        self,
        state: GalleryState,
        training: TrainingState,
        words: RecipeWords | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._words = words or RecipeWords(lambda: training.entries)
        self.setObjectName("page.gallery")
        self.setAccessibleName(tr("Gallery"))
        self._state = state
        self._training = training
        self._copies = GalleryCopies(state)
        self._copies.changed.connect(self._on_copies)
        self._copies.found.connect(lambda found: show_copies(self, found))
        self._previews: dict[str, GridItem] = {}
        # Selected for a person rather than by them: the newest takes its place.
        self._followed: str | None = None
        self._was_busy = False
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_PAUSE_MS)
        self._typing.timeout.connect(self._on_filter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX + GRID_PX // 2)
        layout.addLayout(self._make_head())
        layout.addWidget(self._make_body(), 1)
        state.changed.connect(self._show_items)
        state.item_changed.connect(self._on_item_changed)
        state.busy_changed.connect(self._on_busy_changed)
        state.progressed.connect(self._on_progressed)
        training.runs_changed.connect(self._show_items)
        # From then on recipes name models by their titles.
        training.catalogue_loaded.connect(self._on_selection)
        self._on_busy_changed()
        self._show_items()

    def commit(self) -> None:
        """Keep what is being typed."""
        self._details.commit()

    def show_words(self) -> None:
        """Name models and operations as they are known now."""
        self._grid.update_keys(self._grid.keys())
        self._on_selection()

    def shutdown(self) -> None:
        """Let go of threads before the window closes."""
        self._grid.shutdown()
        self._details.shutdown()

    def showEvent(self, event: QShowEvent) -> None:
        """Look at the files again: they may have been moved or deleted meanwhile."""
        super().showEvent(event)
        self._on_selection()
        self._state.refresh(look_at_files=True)

    # --- building -----------------------------------------------------------------------

    def _make_head(self) -> QHBoxLayout:
        self._source = named_combo("gallery.source", tr("What is shown"))
        self._source.addItems([tr("Results"), tr("Training previews")])
        self._source.currentIndexChanged.connect(self._show_items)
        self._search = QLineEdit()
        self._search.setObjectName("gallery.search")
        self._search.setAccessibleName(tr("Search the gallery"))
        self._search.setPlaceholderText(tr("Search: words or tags"))
        self._search.setToolTip(tr(_SEARCH_HELP))
        self._search.setAccessibleDescription(plain(tr(_SEARCH_HELP)))
        self._search.setClearButtonEnabled(True)
        self._search.setMinimumWidth(16 * GRID_PX)
        self._search.textChanged.connect(self._on_typed)
        self._rating = named_combo("gallery.rating", tr("Least rating"))
        self._rating.addItems(
            [tr("All ratings"), *(tr("{value} and up", value="★" * stars) for stars in range(1, 6))]
        )
        self._rating.currentIndexChanged.connect(self._on_filter)
        self._count = QLabel()
        self._count.setObjectName("gallery.count")
        mark(self._count, role="muted")
        self._progress = QProgressBar()
        self._progress.setAccessibleName(tr("Progress"))
        self._progress.setFixedWidth(16 * GRID_PX)
        self._cancel = QPushButton(tr("Cancel"))
        self._cancel.clicked.connect(self._state.cancel)
        self._export = QPushButton(tr("Export…"))
        self._export.setObjectName("gallery.export")
        self._export.setIcon(icon("share"))
        menu = QMenu(self._export)
        self._add_exporters(menu, self.chosen_names)
        self._export.setMenu(menu)
        head = QHBoxLayout()
        head.setSpacing(GRID_PX)
        self._order = GalleryOrder(self._state, self._selected)
        self._order.changed.connect(self._show_items)
        for box in (self._source, self._rating, self._order.box):
            # In a narrow window they are shortened, and leave the search some room.
            box.setSizeAdjustPolicy(box.SizeAdjustPolicy.AdjustToContents)
            box.setMinimumWidth(11 * GRID_PX)
            box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._collections = CollectionsButton(self._state, self._search, self._selected)
        head.addWidget(self._source)
        head.addWidget(self._search, 1)
        head.addWidget(self._collections)
        head.addWidget(self._rating)
        head.addWidget(self._order.box)
        for widget in (self._count, self._progress, self._cancel, self._export):
            head.addWidget(widget)
        return head

    def _add_exporters(self, menu: QMenu, names: Callable[[], list[str]]) -> None:
        def wanted(exporter: Exporter) -> Callable[[], None]:
            return lambda: self.export_wanted.emit(exporter, names())

        for exporter in studio_exports.exporters():
            card = exporter.card
            menu.addAction(icon(card.icon), asking(card.title), wanted(exporter))

    def _make_body(self) -> QWidget:
        self._grid = ThumbnailGrid(studio.thumbnail, self._described)
        self._grid.setObjectName("gallery.grid")
        self._grid.setAccessibleName(tr("Pictures in the gallery"))
        self._grid.selection_changed_keys.connect(self._on_selection)
        self._grid.activated_key.connect(self._on_opened)
        self._grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._grid.customContextMenuRequested.connect(self._on_menu)
        self._grid.set_drags_out()
        self._viewing = GalleryViewing(self, self._grid, self._state, self._described)
        self._empty = EmptyState(
            "layout-grid",
            tr("Nothing hangs here yet"),
            tr(_TRAIN_FIRST),
            tr("Go to Train"),
        )
        self._empty.triggered.connect(self._on_empty)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._grid)
        self._details = GalleryDetails(self._words)
        self._details.rated.connect(lambda stars: self._state.rate(self._selected(), stars))
        self._details.tagged.connect(lambda tags: self._state.tag(self._selected(), tags))
        self._details.removed.connect(lambda: self._state.remove(self._selected()))
        self._details.copies_wanted.connect(lambda: self._copies.check(self._selected()))
        self._maker = GalleryMaker(self._state, self._training)
        self._maker.teach_wanted.connect(self.teach_wanted)
        self._maker.changed.connect(self._show_why_empty)
        self._training.activity_changed.connect(self._show_why_empty)
        side = QWidget()
        side_layout = QVBoxLayout(side)
        side_layout.setContentsMargins(0, 0, 0, 0)
        side_layout.setSpacing(2 * GRID_PX)
        side_layout.addWidget(self._details, 1)
        side_layout.addWidget(self._maker)
        side.setMinimumWidth(roomy(38 * GRID_PX))
        side.setMaximumWidth(roomy(64 * GRID_PX))
        splitter = QSplitter()
        splitter.setHandleWidth(2 * GRID_PX)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self._stack)
        splitter.addWidget(side)
        splitter.setStretchFactor(0, 1)
        return splitter

    # --- showing ------------------------------------------------------------------------

    def chosen_names(self) -> list[str]:
        """Pictures to export: the selected ones if there are several, else all that are shown."""
        selected = self._selected()
        return selected if len(selected) > 1 else list(self._state.items)

    def selected_paths(self) -> list[Path]:
        """Files of the selected pictures, previews included."""
        return [self._described(key).path for key in self._grid.selected_keys()]

    def _selected(self) -> list[str]:
        return [key for key in self._grid.selected_keys() if key in self._state.items]

    def _show_items(self) -> None:
        shows_pictures = self._source.currentIndex() == _PICTURES
        self._previews = {} if shows_pictures else self._found_previews()
        keys = list(self._previews)
        if shows_pictures:
            keys = self._order.ordered(list(self._state.items))
        self._search.setEnabled(shows_pictures)
        self._rating.setEnabled(shows_pictures)
        self._order.box.setEnabled(shows_pictures)
        self._collections.setEnabled(shows_pictures)
        # What was hung while a person was elsewhere is what they come to see, and what they are
        # having made, until they look at something else.
        has_several = len(self._grid.selected_keys()) > 1
        follows = self._grid.current_key() == self._followed and not has_several
        follows = follows or not self.isVisible()
        is_news = bool(keys) and follows and keys[0] not in set(self._grid.keys())
        self._grid.set_keys(keys)
        if keys and (is_news or self._grid.current_key() is None):
            self._grid.select(keys[0])
            self._followed = keys[0] if is_news else self._followed
        self._stack.setCurrentIndex(1 if keys else 0)
        self._show_why_empty()
        if shows_pictures:
            self._count.setText(counted_files(keys))
        else:
            self._count.setText(counted(len(keys), "preview"))
        self._on_selection()
        self._on_busy_changed()

    def _why_empty(self) -> str:
        if self._state.is_opening:
            return tr("The gallery is being looked through.")
        if self._is_filtered():
            return tr("No picture fits the search. Use fewer words, or clear it.")
        if self._state.is_busy:
            return tr("The first ones are on their way.")
        if self._maker.can_make():
            return tr(_MAKE_NOW)
        return tr(_LEARNING if self._training.is_running else _TRAIN_FIRST)

    def _show_why_empty(self) -> None:
        is_waiting = self._state.is_opening or self._state.is_busy
        self._empty.button.setVisible(not self._is_filtered() and not is_waiting)
        self._empty.button.setText(
            tr("Make the first ones") if self._maker.can_make() else tr("Go to Train")
        )
        self._empty.set_sentence(self._why_empty())

    def _on_empty(self) -> None:
        if self._maker.can_make():
            self._maker.make()
        else:
            self.train_wanted.emit()

    def _is_filtered(self) -> bool:
        return bool(self._search.text().strip()) or self._rating.currentIndex() > 0

    def _found_previews(self) -> dict[str, GridItem]:
        return {
            str(path): GridItem(
                path, caption=tr("{name}, step {step:,}", name=run.path.name, step=step)
            )
            for run in reversed(self._training.runs)
            for step, path in reversed(run.previews)
        }

    def _described(self, key: str) -> GridItem:
        preview = self._previews.get(key)
        if preview is not None:
            return preview
        item, is_copy = self._state.items[key], self._copies.is_copy(key)
        said = caption(item, self._words, is_copy=is_copy)
        return GridItem(item.path, said, badge=_badge(item, is_copy=is_copy))

    def _on_selection(self) -> None:
        keys: Sequence[str] = self._grid.selected_keys()
        items = [self._state.items[key] for key in keys if key in self._state.items]
        if items or not keys:
            self._details.show_items(items)
        else:
            self._details.show_file(Path(keys[0]))

    def _on_copies(self) -> None:
        for name in self._copies.marks:
            self._grid.update_key(name)

    def _on_item_changed(self, item: GalleryItem) -> None:
        self._grid.update_key(item.name)
        self._on_selection()

    def _on_opened(self, key: str) -> None:
        path = self._described(key).path
        if path.suffix.lower() == ".png":
            self._viewing.show_full_screen()
        else:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))

    def _on_menu(self, place: QPoint) -> None:
        if not self._grid.selected_keys():
            return
        menu = QMenu(self._grid)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        use = menu.addAction(icon("palette"), tr("Use in Create"))
        use.triggered.connect(lambda: self.use_wanted.emit(self.selected_paths()))
        whole = menu.addAction(icon("maximize-2"), tr("Full screen\tF"))
        whole.triggered.connect(self._viewing.show_full_screen)
        two = menu.addAction(icon("square-split-horizontal"), tr("Compare two\tC"))
        two.setEnabled(len(self._grid.selected_keys()) == PAIR)
        two.triggered.connect(self._viewing.compare_two)
        copy = menu.addAction(icon("copy"), tr("Copy\tCtrl+C"))
        copy.triggered.connect(self._viewing.copy)
        selected = self._selected()
        # The button above exports all while no more than one is selected.
        only = tr("Export only this one")
        if len(selected) > 1:
            only = tr("Export only these {number:,}", number=len(selected))
        export = menu.addMenu(icon("share"), only)
        export.setEnabled(bool(selected) and not self._state.is_busy)
        self._add_exporters(export, lambda: selected)
        again = menu.addAction(icon("rotate-ccw"), tr("Make this again"))
        again.setEnabled(len(self._grid.selected_keys()) == 1 and not self._state.is_busy)
        again.setToolTip(tr("Makes it from its recipe, and says whether it is the same"))
        again.triggered.connect(lambda: self._state.remake(self._grid.selected_keys()[0]))
        copies = menu.addAction(icon("scan-search"), tr("Did it copy?"))
        copies.setEnabled(bool(self._selected()) and not self._state.is_busy)
        copies.triggered.connect(lambda: self._copies.check(self._selected()))
        menu.popup(self._grid.viewport().mapToGlobal(place))

    def _on_typed(self) -> None:
        self._typing.start()

    def _on_filter(self) -> None:
        self._state.filter(self._search.text(), self._rating.currentIndex())

    def _on_busy_changed(self) -> None:
        is_busy = self._state.is_busy
        if is_busy and not self._was_busy:
            self._followed = self._grid.current_key()
        self._was_busy = is_busy
        self._progress.setVisible(is_busy)
        self._cancel.setVisible(is_busy)
        shows_pictures = self._source.currentIndex() == _PICTURES
        self._export.setEnabled(shows_pictures and bool(self._state.items) and not is_busy)
        self._export.setToolTip(
            tr("Export the pictures that are shown; if several are selected, only those")
            if shows_pictures
            else tr("Training previews lie in the project's folder, under runs")
        )

    def _on_progressed(self, what: str, done: int, total: int) -> None:
        self._progress.setRange(0, total)
        self._progress.setValue(done)
        self._progress.setToolTip(
            tr("{what}: {done:,} of {total:,}", what=what, done=done, total=total)
        )


def _badge(item: GalleryItem, *, is_copy: bool) -> str:
    return " ".join(it for it in ("★" * item.rating, "⚠" if is_copy else "") if it)
