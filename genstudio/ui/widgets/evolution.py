"""How a run's pictures came about: a large preview, a slider over all, the checkpoints below."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSlider,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.data.decode import UnreadablePictureError
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.runs import CheckpointInfo, RunSummary
from genstudio.services import studio
from genstudio.services.records import preview_sound, preview_words
from genstudio.services.written_previews import read_written
from genstudio.ui.icons import icon
from genstudio.ui.run_words import preview_px
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.checkpoint_panel import CheckpointPanel
from genstudio.ui.widgets.picture_view import PictureView
from genstudio.ui.widgets.player_bar import PlayerBar
from genstudio.ui.widgets.reading import ReadingView
from genstudio.ui.widgets.through_time import SeedThroughTime, TwoPoints

_NONE_YET = tr_noop("What the model makes will show here, soon after it has begun to learn.")
_UNREADABLE = tr_noop("This preview cannot be read any more.")


class Evolution(QWidget):
    """Shows the newest preview, until a person looks back at another or chooses a checkpoint.

    Attributes:
        preview: The picture.
        page: What can be read of the preview that is shown, in its place.
        player: Plays what is heard of the preview that is shown; hidden where nothing is.
        panel: The checkpoints.

    Signals:
        film_wanted(Path): Make a film of the previews of that run.
    """

    film_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: Path | None = None
        self._previews: list[tuple[int, Path]] = []
        self._picture_px = 1
        self._follows_newest = True
        self.preview = PictureView()
        self.preview.setObjectName("train.preview")
        self.preview.setAccessibleName(tr("Preview on fixed seeds"))
        self.preview.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.panel = CheckpointPanel()
        self.panel.chosen.connect(self._on_checkpoint_chosen)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        self.page = ReadingView()
        self.page.setObjectName("train.page")
        self.page.setAccessibleName(tr("Preview on fixed seeds, to read"))
        self._shown = QStackedWidget()
        self._shown.addWidget(self.preview)
        self._shown.addWidget(self.page)
        layout.addWidget(self._shown, 1)
        self.player = PlayerBar()
        self.player.setObjectName("train.player")
        self.player.hide()
        layout.addWidget(self.player)
        layout.addLayout(self._make_timeline())
        layout.addWidget(self.panel)
        self.show_run(None)

    def show_run(self, run: RunSummary | None) -> None:
        """Show a run from its record; of the one that is shown, what a person looks at stays."""
        if run is None:
            self.begin(None)
            return
        if run.path != self._run:
            self.begin(run.path)
        self._picture_px = preview_px(run.settings)
        self._set_previews(list(run.previews))
        self.show_checkpoints(run)
        if self.panel.strip.current() is None:
            self._show_preview()

    def show_checkpoints(self, run: RunSummary) -> None:
        """Only the checkpoints of the run that is shown are others."""
        self.panel.set_checkpoints(
            run.checkpoints, picture_px=preview_px(run.settings), previews=run.previews
        )

    def begin(self, run: Path | None) -> None:
        """Show nothing of a run yet, or nothing at all."""
        self._run = run
        self._follows_newest = True
        self.panel.set_checkpoints((), picture_px=0)
        self._set_previews([])
        self.preview.set_placeholder(tr(_NONE_YET))
        self.preview.set_picture(None)
        self._open_beside(None)

    def go_back(self, step: int) -> None:
        """What came after a step will come again; the newest is followed from here."""
        self.panel.strip.choose(None)
        self._follows_newest = True
        self._set_previews([item for item in self._previews if item[0] <= step])

    def add_preview(self, step: int, path: Path | None, image_HWC: np.ndarray) -> None:
        """A new preview was drawn; without a path it cannot be looked back at."""
        if path is not None:
            earlier = [item for item in self._previews if item[0] < step]
            self._set_previews([*earlier, (step, path)])
        if self._follows_newest:
            self.preview.set_picture(image_HWC)
            self._open_beside(path)

    def _make_timeline(self) -> QHBoxLayout:
        self._timeline = QSlider(Qt.Orientation.Horizontal)
        self._timeline.setObjectName("train.timeline")
        self._timeline.setAccessibleName(tr("Evolution: previews so far"))
        self._timeline.setToolTip(tr("Look back at earlier previews"))
        self._timeline.valueChanged.connect(self._on_timeline)
        self._label = QLabel()
        self._label.setMinimumWidth(14 * GRID_PX)
        self._label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        mark(self._label, role="small")
        self._unfold = QToolButton()
        self._unfold.setObjectName("train.show_checkpoints")
        self._unfold.setAccessibleName(tr("Show saved points"))
        self._unfold.setToolTip(tr("Show or hide the saved points"))
        self._unfold.setCheckable(True)
        self._unfold.setChecked(True)
        self._unfold.setIcon(icon("chevron-down"))
        self._unfold.setIconSize(QSize(14, 14))
        self._unfold.toggled.connect(self._on_unfolded)
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self._timeline, 1)
        row.addWidget(self._label)
        row.addWidget(self._make_film_button())
        self._seed = _small("train.seed", tr("One seed through time"), "grid-2x2", self.show_seed)
        self._two = _small("train.two_points", tr("Before and after"), "contrast", self.show_two)
        row.addWidget(self._seed)
        row.addWidget(self._two)
        row.addWidget(self._unfold)
        return row

    def show_seed(self) -> None:
        """Show one picture of the sheet at all steps."""
        SeedThroughTime(self.window(), self._previews, self._picture_px).open()

    def show_two(self) -> None:
        """Show two previews over each other."""
        TwoPoints(self.window(), self._previews).open()

    def _make_film_button(self) -> QToolButton:
        self._film = QToolButton()
        self._film.setObjectName("train.film")
        self._film.setAccessibleName(tr("Film the evolution — time-lapse"))
        self._film.setToolTip(tr("Make a film of all previews — time-lapse"))
        self._film.setIcon(icon("film"))
        self._film.setIconSize(QSize(14, 14))
        self._film.clicked.connect(lambda: self.film_wanted.emit(self._run))
        return self._film

    def _on_unfolded(self, is_unfolded: bool) -> None:
        self._unfold.setIcon(icon("chevron-down" if is_unfolded else "chevron-right"))
        self.panel.setVisible(is_unfolded)

    def _set_previews(self, previews: list[tuple[int, Path]]) -> None:
        self._previews = previews
        last = max(len(previews) - 1, 0)
        self._timeline.blockSignals(True)
        self._timeline.setEnabled(last > 0)
        self._film.setEnabled(last > 0)
        self._seed.setEnabled(last > 0)
        self._two.setEnabled(last > 0)
        self._timeline.setRange(0, last)
        if self._follows_newest:
            self._timeline.setValue(last)
        self._timeline.blockSignals(False)
        self._write_step()

    def _on_timeline(self, index: int) -> None:
        # What is shown is no checkpoint any more.
        self.panel.strip.choose(None)
        self._follows_newest = index == len(self._previews) - 1
        self._show_preview()
        self._write_step()

    def _on_checkpoint_chosen(self, checkpoint: CheckpointInfo | None) -> None:
        if checkpoint is None:
            self._write_step()
            return
        self._follows_newest = False
        sheets = [checkpoint.preview]
        earlier = [i for i, (step, _) in enumerate(self._previews) if step <= checkpoint.step]
        if earlier:
            self._timeline.blockSignals(True)
            self._timeline.setValue(earlier[-1])
            self._timeline.blockSignals(False)
            sheets.append(self._previews[earlier[-1]][1])
        self._show_first_of(sheets)
        self._write_step()

    def _show_preview(self) -> None:
        checkpoints = self.panel.strip.checkpoints()
        if self._previews:
            self._show_first_of([self._previews[self._timeline.value()][1]])
        elif checkpoints:
            # A branch has drawn nothing of its own yet.
            self._show_first_of([checkpoints[-1].preview])

    def _show_first_of(self, sheets: Sequence[Path]) -> None:
        """Show the first that can be read."""
        for path in sheets:
            try:
                self.preview.set_picture(studio.sheet(path))
            except UnreadablePictureError:
                continue
            self._open_beside(path)
            return
        self._open_beside(None)
        self.preview.set_placeholder(tr(_UNREADABLE))
        self.preview.set_picture(None)

    def _open_beside(self, preview: Path | None) -> None:
        """Offer what is heard of a preview, and show what can be read of it."""
        sound = None if preview is None else preview_sound(preview)
        is_there = sound is not None and sound.is_file()
        self.player.setVisible(is_there)
        self.player.open(sound if is_there else None)
        words = "" if preview is None else read_written(preview_words(preview))
        if words:
            self.page.show_text(words)
        self._shown.setCurrentWidget(self.page if words else self.preview)

    def _write_step(self) -> None:
        checkpoint, index = self.panel.strip.current(), self._timeline.value()
        if checkpoint is not None:
            self._label.setText(tr("step {step:,}", step=checkpoint.step))
        else:
            known = index < len(self._previews)
            self._label.setText(
                tr("step {previews:,}", previews=self._previews[index][0]) if known else ""
            )


def _small(name: str, title: str, icon_name: str, act: Callable[[], None]) -> QToolButton:
    button = QToolButton()
    button.setObjectName(name)
    button.setAccessibleName(title)
    button.setToolTip(title)
    button.setIcon(icon(icon_name))
    button.setIconSize(QSize(14, 14))
    button.clicked.connect(act)
    return button
