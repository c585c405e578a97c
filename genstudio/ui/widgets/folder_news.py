"""A line about what has changed: in the folder meanwhile, and in the set since the last run."""

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from genstudio.domain.language import tr, tr_noop
from genstudio.ui.icons import icon
from genstudio.ui.state.dataset import DatasetState
from genstudio.ui.state.figures import FiguresState
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.named_label import NamedLabel

_UNREACHABLE = tr_noop(
    "The folder is not there any more. If it is on a drive, connect that again: the pictures come "
    "back by themselves, and what you chose is kept. If it was moved, choose it where it is now."
)


class FolderNews(QWidget):
    """Shown only where something has changed.

    Args:
        state: Looks through the folder again.
        figures: Knows what has changed.
    """

    def __init__(
        self, state: DatasetState, figures: FiguresState, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._figures = figures
        self._words = NamedLabel(tr("What has changed"))
        self._words.setObjectName("dataset.news")
        self._words.setWordWrap(True)
        mark(self._words, role="small")
        self._again = QPushButton(icon("refresh-cw"), tr("Look again"))
        self._again.setObjectName("dataset.again")
        self._again.clicked.connect(state.look_again)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._words, 1)
        layout.addWidget(self._again)
        figures.folder_changed.connect(self._show)
        figures.compared.connect(self._show)
        self._show()

    def _show(self) -> None:
        now, before = self._figures.changes, self._figures.since_last_run
        parts = [tr("The folder has changed: {sentence}", sentence=now.sentence())] if now else []
        if now.unreachable:
            parts = [tr(_UNREACHABLE)]
        elif before:
            parts.append(tr("Since the last run: {sentence}", sentence=before.sentence()))
        self._words.setText(" ".join(parts))
        self._again.setVisible(bool(now))
        self.setVisible(bool(parts))
