"""The Create page: what can be done with models, on which files, and what comes of it."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.cards import ModelCard
from genstudio.domain.operations import OperationCard
from genstudio.services import studio
from genstudio.ui.icons import icon
from genstudio.ui.pages.create_controls import CreateControls
from genstudio.ui.state.create import CreateState
from genstudio.ui.state.training import TrainingState
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.viewers.catalog import as_viewer, make_viewer
from genstudio.ui.widgets.grid_items import GridItem
from genstudio.ui.widgets.model_cards import ModelCards
from genstudio.ui.widgets.thumbnail_grid import ThumbnailGrid

_CARDS_WIDTH_PX = 296
_CONTROLS_WIDTH_PX = 336
_KIND_WORDS = {"image": "pictures"}


class CreatePage(QWidget):
    """Cards at the left, results in the middle, controls at the right.

    Signals:
        train_wanted(): A person wants to train what is missing.
        gallery_wanted(): What is selected in the gallery shall go in.
    """

    train_wanted = Signal()
    gallery_wanted = Signal()

    def __init__(
        self, state: CreateState, training: TrainingState, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("page.create")
        self.setAccessibleName("Create")
        self._state = state
        self._training = training
        self._newest = ""
        self.controls = CreateControls()
        self._cards = ModelCards()
        self._cards.setObjectName("create.operation")
        self._cards.setAccessibleName("What to do")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(2 * GRID_PX)
        layout.addWidget(self._make_cards())
        layout.addWidget(self._make_results(), 1)
        layout.addWidget(_scrolled(self.controls, _CONTROLS_WIDTH_PX))
        self._connect()
        self._show_entry()

    def choose(self, key: str) -> None:
        """Choose an operation; one that is not there is passed over."""
        if key in self._state.entries:
            self._cards.select(key)

    def shutdown(self) -> None:
        """Let go of threads before the window closes."""
        self._grid.shutdown()
        self.controls.inputs.shutdown()

    # --- building -----------------------------------------------------------------------

    def _connect(self) -> None:
        self._cards.keyChanged.connect(self._show_entry)
        self._state.loaded.connect(self._on_loaded)
        self._state.busy_changed.connect(self._on_busy_changed)
        self._state.progressed.connect(self.controls.show_progress)
        self._state.result_added.connect(self._on_result_added)
        self._state.cleared.connect(self._show_results)
        self._training.runs_changed.connect(self._show_entry)
        self.controls.start_wanted.connect(self._on_start)
        self.controls.cancel_wanted.connect(self._state.cancel)
        self.controls.train_wanted.connect(self.train_wanted)
        self.controls.inputs.gallery_wanted.connect(self.gallery_wanted)

    def _make_cards(self) -> QWidget:
        column = QWidget()
        inside = QVBoxLayout(column)
        inside.setContentsMargins(0, 0, 0, 0)
        title = QLabel("What to do")
        mark(title, role="heading")
        inside.addWidget(title)
        inside.addWidget(self._cards)
        inside.addStretch(1)
        return _scrolled(column, _CARDS_WIDTH_PX)

    def _make_results(self) -> QWidget:
        self._viewer = make_viewer("image")
        self._viewer_kind = "image"
        self._viewer_place = QVBoxLayout()
        self._viewer_place.addWidget(self._viewer)
        upper = QWidget()
        upper.setLayout(self._viewer_place)
        self._viewer_place.setContentsMargins(0, 0, 0, 0)
        self._grid = ThumbnailGrid(studio.thumbnail, self._describe)
        self._grid.setObjectName("create.results")
        self._grid.setAccessibleName("Results")
        self._grid.selection_changed_keys.connect(self._show_selected)
        lower = QWidget()
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._make_bar())
        column.addWidget(self._grid, 1)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(upper)
        splitter.addWidget(lower)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        return splitter

    def _make_bar(self) -> QHBoxLayout:
        self._told = QLabel()
        self._told.setObjectName("create.told")
        mark(self._told, role="muted")
        self._use = QPushButton("Use as input of…")
        self._use.setObjectName("create.use")
        self._menu = QMenu(self)
        self._use.setMenu(self._menu)
        self._send = QPushButton("To the gallery")
        self._send.setObjectName("create.send")
        self._send.setAccessibleName("Send to the gallery")
        self._send.setToolTip("The selected results; all if none is selected")
        self._send.setIcon(icon("layout-grid"))
        self._send.clicked.connect(lambda: self._state.send(self._chosen()))
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self._told, 1)
        row.addWidget(self._use)
        row.addWidget(self._send)
        return row

    # --- showing ------------------------------------------------------------------------

    def _on_loaded(self) -> None:
        self._cards.set_cards([_as_card(entry.card) for entry in self._state.entries.values()])
        self._menu.clear()
        for key, entry in self._state.entries.items():
            if entry.card.inputs:
                self._menu.addAction(entry.card.title).triggered.connect(
                    lambda _checked=False, key=key: self._use_in(key)
                )
        self._show_entry()

    def _show_entry(self) -> None:
        entry = self._state.entries.get(self._cards.current_key())
        self.controls.set_entry(entry, self._training.runs)
        self._on_busy_changed()

    def _on_busy_changed(self) -> None:
        self.controls.set_busy(is_busy=self._state.is_busy, is_open=self._state.project is not None)
        self._show_told()

    def _on_result_added(self) -> None:
        is_first = len(self._state.results) == 1
        path = self._state.results[-1].path
        self._grid.add_keys([str(path)])
        if is_first or (last := self._grid.current_key()) is None or last == self._newest:
            self._grid.select(str(path))
        self._newest = str(path)
        self._show_told()

    def _show_results(self) -> None:
        self._newest = ""
        self._grid.set_keys([str(result.path) for result in self._state.results])
        self._show_selected()
        self._show_told()

    def _show_told(self) -> None:
        count = len(self._state.results)
        self._told.setText(f"{count:,} result{'s' * (count != 1)}" if count else "")
        for button in (self._use, self._send):
            button.setEnabled(count > 0)

    def _show_selected(self) -> None:
        chosen = self._grid.selected_keys()
        key = chosen[0] if chosen else ""
        result = next((it for it in self._state.results if str(it.path) == key), None)
        if result is not None and result.kind != self._viewer_kind:
            self._viewer_place.removeWidget(self._viewer)
            self._viewer.deleteLater()
            self._viewer, self._viewer_kind = make_viewer(result.kind), result.kind
            self._viewer_place.addWidget(self._viewer)
        path, source = (result.path, result.source) if result else (None, None)
        as_viewer(self._viewer).show_result(path, source)

    def _describe(self, key: str) -> GridItem:
        return GridItem(Path(key))

    # --- acting -------------------------------------------------------------------------

    def _on_start(self) -> None:
        entry = self._state.entries[self._cards.current_key()]
        controls = self.controls
        inputs = {spec.name: controls.inputs.paths() for spec in entry.card.inputs[:1]}
        self._state.start(
            entry.card.key,
            run=controls.run(),
            inputs=inputs,
            count=controls.count(),
            seed=controls.seed(),
            settings=controls.settings(),
        )

    def _chosen(self) -> list[Path]:
        selected = self._grid.selected_keys()
        # One is always selected as results come; that alone is no choice.
        if len(selected) <= 1 and not self._grid.hasFocus():
            selected = []
        return [Path(key) for key in selected or self._grid.keys()]

    def _use_in(self, key: str) -> None:
        paths = self._chosen()
        self.choose(key)
        self.controls.inputs.set_paths(paths)


def _as_card(card: OperationCard) -> ModelCard:
    """An operation in the words of a card."""
    given = ", ".join(_KIND_WORDS.get(it.kind, it.kind) for it in card.inputs)
    return ModelCard(
        key=card.key,
        title=card.title,
        summary=card.summary,
        family=_KIND_WORDS.get(card.output, card.output),
        cost=f"From {given} of yours" if given else "From nothing but seeds",
        needs="with a trained model" if card.needs_run else "without a model",
        paper="",
    )


def _scrolled(widget: QWidget, width_px: int) -> QScrollArea:
    area = QScrollArea()
    area.setWidget(widget)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFixedWidth(width_px)
    return area
