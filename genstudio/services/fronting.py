"""One window for a project: whoever opens it once more is shown the window that is there.

Without sockets: the second program leaves a file in the person's own folder, which the first one
finds, takes away, and answers by coming to the front.
"""

import contextlib
import hashlib
import os
import time
from pathlib import Path

import platformdirs

from genstudio.domain.errors import GenStudioError
from genstudio.domain.files import write_text
from genstudio.services.locks import ProjectInUseError, ProjectLock
from genstudio.services.projects import is_project

# How often a window looks, and how long the other program waits: long enough for a busy machine,
# short enough for one whose project is open in a terminal, which does not answer.
LOOK_EVERY_MS = 300
LONGEST_WAIT_S = 5.0
_POLL_S = 0.05


def ask_to_show(project: Path, longest_wait_s: float = LONGEST_WAIT_S) -> bool:
    """Ask the window that works in a project to come to the front.

    Args:
        project: The project's folder.
        longest_wait_s: For its answer.

    Returns:
        Whether there is such a window of this person's, and it came.
    """
    if not (is_project(project) and _is_in_use(project)):
        return False
    request = _request(project)
    try:
        write_text(request, "")
    except GenStudioError:
        return False  # Without a folder to write to, nothing can be asked.
    deadline_s = time.monotonic() + longest_wait_s
    while time.monotonic() < deadline_s:
        if not request.exists():
            return True
        time.sleep(_POLL_S)
    # Whoever takes it at the last moment has answered.
    return not take_request(project)


def take_request(project: Path) -> bool:
    """Whether another program asked for the window of a project since it was looked last."""
    try:
        _request(project).unlink()
    except OSError:
        return False
    return True


def _is_in_use(project: Path) -> bool:
    try:
        with contextlib.suppress(OSError), ProjectLock(project):
            return False
    except ProjectInUseError:
        return True
    except GenStudioError:
        return False  # It can only be looked at, which any number of windows may.
    return False


def _request(project: Path) -> Path:
    name = hashlib.blake2b(os.fsencode(os.path.realpath(project)), digest_size=16).hexdigest()
    folder = platformdirs.user_state_path("genstudio", appauthor=False)
    return folder / "windows" / f"{name}.show"
