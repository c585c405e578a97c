"""The view "key-frames" of the Create page: a clip as a timeline that painted frames are put on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.data.formats import may_be_picture
from genstudio.domain.language import tr
from genstudio.domain.notices import Level, Notice
from genstudio.ui.dropping import dropped_paths
from genstudio.ui.icons import icon
from genstudio.ui.state.key_frames import KeyFramesState
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.film_strip import FilmStrip
from genstudio.ui.widgets.picture_view import PictureView
from genstudio.ui.widgets.wrapping_row import WrappingRow

_LIST_PX = 11 * GRID_PX


class KeyFramesView(QWidget):
    """A clip's frame, large; its strip with a scrubber; and the list of what was painted.

    Which files are painted is kept by the input of the form: this asks for changes there, and shows
    what comes of them.

    Signals:
        given(list[Path]): Add these painted pictures to the input.
        taken_out(list[Path]): Take these out of it.
    """

    given = Signal(list)
    taken_out = Signal(list)

    def __init__(self, state: KeyFramesState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("keyframes.view")
        self.setAcceptDrops(True)
        self._state = state
        self._most = 1
        self._files: list[Path] = []
        # Where pictures are of whose names do not say it.
        self._at: dict[Path, int] = {}
        # Where frames were saved to be painted on, and so where they come back from.
        self._saved_to: Path | None = None
        self._picture = PictureView()
        self._picture.setObjectName("keyframes.frame")
        self._picture.setAccessibleName(tr("Frame of the clip"))
        self._caption = QLabel()
        self._caption.setObjectName("keyframes.caption")
        mark(self._caption, role="small")
        self._strip = FilmStrip()
        self._strip.setObjectName("keyframes.strip")
        self._strip.valueChanged.connect(self._on_scrubbed)
        self._strip.moved.connect(state.move)
        self._strip.taken_out.connect(self._on_taken_out)
        self._strip.dropped.connect(self.add)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._picture, 1)
        layout.addWidget(self._caption)
        layout.addWidget(self._strip)
        layout.addLayout(self._make_buttons())
        layout.addLayout(self._make_list())
        state.clip_changed.connect(self._on_clip)
        state.frame_passed.connect(self._on_passed)
        state.frame_shown.connect(self._on_shown)
        state.painted_changed.connect(self._on_painted)
        state.failed.connect(self._on_failed)
        state.refused.connect(lambda path: self.taken_out.emit([path]))
        self._on_clip()

    def show_files(self, clip: Path | None, painted: Sequence[Path], most: int) -> None:
        """Show what the form was given.

        Args:
            clip: The film.
            painted: Painted pictures of it.
            most: How many can be used.
        """
        self._most = most
        is_other = clip != self._state.clip
        self._state.open(clip)
        before = [] if is_other else self._files
        self._files = list(painted)
        self._state.forget([path for path in before if path not in painted])
        new = [path for path in painted if path not in before]
        unplaced = [path for path in new if path not in self._at]
        for path in new:
            if path in self._at:
                self._state.place([path], self._at.pop(path))
        if unplaced:
            self._state.place(unplaced)

    def add(self, paths: Sequence[Path], at: int) -> None:
        """Have painted pictures added; one alone is of the frame ``at`` if its name says none."""
        pictures = [path for path in paths if may_be_picture(path.name)]
        new = [path for path in pictures if path not in self._files]
        if len(pictures) < len(paths) or len(self._files) + len(new) > self._most:
            self._state.noticed.emit(
                self._too_many() if len(pictures) == len(paths) else _no_pictures()
            )
            return
        if len(new) == 1:
            self._at[new[0]] = at
        if new:
            self.given.emit(new)

    # --- building -----------------------------------------------------------------------

    def _make_buttons(self) -> WrappingRow:
        self._save = QPushButton(tr("Save this frame to paint on…"))
        self._save.setObjectName("keyframes.save")
        self._save.setIcon(icon("save"))
        self._save.clicked.connect(self._on_save)
        self._put = QPushButton(tr("Put a painted picture here…"))
        self._put.setObjectName("keyframes.put")
        self._put.setIcon(icon("image-plus"))
        self._put.clicked.connect(self._on_put)
        row = WrappingRow()
        row.addWidget(self._save)
        row.addWidget(self._put)
        return row

    def _make_list(self) -> QHBoxLayout:
        self._list = QListWidget()
        self._list.setObjectName("keyframes.painted")
        self._list.setAccessibleName(tr("Painted frames"))
        self._list.setFixedHeight(_LIST_PX)
        self._list.itemSelectionChanged.connect(self._on_selected)
        self._move = QPushButton(tr("Move it to this frame"))
        self._move.setObjectName("keyframes.move")
        self._move.setToolTip(tr("The selected picture is of the frame that is shown"))
        self._move.clicked.connect(self._on_move)
        self._remove = QPushButton(tr("Take out"))
        self._remove.setObjectName("keyframes.remove")
        self._remove.setAccessibleName(tr("Take the selected painted frame out"))
        self._remove.setToolTip(tr("Take the selected one out; its file stays where it is"))
        self._remove.clicked.connect(lambda: self._on_taken_out(self._selected()))
        column = QVBoxLayout()
        column.setSpacing(GRID_PX)
        column.addWidget(self._move)
        column.addWidget(self._remove)
        column.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self._list, 1)
        row.addLayout(column)
        return row

    # --- showing ------------------------------------------------------------------------

    def _on_clip(self) -> None:
        has_clip = self._state.clip is not None
        self._picture.set_picture(None)
        self._picture.set_placeholder(
            tr("Reading the clip…")
            if has_clip
            else tr("Drop a clip here, or add one at the right: it becomes a timeline.")
        )
        self._strip.set_small({})
        self._strip.setValue(0)
        self._on_passed()

    def _on_passed(self) -> None:
        state = self._state
        first = min(state.small, default=None)
        was_known = self._strip.maximum() > 0
        info = state.info
        length_s = info.seconds if info is not None else 0.0
        shape = info.width / info.height if info is not None else 16 / 9
        self._strip.set_film(state.seconds, length_s, shape)
        self._strip.set_small(state.small)
        if state.seconds and not was_known:
            state.want(self._strip.value())
        elif first is not None and not state.seconds:
            self._picture.set_picture(state.small[first])
        self._update()

    def _on_failed(self, why: str) -> None:
        self._picture.set_placeholder(why)
        self._update()

    def _on_shown(self, number: int, image_HWC: np.ndarray) -> None:
        if number == self._strip.value():
            self._picture.set_picture(image_HWC)

    def _on_painted(self) -> None:
        painted = self._state.painted
        self._strip.set_painted({no: (it.path.name, it.image_HWC) for no, it in painted.items()})
        kept = self._selected()
        self._list.blockSignals(True)
        self._list.clear()
        for number in sorted(painted):
            words = tr(
                "Frame {number:,} · {seconds:.2f} s · {name}",
                number=number,
                seconds=self._state.seconds[number],
                name=painted[number].path.name,
            )
            item = QListWidgetItem(words)
            item.setData(Qt.ItemDataRole.UserRole, number)
            item.setToolTip(str(painted[number].path))
            self._list.addItem(item)
            if number in {kept, self._strip.value()}:
                self._list.setCurrentItem(item)
        self._list.blockSignals(False)
        self._update()

    def _update(self) -> None:
        state = self._state
        is_known = bool(state.seconds)
        for button in (self._save, self._put):
            button.setEnabled(is_known)
        self._strip.setEnabled(is_known)
        number = self._selected()
        self._remove.setEnabled(number is not None)
        self._move.setEnabled(number is not None and number != self._strip.value())
        here = self._strip.value()
        if is_known:
            self._caption.setText(
                tr(
                    "Frame {number:,} of {last:,} · {seconds:.2f} s · {count} of at most {most} "
                    "painted",
                    number=here,
                    last=len(state.seconds) - 1,
                    seconds=state.seconds[here],
                    count=len(state.painted),
                    most=self._most,
                )
            )
        else:
            counting = tr("The frames are being counted…")
            is_counting = state.clip is not None and not state.fault
            self._caption.setText(counting if is_counting else "")

    # --- reacting -----------------------------------------------------------------------

    def _on_scrubbed(self, number: int) -> None:
        self._state.want(number)
        rows = range(self._list.count())
        here = [row for row in rows if _number(self._list.item(row)) == number]
        self._list.blockSignals(True)
        if here and not self._strip.isSliderDown():
            self._list.setCurrentRow(here[0])
        self._list.blockSignals(False)
        self._update()

    def _on_selected(self) -> None:
        number = self._selected()
        if number is not None:
            self._strip.setValue(number)
        self._update()

    def _selected(self) -> int | None:
        items = self._list.selectedItems()
        return _number(items[0]) if items else None

    def _on_move(self) -> None:
        number = self._selected()
        if number is not None:
            self._state.move(number, self._strip.value())

    def _on_taken_out(self, number: int | None) -> None:
        painted = self._state.painted.get(number) if number is not None else None
        if painted is not None:
            self.taken_out.emit([painted.path])

    def _on_save(self) -> None:
        name = QFileDialog.getExistingDirectory(
            self, tr("Choose a folder for the frame to paint on"), str(self._usual_place())
        )
        if name:
            self._saved_to = Path(name)
            self._state.save_frame(self._strip.value(), Path(name))

    def _on_put(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(
            self, tr("Choose painted pictures"), str(self._usual_place())
        )
        if names:
            self.add([Path(name) for name in names], self._strip.value())

    def _usual_place(self) -> Path:
        """Where frames were saved, or where the clip lies."""
        places = self._saved_to, self._state.clip.parent if self._state.clip else None
        return next((it for it in places if it is not None and it.is_dir()), Path.home())

    def _too_many(self) -> Notice:
        return Notice(
            level=Level.WARNING,
            title=tr("At most {most} painted frames can be used", most=self._most),
            message=tr("Take one out first; its file stays where it is."),
        )

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take pictures; films are for the form."""
        paths = dropped_paths(event.mimeData())
        if self._state.seconds and paths and all(may_be_picture(it.name) for it in paths):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Put them at the frame that is shown."""
        self.add(dropped_paths(event.mimeData()), self._strip.value())
        event.acceptProposedAction()


def _no_pictures() -> Notice:
    return Notice(
        level=Level.WARNING,
        title=tr("Only pictures can be put on the timeline"),
        message=tr("Drop frames that you painted on, saved as .png or .jpg."),
    )


def _number(item: QListWidgetItem) -> int:
    return int(item.data(Qt.ItemDataRole.UserRole))
