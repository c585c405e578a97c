"""Results of operations as files."""

from pathlib import Path

from genstudio.services.operations.protocol import Made
from genstudio.services.outputs import save_artifact


def save_made(made: Made, folder: Path) -> Path:
    """Write a result into a folder, never over another file; gives where it went.

    Raises:
        ProjectError: The disk is full or the folder cannot be written to.
    """
    return save_artifact(made.artifact, folder / made.name, made.recipe)
