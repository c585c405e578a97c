"""A lesson as a file of its run: what choices said when the teaching began, known by its hash."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save

from genstudio.domain.errors import ProjectError
from genstudio.domain.files import read_file, write_bytes
from genstudio.domain.language import tr
from genstudio.engine.lessons import TASTE, TEXTS, Lesson, LessonKind
from genstudio.engine.teaching import ANCHOR
from genstudio.metrics.preferences import FROZEN_TENSORS

FILE = "lesson.safetensors"
_LARGEST_BYTES = 2**31
_NEEDED: Mapping[LessonKind, set[str]] = {
    TASTE: {*FROZEN_TENSORS, "middle", "spread"},
    TEXTS: {"better", "worse", "begins", "reference_better", "reference_worse", "is_kept_back"},
}


def digest_of(lesson: Lesson) -> tuple[bytes, str]:
    """A lesson as a file has it, and its SHA-256."""
    tensors = {name: it.contiguous() for name, it in lesson.tensors.items()}
    content = save(tensors)
    return content, hashlib.sha256(content).hexdigest()


def keep_lesson(run: Path, content: bytes) -> None:
    """Put a lesson into a run's folder.

    Raises:
        ProjectError: The disk is full or the folder cannot be written to.
    """
    write_bytes(run / FILE, content)


def load_lesson(run: Path, digest: str) -> Lesson:
    """Read the lesson of a run.

    Args:
        run: Its folder.
        digest: SHA-256 that the run was begun with.

    Raises:
        ProjectError: It is gone, damaged, or another one.
    """
    path = run / FILE
    content = lesson_bytes(run)
    if hashlib.sha256(content).hexdigest() != digest:
        raise _damaged(path, tr("It is not what run.toml was written with."))
    try:
        tensors = load(content)
    except SafetensorError as error:
        raise _damaged(path, str(error)) from error
    own = {name for name in tensors if not name.startswith(ANCHOR)}
    for kind, needed in _NEEDED.items():
        if own == needed:
            return Lesson(kind=kind, tensors=tensors)
    raise _damaged(path, tr("It holds something else than a lesson."))


def lesson_bytes(run: Path) -> bytes:
    """The file of a run's lesson.

    Raises:
        ProjectError: It is gone or cannot be read.
    """
    path = run / FILE
    try:
        return read_file(path, largest_bytes=_LARGEST_BYTES)
    except OSError as error:
        raise _damaged(path, str(error)) from error


def _damaged(path: Path, reason: str) -> ProjectError:
    hint = tr("Put the original back; without it the run cannot go on as it began.")
    return ProjectError(tr("{path} is damaged", path=path), reason, hint)
