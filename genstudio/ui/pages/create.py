"""The Create page: choose what to do, give it what it needs, and look at what comes out."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain import events
from genstudio.domain.artifacts import IMAGE
from genstudio.domain.language import quoted, tr, tr_noop
from genstudio.domain.operations import EXPLORE, GENERATE
from genstudio.domain.runs import RunSummary
from genstudio.services.studio_operations import OperationEntry
from genstudio.ui.dropping import dropped_paths
from genstudio.ui.pages.create_controls import CreateControls
from genstudio.ui.pages.create_results import CreateResults
from genstudio.ui.pages.create_timeline import CreateTimeline
from genstudio.ui.pages.explore_view import ExploreView
from genstudio.ui.run_words import examples_words, model_name, run_when
from genstudio.ui.state.create import CreateState
from genstudio.ui.state.exploring import ExploringState
from genstudio.ui.state.key_frames import KeyFramesState
from genstudio.ui.state.training import TrainingState
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.empty_state import EmptyState
from genstudio.ui.widgets.operation_cards import OperationCards

_CARDS_PX = 34 * GRID_PX
_NO_MODEL = tr_noop("No trained model of this project can do this yet.")
_MOST_NAMED = 3
_UNFIT_WIDTH_PX = 34 * GRID_PX
_CONTROLS, _UNFIT = range(2)


class CreatePage(QWidget):
    """Everything that can be done with trained models, or without one.

    Signals:
        train_wanted(): There is no model for it, and a person wants to train one.
        gallery_wanted(str): Take what is selected in the gallery for the input of that name.
        again_wanted(Path): Make this result again.
    """

    train_wanted = Signal()
    gallery_wanted = Signal(str)
    again_wanted = Signal(object)

    def __init__(
        self,
        state: CreateState,
        exploring: ExploringState,
        key_frames: KeyFramesState,
        training: TrainingState,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("page.create")
        self.setAccessibleName(tr("Create"))
        self.setAcceptDrops(True)
        self._state = state
        self._training = training
        self._num_saved = 0
        # Run that has just come to its end, and of which nothing was shown here yet.
        self._learned: Path | None = None
        self._explore = ExploreView(exploring, state)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(2 * GRID_PX)
        side = self._make_side()
        layout.addWidget(self._make_body(key_frames), 1)
        layout.addWidget(side)
        state.loaded.connect(self._on_loaded)
        for changed in (
            training.runs_changed, training.catalogue_loaded, training.activity_changed,
        ):  # fmt: skip
            changed.connect(self._show_operation)
        training.checkpoints_changed.connect(self._on_checkpoints)
        training.received.connect(self._on_received)
        state.busy_changed.connect(self._show_operation)
        state.gathered.connect(lambda name, files: self.add_files(files, name))
        self._on_loaded()

    def choose(self, operation: str) -> None:
        """Choose an operation by its key."""
        self._cards.select(operation)

    def add_files(self, files: Sequence[Path], name: str = "") -> None:
        """Add files to the inputs; where the chosen operation takes none, choose one that does."""
        entry = self._entry()
        takes_some = entry is not None and entry.card.inputs and entry.card.has_form
        if not takes_some:
            fitting = [key for key, it in self._state.entries.items() if _takes(it, IMAGE)]
            usable = [key for key in fitting if self._runs_for(self._state.entries[key])]
            if fitting:
                self._cards.select((usable or fitting)[0])
        self._controls.add_files(files, name)

    def shutdown(self) -> None:
        """Leave no thread behind."""
        self._controls.shutdown()
        self._results.shutdown()

    # --- building -----------------------------------------------------------------------

    def _make_body(self, key_frames: KeyFramesState) -> QSplitter:
        self._loading = QLabel(tr("Getting the operations ready…"))
        mark(self._loading, role="muted")
        self._cards = OperationCards()
        self._cards.setObjectName("create.operation")
        self._cards.setAccessibleName(tr("What to do"))
        self._cards.keyChanged.connect(self._show_operation)
        find = QLineEdit()
        find.setObjectName("create.find")
        find.setPlaceholderText(tr("Find: words, film, molecule…"))
        find.setAccessibleName(tr("Find something to do"))
        find.setClearButtonEnabled(True)
        find.textChanged.connect(self._cards.look_for)
        left = QWidget()
        left.setMinimumWidth(30 * GRID_PX)
        left_layout = QVBoxLayout(left)
        left_layout.setContentsMargins(0, 0, 0, 0)
        left_layout.setSpacing(GRID_PX)
        left_layout.addWidget(find)
        left_layout.addWidget(self._loading)
        left_layout.addWidget(self._cards, 1)
        self._results = CreateResults(self._state)
        self._results.use_wanted.connect(self._on_use)
        self._results.again_wanted.connect(self.again_wanted)
        splitter = QSplitter()
        splitter.setHandleWidth(2 * GRID_PX)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(left)
        self._middle = QStackedWidget()
        self._timeline = CreateTimeline(self._state, key_frames, self._results, self._controls)
        self._middle.addWidget(self._timeline)
        self._middle.addWidget(self._explore)
        splitter.addWidget(self._middle)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([_CARDS_PX, 100 * GRID_PX])
        return splitter

    def _make_side(self) -> QStackedWidget:
        self._controls = CreateControls(self._state)
        self._controls.start_wanted.connect(self._state.perform)
        self._controls.gather_wanted.connect(self._state.gather)
        self._controls.paste_wanted.connect(self._state.keep_pasted)
        self._controls.gallery_wanted.connect(self.gallery_wanted)
        self._unfit = EmptyState(
            "sparkles",
            tr("A trained model is needed"),
            tr(_NO_MODEL),
            tr("Go to Train"),
            width_px=_UNFIT_WIDTH_PX,
        )
        self._unfit.setObjectName("create.empty")
        self._unfit.button.setObjectName("create.train")
        self._unfit.triggered.connect(self.train_wanted)
        frame = QFrame()
        mark(frame, role="panel")
        QVBoxLayout(frame).addWidget(self._unfit)
        side = QStackedWidget()
        side.setMaximumWidth(self._controls.maximumWidth())
        side.addWidget(self._controls)
        side.addWidget(frame)
        self._side = side
        return side

    # --- showing ------------------------------------------------------------------------

    def _on_loaded(self) -> None:
        entries = self._state.entries
        self._loading.setVisible(not entries)
        self._cards.setVisible(bool(entries))
        self._cards.set_cards([entry.card for entry in entries.values()])
        self._show_operation()

    def _on_checkpoints(self) -> None:
        """Offer a run from its first checkpoint on, while it is still being trained."""
        if self._num_saved != self._count_saved():
            self._show_operation()

    def _count_saved(self) -> int:
        return sum(run.step > 0 for run in self._training.runs)

    def _show_operation(self) -> None:
        self._num_saved = self._count_saved()
        entries = self._state.entries
        runs = {key: self._runs_for(entry) for key, entry in entries.items()}
        needy = [key for key, entry in entries.items() if entry.card.needs_run and not runs[key]]
        notes = dict.fromkeys(needy, tr("No trained model can do this yet."))
        for key, it in entries.items():
            if it.missing_pack:
                pack = tr("Needs the pack “{key}”.", key=it.missing_pack)
                notes[key] = f"{notes.get(key, '')} {pack}".strip()
        self._cards.set_notes(notes)
        self._offer_learned(runs)
        entry = self._entry()
        if entry is None:
            return
        named = [(_run_name(run, self._training), run) for run in runs[entry.card.key]]
        if self._show_view(entry, named):
            return
        self._controls.show_operation(entry, named)
        self._timeline.show_operation(entry.card)
        # What is under way is shown until it has ended, whatever is chosen meanwhile.
        is_unfit = entry.card.key in needy and not self._state.is_busy
        if is_unfit:
            self._unfit.set_sentence(self._what_to_train(entry))
        self._side.setCurrentIndex(_UNFIT if is_unfit else _CONTROLS)

    def _on_received(self, received: Sequence[events.Event]) -> None:
        ended = [it.run for it in received if isinstance(it, (events.Finished, events.Stopped))]
        self._learned = next(filter(None, reversed(ended)), self._learned)

    def _offer_learned(self, runs: Mapping[str, Sequence[RunSummary]]) -> None:
        """Choose something that the model can do which has just learned, or else the newest.

        Whoever is on the page has chosen something else.
        """
        entry, learned = self._entry(), self._learned
        if entry is None:
            return
        if learned is None and entry.card.key == GENERATE and not runs.get(GENERATE):
            # Of a project that was opened: what is offered first would need another model.
            newest = [run.path for run in self._training.runs if run.step > 0]
            learned = newest[-1] if newest else None
        if learned is None:
            return
        fitting = [key for key, them in runs.items() if any(it.path == learned for it in them)]
        if not fitting:
            return  # Its record is still being read.
        self._learned = None
        if not self.isVisible() and entry.card.key not in fitting:
            self._cards.select(fitting[0])

    def _show_view(self, entry: OperationEntry, runs: list[tuple[str, RunSummary]]) -> bool:
        """Show an operation that has a view of its own in it; says whether it has one."""
        is_explored = entry.card.view == EXPLORE and bool(runs)
        self._middle.setCurrentWidget(self._explore if is_explored else self._timeline)
        self._side.setVisible(not is_explored)
        if is_explored:
            self._explore.show_operation(entry, runs, self._training.live_run)
        return is_explored

    def _entry(self) -> OperationEntry | None:
        return self._state.entries.get(self._cards.current_key())

    def _runs_for(self, entry: OperationEntry) -> list[RunSummary]:
        """Runs whose model can do it, the newest first."""
        return [
            run
            for run in reversed(self._training.runs)
            if run.step > 0
            and run.settings.model_key in entry.settings
            and entry.card.suits(run.settings.modality, run.settings.layout)
        ]

    def _what_to_train(self, entry: OperationEntry) -> str:
        known = self._training.entries
        live = self._training.started if self._training.is_running else None
        if live is not None and live.model in entry.settings:
            return tr(
                "The model that is learning can do it from its first saved point on: about a "
                "minute after it began."
            )
        titles = [quoted(known[key].card.title) for key in entry.settings if key in known]
        if not titles:
            return tr(
                "{no_model} None of the architectures that are installed can learn it.",
                no_model=tr(_NO_MODEL),
            )
        more = "" if len(titles) <= _MOST_NAMED else tr(", or another that can")
        return tr(
            "{no_model} Train one: {titles}{more}.",
            no_model=tr(_NO_MODEL),
            titles=tr(" or ").join(titles[:_MOST_NAMED]),
            more=more,
        )

    # --- reacting -----------------------------------------------------------------------

    def _on_use(self, operation: str, files: list[Path]) -> None:
        self._cards.select(operation)
        self._controls.clear_files()
        self._controls.add_files(files)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+V gives what is in the clipboard to the first input."""
        if event.matches(QKeySequence.StandardKey.Paste):
            self._take(QGuiApplication.clipboard().mimeData())
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files, folders and pictures where there is an input for them."""
        if event.mimeData().hasImage() or dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Give what was dropped beside the inputs to the first of them that it fits."""
        if self._take(event.mimeData()):
            event.acceptProposedAction()

    def _take(self, data: QMimeData) -> bool:
        if self._controls.take(data):
            return True
        paths = dropped_paths(data)
        if paths:
            self._state.gather("", paths, IMAGE)
        return bool(paths)


def _takes(entry: OperationEntry, kind: str) -> bool:
    # A view of its own asks for its pictures itself.
    return entry.card.has_form and any(spec.kind == kind for spec in entry.card.inputs)


def _run_name(run: RunSummary, training: TrainingState) -> str:
    settings = run.settings
    what = tr(
        "{model_key} · {examples_words} · step {step:,}",
        model_key=model_name(settings.model_key, training.entries),
        examples_words=examples_words(settings),
        step=run.step,
    )
    return f"{what} · {run_when(run.path)}"
