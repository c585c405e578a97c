"""Mains, battery, and the system's own commands."""

import subprocess
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from genstudio.domain.commands import Pause, Resume
from genstudio.services import power


@pytest.mark.parametrize(
    ("sensors", "is_on"),
    [
        (lambda: None, False),
        (lambda: SimpleNamespace(power_plugged=True), False),
        (lambda: SimpleNamespace(power_plugged=None), False),
        (lambda: SimpleNamespace(power_plugged=False), True),
    ],
)
def test_a_computer_that_does_not_say_has_its_mains(
    monkeypatch: pytest.MonkeyPatch, sensors: Callable[[], Any], *, is_on: bool
) -> None:
    monkeypatch.setattr(power.psutil, "sensors_battery", sensors, raising=False)
    assert power.is_on_battery() is is_on


def test_a_system_that_cannot_tell_is_taken_for_one_with_mains(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> None:
        raise OSError

    monkeypatch.setattr(power.psutil, "sensors_battery", broken, raising=False)
    assert not power.is_on_battery()
    monkeypatch.delattr(power.psutil, "sensors_battery")
    assert not power.is_on_battery()


def test_a_training_waits_while_there_is_no_mains() -> None:
    sent: list[object] = []
    battery = [False]
    pause = power.BatteryPause(sent.append, lambda: battery[0])
    assert not pause.look()
    battery[0] = True
    assert pause.look()
    assert not pause.look()
    battery[0] = False
    assert pause.look()
    assert sent == [Pause(), Resume()]


def test_it_is_watched_in_a_thread_that_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    paused = threading.Event()
    monkeypatch.setattr(power, "BatteryPause", lambda _send: SimpleNamespace(look=paused.set))
    with power.pausing_on_battery(lambda _: None, every_s=0.001):
        assert paused.wait(60)


@pytest.mark.parametrize("wanted", ["sleep", "shut down"])
def test_an_absent_command_is_said(monkeypatch: pytest.MonkeyPatch, wanted: Any) -> None:
    monkeypatch.setattr(power.shutil, "which", lambda _: None)
    assert "no command" in power.why_impossible(wanted)
    with pytest.raises(power.PowerError, match="stays on"):
        power.do_when_done(wanted)
    assert power.why_impossible("nothing") == ""


def test_the_first_command_that_is_there_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        ran.append(command)
        return subprocess.CompletedProcess(command, 1, "", "Access denied")

    monkeypatch.setattr(power.sys, "platform", "linux")
    monkeypatch.setattr(
        power.shutil, "which", lambda name: f"/bin/{name}" if name == "loginctl" else None
    )
    monkeypatch.setattr(power.subprocess, "run", run)
    with pytest.raises(power.PowerError) as told:
        power.do_when_done("sleep")
    assert ran == [["/bin/loginctl", "suspend"]]
    assert "Access denied" in told.value.message
    power.do_when_done("nothing")
    assert len(ran) == 1
