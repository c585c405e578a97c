"""Sounds and notes are shown and played; a machine without a sound device says so."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QSlider, QToolButton
from pytestqt.qtbot import QtBot
from tiny_studio import save_pieces, save_sounds

from genstudio.services import sound_playing
from genstudio.services.playback import PlaybackStatus
from genstudio.services.sound_device import NO_DEVICE
from genstudio.ui.viewers.sound import SoundViewer
from genstudio.ui.widgets.sound_view import SoundView

WAIT_MS = 60_000


@pytest.fixture
def viewer(qtbot: QtBot) -> Iterator[SoundViewer]:
    before = threading.active_count()
    made = SoundViewer()
    qtbot.addWidget(made.widget)
    made.widget.resize(640, 360)
    made.widget.show()
    yield made
    made.shutdown()
    assert threading.active_count() == before


def said(viewer: SoundViewer, name: str) -> str:
    return viewer.widget.findChild(QLabel, name).text()


@pytest.mark.parametrize("save", [save_sounds, save_pieces])
def test_what_can_be_heard_is_drawn_and_described(
    save: object, viewer: SoundViewer, qtbot: QtBot, tmp_path: Path
) -> None:
    assert callable(save)
    path = sorted(save(tmp_path / "files", 2).iterdir())[0]
    viewer.show_result(path, None)
    qtbot.waitUntil(lambda: said(viewer, "viewer.words") != "", timeout=WAIT_MS)
    picture = viewer.widget.grab().toImage()
    colours = {picture.pixel(x, y) for x in range(0, 600, 7) for y in range(0, 200, 9)}
    assert len(colours) > 3
    assert said(viewer, "player.time").startswith("0.0 / ")


def test_what_is_no_sound_says_why(viewer: SoundViewer, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    path.write_bytes(b"a story")
    viewer.show_result(path, None)
    qtbot.waitUntil(lambda: "cannot be read" in said(viewer, "player.said"), timeout=WAIT_MS)
    viewer.clear("Nothing yet.")
    assert viewer.widget.findChild(SoundView).accessibleDescription() == "Nothing yet."


class FakePlayer(sound_playing.SoundPlayer):
    """Plays on nothing, as far as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.now = PlaybackStatus(0.0, 0.0, is_playing=False)

    def play(self) -> None:
        self.now = PlaybackStatus(0.05, 0.5, is_playing=True)

    def pause(self) -> None:
        self.now = PlaybackStatus(0.05, 0.0, is_playing=False)

    def seek(self, seconds: float) -> None:
        self.now = PlaybackStatus(seconds, self.now.level, self.now.is_playing)

    def status(self) -> PlaybackStatus:
        return self.now

    def set_volume(self, volume: float) -> None:
        self.said.append(f"volume {volume:.2f}")

    def set_loop(self, *, wanted: bool) -> None:
        self.said.append(f"loop {wanted}")


def test_it_plays_holds_still_and_goes_where_it_is_sent(
    viewer: SoundViewer, qtbot: QtBot, tmp_path: Path
) -> None:
    player = viewer._bar._player = FakePlayer()
    viewer.show_result(sorted(save_sounds(tmp_path / "files", 2).iterdir())[0], None)
    qtbot.waitUntil(lambda: said(viewer, "viewer.words") != "", timeout=WAIT_MS)
    find = viewer.widget.findChild
    button, level = find(QToolButton, "player.play"), find(object, "player.level")
    button.click()
    qtbot.waitUntil(lambda: button.accessibleName() == "Pause", timeout=WAIT_MS)
    assert level.value() == 500
    button.click()
    qtbot.waitUntil(lambda: button.accessibleName() == "Play", timeout=WAIT_MS)
    view = find(SoundView)
    middle = QPoint(view.width() // 2, 20)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=middle)
    assert player.now.at_s == pytest.approx(0.1, abs=0.01)
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert player.now.at_s == 0
    find(QSlider, "player.volume").setValue(50)
    find(QToolButton, "player.loop").click()
    assert player.said == ["volume 0.25", "loop True"]


def test_a_machine_without_a_device_says_so_and_shows_the_sound_all_the_same(
    viewer: SoundViewer, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where there is a device, its drivers find none.
    for name in ("ALSA_CONFIG_PATH", "PULSE_SERVER", "PIPEWIRE_REMOTE", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "nothing"))
    viewer.show_result(sorted(save_sounds(tmp_path / "files", 2).iterdir())[0], None)
    qtbot.waitUntil(lambda: said(viewer, "viewer.words") != "", timeout=WAIT_MS)
    viewer.widget.findChild(QToolButton, "player.play").click()
    words = viewer.widget.findChild(QLabel, "player.said")
    qtbot.waitUntil(lambda: words.text() == NO_DEVICE, timeout=WAIT_MS)
    assert said(viewer, "viewer.words") != ""
    assert np.array(viewer.widget.grab().toImage().size().toTuple()).all()
