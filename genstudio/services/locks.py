"""One program at a time changes a project: a lock that ends with its process, however that ends."""

import contextlib
import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import psutil
from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from genstudio.domain.errors import ProjectError
from genstudio.domain.files import explained, write_text
from genstudio.domain.language import tr

_LOCK = ".lock"
_OWNER = ".owner.json"


class ProjectInUseError(ProjectError):
    """Another program works in the project."""


class Owner(BaseModel):
    """Who works in a project. A process is told from a later one of its number by its start."""

    model_config = ConfigDict(frozen=True)

    machine: str
    pid: int
    started_s: float
    since: datetime

    def __str__(self) -> str:
        when = self.since.astimezone().strftime("%H:%M")
        return tr(
            "process {pid} on {machine}, since {when}",
            pid=self.pid,
            machine=self.machine,
            when=when,
        )


class ProjectLock:
    """Keeps other processes from changing a project; may be taken several times by one process.

    The system itself lets go of the lock when the process dies; on drives that cannot lock, the
    lock is a file with process number, machine and start of the process, and a dead process's is
    taken over.
    """

    def __init__(self, project: Path) -> None:
        self._project = project.absolute()
        # One lock per folder and process, which counts how often it was taken, in any thread.
        self._lock = FileLock(self._project / _LOCK, thread_local=False, is_singleton=True)

    def __enter__(self) -> Self:
        self.take()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def take(self) -> None:
        """Take the lock, or take it once more.

        Raises:
            ProjectInUseError: Another process has it.
            ProjectError: The folder cannot be written to.
        """
        is_first = not self._lock.is_locked
        with explained(self._lock_path):
            try:
                self._lock.acquire(blocking=False)
            except Timeout as error:
                raise self._in_use() from error
        if is_first:
            write_text(self._owner_path, _this_process().model_dump_json())

    def release(self) -> None:
        """Let go of it, once."""
        if self._lock.lock_counter == 1:
            # Where it stays, on a drive that is gone, it names a process that has no lock.
            with contextlib.suppress(OSError):
                self._owner_path.unlink()
        self._lock.release()

    @property
    def _lock_path(self) -> Path:
        return self._project / _LOCK

    @property
    def _owner_path(self) -> Path:
        return self._project / _OWNER

    def _in_use(self) -> ProjectInUseError:
        owner = self._owner()
        return ProjectInUseError(
            tr("This project is open in another GenStudio"),
            tr(
                "{project} is in use by {owner}. Two at once would write over each other's work.",
                project=self._project,
                owner=owner or tr("another process"),
            ),
            tr("Close it there, or wait until its training has ended; then try again."),
        )

    def _owner(self) -> Owner | None:
        try:
            return Owner.model_validate(json.loads(self._owner_path.read_bytes()))
        except (OSError, ValueError, ValidationError, RecursionError):
            return None  # It is only for the message.


def _this_process() -> Owner:
    return Owner(
        machine=platform.node(),
        pid=os.getpid(),
        started_s=psutil.Process().create_time(),
        since=datetime.now(UTC),
    )
