"""What reading a stranger's file must never do, noticed by Python's own audit events."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# What changes a file => where in its arguments the path is, and the folder that it starts from.
_CHANGES_TARGET = {
    "os.chmod": ((0, 2),), "os.chown": ((0, 3),), "os.truncate": ((0, None),),
    "os.utime": ((0, 3),), "sqlite3.connect": ((0, None),),
}  # fmt: skip
# These change a name, and leave alone what a link of that name leads to.
_CHANGES_NAME = {
    "os.link": ((0, 2), (1, 3)), "os.mkdir": ((0, 2),), "os.remove": ((0, 1),),
    "os.rename": ((0, 2), (1, 3)), "os.rmdir": ((0, 1),), "os.symlink": ((1, 2),),
}  # fmt: skip
_DEEDS = {
    "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.kill",
    "os.startfile", "pty.spawn", "subprocess.Popen", "pickle.find_class", "webbrowser.open",
    "urllib.Request", "sqlite3.enable_load_extension", "sqlite3.load_extension",
}  # fmt: skip
_FAMILIES = ("socket.", "ctypes.", "ftplib.", "http.", "smtplib.", "winreg.")


class ForbiddenDeedError(BaseException):
    """Raised at the deed; no handler of ordinary errors swallows it."""


class Guard:
    """Forbids what no file may make its reader do.

    Attributes:
        deeds: What was tried, in words, while it was watching last.
    """

    def __init__(self, allowed: Path) -> None:
        """Install the guard, for ever: audit hooks cannot be taken away.

        Args:
            allowed: The one folder that may be written to.
        """
        self.deeds: list[str] = []
        self._allowed = os.path.realpath(allowed)
        self._is_watching = False
        sys.addaudithook(self._on_event)

    @contextmanager
    def watching(self) -> Generator[None]:
        """Forbid, and note, what happens inside."""
        self.deeds = []
        self._is_watching = True
        try:
            yield
        finally:
            self._is_watching = False

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._is_watching and (deed := self._deed(event, arguments)):
            self.deeds.append(deed)
            raise ForbiddenDeedError(deed)

    def _deed(self, event: str, arguments: tuple[Any, ...]) -> str:
        if event == "os.kill" and arguments[1] == 0:
            return ""  # Asks whether there is such a process.
        if event in _DEEDS or event.startswith(_FAMILIES):
            return f"{event} {arguments!r}"[:300]
        if event == "exec" and _is_from_text(arguments[0]) and not _is_importing():
            return f"runs code of {arguments[0].co_filename}"
        if event == "open" and (arguments[2] & _WRITING) and self._is_outside(arguments[0]):
            return f"writes {arguments[0]!r}"
        for path, folder in _CHANGES_TARGET.get(event, ()):
            if self._is_outside(_absolute(arguments, path, folder)):
                return f"{event} {arguments[path]!r}"
        for path, folder in _CHANGES_NAME.get(event, ()):
            if self._is_outside(os.path.dirname(_absolute(arguments, path, folder))):  # noqa: PTH120  # as fast as can be, and bytes are paths, too
                return f"{event} {arguments[path]!r}"
        return ""

    def _is_outside(self, path: object) -> bool:
        if isinstance(path, int):
            return False  # An open file: how it was opened was looked at then.
        real = os.path.realpath(os.fsdecode(path))  # type: ignore[call-overload]
        return real != os.devnull and not (real + os.sep).startswith(self._allowed + os.sep)


def _absolute(arguments: tuple[Any, ...], path: int, folder: int | None) -> Any:
    """A path of an event; one that starts from an open folder is found through that."""
    start = -1 if folder is None else arguments[folder]
    if start in (-1, None) or isinstance(arguments[path], int):
        return arguments[path]
    return os.path.join(f"/proc/self/fd/{start}", os.fsdecode(arguments[path]))  # noqa: PTH118


def _is_from_text(code: CodeType) -> bool:
    """Whether code was compiled from a string; modules have the name of a file."""
    name = code.co_filename
    return name.startswith("<") and not name.startswith("<frozen")


def _is_importing() -> bool:
    """Whether a module is being loaded, which may write classes as text and run that."""
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
