"""Performing live: the picture on the whole of a screen, moved by itself and by OSC messages."""

import time
from typing import Final

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeySequence, QScreen, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import tr, trn
from genstudio.domain.places import Place
from genstudio.services.live import (
    ANYWHERE,
    DEFAULT_PORT,
    LOOPBACK,
    OscReceiver,
    Performance,
    random_seed,
)
from genstudio.services.notices import notice_about
from genstudio.ui.state.exploring import ExploringState
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.number_boxes import DecimalBox, WholeBox
from genstudio.ui.widgets.picture_view import PictureView
from genstudio.ui.widgets.small import named_combo

# As often as what was drawn is taken over.
_TICK_MS: Final = 33
_LOWEST_PORT, _HIGHEST_PORT = 1024, 65535


class LiveDialog(QDialog):
    """Asks how, and begins.

    Args:
        window: Where it is shown.
        state: What draws.
    """

    def __init__(self, window: QWidget, state: ExploringState) -> None:
        super().__init__(window)
        self.setObjectName("dialog.live")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Perform live"))
        self.setMinimumWidth(60 * GRID_PX)
        self._state = state
        words = QLabel(
            tr(
                "Shows the picture on a whole screen, on its way from seed to seed. Other programs "
                "and controllers can steer it by OSC: /genstudio/seed 7, /genstudio/speed 0.5, "
                "/genstudio/direction/3 1.5, /genstudio/position 0.25, /genstudio/still. "
                "Esc ends it."
            )
        )
        words.setWordWrap(True)
        self._screen = named_combo("live.screen", tr("Screen"))
        for screen in _screens(window):
            self._screen.addItem(screen.name() or tr("Screen"), screen)
        self._speed = DecimalBox(0.0, 5.0)
        self._speed.setObjectName("live.speed")
        self._speed.setValue(0.2)
        self._speed.setAccessibleName(tr("Seeds a second"))
        self._hears = QCheckBox(tr("Listen to other programs (OSC)"))
        self._hears.setObjectName("live.hears")
        self._port = WholeBox(_LOWEST_PORT, _HIGHEST_PORT)
        self._port.setObjectName("live.port")
        self._port.setValue(DEFAULT_PORT)
        self._port.setAccessibleName(tr("Port"))
        self._anywhere = QCheckBox(tr("Also from other machines on the network"))
        self._anywhere.setObjectName("live.anywhere")
        for widget in (self._port, self._anywhere):
            widget.setEnabled(False)
            self._hears.toggled.connect(widget.setEnabled)
        form = QFormLayout()
        form.addRow(tr("Screen"), self._screen)
        form.addRow(tr("Seeds a second"), self._speed)
        form.addRow(self._hears)
        form.addRow(tr("Port"), self._port)
        form.addRow(self._anywhere)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        start = buttons.addButton(tr("Begin"), QDialogButtonBox.ButtonRole.AcceptRole)
        start.setObjectName("live.start")
        mark(start, primary=True)
        buttons.accepted.connect(self._on_start)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX + GRID_PX // 2)
        layout.addWidget(words)
        layout.addLayout(form)
        layout.addWidget(buttons)

    def _on_start(self) -> None:
        receiver = None
        if self._hears.isChecked():
            host = ANYWHERE if self._anywhere.isChecked() else LOOPBACK
            try:
                receiver = OscReceiver(self._port.value(), host)
            except GenStudioError as error:
                self._state.noticed.emit(notice_about(error))
                return
        parent = self.parentWidget()
        self.accept()
        assert parent is not None, "it belongs to the view"
        shown = LiveWindow(parent, self._state, receiver, self._speed.value())
        shown.show_on(self._screen.currentData())


class LiveWindow(QWidget):
    """The picture alone, until Esc is pressed.

    Args:
        window: That it belongs to.
        state: What draws.
        receiver: Of messages; None for none.
        speed: Seeds a second.
    """

    def __init__(
        self, window: QWidget, state: ExploringState, receiver: OscReceiver | None, speed: float
    ) -> None:
        super().__init__(window, Qt.WindowType.Window)
        self.setObjectName("live.window")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Perform live"))
        self._state, self._receiver = state, receiver
        self._before: Place = state.place
        self.performance = Performance(
            seeds=(state.place.seeds[0], random_seed()), speed=speed, directions=len(state.shares)
        )
        self.frames = 0
        self._view = PictureView()
        self._view.setObjectName("live.picture")
        self._view.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # The audience sees no ring around it.
        self._words = QLabel()
        self._words.setObjectName("live.words")
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        mark(self._words, role="muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view, 1)
        layout.addWidget(self._words)
        for keys in ("Esc", "F"):
            QShortcut(QKeySequence(keys), self).activated.connect(self.close)
        state.drawn.connect(self._on_drawn)
        state.opened.connect(self._on_opened)
        # Else its thread would listen on after the last window.
        state.closing.connect(self.close)
        self._last_s = time.monotonic()
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_tick)
        self._timer.start()
        self._tell()

    def show_on(self, screen: QScreen | None) -> None:
        """Fill a screen."""
        if screen is not None:
            self.setGeometry(screen.geometry())
        self.showFullScreen()

    def _on_tick(self) -> None:
        if self._receiver is not None:
            for message in self._receiver.received():
                self.performance.take(message)
                self._tell()
        self.performance.directions = len(self._state.shares)
        # One that is not drawn when the next is asked for never is: nothing lags behind.
        now_s = time.monotonic()
        place = self.performance.advance(now_s - self._last_s, random_seed)
        self._last_s = now_s
        self._state.perform(place)

    def _on_drawn(self, place: Place, image_HWC: np.ndarray, is_draft: bool) -> None:
        del place, is_draft
        self.frames += 1
        self._view.set_picture(image_HWC)

    def _on_opened(self) -> None:
        if self._state.run is None:
            self.close()

    def _tell(self) -> None:
        if self._receiver is None:
            self._words.setVisible(False)
            return
        self._words.setText(
            self.performance.refused
            or trn(
                "Listening on port {port}: {number:,} message",
                "Listening on port {port}: {number:,} messages",
                self.performance.understood,
                port=self._receiver.port,
            )
        )

    def closeEvent(self, event: QCloseEvent) -> None:
        """Hear nothing any more, and go back to where one was."""
        self._timer.stop()
        if self._receiver is not None:
            self._receiver.close()
            self._receiver = None
        self._state.drawn.disconnect(self._on_drawn)
        self._state.opened.disconnect(self._on_opened)
        if self._state.run is not None:
            self._state.perform(self._before)
        super().closeEvent(event)


def _screens(window: QWidget) -> list[QScreen]:
    """All screens, those that the window is not on first: a projector is meant."""
    own = window.screen()
    return sorted(QGuiApplication.screens(), key=lambda screen: screen is own)
