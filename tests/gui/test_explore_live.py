"""Performing live: the picture moves on a whole screen, other programs steer it, Esc goes back."""

import pytest
from osc_messages import send_osc
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from saved_runs import Opener
from studio_driver import StudioDriver

from genstudio.services.live import OscReceiver
from genstudio.ui.pages.explore_live import LiveDialog, LiveWindow
from genstudio.ui.widgets.operation_cards import OperationCards


@pytest.fixture
def explorer(open_project: Opener) -> StudioDriver:
    studio = open_project()
    studio.go_to("create")
    cards = studio.find("create.operation", OperationCards)
    studio.wait(cards.current_key)
    cards.select("explore")
    studio.wait(lambda: studio.window._states.exploring.shares)
    return studio


def test_it_moves_is_steered_and_ends(explorer: StudioDriver) -> None:
    pytest.importorskip("pythonosc")
    state = explorer.window._states.exploring
    before = state.place
    receiver = OscReceiver(port=0)
    shown = LiveWindow(explorer.find("explore.view"), state, receiver, speed=1.0)
    shown.show_on(None)
    explorer.wait(lambda: shown.frames >= 3)
    send_osc(receiver.port, "/genstudio/seed", 41)
    send_osc(receiver.port, "/genstudio/speed", 0.0)
    explorer.wait(lambda: shown.performance.understood == 2)
    assert shown.performance.seeds[0] == 41
    assert "2 messages" in shown._words.text()
    send_osc(receiver.port, "/genstudio/seed", "red")
    explorer.wait(lambda: "means nothing" in shown._words.text())
    shown.activateWindow()
    explorer.wait(shown.isActiveWindow)
    QTest.keyClick(shown, Qt.Key.Key_Escape)
    explorer.wait(lambda: explorer.window.findChild(LiveWindow) is None)
    assert state.place == before
    again = OscReceiver(port=receiver.port)
    again.close()


def test_it_ends_with_the_window(explorer: StudioDriver) -> None:
    pytest.importorskip("pythonosc")
    state = explorer.window._states.exploring
    receiver = OscReceiver(port=0)
    shown = LiveWindow(explorer.find("explore.view"), state, receiver, speed=1.0)
    shown.show_on(None)
    explorer.window.close()
    assert not receiver._thread.is_alive()


def test_the_question_begins_it_without_listening(explorer: StudioDriver) -> None:
    explorer.click("explore.live")
    dialog = explorer.window.findChild(LiveDialog)
    assert dialog is not None
    assert not dialog._hears.isChecked()
    assert not dialog._port.isEnabled()
    dialog._on_start()
    explorer.wait(lambda: explorer.window.findChild(LiveWindow) is not None)
    shown = explorer.window.findChild(LiveWindow)
    assert shown._receiver is None
    shown.close()
