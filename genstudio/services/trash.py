"""Deleting: to the system's trash, from which a person can take things out again."""

from pathlib import Path

from send2trash import send2trash

from genstudio.domain.errors import ProjectError
from genstudio.domain.language import tr


def move_to_trash(path: Path) -> None:
    """Move a file or folder to the system's trash.

    Raises:
        ProjectError: There is no trash on that drive, or it may not be moved.
    """
    try:
        send2trash(path)
    except OSError as error:
        raise ProjectError(
            tr("{name} could not be moved to the trash", name=path.name),
            str(error),
            tr("It is still where it was. Check that the drive has a trash and may be written to."),
        ) from error
