"""Mains or battery, and how this system is put to sleep or shut down."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

import psutil

from genstudio.domain.commands import Command, Pause, Resume
from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import tr
from genstudio.domain.queue import WhenDone

LOOK_EVERY_S = 15.0
_LONGEST_S = 30.0
_Ways = dict[WhenDone, tuple[tuple[str, ...], ...]]
# The first of which the system has the command is taken.
_LINUX: _Ways = {
    "sleep": (("systemctl", "suspend"), ("loginctl", "suspend")),
    "shut down": (("systemctl", "poweroff"), ("loginctl", "poweroff"), ("shutdown", "-h", "now")),
}
_MACOS: _Ways = {
    "sleep": (("pmset", "sleepnow"),),
    "shut down": (("osascript", "-e", 'tell application "System Events" to shut down'),),
}
_WINDOWS: _Ways = {
    "sleep": (("rundll32.exe", "powrprof.dll,SetSuspendState", "0,1,0"),),
    "shut down": (("shutdown", "/s", "/t", "0"),),
}


class PowerError(GenStudioError):
    """This system cannot be put to sleep or shut down from here."""


def is_on_battery() -> bool:
    """Whether the computer runs on a battery now; those without one, or that do not say, do not."""
    sensors = getattr(psutil, "sensors_battery", None)
    try:
        battery = sensors() if sensors is not None else None
    except (OSError, RuntimeError, ValueError):
        return False
    return battery is not None and battery.power_plugged is False


def power_command(wanted: WhenDone) -> list[str] | None:
    """The command of this system that does it; None if it has none that is known."""
    ways = _MACOS if sys.platform == "darwin" else _WINDOWS if sys.platform == "win32" else _LINUX
    for way in ways.get(wanted, ()):
        if found := shutil.which(way[0]):
            return [found, *way[1:]]
    return None


def why_impossible(wanted: WhenDone) -> str:
    """Why the computer cannot do that when all is done; empty if it can."""
    if wanted == "nothing" or power_command(wanted) is not None:
        return ""
    how = tr("put to sleep") if wanted == "sleep" else tr("shut down")
    return tr("This system has no command that is known by which it can be {how}.", how=how)


def do_when_done(wanted: WhenDone) -> None:
    """Put the computer to sleep, or shut it down; ask before.

    Raises:
        PowerError: There is no such command, or the system refused.
    """
    if wanted == "nothing":
        return
    command = power_command(wanted)
    if command is None:
        raise PowerError(
            tr("The computer stays on"), why_impossible(wanted), tr("All runs are saved.")
        )
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=_LONGEST_S
        )
        trouble = done.stderr.strip() if done.returncode else ""
        failed = done.returncode != 0
    except (OSError, subprocess.TimeoutExpired) as error:
        trouble, failed = str(error), True
    if failed:
        raise PowerError(
            tr("The computer stays on"),
            tr("The system refused: {trouble}", trouble=trouble[:300]),
            tr("All runs are saved."),
        )


class BatteryPause:
    """Has a training wait while the computer runs on its battery.

    Args:
        send: Gives the training a command.
        on_battery: Says whether there is no mains.
    """

    def __init__(
        self, send: Callable[[Command], object], on_battery: Callable[[], bool] = is_on_battery
    ) -> None:
        self._send = send
        self._on_battery = on_battery
        self.is_pausing = False

    def look(self) -> bool:
        """Look once; pauses or goes on where that has changed, and says whether it did."""
        is_on = self._on_battery()
        if is_on == self.is_pausing:
            return False
        self.is_pausing = is_on
        self._send(Pause() if is_on else Resume())
        return True

    def forget(self) -> None:
        """Another training begins, or a person took over."""
        self.is_pausing = False


@contextmanager
def pausing_on_battery(
    send: Callable[[Command], object], every_s: float = LOOK_EVERY_S
) -> Generator[None]:
    """Look now and then, in a thread of its own, while something is trained."""
    pause, end = BatteryPause(send), threading.Event()

    def watch() -> None:
        while not end.wait(every_s):
            pause.look()

    thread = threading.Thread(target=watch, name="genstudio-battery")
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
