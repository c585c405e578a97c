"""The walk that was last put together for each run, kept in its project; no torch."""

from pathlib import Path
from typing import Final

from pydantic import ValidationError

from genstudio.domain.errors import SettingsError
from genstudio.domain.files import is_file, read_file, write_bytes
from genstudio.domain.language import tr
from genstudio.domain.walks import Walk

_LARGEST_BYTES: Final = 2**21


def walk_file(run: Path) -> Path:
    """Where the walk of a run is kept."""
    return run.parent.parent / "walks" / f"{run.name}.json"


def kept_walk(run: Path) -> Walk | None:
    """The walk of a run; None where there is none, or it cannot be read."""
    try:
        return read_walk(walk_file(run))
    except SettingsError:
        return None


def keep_walk(run: Path, walk: Walk) -> None:
    """Keep a walk for a run, in place of the one before.

    Raises:
        ProjectError: The disk is full or the project cannot be written to.
    """
    write_bytes(walk_file(run), walk.model_dump_json(indent=1).encode())


def read_walk(path: Path) -> Walk:
    """Read a walk from a file.

    Raises:
        SettingsError: There is none, or it is none.
    """
    if not is_file(path):
        raise SettingsError(
            tr("{name} is no walk", name=path.name),
            tr("{path} is no file.", path=path),
            tr("Put a walk together on the Explore view; it is kept in the project, under walks."),
        )
    try:
        return Walk.model_validate_json(read_file(path, largest_bytes=_LARGEST_BYTES))
    except (OSError, ValidationError) as error:
        raise SettingsError(
            tr("{name} is no walk", name=path.name),
            str(error)[:300],
            tr("Put a walk together on the Explore view; it is kept in the project, under walks."),
        ) from error
