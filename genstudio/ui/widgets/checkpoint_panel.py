"""The checkpoints of a run, and what can be done with the chosen one."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, Signal, SignalInstance
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from genstudio.domain.language import tr, tr_noop
from genstudio.domain.runs import CheckpointInfo
from genstudio.ui.icons import icon
from genstudio.ui.theme import GRID_PX
from genstudio.ui.widgets.checkpoint_strip import CheckpointStrip

_STAR, _UNSTAR = tr_noop("Star: keep for ever"), tr_noop("Remove star")
_NONE_CHOSEN = tr_noop("Choose a saved point first")


class CheckpointPanel(QWidget):
    """A strip of checkpoints with buttons beside it; a menu offers the same.

    Attributes:
        strip: The checkpoints.

    Signals:
        chosen(CheckpointInfo | None): Another checkpoint is the chosen one, or none is.
        continue_wanted(CheckpointInfo): Go on with the run from here.
        branch_wanted(CheckpointInfo): Begin a new run here.
        star_wanted(CheckpointInfo): Star it, or take its star away.
    """

    chosen = Signal(object)
    continue_wanted = Signal(object)
    branch_wanted = Signal(object)
    star_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._why_not = ""
        self.strip = CheckpointStrip()
        self.strip.setObjectName("train.checkpoints")
        self._menu = QMenu(self)
        self._menu.setObjectName("train.checkpoint_menu")
        self._menu.setToolTipsVisible(True)
        self._commands = [
            _Command("train.continue", tr("Continue from here"), "play", self),
            _Command("train.branch", tr("Branch from here"), "git-branch", self),
            _Command("train.star", tr(_STAR), "star", self),
        ]
        wanted = (self.continue_wanted, self.branch_wanted, self.star_wanted)
        for command, signal in zip(self._commands, wanted, strict=True):
            command.triggered.connect(lambda _=False, signal=signal: self._emit(signal))
        self._lay_out()
        self.strip.chosen.connect(self._on_chosen)
        self.strip.star_wanted.connect(self.star_wanted)
        self.strip.menu_wanted.connect(self._on_menu_wanted)
        self._update()

    def set_checkpoints(
        self,
        checkpoints: Sequence[CheckpointInfo],
        *,
        picture_px: int,
        previews: Sequence[tuple[int, Path]] = (),
    ) -> None:
        """Show other checkpoints, as :meth:`CheckpointStrip.set_checkpoints` does."""
        self.strip.set_checkpoints(checkpoints, picture_px=picture_px, previews=previews)

    def forbid_training(self, why_not: str) -> None:
        """Say why no run can go on now; nothing if one can."""
        self._why_not = why_not
        self._update()

    def _lay_out(self) -> None:
        buttons = QVBoxLayout()
        buttons.setSpacing(GRID_PX // 2)
        for command in self._commands:
            self._menu.addAction(command)
            buttons.addWidget(command.button)
        # As wide as its longest words: nothing jumps when it says something else.
        star = self._commands[-1].button
        star.setMinimumWidth(star.sizeHint().width())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self.strip, 1)
        layout.addLayout(buttons)

    def _on_chosen(self, checkpoint: CheckpointInfo | None) -> None:
        self._update()
        self.chosen.emit(checkpoint)

    def _emit(self, signal: SignalInstance) -> None:
        checkpoint = self.strip.current()
        if checkpoint is not None:
            signal.emit(checkpoint)

    def _on_menu_wanted(self, place: QPoint) -> None:
        self._menu.popup(place)

    def _update(self) -> None:
        checkpoint = self.strip.current()
        go_on, branch, star = self._commands
        none_chosen = "" if checkpoint else tr(_NONE_CHOSEN)
        is_newest = checkpoint is not None and checkpoint == self.strip.checkpoints()[-1]
        go_on.allow(
            none_chosen or self._why_not,
            tr("Go on where the run ended")
            if is_newest
            else tr("Go on with this run from here; later saved points move to the trash"),
        )
        branch.allow(
            none_chosen or self._why_not, tr("Begin a new run here; this one stays as it is")
        )
        is_starred = checkpoint is not None and checkpoint.is_starred
        star.set_words(
            tr(_UNSTAR if is_starred else _STAR), "star-filled" if is_starred else "star"
        )
        star.allow(none_chosen, tr("A starred point is never cleared away to make room (S)"))


class _Command(QAction):
    """An entry of the menu, with a button that does the same."""

    def __init__(self, name: str, words: str, icon_name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.button = QPushButton()
        self.button.setObjectName(name)
        self.button.clicked.connect(self.trigger)
        self.set_words(words, icon_name)

    def set_words(self, words: str, icon_name: str) -> None:
        """Say something else."""
        self.setText(words)
        self.setIcon(icon(icon_name))
        self.button.setText(words)
        self.button.setIcon(self.icon())

    def allow(self, why_not: str, tip: str) -> None:
        """Enable it if there is no reason against it; the tooltip says which, or what it does."""
        for one in (self, self.button):
            one.setEnabled(not why_not)
            one.setToolTip(why_not or tip)
