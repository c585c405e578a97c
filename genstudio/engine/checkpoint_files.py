"""A folder of files that is whole or absent: written aside, flushed, read back, then renamed."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import safetensors
from safetensors.torch import (
    save_file,  # pyright: ignore[reportUnknownVariableType]  # untyped upstream
)
from torch import Tensor

from genstudio.domain.errors import CheckpointError
from genstudio.domain.files import explained, flush, read_file
from genstudio.domain.language import tr

PARTIAL = ".partial-"
CHECKSUMS = "checksums.json"
_LARGEST_JSON_BYTES = 2**20


def write_folder(
    final: Path, files: Mapping[str, bytes], tensors: Mapping[str, Mapping[str, Tensor]]
) -> None:
    """Write a folder for good; one that is there already is replaced.

    Args:
        final: The folder.
        files: Name => content.
        tensors: Name without suffix => tensors, which become ``NAME.safetensors``.

    Raises:
        ProjectError: The disk is full or the folder cannot be written to.
        CheckpointError: What was read back differs from what was written.
    """
    partial = _partial_name(final)
    try:
        with explained(final):
            # Not its parents: where a drive was unplugged they would be made on another.
            final.parent.mkdir(exist_ok=True)
            partial.mkdir()
            checksums = _write_files(partial, files, tensors)
            _write_flushed(partial / CHECKSUMS, json.dumps(checksums, indent=1).encode())
            for name in checksums:
                _forget_cached(partial / name)
            verify(partial, checksums)
            flush(partial)
            _move_into_place(partial, final)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def remove_folder(folder: Path) -> None:
    """Remove a folder, which is whole until it is gone: a kill in between leaves no half of one."""
    partial = _partial_name(folder)
    with contextlib.suppress(OSError):
        folder.rename(partial)
    shutil.rmtree(partial, ignore_errors=True)


def read_checksums(folder: Path) -> dict[str, str]:
    """Read which files a folder has, and what is in them.

    Raises:
        CheckpointError: The list is malformed.
        OSError: It is missing or cannot be read.
    """
    checksums = read_json(folder / CHECKSUMS)
    if not _are_checksums(checksums):
        raise damaged(folder, tr("{checksums} is malformed", checksums=CHECKSUMS))
    return cast("dict[str, str]", checksums)


def read_json(path: Path) -> Any:
    """Read a small file of ours.

    Raises:
        CheckpointError: It is not JSON.
        OSError: It is missing, too large or cannot be read.
    """
    content = read_file(path, largest_bytes=_LARGEST_JSON_BYTES)
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise damaged(path.parent, f"{path.name}: {error}") from error


def verify(folder: Path, checksums: Mapping[str, str]) -> None:
    """Read every byte and compare.

    Raises:
        CheckpointError: A file is not what was written.
        OSError: A file is missing or cannot be read.
    """
    for name, expected in checksums.items():
        if _sha256(folder / name) != expected:
            raise damaged(folder, tr("{name} is not what was written", name=name))


def damaged(folder: Path, reason: str) -> CheckpointError:
    """The error about a folder that is not as it was written."""
    return CheckpointError(
        tr("Checkpoint {name} is damaged", name=folder.name),
        f"{reason}.",
        tr("An earlier checkpoint may be intact."),
    )


def _move_into_place(partial: Path, final: Path) -> None:
    if final.exists():
        remove_folder(final)
    partial.rename(final)
    flush(final.parent)


def _partial_name(final: Path) -> Path:
    unique = f"{final.name}-{os.getpid()}-{threading.get_ident()}-{time.monotonic_ns()}"
    return final.with_name(f"{PARTIAL}{unique}")


def _write_files(
    folder: Path, files: Mapping[str, bytes], tensors: Mapping[str, Mapping[str, Tensor]]
) -> dict[str, str]:
    for name, content in files.items():
        _write_flushed(folder / name, content)
    for name, group in tensors.items():
        path = folder / f"{name}.safetensors"
        try:
            save_file({key: value.contiguous() for key, value in group.items()}, path)
        except safetensors.SafetensorError as error:
            # The library hides the system's error number behind its own message.
            raise OSError(_errno_in(str(error)), str(error), str(path)) from error
        flush(path)
    names = [*files, *(f"{name}.safetensors" for name in tensors)]
    return {name: _sha256(folder / name) for name in names}


def _errno_in(message: str) -> int:
    _, _, tail = message.partition("os error ")
    digits = "".join(character for character in tail[:4] if character.isdecimal())
    return int(digits) if digits else 0


def _write_flushed(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    flush(path)


def _forget_cached(path: Path) -> None:
    """Have the next reading come from the disk, so that it proves something."""
    if not hasattr(os, "posix_fadvise"):
        return  # Windows and macOS give no such way; reading back still finds a full disk.
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _sha256(path: Path) -> str:
    if path.exists() and not path.is_file():
        # Reading a pipe would wait for ever, and a device would never end.
        raise OSError(errno.EINVAL, "It is not an ordinary file", str(path))
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _are_checksums(value: Any) -> bool:
    if not isinstance(value, dict) or "state.json" not in value:
        return False
    return all(
        isinstance(name, str)
        and Path(name).name == name
        and name.isascii()
        and name.isprintable()
        and isinstance(digest, str)
        for name, digest in cast("dict[object, object]", value).items()
    )
