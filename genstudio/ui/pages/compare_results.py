"""“Results”: what runs made that are no pictures, to be heard and read side by side."""

import tempfile
from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from genstudio.domain.language import tr, tr_noop
from genstudio.services.compared_materials import AnyComparison, MaterialComparison, MaterialRun
from genstudio.ui.run_words import run_when
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.player_bar import PlayerBar
from genstudio.ui.widgets.small import named_combo

_EXPLAIN = tr_noop(
    "What each run made of the same seeds. The same place is not the same thing: every model makes "
    "its own out of a seed."
)


class CompareResults(QWidget):
    """Results of one run: a player where they are heard, and what is known of each in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._comparison: MaterialComparison | None = None
        # Kept as long as the page is: a player reads files.
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._run = named_combo("compare.results_of", tr("Run whose results are shown"))
        self._run.currentIndexChanged.connect(self._show_run)
        explanation = QLabel(tr(_EXPLAIN))
        explanation.setWordWrap(True)
        mark(explanation, role="small")
        self._player = PlayerBar()
        self._player.setObjectName("compare.player")
        self._words = QPlainTextEdit()
        self._words.setObjectName("compare.results")
        self._words.setAccessibleName(tr("Results"))
        self._words.setReadOnly(True)
        head = QHBoxLayout()
        head.setSpacing(2 * GRID_PX)
        head.addWidget(self._run)
        head.addWidget(explanation, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GRID_PX, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addLayout(head)
        layout.addWidget(self._player)
        layout.addWidget(self._words, 1)

    def show_comparison(self, comparison: AnyComparison | None) -> None:
        """Show the results of another comparison, of the same run if it has that."""
        before = self._run.currentData()
        self._comparison = comparison if isinstance(comparison, MaterialComparison) else None
        self._player.open(None)
        self._drop_files()
        runs = self._comparison.runs if self._comparison else ()
        if any(run.heard for run in runs):
            self._folder = tempfile.TemporaryDirectory(prefix="genstudio-")
            for number, run in enumerate(runs):
                self._file_of(number).write_bytes(run.heard)
        self._run.blockSignals(True)
        self._run.clear()
        for run in runs:
            self._run.addItem(f"{run.model_title} · {run_when(run.path)}", run.path)
        place = next((at for at, run in enumerate(runs) if run.path == before), 0)
        self._run.setCurrentIndex(place if runs else -1)
        self._run.blockSignals(False)
        self._show_run()

    def shutdown(self) -> None:
        """Leave no thread, process or file behind."""
        self._player.shutdown()
        self._drop_files()

    def _show_run(self) -> None:
        place = self._run.currentIndex()
        run = self._shown(place)
        self._player.setVisible(run is not None and bool(run.heard))
        self._player.open(self._file_of(place) if run is not None and run.heard else None)
        lines = run.words if run is not None else ()
        self._words.setPlainText(
            "\n\n".join(f"{number}.  {text}" for number, text in enumerate(lines, start=1))
        )

    def _shown(self, place: int) -> MaterialRun | None:
        if self._comparison is None or not 0 <= place < len(self._comparison.runs):
            return None
        return self._comparison.runs[place]

    def _file_of(self, place: int) -> Path:
        assert self._folder is not None, "there is something to be heard"
        return Path(self._folder.name) / f"{place}.flac"

    def _drop_files(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
