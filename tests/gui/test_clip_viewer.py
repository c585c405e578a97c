"""Clips are played, held and moved about in; no thread is left behind."""

import threading
from pathlib import Path

import pytest
from PySide6.QtWidgets import QSlider, QToolButton
from pytestqt.qtbot import QtBot
from tiny_studio import save_film

from genstudio.ui.viewers.clip import ClipViewer

WAIT_MS = 60_000


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return save_film(tmp_path / "a.mp4", 20, fps=20)


def test_it_plays_over_and_over_holds_still_and_goes_where_it_is_sent(
    qtbot: QtBot, clip: Path
) -> None:
    before = threading.active_count()
    viewer = ClipViewer()
    qtbot.addWidget(viewer.widget)
    viewer.widget.show()
    viewer.show_result(clip, None)
    slider = viewer.widget.findChild(QSlider, "viewer.position")
    button = viewer.widget.findChild(QToolButton, "viewer.play")
    qtbot.waitUntil(lambda: slider.value() > 600, timeout=WAIT_MS)
    # And from the beginning again.
    qtbot.waitUntil(lambda: slider.value() < 300, timeout=WAIT_MS)

    assert button.accessibleName() == "Pause"
    button.click()
    assert button.accessibleName() == "Play"
    slider.setValue(500)
    slider.triggerAction(QSlider.SliderAction.SliderPageStepAdd)
    place = slider.sliderPosition()
    assert place > 500
    qtbot.wait(200)
    qtbot.waitUntil(lambda: abs(slider.value() - place) <= 60, timeout=WAIT_MS)

    viewer.shutdown()
    assert threading.active_count() == before


def test_what_is_no_clip_says_why(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"a story")
    viewer = ClipViewer()
    qtbot.addWidget(viewer.widget)
    viewer.show_result(path, None)
    view = viewer.widget.findChild(object, "viewer.clip")
    qtbot.waitUntil(lambda: "cannot be read" in view.accessibleDescription(), timeout=WAIT_MS)
    viewer.shutdown()
