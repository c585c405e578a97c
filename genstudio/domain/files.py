"""Writing files so that a power cut leaves the old file or the new one, never half of one."""

import contextlib
import errno
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

from genstudio.domain.errors import DiskFullError, ProjectError
from genstudio.domain.language import tr

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}
# A file stands where a folder should be, or the name is longer than the drive allows.
_NO_SUCH_PLACE = {errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG}
# The drive was unplugged, or somebody moved the folder away.
_GONE = {errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EIO, errno.ESTALE}


@contextlib.contextmanager
def replacing(path: Path) -> Generator[Path]:
    """Give a temporary path beside ``path``; on success flush it and move it into place.

    Raises:
        ProjectError: The disk is full, or the folder cannot be written to or made.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        os.close(handle)
    temporary = Path(name)
    try:
        with explained(path):
            yield temporary
            temporary.chmod(0o644)
            flush(temporary)
            temporary.replace(path)
            flush(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file at once, safely."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write a whole text file at once, safely, in UTF-8."""
    write_bytes(path, content.encode("utf-8"))


def read_file(path: Path, *, largest_bytes: int) -> bytes:
    """Read a whole file that a stranger may have put there.

    Raises:
        OSError: It is missing, larger than that, or no ordinary file: a pipe would keep its
            reader waiting for ever, and a device would never end.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "It is not an ordinary file", str(path))
    with path.open("rb") as file:
        content = file.read(largest_bytes + 1)
    if len(content) > largest_bytes:
        raise OSError(errno.EINVAL, "It is too large to be a file of GenStudio", str(path))
    return content


def is_file(path: Path) -> bool:
    """Whether there is such a file; no where the system cannot say, or the name is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """Whether there is such a folder; no where the system cannot say, or the name is none."""
    try:
        return path.is_dir()
    except OSError:
        return False


def flush(path: Path) -> None:
    """Ask the system to put a file or folder on the disk itself."""
    if path.is_dir():
        if sys.platform == "win32":
            return  # Windows cannot flush folders and does not need it.
        descriptor = os.open(path, os.O_RDONLY)
    else:
        descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def explained(path: Path) -> Generator[None]:
    """Turn the system's error about a full disk, a locked or an impossible folder into words."""
    try:
        yield
    except OSError as error:
        folder = path.parent
        if error.errno in _FULL:
            raise DiskFullError(
                tr("The disk is full"),
                tr(
                    "{name} could not be written to {folder}. What was saved before is intact.",
                    name=path.name,
                    folder=folder,
                ),
                tr("Free some space, then try again; a training goes on from its last checkpoint."),
            ) from error
        if error.errno in _READ_ONLY:
            raise ProjectError(
                tr("The folder cannot be written to"),
                tr(
                    "{name} could not be written to {folder}: {strerror}.",
                    name=path.name,
                    folder=folder,
                    strerror=error.strerror,
                ),
                tr("Choose another project folder, or change its permissions."),
            ) from error
        if error.errno in _GONE:
            raise ProjectError(
                tr("The folder is gone"),
                tr(
                    "{name} could not be written to {folder}: {strerror}.",
                    name=path.name,
                    folder=folder,
                    strerror=error.strerror,
                ),
                tr(
                    "Was a drive unplugged, or the folder moved? Bring it back, "
                    "then go on from the "
                    "last checkpoint."
                ),
            ) from error
        if error.errno in _NO_SUCH_PLACE:
            raise ProjectError(
                tr("There can be no such folder"),
                tr(
                    "{name} could not be written to {folder}: {strerror}.",
                    name=path.name,
                    folder=folder,
                    strerror=error.strerror,
                ),
                tr("Choose another folder: is there a file of that name, or is the name too long?"),
            ) from error
        raise


def free_disk_bytes(path: Path) -> int:
    """Free space on the drive that holds ``path``, whether or not it exists yet."""
    existing = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    return shutil.disk_usage(existing).free
