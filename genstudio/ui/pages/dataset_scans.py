"""What the Dataset page shows of a folder of scans: how they become pictures."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from genstudio.domain.language import tr, tr_noop
from genstudio.ui.scans_panel import ScansPanel
from genstudio.ui.theme import GRID_PX, mark

_WHY = tr_noop(
    "These are scans: numbers in units of their own, and data of persons. Choose which of the "
    "numbers become black and white; grey pictures under numbers are made in a new folder, and "
    "opened. Your folder is only read. Not for diagnosis."
)


_WHY_GREYS = tr_noop(
    "These pictures have more greys than a model learns. Choose which of them become black and "
    "white; grey pictures under numbers are made in a new folder, and opened. Your folder is only "
    "read. Not for diagnosis."
)


class DatasetScans(QWidget):
    """A panel of scans on the page, and the button that makes pictures of them.

    Signals:
        choose_wanted(): A person wants to choose another folder.
        import_wanted(Path, dict[str, Any]): Scans of a folder shall become pictures.
        dismissed(): A person does not want to.
    """

    choose_wanted = Signal()
    import_wanted = Signal(object, object)
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataset.scans")
        self.setAccessibleName(tr("Scans"))
        self._panel = ScansPanel("dataset.scans")
        self._panel.choose_wanted.connect(self.choose_wanted)
        self._why = QLabel(tr(_WHY))
        self._why.setWordWrap(True)
        self._progress = QProgressBar()
        self._progress.setAccessibleName(tr("Reading scans"))
        policy = self._progress.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._progress.setSizePolicy(policy)
        self._progress.hide()
        later = QPushButton(tr("Not now"))
        later.setObjectName("dataset.scans.dismiss")
        later.clicked.connect(self.dismissed)
        self._start = QPushButton(tr("Make pictures of them"))
        self._start.setObjectName("dataset.scans.start")
        mark(self._start, primary=True)
        self._start.clicked.connect(self._on_start)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID_PX)
        buttons.addWidget(self._progress, 1)
        buttons.addWidget(later)
        buttons.addWidget(self._start)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._why)
        layout.addWidget(self._panel, 1)
        layout.addLayout(buttons)

    @property
    def folder(self) -> Path | None:
        """The folder of scans; None where none is shown."""
        return self._panel.folder

    def set_folder(self, folder: Path | None, *, are_pictures: bool = False) -> None:
        """Show the scans of a folder, or pictures of many greys; or none any more."""
        self._why.setText(tr(_WHY_GREYS) if are_pictures else tr(_WHY))
        if folder != self._panel.folder:
            self._panel.set_folder(folder)

    def show_progress(self, done: int, total: int) -> None:
        """Tell how many files are read; 0 of 0 when nothing is read any more."""
        self._start.setEnabled(total == 0)
        self._progress.setVisible(total > 0)
        self._progress.setRange(0, max(1, total))
        self._progress.setValue(done)

    def shutdown(self) -> None:
        """Let go of threads before the window closes."""
        self._panel.stop()

    def _on_start(self) -> None:
        options = self._panel.options()
        if options is not None and self.folder is not None:
            self.import_wanted.emit(self.folder, options)
