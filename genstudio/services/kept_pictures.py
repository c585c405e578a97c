"""Copies of pictures that went to the trash, which the system gives back to people only."""

import contextlib
import itertools
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from genstudio.domain.errors import ProjectError
from genstudio.domain.files import replacing
from genstudio.domain.language import tr

_PREFIX = ".removed-"
_LOCK = ".lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPicture:
    """A copy of a file, and when that was written."""

    copy: Path
    modified_ns: int


class KeptPictures:
    """Keeps copies in a hidden folder of the project until it is closed.

    The folder lies in the project so that a copy is a link, which takes no space and no time;
    pictures are never changed in place, so the copy stays as it was. What a killed program left
    behind is deleted by the next one.
    """

    def __init__(self, project: Path) -> None:
        self._project = project.absolute()
        self._folder: Path | None = None
        self._numbers = itertools.count()
        self._on_close = contextlib.ExitStack()
        _delete_leftovers(project)

    def close(self) -> None:
        """Delete the copies."""
        self._on_close.close()
        self._folder = None

    def keep(self, path: Path) -> KeptPicture:
        """Keep a copy of a file.

        Raises:
            ProjectError: The file cannot be read, or the copy cannot be written.
        """
        try:
            self._folder = self._folder or self._make_folder()
            copy = self._folder / f"{next(self._numbers)}{path.suffix}"
            _link_or_copy(path, copy)
            return KeptPicture(copy=copy, modified_ns=path.stat().st_mtime_ns)
        except OSError as error:
            raise ProjectError(
                tr("{name} was not moved to the trash", name=path.name),
                tr("It could not be kept for undoing: {strerror}.", strerror=error.strerror),
                tr("Check that the project's drive has space and may be written to."),
            ) from error

    def _make_folder(self) -> Path:
        folder = tempfile.TemporaryDirectory(
            prefix=_PREFIX, dir=self._project, ignore_cleanup_errors=True
        )
        path = Path(self._on_close.enter_context(folder))
        # Held until this process ends, however it ends: so others know a leftover.
        self._on_close.enter_context(FileLock(path / _LOCK, thread_local=False))
        return path


def put_back(kept: KeptPicture, path: Path) -> None:
    """Write a kept copy to where the picture was; the trash keeps its own.

    Raises:
        ProjectError: The copy has gone, or the picture cannot be written.
    """
    try:
        with replacing(path) as temporary:
            shutil.copyfile(kept.copy, temporary)
            os.utime(temporary, ns=(kept.modified_ns, kept.modified_ns))
    except (OSError, ProjectError) as error:
        reason = error.title if isinstance(error, ProjectError) else error.strerror
        raise ProjectError(
            tr("{name} could not be brought back", name=path.name),
            f"{reason}.",
            tr("It is still in the system's trash: take it out there."),
        ) from error


def _link_or_copy(path: Path, copy: Path) -> None:
    try:
        copy.hardlink_to(path)
    except OSError:  # Some drives have no links.
        shutil.copy2(path, copy)


def _delete_leftovers(project: Path) -> None:
    for folder in project.glob(f"{_PREFIX}*"):
        if not folder.is_symlink() and _is_left(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_left(folder: Path) -> bool:
    try:
        with FileLock(folder / _LOCK, blocking=False):
            return True
    except (Timeout, OSError):
        return False
