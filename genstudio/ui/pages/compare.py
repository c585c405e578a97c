"""The Compare page: runs side by side on the same seeds, and what comes near to a copy."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import tr, tr_noop, trn
from genstudio.services.compared_materials import AnyRun, MaterialComparison
from genstudio.services.comparison_words import said_of
from genstudio.ui.dialogs.blind_picking import BlindPickingDialog
from genstudio.ui.dialogs.folders import choose_report
from genstudio.ui.icons import IconLabel
from genstudio.ui.pages.compare_blind import candidates_of, proposed
from genstudio.ui.pages.compare_chooser import CompareChooser
from genstudio.ui.pages.compare_copies import CompareCopies
from genstudio.ui.pages.compare_results import CompareResults
from genstudio.ui.run_words import run_when
from genstudio.ui.state.comparison import ComparisonState
from genstudio.ui.state.training import TrainingState
from genstudio.ui.theme import GRID_PX, mark, roomy
from genstudio.ui.widgets.compare_table import CompareTable
from genstudio.ui.widgets.conclusions import Conclusions
from genstudio.ui.widgets.empty_state import EmptyState

_NOTHING, _SOMETHING = range(2)
_EXPLAIN = tr_noop("Point at a row, or go to it with the arrow keys, to read what it is about.")


class ComparePage(QWidget):
    """Shows the last comparison, and lets a person choose the next one.

    Signals:
        train_wanted(): There is no run yet, and a person wants to change that.
    """

    train_wanted = Signal()

    def __init__(
        self, state: ComparisonState, training: TrainingState, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("page.compare")
        self.setAccessibleName(tr("Compare"))
        self._state = state
        self._training = training
        self._empty = EmptyState(
            "scale",
            tr("No run to compare yet"),
            tr(
                "Train a model first. Train a second one with other settings, and this page tells "
                "which of them paints more like your pictures, and whether one copies."
            ),
            tr("Go to Train"),
        )
        self._empty.setObjectName("compare.empty")
        self._empty.triggered.connect(self.train_wanted)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._make_body())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.addWidget(self._stack)
        state.changed.connect(self._show_result)
        state.busy_changed.connect(lambda: self._chooser.set_busy(is_busy=state.is_busy))
        state.progressed.connect(self._chooser.show_progress)
        for signal in (
            training.runs_changed,
            training.checkpoints_changed,
            training.activity_changed,
            training.catalogue_loaded,
        ):
            signal.connect(self._show_runs)
        self._show_runs()
        self._show_result()

    def shutdown(self) -> None:
        """Leave no thread behind."""
        self._chooser.runs.shutdown()
        self._made.shutdown()

    # --- building -----------------------------------------------------------------------

    def _make_body(self) -> QWidget:
        self._chooser = CompareChooser()
        self._chooser.setMinimumWidth(roomy(40 * GRID_PX))
        self._chooser.setMaximumWidth(roomy(56 * GRID_PX))
        self._chooser.compare_wanted.connect(self._state.compare)
        self._chooser.cancel_wanted.connect(self._state.cancel)
        self._chooser.save_wanted.connect(self._on_save)
        self._chooser.blind_wanted.connect(self._on_blind)
        hint = EmptyState(
            "scale",
            tr("Which run is the best?"),
            tr(
                "Check runs at the right and press Compare. Figures stand beside their floor: what "
                "your own pictures get against each other."
            ),
        )
        self._results = QStackedWidget()
        self._results.addWidget(hint)
        self._results.addWidget(self._make_results())
        splitter = QSplitter()
        splitter.setHandleWidth(2 * GRID_PX)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self._results)
        splitter.addWidget(self._chooser)
        splitter.setStretchFactor(0, 1)
        return splitter

    def _make_results(self) -> QWidget:
        self._note = QLabel()
        self._note.setObjectName("compare.note")
        self._note.setWordWrap(True)
        mark(self._note, role="muted")
        self._table = CompareTable()
        self._table.setObjectName("compare.table")
        self._explanation = QLabel(tr(_EXPLAIN))
        self._explanation.setObjectName("compare.explanation")
        self._explanation.setWordWrap(True)
        self._explanation.setAlignment(Qt.AlignmentFlag.AlignTop)
        # Room for the longest one, so that the table does not jump.
        self._explanation.setFixedHeight(3 * self.fontMetrics().lineSpacing() + GRID_PX // 2)
        mark(self._explanation, role="small")
        self._table.explained.connect(lambda text: self._explanation.setText(text or tr(_EXPLAIN)))
        side_by_side = QWidget()
        column = QVBoxLayout(side_by_side)
        column.setContentsMargins(0, GRID_PX, 0, 0)
        column.setSpacing(GRID_PX)
        self._conclusions = Conclusions()
        column.addWidget(self._conclusions)
        column.addWidget(self._table, 1)
        column.addWidget(self._explanation)
        self._copies = CompareCopies()
        self._made = CompareResults()
        self._tabs = QTabWidget()
        self._tabs.setObjectName("compare.tabs")
        self._tabs.addTab(side_by_side, tr("Side by side"))
        self._tabs.addTab(self._copies, tr("Did it copy?"))
        self._tabs.addTab(self._made, tr("Results"))
        results = QWidget()
        layout = QVBoxLayout(results)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._note)
        layout.addWidget(self._make_alert())
        layout.addWidget(self._tabs, 1)
        return results

    def _make_alert(self) -> QFrame:
        self._outdated = QLabel()
        self._outdated.setObjectName("compare.outdated")
        self._outdated.setWordWrap(True)
        again = QPushButton(tr("Compare again"))
        again.setObjectName("compare.again")
        again.clicked.connect(self._on_again)
        self._state.busy_changed.connect(lambda: again.setEnabled(not self._state.is_busy))
        self._alert = QFrame()
        mark(self._alert, role="alert")
        row = QHBoxLayout(self._alert)
        row.setContentsMargins(GRID_PX, GRID_PX, GRID_PX, GRID_PX)
        row.addWidget(IconLabel("triangle-alert", 20, "warning"))
        row.addWidget(self._outdated, 1)
        row.addWidget(again)
        return self._alert

    # --- showing ------------------------------------------------------------------------

    def _show_runs(self) -> None:
        training = self._training
        self._chooser.show_runs(training.runs, training.entries, training.live_run)
        candidates = candidates_of(training.runs, training.entries)
        self._chooser.set_can_pick(can_pick=len(candidates) > 1)
        has_any = any(run.checkpoints for run in training.runs)
        has_any |= self._state.result is not None
        self._stack.setCurrentIndex(_SOMETHING if has_any else _NOTHING)
        self._show_titles()

    def _show_result(self) -> None:
        result = self._state.result
        self._chooser.set_result(has_result=result is not None)
        self._results.setCurrentIndex(_NOTHING if result is None else _SOMETHING)
        self._note.setText(result.note if result else "")
        self._conclusions.show_all(said_of(result) if result else ())
        self._table.show_comparison(result)
        self._copies.show_comparison(result)
        self._made.show_comparison(result)
        is_material = isinstance(result, MaterialComparison)
        self._tabs.setTabVisible(self._tabs.indexOf(self._copies), not is_material)
        self._tabs.setTabVisible(self._tabs.indexOf(self._made), is_material)
        self._show_runs()

    def _show_titles(self) -> None:
        runs = self._state.result.runs if self._state.result else ()
        titles: list[str] = []
        details: list[str] = []
        older: list[AnyRun] = []
        for run in runs:
            newest = self._newest_step(run)
            title = f"{run.model_title}\n{run_when(run.path)}"
            detail = tr(
                "{model_title}, {run_when}, step {step:,}, {name}",
                model_title=run.model_title,
                run_when=run_when(run.path),
                step=run.step,
                name=run.path.name,
            )
            if newest is None:
                title += tr("\n▲ no longer in the project")
            elif newest != run.newest_step:
                title += tr("\n▲ saved at step {newest:,} since", newest=newest)
                detail += tr(". It has been saved at step {newest:,} since.", newest=newest)
                older.append(run)
            titles.append(title)
            details.append(detail)
        self._table.set_titles(titles, details)
        self._alert.setVisible(bool(older))
        names = tr(" and ").join(
            tr(
                "“{model_title}” of {run_when}",
                model_title=run.model_title,
                run_when=run_when(run.path),
            )
            for run in older
        )
        self._outdated.setText(
            trn(
                "{names} has learned on: the figures are of an older state.",
                "{names} have learned on: the figures are of an older state.",
                len(older),
                names=names,
            )
        )

    def _newest_step(self, run: AnyRun) -> int | None:
        """Step of a run's newest checkpoint now; None if the run is gone."""
        for other in self._training.runs:
            if other.path == run.path:
                return other.step
        return None

    # --- doing --------------------------------------------------------------------------

    def _on_again(self) -> None:
        """Compare the same runs as before, as they are now."""
        assert self._state.result is not None
        runs = [run for run in self._state.result.runs if self._newest_step(run) is not None]
        self._state.compare([run.path for run in runs])

    def _on_blind(self) -> None:
        candidates = candidates_of(self._training.runs, self._training.entries)
        chosen = proposed(candidates, self._training.runs, self._chooser.runs.chosen())
        BlindPickingDialog(self, self._state, candidates, chosen).open()

    def _on_save(self) -> None:
        chosen = choose_report(self)
        if chosen is not None:
            self._state.save(chosen)
