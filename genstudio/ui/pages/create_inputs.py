"""The files that go into an operation: dropped, chosen, pasted, or taken from the gallery."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QMimeData, QStandardPaths, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QKeySequence,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.artifacts import CLIP, NOTES, SOUND, TEXT
from genstudio.domain.language import tr
from genstudio.domain.operations import InputSpec
from genstudio.services import studio_operations
from genstudio.ui.dropping import dropped_paths
from genstudio.ui.icons import icon
from genstudio.ui.kind_words import several
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.grid_items import GridItem
from genstudio.ui.widgets.thumbnail_grid import ThumbnailGrid

_SIDE_PX = 64
_USUAL_PLACES = {
    CLIP: QStandardPaths.StandardLocation.MoviesLocation,
    SOUND: QStandardPaths.StandardLocation.MusicLocation,
    NOTES: QStandardPaths.StandardLocation.MusicLocation,
    TEXT: QStandardPaths.StandardLocation.DocumentsLocation,
}
_HEIGHT_PX, _OPTIONAL_HEIGHT_PX = 22 * GRID_PX, 12 * GRID_PX


class InputFiles(QFrame):
    """The files of one input, in the order in which they are used.

    Signals:
        changed(): There are other files.
        gather_wanted(str, list[Path], str): For the input of that name, find files of that kind.
        paste_wanted(str, ndarray): For the input of that name, save this picture.
        gallery_wanted(str): For the input of that name, take what is selected in the gallery.
        mask_wanted(str, str): For the input of that name, paint a mask over the first file of the
            input of the other name.
    """

    changed = Signal()
    gather_wanted = Signal(str, list, str)
    paste_wanted = Signal(str, object)
    gallery_wanted = Signal(str)
    mask_wanted = Signal(str, str)

    def __init__(self, spec: InputSpec, object_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spec = spec
        self.setAcceptDrops(True)
        self._title = QLabel(spec.title)
        self._title.setWordWrap(True)
        self._count = QLabel()
        mark(self._count, role="small")
        self._grid = ThumbnailGrid(studio_operations.thumbnail, lambda key: GridItem(Path(key)))
        self._grid.setObjectName(object_name)
        self._grid.setAccessibleName(spec.title)
        self._grid.set_side(_SIDE_PX)
        is_needed = bool(spec.minimum or spec.paints)
        self._grid.setFixedHeight(_HEIGHT_PX if is_needed else _OPTIONAL_HEIGHT_PX)
        self._grid.selection_changed_keys.connect(self._update)
        self._title.setBuddy(self._grid)
        self._hint = self._make_hint()
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._count)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addLayout(head)
        layout.addWidget(self._grid)
        layout.addLayout(self._make_buttons())
        self._update()

    def files(self) -> list[Path]:
        """What is there, in order."""
        keys = self._grid.keys()
        return [Path(key) for key in keys]

    def add(self, files: Sequence[Path]) -> None:
        """Add files behind those that are there; none is there twice."""
        before = self._grid.keys()
        self._grid.set_keys(list(dict.fromkeys([*before, *map(str, files)])))
        self._on_changed()

    def paste(self) -> None:
        """Add what is in the clipboard: files, or a picture."""
        self.take(QGuiApplication.clipboard().mimeData())

    def take(self, data: QMimeData) -> bool:
        """Add what was pasted or dropped; says whether there was anything."""
        if paths := dropped_paths(data):
            self.gather_wanted.emit(self.spec.name, paths, self.spec.kind)
            return True
        image = data.imageData() if data.hasImage() else None
        if isinstance(image, QImage) and not image.isNull():
            self.paste_wanted.emit(self.spec.name, _pixels(image))
            return True
        return False

    def remove_selected(self) -> None:
        """Take the selected files out; the files themselves stay."""
        before, selected = self._grid.keys(), set(self._grid.selected_keys())
        self._grid.set_keys([key for key in before if key not in selected])
        self._on_changed()

    def take_out(self, files: Sequence[Path]) -> None:
        """Take these files out; the files themselves stay."""
        gone = set(map(str, files))
        before = self._grid.keys()
        self._grid.set_keys([key for key in before if key not in gone])
        self._on_changed()

    def clear(self) -> None:
        """Take all files out."""
        self._grid.set_keys(())
        self._on_changed()

    def shutdown(self) -> None:
        """Leave no thread behind."""
        self._grid.shutdown()

    # --- building -----------------------------------------------------------------------

    def _make_hint(self) -> QLabel:
        """What an empty grid says."""
        what = several(self.spec.kind)
        hint = QLabel(tr("Drop {what} or folders here.\nThey are only read.", what=what))
        hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        mark(hint, role="muted")
        QVBoxLayout(self._grid.viewport()).addWidget(hint)
        return hint

    def _make_buttons(self) -> QHBoxLayout:
        self._add = QPushButton(tr("Add…"))
        self._add.setObjectName("create.add")
        self._add.setAccessibleName(tr("Add: {title}", title=self.spec.title))
        self._add.setIcon(icon("plus"))
        menu = QMenu(self._add)
        if self.spec.paints:
            menu.addAction(
                icon("brush"),
                tr("Paint it…"),
                lambda: self.mask_wanted.emit(self.spec.name, self.spec.paints),
            )
        menu.addAction(icon("image-plus"), tr("Files…"), self._choose_files)
        menu.addAction(icon("folder-open"), tr("A folder…"), self._choose_folder)
        keys = QKeySequence(QKeySequence.StandardKey.Paste)
        told = keys.toString(QKeySequence.SequenceFormat.NativeText)
        menu.addAction(
            icon("clipboard-paste"), tr("From the clipboard\t{told}", told=told), self.paste
        )
        menu.addAction(
            icon("layout-grid"),
            tr("What is selected in the gallery"),
            lambda: self.gallery_wanted.emit(self.spec.name),
        )
        self._add.setMenu(menu)
        self._remove = QPushButton(tr("Take out"))
        self._remove.setObjectName("create.remove")
        self._remove.setAccessibleName(tr("Take out: {title}", title=self.spec.title))
        self._remove.setToolTip(tr("Take the selected ones out; the files stay where they are"))
        self._remove.clicked.connect(self.remove_selected)
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        row.addWidget(self._add, 1)
        row.addWidget(self._remove, 1)
        return row

    # --- reacting -----------------------------------------------------------------------

    def _choose_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(
            self, tr("Choose {several}", several=several(self.spec.kind)), self._usual_place()
        )
        self._gather([Path(name) for name in names])

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(
            self,
            tr("Choose a folder of {several}", several=several(self.spec.kind)),
            self._usual_place(),
        )
        self._gather([Path(name)] if name else [])

    def _usual_place(self) -> str:
        """Where files lie that were added before, or where people have such files."""
        if added := self.files():
            return str(added[-1].parent)
        pictures = QStandardPaths.StandardLocation.PicturesLocation
        place = QStandardPaths.writableLocation(_USUAL_PLACES.get(self.spec.kind, pictures))
        return place if Path(place).is_dir() else str(Path.home())

    def _gather(self, paths: list[Path]) -> None:
        if paths:
            self.gather_wanted.emit(self.spec.name, paths, self.spec.kind)

    def _on_changed(self) -> None:
        self._update()
        self.changed.emit()

    def _update(self) -> None:
        count = len(self._grid.keys())
        selected = len(self._grid.selected_keys())
        chosen = tr(" · {selected:,} selected", selected=selected) if selected else ""
        self._count.setText(tr("{count:,}{chosen}", count=count, chosen=chosen) if count else "")
        self._hint.setVisible(count == 0)
        self._remove.setEnabled(selected > 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete takes the selected files out, Ctrl+V adds what is in the clipboard."""
        if event.matches(QKeySequence.StandardKey.Delete):
            self.remove_selected()
        elif event.matches(QKeySequence.StandardKey.Paste):
            self.paste()
        else:
            super().keyPressEvent(event)

    # --- dropping -----------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files, folders and pictures."""
        if event.mimeData().hasImage() or dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add what was dropped."""
        if self.take(event.mimeData()):
            event.acceptProposedAction()


def _pixels(image: QImage) -> np.ndarray:
    """An image as uint8 of shape (height, width, 4)."""
    converted = image.convertToFormat(QImage.Format.Format_RGBA8888)
    height, width = converted.height(), converted.width()
    rows = np.frombuffer(converted.constBits(), np.uint8).reshape(height, converted.bytesPerLine())
    return rows[:, : 4 * width].reshape(height, width, 4).copy()
