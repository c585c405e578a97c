"""The Dataset page: choose a folder, read the report, take pictures out."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.datasets import LOOKING, PictureInfo, Remark, ScanReport
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.notices import Notice
from genstudio.services import studio, studio_examples
from genstudio.ui.dropping import Dropped, dropped_paths, sort_out
from genstudio.ui.icons import icon
from genstudio.ui.pages.dataset_captions import CaptionEditor
from genstudio.ui.pages.dataset_empty import nothing_open
from genstudio.ui.pages.dataset_material import LearnedAs
from genstudio.ui.pages.dataset_report import DatasetReport, summary_of, with_next_step
from genstudio.ui.pages.dataset_scans import DatasetScans
from genstudio.ui.pages.dataset_set import SetView
from genstudio.ui.state.captions import CaptionsState
from genstudio.ui.state.dataset import DatasetState
from genstudio.ui.state.figures import FiguresState
from genstudio.ui.state.materials import MaterialsState
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.elided_label import ElidedLabel
from genstudio.ui.widgets.empty_state import EmptyState
from genstudio.ui.widgets.folder_news import FolderNews
from genstudio.ui.widgets.grid_items import GridItem
from genstudio.ui.widgets.named_label import NamedLabel
from genstudio.ui.widgets.thumbnail_grid import ThumbnailGrid

# Pages of the stack.
_EMPTY, _SCANNING, _FILLED, _CAPTIONS, _SET, _SCANS = range(6)
_HINT = tr_noop("Double-click or Space leaves one out, or takes it in again.")
_EARLY_HINT = tr_noop("They can be left out as soon as all have been looked at.")
_LOOKING = tr_noop("Looking through the folder")
_SCANNING_SENTENCE = tr_noop("Every file is opened once. Nothing in your folder is changed.")
_USELESS = tr_noop(
    "The report beside says why. What was only half copied can often be copied once more; what "
    "opens in the program that made it can be saved there as PNG."
)
# Remarks that nothing has to be done about are no badges.
_UNMARKED = frozenset({Remark.TRANSPARENT, Remark.GREY})
# Laying out very many pictures takes a while; what arrives more often would hold up the window.
_ARRIVALS_MS = 500


class DatasetPage(QWidget):
    """Shows the open folder and what the scan found in it.

    Signals:
        choose_wanted(): A person wants to choose a folder.
        samples_wanted(): A person wants to try the built-in pictures.
        dropped(Dropped): A folder, or pictures of one, were dropped on the page.
        crop_wanted(list[str]): Squares of these pictures shall be chosen.
        train_wanted(): A person wants to go on.
        noticed(Notice): What cannot be opened of what was dropped, and why.
    """

    choose_wanted = Signal()
    samples_wanted = Signal()
    dropped = Signal(object)
    noticed = Signal(Notice)
    crop_wanted = Signal(list)
    train_wanted = Signal()

    def __init__(
        self,
        state: DatasetState,
        materials: MaterialsState,
        captions: CaptionsState,
        figures: FiguresState,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("page.dataset")
        self.setAccessibleName(tr("Dataset"))
        self.setAcceptDrops(True)
        self._state = state
        self._materials = materials
        # With the remarks that matter to what it is learned as, once that is known.
        self._reviewed: ScanReport | None = None
        self._shown: ScanReport | None = None
        self._pictures: dict[str, PictureInfo] = {}
        # Found in a folder that is still looked through, and not shown yet.
        self._arrived: list[PictureInfo] = []
        self._is_arriving = False
        self._arrivals = QTimer(self, singleShot=True, interval=_ARRIVALS_MS)
        self._arrivals.timeout.connect(self._show_arrivals)
        self._excluded: frozenset[str] = frozenset()
        self._stack = QStackedWidget()
        self._stack.addWidget(nothing_open(self.choose_wanted, self.samples_wanted))
        self._stack.addWidget(
            EmptyState(
                "search",
                tr(_LOOKING),
                tr(_SCANNING_SENTENCE),
            )
        )
        self._stack.addWidget(self._make_filled())
        self._captions = CaptionEditor(state)
        self._captions.export_wanted.connect(captions.export)
        self._stack.addWidget(self._captions)
        self._set = SetView(state, figures, studio.thumbnail)
        self._set.show_wanted.connect(self._show_some)
        self._stack.addWidget(self._set)
        self.scans = DatasetScans()
        self.scans.choose_wanted.connect(self.choose_wanted)
        self.scans.dismissed.connect(lambda: self._show_scans(None))
        self._stack.addWidget(self.scans)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX + GRID_PX // 2)
        layout.addLayout(self._make_head())
        self._learned_as = LearnedAs(materials)
        self._learned_as.column_chosen.connect(state.read_column)
        layout.addWidget(self._learned_as)
        layout.addWidget(FolderNews(state, figures))
        layout.addWidget(self._stack, 1)
        state.changed.connect(self._show_state)
        state.progressed.connect(self._on_progressed)
        state.arrived.connect(self._on_arrived)
        state.scans_found.connect(self._show_scans)
        materials.changed.connect(self._on_materials_changed)
        self._show_state()

    def shutdown(self) -> None:
        """Let go of threads before the window closes."""
        self._grid.shutdown()
        self._captions.shutdown()
        self._set.shutdown()
        self.scans.shutdown()

    # --- building -----------------------------------------------------------------------

    def _make_head(self) -> QHBoxLayout:
        self._choose = QPushButton(tr("Choose a folder…"))
        self._choose.setObjectName("dataset.choose")
        self._choose.setAccessibleName(tr("Choose a folder of pictures"))
        self._choose.setIcon(icon("folder-open"))
        self._choose.clicked.connect(self.choose_wanted)
        self._path = ElidedLabel()
        self._path.setObjectName("dataset.path")
        self._path.setAccessibleName(tr("Folder of pictures"))
        self._summary = NamedLabel(tr("What was found"))
        self._summary.setObjectName("dataset.summary")
        mark(self._summary, role="heading")
        self._progress = QProgressBar()
        self._progress.setAccessibleName(tr(_LOOKING))
        self._progress.setFixedWidth(20 * GRID_PX)
        policy = self._progress.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._progress.setSizePolicy(policy)
        self._cancel = QPushButton(tr("Cancel"))
        self._cancel.clicked.connect(self._state.cancel)
        self._caption = QPushButton(tr("Captions"))
        self._caption.setObjectName("dataset.captions")
        self._caption.setToolTip(tr("Read and write what is on the pictures, in words"))
        self._caption.setCheckable(True)
        self._caption.toggled.connect(self._show_page)
        self._whole = QPushButton(tr("Map and figures"))
        self._whole.setObjectName("dataset.whole")
        self._whole.setToolTip(tr("A map of all pictures, alike ones, rankings, and plots"))
        self._whole.setCheckable(True)
        self._whole.toggled.connect(self._on_whole)
        head = QHBoxLayout()
        head.setSpacing(GRID_PX + GRID_PX // 2)
        head.addWidget(self._choose)
        head.addWidget(self._path, 1)
        head.addWidget(self._progress)
        head.addWidget(self._cancel)
        head.addWidget(self._summary)
        head.addWidget(self._whole)
        head.addWidget(self._caption)
        return head

    def _make_filled(self) -> QWidget:
        self._grid = ThumbnailGrid(self._thumbnail, self._described)
        self._grid.setObjectName("dataset.grid")
        self._grid.setAccessibleName(tr("Pictures in the folder"))
        self._grid.toggled_key.connect(self._on_toggled)
        self._grid.activated_key.connect(self._on_toggled)
        self._grid.selection_changed_keys.connect(self._update_buttons)
        self._exclude = QPushButton(tr("Leave out"))
        self._exclude.setObjectName("dataset.exclude")
        self._exclude.setToolTip(tr("Do not learn from the selected pictures (Space)"))
        self._exclude.clicked.connect(lambda: self._state.exclude(self._grid.selected_keys()))
        self._include = QPushButton(tr("Use again"))
        self._include.setObjectName("dataset.include")
        self._include.setToolTip(tr("Learn from the selected pictures (Space)"))
        self._include.clicked.connect(lambda: self._state.include(self._grid.selected_keys()))
        self._crop = QPushButton(tr("Crop…"))
        self._crop.setObjectName("dataset.crop")
        self._crop.setToolTip(
            tr("Choose which squares of the selected, or of all pictures are learned")
        )
        self._crop.clicked.connect(self._on_crop)
        self._hint = QLabel(tr(_HINT))
        self._hint.setObjectName("dataset.hint")
        self._hint.setWordWrap(True)
        mark(self._hint, role="small")
        below = QHBoxLayout()
        below.addWidget(self._hint, 1)
        below.addWidget(self._crop)
        below.addWidget(self._exclude)
        below.addWidget(self._include)
        left = QWidget()
        left_layout = QVBoxLayout(left)
        left_layout.setContentsMargins(0, 0, 0, 0)
        left_layout.setSpacing(GRID_PX)
        left_layout.addWidget(self._grid, 1)
        self._useless = EmptyState("triangle-alert", tr("Nothing here can be read"), tr(_USELESS))
        self._useless.setObjectName("dataset.useless")
        self._useless.hide()
        left_layout.addWidget(self._useless, 1)
        left_layout.addLayout(below)
        splitter = QSplitter()
        splitter.setHandleWidth(2 * GRID_PX)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(left)
        self._report = DatasetReport(self._state)
        self._report.show_wanted.connect(self._select)
        self._report.range_wanted.connect(self._on_range)
        beside, self._next = with_next_step(self._report, self.train_wanted)
        splitter.addWidget(beside)
        splitter.setStretchFactor(0, 1)
        return splitter

    # --- showing ------------------------------------------------------------------------

    def _show_state(self) -> None:
        report, is_scanning = self._state.report, self._state.is_scanning
        if is_scanning:
            self.scans.set_folder(None)
        if is_scanning and not self._progress.isVisible():
            # Files are counted first, which takes a while where they are very many.
            self._progress.setRange(0, 0)
        self._progress.setVisible(is_scanning)
        self._cancel.setVisible(is_scanning)
        self._choose.setVisible(report is not None or is_scanning)
        if self._is_arriving and is_scanning:
            return  # What arrives is shown already.
        for button in (self._caption, self._whole):
            button.setVisible(self._has_pictures())
        self._learned_as.set_waiting(is_waiting=False)
        self._show_arrivals()
        self._arrivals.stop()
        self._is_arriving = False
        self._show_page()
        self._summary.setText(summary_of(report, self._state.used()))
        if report is None:
            self._path.set_text("")
            return
        self._path.set_text(str(report.folder))
        if report is not self._shown:
            self._shown = report
            self._reviewed = report
            self._excluded = self._state.excluded
            self._pictures = {picture.name: picture for picture in report.pictures}
            self._grid.set_keys(list(self._pictures))
        else:
            self._show_exclusions()
            self._grid.viewport().update()
        self._show_report()
        self._update_buttons()

    def _has_pictures(self) -> bool:
        """Whether the open folder holds pictures that can be read."""
        report = self._state.report
        return report is not None and not report.material and bool(report.pictures)

    def _show_page(self) -> None:
        report, is_scanning = self._state.report, self._state.is_scanning
        filled = _CAPTIONS if self._caption.isChecked() else _FILLED
        filled = _SET if self._whole.isChecked() else filled
        filled = filled if self._has_pictures() else _FILLED
        page = filled if report is not None else _SCANNING if is_scanning else _EMPTY
        page = page if self.scans.folder is None else _SCANS
        self._stack.setCurrentIndex(page)

    def _show_scans(self, folder: Path | None) -> None:
        self.scans.set_folder(folder)
        self._show_page()

    def _on_range(self) -> None:
        report = self._state.report
        if report is not None:
            self.scans.set_folder(report.folder, are_pictures=True)
            self._show_page()

    def _on_whole(self, is_wanted: bool) -> None:
        if is_wanted:
            self._caption.setChecked(False)
            self._set.begin()
        self._show_page()

    def _show_some(self, names: Collection[str]) -> None:
        self._whole.setChecked(False)
        self._select(names)

    def _on_crop(self) -> None:
        names = self._grid.selected_keys() or [it.name for it in self._state.used()]
        if names:
            self.crop_wanted.emit(names)

    def _on_materials_changed(self) -> None:
        found, current = self._materials.materials, self._materials.current()
        if found is None or current is None or found.scanned is not self._shown:
            return
        if current.report is not self._reviewed:
            self._reviewed = current.report
            self._pictures = {picture.name: picture for picture in current.report.pictures}
            self._grid.set_keys(list(self._pictures))
        self._show_report()

    def _show_report(self) -> None:
        current = self._materials.current()
        if self._reviewed is not None:
            has_sides = current is not None and len(current.card.roles) > 1
            self._report.show_report(self._reviewed, has_sides=has_sides)

    def _on_arrived(self, pictures: list[PictureInfo]) -> None:
        """Show what is found in another folder while it is still looked through."""
        report = self._state.report
        if report is not None and report.folder == self._state.scanned:
            return  # The pictures that were here before are still shown.
        self._arrived += pictures
        if not self._is_arriving:
            self._is_arriving = True
            self._shown = None
            self._pictures = {}
            self._grid.set_keys(())
            self._path.set_text(str(self._state.scanned))
            self._report.show_words(tr(_LOOKING), tr(_SCANNING_SENTENCE))
            self._learned_as.set_waiting(is_waiting=True)
            for button in (self._caption, self._whole):
                button.hide()
            self._stack.setCurrentIndex(_FILLED)
            self._show_arrivals()
            self._update_buttons()
        elif not self._arrivals.isActive():
            self._arrivals.start()

    def _show_arrivals(self) -> None:
        arrived = {picture.name: picture for picture in self._arrived}
        self._arrived = []
        self._pictures |= arrived
        self._grid.add_keys(list(arrived))

    def _on_toggled(self, name: str) -> None:
        if not self._is_arriving:
            self._state.toggle(name)

    def _show_exclusions(self) -> None:
        changed = self._excluded ^ self._state.excluded
        self._excluded = self._state.excluded
        self._grid.update_keys(changed)

    def _described(self, name: str) -> GridItem:
        picture, report = self._pictures[name], self._state.report
        folder = self._state.scanned if self._is_arriving or report is None else report.folder
        assert folder is not None, "its pictures are shown"
        crops = self._state.crops.get(name, ())
        marks = (
            [tr("{num_crops} squares", num_crops=len(crops)) if len(crops) > 1 else tr("cropped")]
            if crops
            else []
        )
        marks += sorted(remark.words for remark in picture.remarks - _UNMARKED)
        size = picture.words or f"{picture.width} × {picture.height}"
        return GridItem(
            folder / name,
            caption=f"{name}, {size}",
            dimmed=not self._is_arriving and name in self._state.excluded,
            badge=marks[0] if marks else "",
        )

    def _thumbnail(self, path: Path, side: int) -> np.ndarray:
        """Draw a file, or an example of a file that holds several; in the loader's thread."""
        report, folder = self._state.report, self._state.scanned
        material = "" if report is None else report.material
        if folder is None or not path.is_relative_to(folder):
            return studio.thumbnail(path, side)
        example = self._pictures.get(path.relative_to(folder).as_posix())
        return studio_examples.example_thumbnail(path, side, material, example)

    def _select(self, names: Collection[str]) -> None:
        """Show pictures in the grid."""
        self._grid.select_keys(names)
        self._grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def _update_buttons(self) -> None:
        # Nothing leads on to learning from a picture alone, or from none.
        why_not = "" if self._state.is_scanning else self._state.why_not_ready()
        self._next.setEnabled(not why_not)
        self._next.setToolTip(why_not)
        self._hint.setText(tr(_EARLY_HINT) if self._is_arriving else tr(_HINT))
        selected = set() if self._is_arriving else set(self._grid.selected_keys())
        self._exclude.setEnabled(bool(selected - self._state.excluded))
        self._include.setEnabled(bool(selected & self._state.excluded))
        report = self._state.report
        is_useless = report is not None and not report.pictures and not self._is_arriving
        self._grid.setVisible(not is_useless)
        self._useless.setVisible(is_useless)
        for widget in (self._hint, self._exclude, self._include):
            widget.setVisible(not is_useless)
        self._crop.setVisible(self._has_pictures())
        self._crop.setEnabled(not self._is_arriving)

    def _on_progressed(self, what: str, done: int, total: int) -> None:
        self._progress.setRange(0, total)
        self._progress.setValue(done)
        self._progress.setAccessibleName(what)
        told = tr("Looking at {done:,} of {total:,}", done=done, total=total)
        if what != tr(LOOKING):
            told = tr("{what}: {done:,} of {total:,}", what=what, done=done, total=total)
        self._summary.setText(told)

    # --- dropping -----------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders; what cannot be opened is told when it is dropped."""
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped, or say why not."""
        paths = dropped_paths(event.mimeData())
        found = sort_out(paths) if paths else None
        if isinstance(found, Dropped):
            self.dropped.emit(found)
        notice = found.remark if isinstance(found, Dropped) else found
        if notice is not None:
            self.noticed.emit(notice)
