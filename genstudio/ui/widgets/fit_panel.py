"""Says whether a run fits, and offers what would make it fit."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from genstudio.domain.forecasts import Forecast, Remedy
from genstudio.domain.language import tr
from genstudio.domain.progress import Progress
from genstudio.ui.actions import command_named
from genstudio.ui.icons import icon
from genstudio.ui.theme import GRID_PX, mark


class FitPanel(QWidget):
    """A button that has it tried, and what was found.

    Signals:
        check_wanted(): Try it; or while that goes on, give it up.
        mend_wanted(): Change what makes it fit.
    """

    check_wanted = Signal()
    mend_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        command = command_named("train.fit")
        self.check = QPushButton(icon(command.icon), command.plain_title)
        self.check.setObjectName("train.fit")
        self.check.setAccessibleName(command.plain_title)
        self.check.setToolTip(command.help)
        self.check.clicked.connect(self.check_wanted)
        self._mend = QPushButton(icon("wand-sparkles"), tr("Make it fit"))
        self._mend.setObjectName("train.mend")
        self._mend.setAccessibleName(tr("Make it fit"))
        self._mend.clicked.connect(self.mend_wanted)
        self._words = QLabel()
        self._words.setObjectName("train.forecast")
        self._words.setAccessibleName(tr("What the run needs"))
        self._words.setWordWrap(True)
        mark(self._words, role="small")
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID_PX)
        buttons.addWidget(self.check)
        buttons.addWidget(self._mend)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        layout.addWidget(self._words)
        layout.addLayout(buttons)
        self.show_forecast(None, (), None, None, is_busy=False)

    def show_forecast(
        self,
        forecast: Forecast | None,
        words: Sequence[str],
        remedy: Remedy | None,
        progress: Progress | None,
        *,
        is_busy: bool,
    ) -> None:
        """Show what was found, or how far it is."""
        text = "\n".join(words)
        if is_busy:
            seconds = f" ({progress.done} s)" if progress else ""
            text = tr("Trying some steps{seconds}: they are thrown away…", seconds=seconds)
        elif remedy is not None:
            text += tr("\nMended so: {why}", why=remedy.why)
        elif forecast is not None and not forecast.fits_memory:
            text += tr("\nChoose a smaller model, or close other programs.")
        self._words.setText(text)
        self._words.setVisible(bool(text))
        self._mend.setVisible(remedy is not None and not is_busy)
        title = tr("Give up") if is_busy else command_named("train.fit").plain_title
        self.check.setText(title)
