"""Tells a person who looks elsewhere that a training has ended."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from genstudio.domain import events
from genstudio.domain.language import tr, trn
from genstudio.ui.state.training import TrainingState

_SHOWN_MS = 10_000


class TellingEndings(QObject):
    """Sends the desktop a message, where it has a place for such, and has the window's entry blink.

    Args:
        window: The person looks elsewhere when this is not the active one.
        training: What ends.
    """

    def __init__(self, window: QWidget, training: TrainingState) -> None:
        super().__init__(window)
        self._window = window
        self._tray: QSystemTrayIcon | None = None
        training.received.connect(self._on_received)

    def _on_received(self, received: list[events.Event]) -> None:
        for event in received:
            if isinstance(event, events.Finished | events.Failed):
                self.tell_who_looks_elsewhere(*words_about(event))

    def tell_who_looks_elsewhere(self, title: str, message: str) -> None:
        """Say something outside of the window, unless a person looks at it."""
        if not self._is_looked_at():
            self.tell(title, message)

    def tell(self, title: str, message: str) -> None:
        """Say something outside of the window."""
        QApplication.alert(self._window)
        if not (QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()):
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(self._window.windowIcon(), self)
            self._tray.messageClicked.connect(self._on_clicked)
        self._tray.show()
        icon = QSystemTrayIcon.MessageIcon.Information
        self._tray.showMessage(title, message, icon, _SHOWN_MS)

    def _on_clicked(self) -> None:
        self._window.raise_()
        self._window.activateWindow()

    def _is_looked_at(self) -> bool:
        return self._window.isActiveWindow() and not self._window.isMinimized()


def words_about(ending: events.Finished | events.Failed) -> tuple[str, str]:
    """Title and sentence about an ending."""
    if isinstance(ending, events.Failed):
        return ending.title, ending.message or tr("What was saved is intact.")
    return tr("The training has ended"), trn(
        "{number:,} step; its first results hang in the gallery.",
        "{number:,} steps; its first results hang in the gallery.",
        ending.step,
    )
