"""Viewer of clips: plays the pictures of one over and over; its sound is heard in other players."""

import time
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import tr
from genstudio.services.film_playing import FilmReader, Shown
from genstudio.ui.icons import icon
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.picture_view import PictureView
from genstudio.ui.widgets.wheel import ignore_wheel_unless_focused

_LARGEST_PX = 960
_TICK_MS = 10
_PARTS = 1000
# After a pause of the machine frames are not hurried through.
_LATE_S = 0.5


class ClipViewer:
    """Plays a clip.

    Attributes:
        widget: What goes into a page.
    """

    def __init__(self) -> None:
        self.widget = QWidget()
        self._reader: FilmReader | None = None
        self._path: Path | None = None
        self._next: Shown | None = None
        # The time of the frame that is shown; and that at which the clip's clock was last set, and
        # when that was.
        self._at_s = self._base_s = self._set_s = 0.0
        self._is_playing = True
        # Whether the next frame is shown whatever the clock says: of a new clip, or at a new place.
        self._wants_one = True
        self._view = PictureView()
        self._view.setObjectName("viewer.clip")
        self._view.setAccessibleName(tr("Clip"))
        self._timer = QTimer(self.widget)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._on_tick)
        layout = QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self._view, 1)
        layout.addWidget(self._make_controls())

    def show_result(self, path: Path, source: Path | None) -> None:
        """Play a clip from its beginning."""
        del source  # Beside each other, two films would hide what moves.
        if path == self._path:
            return
        self._let_go()
        self._path = path
        self._view.set_picture(None)
        self._view.set_placeholder(tr("Opening the clip…"))
        self._reader = FilmReader(path, _LARGEST_PX)
        self._wants_one = True
        self._timer.start()

    def clear(self, words: str) -> None:
        """Show no clip."""
        self._let_go()
        self._view.set_placeholder(words)
        self._view.set_picture(None)

    def shutdown(self) -> None:
        """Leave no thread behind."""
        self._let_go()

    def play(self, *, wanted: bool) -> None:
        """Go on, or hold still."""
        self._is_playing = wanted
        self._set_clock(self._at_s)
        self._play.setIcon(icon("pause" if wanted else "play"))
        words = tr("Pause") if wanted else tr("Play")
        self._play.setToolTip(words)
        self._play.setAccessibleName(words)

    def _let_go(self) -> None:
        self._timer.stop()
        if self._reader is not None:
            self._reader.stop()
        self._reader = self._path = self._next = None

    def _make_controls(self) -> QWidget:
        self._play = QToolButton()
        self._play.setObjectName("viewer.play")
        self._play.clicked.connect(lambda: self.play(wanted=not self._is_playing))
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setObjectName("viewer.position")
        self._slider.setAccessibleName(tr("Place in the clip"))
        self._slider.setRange(0, _PARTS)
        ignore_wheel_unless_focused(self._slider)
        # By mouse or keyboard, but not when the clip itself moves it.
        self._slider.actionTriggered.connect(lambda _: QTimer.singleShot(0, self._on_sought))
        self._time = QLabel()
        mark(self._time, role="small")
        outside = QToolButton()
        outside.setObjectName("viewer.outside")
        outside.setIcon(icon("volume-2"))
        outside.setToolTip(tr("Play it with sound in another program"))
        outside.setAccessibleName(tr("Play it with sound in another program"))
        outside.clicked.connect(self._on_outside)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID_PX)
        for widget in (self._play, self._slider, self._time, outside):
            row.addWidget(widget)
        controls = QWidget()
        controls.setLayout(row)
        policy = controls.sizePolicy()
        policy.setVerticalPolicy(QSizePolicy.Policy.Fixed)
        controls.setSizePolicy(policy)
        self.play(wanted=True)
        return controls

    # --- reacting -----------------------------------------------------------------------

    def _on_tick(self) -> None:
        reader = self._reader
        if reader is None:
            return
        if reader.error:
            self.clear(reader.error)
            return
        if self._next is None:
            self._next = reader.take()
        if self._next is None or not self._is_due(self._next):
            return
        self._show(self._next)
        self._next = None

    def _is_due(self, shown: Shown) -> bool:
        """Whether its time has come, by the clip's clock, which follows what is shown."""
        if self._wants_one:
            self._set_clock(shown.seconds)
            return True
        if not self._is_playing:
            return False
        if shown.seconds < self._at_s:
            # It begins again, when the last frame was there as long as it should be.
            if self._clock_s() < self._length_s():
                return False
            self._set_clock(0.0)
        if self._clock_s() - shown.seconds > _LATE_S:
            self._set_clock(shown.seconds)
        return shown.seconds <= self._clock_s()

    def _clock_s(self) -> float:
        return self._base_s + time.monotonic() - self._set_s

    def _set_clock(self, seconds: float) -> None:
        self._base_s, self._set_s = seconds, time.monotonic()

    def _length_s(self) -> float:
        info = self._reader.info if self._reader is not None else None
        return 0.0 if info is None else info.seconds

    def _show(self, shown: Shown) -> None:
        self._at_s = shown.seconds
        self._wants_one = False
        self._view.set_picture(shown.image_HWC)
        length_s = self._length_s()
        self._time.setText(f"{shown.seconds:.1f} / {length_s:.1f} s")
        if length_s and not self._slider.isSliderDown():
            self._slider.setValue(round(shown.seconds / length_s * _PARTS))

    def _on_sought(self) -> None:
        info = self._reader.info if self._reader is not None else None
        if self._reader is None or info is None:
            return
        seconds = self._slider.sliderPosition() / _PARTS * info.seconds
        # The last frame is shown until the end, and begins before it.
        seconds = max(0.0, min(seconds, info.seconds - 1.5 / float(info.fps)))
        self._reader.seek(seconds)
        self._next = None
        self._wants_one = True

    def _on_outside(self) -> None:
        if self._path is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._path)))
