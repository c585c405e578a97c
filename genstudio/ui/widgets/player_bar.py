"""The bar of a player: play, stop, loop, place, volume, level; plays what it is given."""

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from genstudio.domain.language import tr
from genstudio.services.sound_playing import SoundPlayer, SoundReader
from genstudio.ui.icons import icon
from genstudio.ui.theme import GRID_PX, mark
from genstudio.ui.widgets.wheel import ignore_wheel_unless_focused

_TICK_MS = 40
_PARTS = 1000
_VOLUME_WIDTH_PX = 72
_LEVEL_WIDTH_PX = 56
# Below this, level and volume leave no room for the place.
_ROOMY_PX = 400


class PlayerBar(QWidget):
    """Reads a file beside the window, and plays it in another process.

    Signals:
        read(Listened): The file was read.
        failed(str): It cannot be read, and why.
        moved(float): It plays at this second.
    """

    read = Signal(object)
    failed = Signal(str)
    moved = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path: Path | None = None
        self._reader: SoundReader | None = None
        self._player = SoundPlayer()
        self._seconds = 0.0
        # Played as soon as it is read.
        self._wants_to_play = False
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._on_tick)
        self._build()
        self._show_playing(is_playing=False)

    def open(self, path: Path | None) -> None:
        """Have another file, or none; it is silent until a person plays it."""
        if path == self._path:
            return
        self._let_go()
        self._path = path
        self._seconds = 0.0
        self._place.setValue(0)
        self._time.setText("")
        self._said.setText("")
        self._said.hide()
        for widget in (self._play, self._stop, self._place, self._outside):
            widget.setEnabled(path is not None)
        if path is not None:
            self._reader = SoundReader(path)
            self._timer.start()

    def play(self) -> None:
        """Play, or hold still."""
        if self._reader is not None:
            self._wants_to_play = True
            return
        if self._player.status().is_playing:
            self._player.pause()
        else:
            self._player.play()
        self._timer.start()

    def seek(self, seconds: float) -> None:
        """Go to a second."""
        self._player.seek(seconds)
        self._show_place(seconds)

    def shutdown(self) -> None:
        """Leave no thread and no process behind."""
        self._let_go()
        self._player.shutdown()

    # --- building -----------------------------------------------------------------------

    def _build(self) -> None:
        self._play = self._button("player.play", "play", tr("Play"))
        self._play.clicked.connect(self.play)
        self._stop = self._button("player.stop", "square", tr("Stop"))
        self._stop.clicked.connect(self._on_stop)
        self._loop = self._button("player.loop", "repeat", tr("Over and over — loop"))
        self._loop.setCheckable(True)
        self._loop.toggled.connect(lambda on: self._player.set_loop(wanted=on))
        self._place = QSlider(Qt.Orientation.Horizontal)
        self._place.setObjectName("player.place")
        self._place.setAccessibleName(tr("Place in the sound"))
        self._place.setRange(0, _PARTS)
        ignore_wheel_unless_focused(self._place)
        # By mouse or keyboard, but not when the sound itself moves it.
        self._place.actionTriggered.connect(lambda _: QTimer.singleShot(0, self._on_sought))
        self._time = QLabel()
        self._time.setObjectName("player.time")
        mark(self._time, role="small")
        self._level = QProgressBar()
        self._level.setObjectName("player.level")
        self._level.setAccessibleName(tr("Level"))
        self._level.setToolTip(tr("How loud it is at this moment"))
        self._level.setRange(0, _PARTS)
        self._level.setTextVisible(False)
        self._level.setFixedWidth(_LEVEL_WIDTH_PX)
        self._volume = QSlider(Qt.Orientation.Horizontal)
        self._volume.setObjectName("player.volume")
        self._volume.setAccessibleName(tr("Volume"))
        self._volume.setToolTip(tr("Volume"))
        self._volume.setRange(0, 100)
        self._volume.setValue(100)
        self._volume.setFixedWidth(_VOLUME_WIDTH_PX)
        ignore_wheel_unless_focused(self._volume)
        # Ears hear ratios.
        self._volume.valueChanged.connect(lambda at: self._player.set_volume((at / 100) ** 2))
        self._outside = self._button("player.outside", "volume-2", tr("Play it in another program"))
        self._outside.clicked.connect(self._on_outside)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID_PX)
        for widget in (self._play, self._stop, self._loop):
            row.addWidget(widget)
        row.addWidget(self._place, 1)
        for widget in (self._time, self._level, self._volume, self._outside):
            row.addWidget(widget)
        self._said = QLabel()
        self._said.setObjectName("player.said")
        self._said.setTextFormat(Qt.TextFormat.PlainText)
        self._said.setWordWrap(True)
        mark(self._said, role="small")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX // 2)
        layout.addLayout(row)
        layout.addWidget(self._said)
        self._said.hide()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        for widget in (self._play, self._stop, self._place, self._outside):
            widget.setEnabled(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow place, the system's own volume has to do."""
        super().resizeEvent(event)
        for widget in (self._level, self._volume):
            widget.setVisible(event.size().width() >= _ROOMY_PX)

    def _button(self, name: str, icon_name: str, words: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setIcon(icon(icon_name))
        button.setToolTip(words)
        button.setAccessibleName(words)
        return button

    # --- reacting -----------------------------------------------------------------------

    def _on_tick(self) -> None:
        if self._reader is not None:
            self._take_up(self._reader)
        status = self._player.status()
        self._show_playing(is_playing=status.is_playing)
        self._level.setValue(round(min(status.level, 1.0) * _PARTS))
        if status.is_playing or status.at_s:
            self._show_place(status.at_s)
        if self._player.error:
            self._say(self._player.error)
        if self._reader is None and not status.is_playing and self._player.error:
            self._timer.stop()

    def _take_up(self, reader: SoundReader) -> None:
        if reader.error:
            self._drop_reader()
            self._timer.stop()
            self._say(reader.error)
            self.failed.emit(reader.error)
            return
        listened = reader.listened
        if listened is None:
            return
        self._drop_reader()
        self._seconds = listened.sound.seconds
        self._player.open(listened.sound)
        self._show_place(0.0)
        self.read.emit(listened)
        if self._wants_to_play:
            self._wants_to_play = False
            self._player.play()

    def _say(self, words: str) -> None:
        self._said.setText(words)
        self._said.show()

    def _show_place(self, seconds: float) -> None:
        self._time.setText(f"{seconds:.1f} / {self._seconds:.1f} s")
        if self._seconds and not self._place.isSliderDown():
            self._place.setValue(round(seconds / self._seconds * _PARTS))
        self.moved.emit(seconds)

    def _show_playing(self, *, is_playing: bool) -> None:
        words = tr("Pause") if is_playing else tr("Play")
        if self._play.accessibleName() != words or self._play.icon().isNull():
            self._play.setIcon(icon("pause" if is_playing else "play"))
            self._play.setToolTip(words)
            self._play.setAccessibleName(words)

    def _on_stop(self) -> None:
        self._player.stop()
        self._show_place(0.0)

    def _on_sought(self) -> None:
        self.seek(self._place.sliderPosition() / _PARTS * self._seconds)

    def _on_outside(self) -> None:
        if self._path is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._path)))

    def _let_go(self) -> None:
        self._timer.stop()
        self._wants_to_play = False
        self._drop_reader()
        if self._path is not None:
            self._player.stop()
        self._path = None

    def _drop_reader(self) -> None:
        if self._reader is not None:
            self._reader.stop()
            self._reader = None
