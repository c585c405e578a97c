"""The right side of the Compare page: which runs, and what to do with them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import tr, tr_noop
from genstudio.domain.runs import RunSummary
from genstudio.services.studio import CatalogueEntry
from genstudio.ui.icons import icon
from genstudio.ui.run_words import preview_px, run_details
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.run_list import RunList, RunRow

_NOTHING_SAVED = tr_noop("Nothing of this run is saved yet: let it learn for a minute or more.")


class CompareChooser(QFrame):
    """Runs with check boxes; compares those that are checked, and saves what was found.

    Signals:
        compare_wanted(list): Compare the runs in these folders.
        cancel_wanted(): Stop comparing.
        save_wanted(): Save the report.
        blind_wanted(): Pick between two saved points without knowing which is which.
    """

    compare_wanted = Signal(list)
    cancel_wanted = Signal()
    save_wanted = Signal()
    blind_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        mark(self, role="panel")
        self._is_busy = False
        self._has_result = False
        heading = QLabel(tr("Runs to compare"))
        mark(heading, role="heading")
        advice = QLabel(
            tr(
                "Check one run or several that make the same kind of thing. Each works on the same "
                "seeds and is judged against what is yours. A training may go on meanwhile."
            )
        )
        advice.setWordWrap(True)
        mark(advice, role="small")
        self.runs = RunList()
        self.runs.setObjectName("compare.runs")
        self.runs.chosen_changed.connect(self._update)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX)
        layout.addWidget(heading)
        layout.addWidget(advice)
        layout.addWidget(self.runs, 1)
        layout.addWidget(self._make_progress())
        layout.addLayout(self._make_buttons())
        self.set_busy(is_busy=False)

    def show_runs(
        self, runs: Sequence[RunSummary], entries: Mapping[str, CatalogueEntry], live: Path | None
    ) -> None:
        """Show the runs of a project, the newest first."""
        rows = [_row(run, entries, is_live=run.path == live) for run in reversed(runs)]
        self.runs.set_rows(rows)
        self._update()

    def set_busy(self, *, is_busy: bool) -> None:
        """Comparing or saving is under way, or not."""
        self._is_busy = is_busy
        self._area.setCurrentIndex(1 if is_busy else 0)
        self._update()

    def set_result(self, *, has_result: bool) -> None:
        """There is something to save, or not."""
        self._has_result = has_result
        self._update()

    def set_can_pick(self, *, can_pick: bool) -> None:
        """There are two saved points to pick between, or not."""
        self._blind.setEnabled(can_pick)
        self._blind.setToolTip(
            tr("Pair by pair, without being told which is which")
            if can_pick
            else tr("This takes two saved points of runs that make pictures")
        )

    def show_progress(self, what: str, done: int, total: int) -> None:
        """Say what is being done, and how far it is."""
        self._what.setText(what)
        self._progress.setRange(0, total)
        self._progress.setValue(done)

    def _make_progress(self) -> QWidget:
        self._what = QLabel()
        self._what.setObjectName("compare.progress_text")
        self._what.setWordWrap(True)
        mark(self._what, role="small")
        self._progress = QProgressBar()
        self._progress.setObjectName("compare.progress")
        self._progress.setAccessibleName(tr("Progress"))
        cancel = QPushButton(tr("Cancel"))
        cancel.setObjectName("compare.cancel")
        cancel.clicked.connect(self.cancel_wanted)
        bar = QVBoxLayout()
        bar.setSpacing(GRID_PX // 2)
        bar.addWidget(self._what)
        bar.addWidget(self._progress)
        busy = QWidget()
        row = QHBoxLayout(busy)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID_PX)
        row.addLayout(bar, 1)
        row.addWidget(cancel)
        self._told = QLabel()
        self._told.setObjectName("compare.count")
        self._told.setWordWrap(True)
        mark(self._told, role="small")
        # Of the same height whether or not something is under way.
        self._area = QStackedWidget()
        self._area.addWidget(self._told)
        self._area.addWidget(busy)
        self._area.setFixedHeight(
            max(6 * GRID_PX, 3 * self._told.fontMetrics().lineSpacing() + GRID_PX // 2)
        )
        return self._area

    def _make_buttons(self) -> QVBoxLayout:
        self._compare = QPushButton()
        self._compare.setObjectName("compare.start")
        self._compare.setIcon(icon("scale", "on_accent"))
        mark(self._compare, primary=True)
        self._compare.clicked.connect(lambda: self.compare_wanted.emit(self.runs.chosen()))
        self._save = QPushButton(tr("Save report…"))
        self._save.setObjectName("compare.save")
        self._save.clicked.connect(self.save_wanted)
        self._blind = QPushButton(tr("Pick blindly…"))
        self._blind.setObjectName("compare.blind")
        self._blind.clicked.connect(self.blind_wanted)
        row = QVBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self._compare, 1)
        row.addWidget(self._blind)
        row.addWidget(self._save)
        return row

    def _update(self) -> None:
        count = len(self.runs.chosen())
        self._compare.setText(
            tr("Compare {count} runs", count=count) if count > 1 else tr("Judge this run")
        )
        if count == 0:
            self._compare.setText(tr("Compare"))
        self._compare.setEnabled(count > 0 and not self._is_busy)
        self._compare.setToolTip("" if count else tr("Check at least one run first"))
        self._save.setEnabled(self._has_result and not self._is_busy)
        self._save.setToolTip(
            tr("Save a web page with everything, and the figures as JSON")
            if self._has_result
            else tr("Compare runs first")
        )
        self._told.setText(
            tr(
                "{count} of {count2} checked. The first time takes some seconds a run.",
                count=count,
                count2=self.runs.count(),
            )
        )


def _row(run: RunSummary, entries: Mapping[str, CatalogueEntry], *, is_live: bool) -> RunRow:
    key = run.settings.model_key
    saved = run.checkpoints[-1].preview if run.checkpoints else None
    if (saved is None or not saved.exists()) and run.previews:
        saved = run.previews[-1][1]
    return RunRow(
        path=run.path,
        title=entries[key].card.title if key in entries else key,
        details=run_details(run, is_live=is_live),
        preview=saved,
        picture_px=preview_px(run.settings),
        why_not="" if run.checkpoints else tr(_NOTHING_SAVED),
        material=run.settings.modality,
    )
