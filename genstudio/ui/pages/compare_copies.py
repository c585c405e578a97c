"""“Did it copy?”: the made pictures of a run that come nearest to training pictures."""

from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from genstudio.domain.language import tr, tr_noop
from genstudio.services.compared import ComparedRun, Comparison
from genstudio.services.compared_materials import AnyComparison
from genstudio.ui.run_words import run_when
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.pair_list import PairList
from genstudio.ui.widgets.small import named_combo

_EXPLAIN = tr_noop(
    "At the left of each pair what the model made, at the right the nearest of the pictures it "
    "learned from, as it is or mirrored; what comes nearest to a copy comes first. Nearer than the "
    "alarm lies at most one in a hundred of your own pictures to another, look-alikes left aside, "
    "and what is a copy lies less than half as far from its original as from others."
)


class CompareCopies(QWidget):
    """Pairs of one run, and what they mean."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparison: Comparison | None = None
        self._run = named_combo("compare.copies_of", tr("Run whose nearest pairs are shown"))
        self._run.currentIndexChanged.connect(self._show_run)
        self._verdict = QLabel()
        self._verdict.setObjectName("compare.copies")
        self._verdict.setWordWrap(True)
        self._explanation = QLabel(tr(_EXPLAIN))
        self._explanation.setWordWrap(True)
        mark(self._explanation, role="small")
        self._pairs = PairList()
        self._pairs.setObjectName("compare.pairs")
        head = QHBoxLayout()
        head.setSpacing(2 * GRID_PX)
        head.addWidget(self._run)
        head.addWidget(self._verdict, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GRID_PX, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addLayout(head)
        layout.addWidget(self._explanation)
        layout.addWidget(self._pairs, 1)

    def show_comparison(self, comparison: AnyComparison | None) -> None:
        """Show the pairs of another comparison, of the same run if it has that."""
        before = self._shown()
        # Only pictures are shown in pairs.
        self._comparison = comparison if isinstance(comparison, Comparison) else None
        runs = self._comparison.runs if self._comparison else ()
        self._run.blockSignals(True)
        self._run.clear()
        for run in runs:
            self._run.addItem(f"{run.model_title} · {run_when(run.path)}", run.path)
        place = next((at for at, run in enumerate(runs) if run.path == before), 0)
        self._run.setCurrentIndex(place if runs else -1)
        self._run.blockSignals(False)
        self._show_run()

    def _shown(self) -> object:
        return self._run.currentData()

    def _show_run(self) -> None:
        run = self._current()
        copying = run.report.copying if run else None
        if run is None or copying is None:
            self._pairs.show_pairs(())
            self._verdict.setText("")
            return
        self._pairs.show_pairs(run.pairs)
        share, usual = 100 * copying.value, 100 * copying.floor
        self._verdict.setText(
            tr(
                "{verdict} {share:.1f} % of {count:,} pictures are nearer than the alarm; of "
                "your own, {usual:.1f} % are.",
                verdict=copying.verdict,
                share=share,
                count=run.report.count,
                usual=usual,
            )
        )

    def _current(self) -> ComparedRun | None:
        place = self._run.currentIndex()
        if self._comparison is None or not 0 <= place < len(self._comparison.runs):
            return None
        return self._comparison.runs[place]
