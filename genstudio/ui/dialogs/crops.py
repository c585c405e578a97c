"""Chooses the squares of pictures that are learned: by a rule, or by hand for each."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from genstudio.data.cropping import RULES, SMALLEST_TILE_PX, Rule, middle
from genstudio.domain.datasets import Crop
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.progress import Progress
from genstudio.services import studio, studio_dataset
from genstudio.services.jobs import Job, JobEnded
from genstudio.ui.bridge import Bridge
from genstudio.ui.icons import icon
from genstudio.ui.run_words import counted
from genstudio.ui.state.dataset import DatasetState
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.crop_view import CropView
from genstudio.ui.widgets.pixel_loader import PixelLoader, Pixels
from genstudio.ui.widgets.small import named_combo

_SIZE = QSize(118 * GRID_PX, 84 * GRID_PX)
_RULES: dict[Rule, str] = {
    "middle": tr_noop("The middle square"),
    "salient": tr_noop("Where most is to see — saliency"),
    "several": tr_noop("Several squares out of wide ones"),
    "tiles": tr_noop("Tiles, for large textures"),
}
_HELP = tr_noop(
    "Drag a square to move it, its lower right corner to resize it. Your pictures stay as they "
    "are: squares are kept in the project."
)


class CropDialog(QDialog):
    """One picture after the other with its squares, and rules for all that were chosen.

    Args:
        window: Where it is shown.
        bridge: Follows the work.
        state: Has the pictures and their squares.
        names: Pictures that are gone through.
    """

    def __init__(
        self, window: QWidget, bridge: Bridge, state: DatasetState, names: Sequence[str]
    ) -> None:
        super().__init__(window)
        report = state.report
        assert report is not None, "pictures were chosen"
        self.setObjectName("dialog.crops")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Crop {counted}", counted=counted(len(names), "picture")))
        self._bridge, self._state, self._names = bridge, state, list(names)
        self._folder: Path = report.folder
        self._pictures = {it.name: it for it in report.pictures}
        self._at = 0
        self._job: Job[Any] | None = None
        self._loader = PixelLoader(studio.picture, self)
        self._loader.loaded.connect(self._on_loaded)
        self._view = CropView()
        self._view.setObjectName("crops.view")
        self._view.setAccessibleName(tr("Picture with its squares"))
        self._view.changed.connect(self._on_dragged)
        layout = QVBoxLayout(self)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._view, 1)
        layout.addLayout(self._make_tools())
        layout.addLayout(self._make_rules())
        help_ = QLabel(tr(_HELP))
        help_.setWordWrap(True)
        mark(help_, role="small")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(help_)
        layout.addWidget(buttons)
        self.resize(_SIZE.boundedTo(window.size() - QSize(GRID_PX, GRID_PX)))
        self._show_picture()

    def done(self, result: int) -> None:
        """Leave no thread behind; what was chosen is kept already."""
        if self._job is not None:
            self._job.cancel()
            self._job.join()
        self._loader.stop()
        super().done(result)

    def _make_tools(self) -> QHBoxLayout:
        self._before = _tool("crops.before", tr("Earlier"), "chevron-up", lambda: self._go(-1))
        self._next = _tool("crops.next", tr("Next"), "chevron-down", lambda: self._go(1))
        self._where = QLabel()
        self._where.setObjectName("crops.where")
        add = _tool("crops.add", tr("Add a square"), "plus", self._view.add)
        take = _tool("crops.remove", tr("Take it out"), "minus", self._view.remove)
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        for widget in (self._before, self._next):
            row.addWidget(widget)
        row.addWidget(self._where, 1)
        row.addWidget(add)
        row.addWidget(take)
        return row

    def _make_rules(self) -> QHBoxLayout:
        self._rule = named_combo("crops.rule", tr("Rule"))
        for rule in RULES:
            self._rule.addItem(tr(_RULES[rule]), rule)
        self._tile = QSpinBox()
        self._tile.setObjectName("crops.tile")
        self._tile.setAccessibleName(tr("Side of a tile"))
        self._tile.setRange(SMALLEST_TILE_PX, 4096)
        self._tile.setValue(256)
        self._tile.setSuffix(" px")
        self._rule.currentIndexChanged.connect(
            lambda: self._tile.setVisible(self._rule.currentData() == "tiles")
        )
        self._tile.hide()
        one = QPushButton(tr("For this picture"))
        one.setObjectName("crops.one")
        one.clicked.connect(lambda: self._by_rule([self._names[self._at]]))
        every = QPushButton(tr("For all {total:,}", total=len(self._names)))
        every.setObjectName("crops.all")
        every.clicked.connect(lambda: self._by_rule(self._names))
        self._progress = QProgressBar()
        self._progress.setAccessibleName(tr("Choosing squares"))
        self._progress.hide()
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self._rule)
        row.addWidget(self._tile)
        row.addWidget(one)
        row.addWidget(every)
        row.addWidget(self._progress, 1)
        row.addStretch(1)
        return row

    # --- showing ------------------------------------------------------------------------

    def _go(self, by: int) -> None:
        self._at = min(max(0, self._at + by), len(self._names) - 1)
        self._show_picture()

    def _show_picture(self) -> None:
        name = self._names[self._at]
        self._before.setEnabled(self._at > 0)
        self._next.setEnabled(self._at < len(self._names) - 1)
        self._view.set_placeholder(tr("Reading the picture…"))
        self._view.show_crops(None, self._size_of(name), ())
        self._loader.want([self._folder / name])
        self._describe()

    def _on_loaded(self, pictures: list[Pixels]) -> None:
        (found,) = pictures
        name = self._names[self._at]
        if isinstance(found, str):
            self._view.set_placeholder(found)
            return
        size = self._size_of(name)
        crops = self._state.crops.get(name) or (middle(*size),)
        self._view.show_crops(found, size, crops)
        self._view.setFocus()

    def _describe(self) -> None:
        name = self._names[self._at]
        own = self._state.crops.get(name, ())
        told = counted(len(own), "square") if own else tr("the middle square")
        self._where.setText(
            tr(
                "{at:,} of {total:,}: {name}, {told}",
                at=self._at + 1,
                total=len(self._names),
                name=name,
                told=told,
            )
        )

    def _size_of(self, name: str) -> tuple[int, int]:
        picture = self._pictures[name]
        return picture.width, picture.height

    # --- choosing -----------------------------------------------------------------------

    def _on_dragged(self) -> None:
        name = self._names[self._at]
        crops = self._view.crops()
        is_middle = crops == (middle(*self._size_of(name)),)
        self._state.write_crops({name: () if is_middle else crops})
        self._describe()

    def _by_rule(self, names: Sequence[str]) -> None:
        if self._job is not None:
            return
        pictures = [self._pictures[name] for name in names]
        job = studio_dataset.crop_all(
            self._rule.currentData(), pictures, self._folder, self._tile.value()
        )
        self._job = job
        self._progress.show()

        def on_items(items: list[Progress | Mapping[str, tuple[Crop, ...]]]) -> None:
            last = items[-1]
            if isinstance(last, Progress):
                self._progress.setRange(0, last.total)
                self._progress.setValue(last.done)
            else:
                self._state.write_crops(last)

        def on_end(_: JobEnded) -> None:
            self._job = None
            self._progress.hide()
            self._show_picture()

        self._bridge.follow(job.items, on_items, on_end)
        job.start()


def _tool(name: str, text: str, icon_name: str, act: Any) -> QPushButton:
    button = QPushButton(icon(icon_name), text)
    button.setObjectName(name)
    button.setAutoDefault(False)
    button.clicked.connect(act)
    return button
