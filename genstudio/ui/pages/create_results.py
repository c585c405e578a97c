"""The middle of the Create page: results as they come, one of them large."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.artifacts import IMAGE
from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import tr, tr_noop
from genstudio.services import studio_operations
from genstudio.services.score_tables import ScoreTable
from genstudio.services.studio_operations import OperationEntry, OperationResult, part_of
from genstudio.ui.icons import icon
from genstudio.ui.run_words import counted, run_when, value_word
from genstudio.ui.state.create import CreateState
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.viewers.catalog import VIEWERS
from genstudio.ui.viewers.protocol import Viewer
from genstudio.ui.widgets.grid_items import GridItem
from genstudio.ui.widgets.picture_view import PictureView
from genstudio.ui.widgets.reading import ReadingView
from genstudio.ui.widgets.score_panel import ScorePanel
from genstudio.ui.widgets.small import named_combo
from genstudio.ui.widgets.thumbnail_grid import ThumbnailGrid

_SIDE_PX = 96
_GRID_HEIGHT_PX = 19 * GRID_PX
_NOTHING_YET = tr_noop("What you make appears here as it comes.")
# Of the time in the name of a folder, with the sign behind it.
_STAMP_LENGTH = 16
_IN_GALLERY = tr_noop("in gallery")
# The part of a picture that tells its viewer from that of plain ones.
HEAT = "heat"


class CreateResults(QWidget):
    """Shows the results of this project; sends them on.

    Signals:
        use_wanted(str, list[Path]): Make these files inputs of the operation of that key.
        again_wanted(Path): Make this file again.
    """

    use_wanted = Signal(str, list)
    again_wanted = Signal(object)

    def __init__(self, state: CreateState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._viewers: dict[str, Viewer] = {}
        self._shown: str | None = None
        # Results are shown by the operation that made them, each of which has a folder.
        self._folder: Path | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setHandleWidth(GRID_PX)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self._make_view())
        splitter.addWidget(self._make_lower())
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setSizes([3 * _GRID_HEIGHT_PX, 2 * _GRID_HEIGHT_PX])
        layout.addWidget(splitter, 1)
        layout.addLayout(self._make_buttons())
        for changed in (state.results_changed, state.loaded):
            changed.connect(self._show_batches)
        state.seen.connect(self._on_seen)
        state.arrived.connect(self._on_arrived)
        state.hung_now.connect(self._on_hung)
        state.reported.connect(self._read_scores)
        state.scores_read.connect(self._on_scores)
        self._show_batches()

    def shutdown(self) -> None:
        """Leave no thread behind."""
        self._grid.shutdown()
        for viewer in self._viewers.values():
            viewer.shutdown()

    # --- building -----------------------------------------------------------------------

    def _make_view(self) -> QWidget:
        self._stack = QStackedWidget()
        self._words = QLabel(tr(_NOTHING_YET))
        self._words.setWordWrap(True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        mark(self._words, role="muted")
        nothing = QFrame()
        mark(nothing, role="panel")
        QVBoxLayout(nothing).addWidget(self._words)
        self._nothing = nothing
        self._stack.addWidget(nothing)
        self._becoming = PictureView()
        self._becoming.setObjectName("create.becoming")
        self._becoming.setAccessibleName(tr("What is being made"))
        self._stack.addWidget(self._becoming)
        self._writing = ReadingView()
        self._writing.setObjectName("create.writing")
        self._writing.setAccessibleName(tr("What is being written"))
        self._stack.addWidget(self._writing)
        self._caption = QLabel()
        self._caption.setObjectName("create.caption")
        self._caption.setTextFormat(Qt.TextFormat.PlainText)
        self._caption.setWordWrap(True)
        mark(self._caption, role="small")
        view = QWidget()
        layout = QVBoxLayout(view)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self._caption)
        return view

    def _make_lower(self) -> QWidget:
        self._batch = named_combo("create.batch", tr("What was made when"))
        self._batch.setPlaceholderText(tr("Nothing made yet"))
        self._batch.currentIndexChanged.connect(self._on_batch)
        self._number = QLabel()
        self._number.setObjectName("create.number")
        mark(self._number, role="muted")
        self._open_folder = QToolButton()
        self._open_folder.setObjectName("create.folder")
        self._open_folder.setIcon(icon("folder-open"))
        self._open_folder.setToolTip(tr("Show the files in their folder"))
        self._open_folder.setAccessibleName(tr("Show the files in their folder"))
        self._open_folder.clicked.connect(self._on_folder)
        self._scores_on = QToolButton()
        self._scores_on.setObjectName("create.scores")
        self._scores_on.setText(tr("Scores"))
        self._scores_on.setCheckable(True)
        self._scores_on.setToolTip(tr("Table, histogram and ROC curve instead of the pictures"))
        self._scores_on.toggled.connect(self._show_lower)
        head = QHBoxLayout()
        head.setSpacing(GRID_PX)
        head.addWidget(self._batch, 1)
        head.addWidget(self._scores_on)
        head.addWidget(self._open_folder)
        lower = QWidget()
        layout = QVBoxLayout(lower)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addLayout(head)
        self._scores = ScorePanel()
        self._scores.wanted.connect(self._on_scores_row)
        self._lower = QStackedWidget()
        self._lower.addWidget(self._make_grid())
        self._lower.addWidget(self._scores)
        layout.addWidget(self._lower, 1)
        return lower

    def _make_grid(self) -> ThumbnailGrid:
        self._grid = ThumbnailGrid(studio_operations.thumbnail, self._described)
        self._grid.setObjectName("create.results")
        self._grid.setAccessibleName(tr("Results"))
        self._grid.set_side(_SIDE_PX)
        self._grid.setMinimumHeight(_GRID_HEIGHT_PX)
        self._grid.selection_changed_keys.connect(self._on_selection)
        self._grid.current_changed_key.connect(self._on_current)
        self._grid.activated_key.connect(_open)
        self._grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._grid.customContextMenuRequested.connect(self._on_menu)
        return self._grid

    def _make_buttons(self) -> QVBoxLayout:
        self._send = QPushButton(tr("Put into the gallery"))
        self._send.setObjectName("create.send")
        self._send.setIcon(icon("layout-grid"))
        self._send.setToolTip(tr("The selected ones, or all if none is selected; nothing twice"))
        self._send.clicked.connect(lambda: self._state.hang(self._chosen()))
        self._use = QPushButton(tr("Use as input of…"))
        self._use.setObjectName("create.use")
        self._use.setIcon(icon("repeat"))
        self._use_menu = QMenu(self._use)
        self._use_menu.aboutToShow.connect(lambda: self._fill_use(self._use_menu))
        self._use.setMenu(self._use_menu)
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self._number, 1)
        row.addWidget(self._use)
        # Beside each other they would be cut off in a small window.
        column = QVBoxLayout()
        column.setSpacing(GRID_PX)
        column.addLayout(row)
        column.addWidget(self._send)
        return column

    # --- showing ------------------------------------------------------------------------

    def _on_seen(self, seen: np.ndarray | str) -> None:
        """Show a result that is not done yet; what is selected is not covered."""
        if not self._grid.selected_keys():
            if isinstance(seen, str):
                self._writing.show_text(seen, is_at_end=True)
                self._stack.setCurrentWidget(self._writing)
            else:
                self._becoming.set_picture(seen)
                self._stack.setCurrentWidget(self._becoming)
            self._caption.setText(tr("Not finished yet"))
            self._shown = None

    def _show_batches(self) -> None:
        """Offer what was made by each operation that was done, the newest first."""
        folders = dict.fromkeys(Path(key).parent for key in self._state.results)
        newest_first = sorted(folders, key=lambda folder: folder.name, reverse=True)
        self._batch.blockSignals(True)
        self._batch.clear()
        for folder in newest_first:
            self._batch.addItem(_batch_title(folder, self._state.entries), folder)
        self._batch.setCurrentIndex(max(self._batch.findData(self._folder), 0))
        self._batch.blockSignals(False)
        self._batch.setEnabled(bool(newest_first))
        self._on_batch()

    def _on_batch(self) -> None:
        self._folder = self._batch.currentData()
        keys = [key for key in self._state.results if Path(key).parent == self._folder]
        self._grid.set_keys(keys)
        if self._shown not in keys:
            self._show(keys[0] if keys else None)
        self._read_scores()
        self._update()

    def _on_arrived(self, keys: Sequence[str]) -> None:
        if Path(keys[0]).parent != self._folder:
            self._folder = Path(keys[0]).parent
            self._show_batches()
        else:
            self._grid.add_keys(keys)
            self._update()
        if not self._grid.selected_keys():
            self._show(keys[-1])

    def _described(self, key: str) -> GridItem:
        result = self._state.results[key]
        badge = tr(_IN_GALLERY) if key in self._state.hung else ""
        return GridItem(result.path, _caption(result), badge=badge)

    def _show(self, key: str | None) -> None:
        """Show one result large."""
        self._shown = key
        result = None if key is None else self._state.results.get(key)
        self._caption.setText("" if result is None else _caption(result))
        if result is None:
            self._stack.setCurrentWidget(self._nothing)
            self._words.setText(tr(_NOTHING_YET))
            return
        try:
            viewer = self._viewer(result.kind)
        except GenStudioError as error:
            self._stack.setCurrentWidget(self._nothing)
            self._words.setText(
                tr("{error} A double-click opens it in another program.", error=error)
            )
            return
        if result.kind == IMAGE and part_of(result.path, HEAT).exists():
            viewer = self._viewer(HEAT)
        viewer.show_result(result.path, result.source)
        self._stack.setCurrentWidget(viewer.widget)

    def _viewer(self, kind: str) -> Viewer:
        viewer = self._viewers.get(kind)
        if viewer is None:
            viewer = self._viewers[kind] = VIEWERS.get(kind)()
            self._stack.addWidget(viewer.widget)
        return viewer

    def _update(self) -> None:
        num_selected, number = len(self._grid.selected_keys()), len(self._grid.keys())
        selected = tr("{num_selected:,} of ", num_selected=num_selected) if num_selected else ""
        self._number.setText(f"{selected}{counted(number, 'result')}" if number else "")
        self._send.setText(_sending(num_selected, number))
        for button in (self._send, self._use, self._open_folder):
            button.setEnabled(number > 0)

    def _read_scores(self) -> None:
        """Read the table of the folder that is shown, if there is one."""
        self._scores_on.setVisible(False)
        self._show_lower()
        if self._folder is not None:
            self._state.read_scores(self._folder)

    def _on_scores(self, folder: Path, table: ScoreTable) -> None:
        if folder == self._folder:
            self._scores.show_scores(table)
            self._scores_on.setVisible(True)
            self._show_lower()

    def _show_lower(self) -> None:
        # Hidden when the page is, too: whether it was hidden by us counts.
        is_on = self._scores_on.isChecked() and not self._scores_on.isHidden()
        self._lower.setCurrentWidget(self._scores if is_on else self._grid)

    # --- reacting -----------------------------------------------------------------------

    def _on_scores_row(self, name: str) -> None:
        if self._folder is not None:
            self._show(str(self._folder / name))

    def _chosen(self) -> list[str]:
        """The selected results, or all that are in the grid."""
        return self._grid.selected_keys() or self._grid.keys()

    def _on_selection(self) -> None:
        selected = self._grid.selected_keys()
        if selected and self._shown not in selected:
            self._show(selected[0])
        self._update()

    def _on_current(self, key: str) -> None:
        if key and key in self._grid.selected_keys():
            self._show(key)

    def _on_hung(self) -> None:
        for key in self._state.hung:
            self._grid.update_key(key)

    def _on_menu(self, place: QPoint) -> None:
        if not self._grid.keys():
            return
        menu = QMenu(self._grid)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(icon("layout-grid"), self._send.text(), self._send.click)
        self._fill_use(menu.addMenu(icon("repeat"), tr("Use as input of")))
        again = menu.addAction(icon("rotate-ccw"), tr("Make this again"))
        again.setEnabled(len(self._grid.selected_keys()) == 1)
        again.setToolTip(tr("Makes it from its recipe, and says whether it is the same"))
        again.triggered.connect(self._on_again)
        menu.addSeparator()
        menu.addAction(tr("Select all"), self._grid.selectAll)
        menu.addAction(tr("Select none"), self._grid.clearSelection)
        menu.popup(self._grid.viewport().mapToGlobal(place))

    def _on_again(self) -> None:
        self.again_wanted.emit(self._state.results[self._grid.selected_keys()[0]].path)

    def _fill_use(self, menu: QMenu) -> None:
        """Offer the operations that take what was made."""
        menu.clear()
        results = [self._state.results[key] for key in self._chosen()]
        kinds = {result.kind for result in results}
        for entry in self._state.entries.values():
            takes = {spec.kind for spec in entry.card.inputs if entry.card.has_form}
            if kinds & takes:
                menu.addAction(entry.card.title, self._using(entry, results))
        if menu.isEmpty():
            menu.addAction(tr("Nothing takes such results yet")).setEnabled(False)

    def _using(
        self, entry: OperationEntry, results: Sequence[OperationResult]
    ) -> Callable[[], None]:
        kinds = {spec.kind for spec in entry.card.inputs}
        paths = [result.path for result in results if result.kind in kinds]
        return lambda: self.use_wanted.emit(entry.card.key, paths)

    def _on_folder(self) -> None:
        if self._folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))


def _batch_title(folder: Path, entries: Mapping[str, OperationEntry]) -> str:
    """When an operation was done, and which; by the name of its folder."""
    key = folder.name[_STAMP_LENGTH:]
    # Of two within a second, the second has a number behind its name.
    entry = entries.get(key) or entries.get(key.rpartition("-")[0])
    return f"{run_when(folder)} · {entry.card.title if entry else key}"


def _caption(result: OperationResult) -> str:
    made_of = tr(" · from {name}", name=result.source.name) if result.source else ""
    values = "".join(
        f" · {value_word(name)} {_short(value)}" for name, value in result.values.items()
    )
    return f"{result.path.name}{made_of}{values}"


def _short(value: float | str) -> str:
    return value if isinstance(value, str) else tr("{value:.4g}", value=value)


def _open(key: str) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(key))


def _sending(num_selected: int, number: int) -> str:
    if number <= 1:
        return tr("Put it into the gallery") if number else tr("Put into the gallery")
    if num_selected:
        return tr("Put {num_selected:,} selected into the gallery", num_selected=num_selected)
    return tr("Put all {number:,} into the gallery", number=number)
