"""The files that an operation works on: dropped, chosen, pasted or taken from the gallery."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QKeySequence,
    QShortcut,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.data.decode import SUFFIXES
from genstudio.data.listing import natural_key
from genstudio.domain.operations import InputSpec
from genstudio.services import studio
from genstudio.ui.icons import icon
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.grid_items import GridItem
from genstudio.ui.widgets.thumbnail_grid import ThumbnailGrid

_SIDE_PX = 56
_GRID_HEIGHT_PX = 18 * GRID_PX


class InputList(QFrame):
    """Files for one input of an operation.

    Signals:
        changed(): Other files are given.
        gallery_wanted(): What is selected in the gallery shall be taken.
    """

    changed = Signal()
    gallery_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        mark(self, role="panel")
        self.setObjectName("create.inputs")
        self.setAccessibleName("What goes in")
        self.setAcceptDrops(True)
        self._spec: InputSpec | None = None
        self._paths: dict[str, Path] = {}
        self._pasted = tempfile.TemporaryDirectory(prefix="genstudio-", ignore_cleanup_errors=True)
        self._num_pasted = 0
        self._title = QLabel()
        mark(self._title, role="heading")
        self._status = QLabel()
        self._status.setObjectName("create.inputs_status")
        self._status.setWordWrap(True)
        mark(self._status, role="muted")
        self._grid = ThumbnailGrid(studio.thumbnail, self._describe)
        self._grid.setObjectName("create.inputs_grid")
        self._grid.setAccessibleName("Files that go in")
        self._grid.set_side(_SIDE_PX)
        self._grid.setFixedHeight(_GRID_HEIGHT_PX)
        self._grid.selection_changed_keys.connect(self._update)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._title)
        layout.addWidget(self._grid)
        layout.addWidget(self._status)
        layout.addLayout(self._make_buttons())
        QShortcut(QKeySequence.StandardKey.Paste, self, self.paste)
        self._update()

    def set_spec(self, spec: InputSpec | None) -> None:
        """Ask for other files; those that are there stay. Hidden where nothing goes in."""
        self._spec = spec
        self.setVisible(spec is not None)
        self._update()

    def paths(self) -> list[Path]:
        """The files, in their order."""
        return list(self._paths.values())

    def why_not(self) -> str:
        """What is missing; empty if nothing is."""
        spec, count = self._spec, len(self._paths)
        if spec is None:
            return ""
        if count < spec.minimum:
            return "Drop pictures or a folder here, or choose them."
        if spec.maximum is not None and count > spec.maximum:
            return f"Up to {spec.maximum} can be taken; there are {count}."
        return ""

    def add(self, paths: Iterable[Path]) -> None:
        """Take further files; of a folder, the pictures that lie in it."""
        for path in paths:
            for file in _files_of(path):
                self._paths.setdefault(str(file), file)
        self._show()

    def set_paths(self, paths: Iterable[Path]) -> None:
        """Take these files instead."""
        self._paths = {}
        self.add(paths)

    def remove_selected(self) -> None:
        """Take the selected files out; all if none is selected."""
        chosen = self._grid.selected_keys() or list(self._paths)
        self._paths = {key: path for key, path in self._paths.items() if key not in chosen}
        self._show()

    def paste(self) -> None:
        """Take the files or the picture in the clipboard."""
        content = QGuiApplication.clipboard().mimeData()
        if content.hasUrls():
            self.add(_paths_in(content))
        elif content.hasImage():
            image = QImage(content.imageData())
            self._num_pasted += 1
            place = Path(self._pasted.name) / f"pasted-{self._num_pasted}.png"
            if image.save(str(place)):
                self.add([place])

    def shutdown(self) -> None:
        """Let go of threads and of what was pasted before the window closes."""
        self._grid.shutdown()
        self._pasted.cleanup()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take what holds files."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take what was dropped."""
        self.add(_paths_in(event.mimeData()))
        event.acceptProposedAction()

    def _make_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GRID_PX)
        choose = QPushButton("Choose…")
        choose.setObjectName("create.choose")
        choose.setAccessibleName("Choose files")
        choose.clicked.connect(self._on_choose)
        row.addWidget(choose)
        self._gallery = QPushButton("From gallery")
        self._gallery.setObjectName("create.from_gallery")
        self._gallery.setToolTip("Take what is selected in the gallery")
        self._gallery.clicked.connect(self.gallery_wanted)
        row.addWidget(self._gallery)
        row.addStretch(1)
        for name, words, icon_name, act in (
            ("create.paste", "Paste", "copy", self.paste),
            ("create.remove", "Remove the selected files, or all", "x", self.remove_selected),
        ):
            button = QToolButton()
            button.setObjectName(name)
            button.setIcon(icon(icon_name))
            button.setToolTip(words)
            button.setAccessibleName(words)
            button.clicked.connect(act)
            row.addWidget(button)
        return row

    def _on_choose(self) -> None:
        suffixes = " ".join(f"*{suffix}" for suffix in sorted(SUFFIXES))
        chosen, _ = QFileDialog.getOpenFileNames(
            self, "Choose pictures", "", f"Pictures ({suffixes})"
        )
        self.add(map(Path, chosen))

    def _show(self) -> None:
        self._grid.set_keys(list(self._paths))
        self._update()
        self.changed.emit()

    def _update(self) -> None:
        self._title.setText(self._spec.title if self._spec else "")
        count = len(self._paths)
        counted = f"{count:,} file{'s' * (count != 1)}"
        self._status.setText(self.why_not() or f"{counted}; they are only read.")

    def _describe(self, key: str) -> GridItem:
        return GridItem(self._paths[key])


def _paths_in(content: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in content.urls() if url.isLocalFile()]


def _files_of(path: Path) -> list[Path]:
    """A file itself, or the pictures that lie in a folder."""
    if not path.is_dir():
        return [path]
    try:
        inside = [file for file in path.iterdir() if file.suffix.lower() in SUFFIXES]
    except OSError:
        return []
    return sorted(inside, key=lambda file: natural_key(file.name))
