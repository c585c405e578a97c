"""Results of operations as files."""

from pathlib import Path

from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.services.operations.protocol import Made
from genstudio.services.outputs import free_place, is_same_artifact


def save_made(made: Made, folder: Path) -> Path:
    """Write a result into a folder, never over another file; gives where it went.

    Raises:
        ProjectError: The disk is full or the folder cannot be written to.
    """
    kind = ARTIFACTS.get(made.artifact.kind)
    wanted = folder / f"{made.name}{kind.card.suffix}"
    place = free_place(wanted, lambda found: is_same_artifact(found, made.artifact, made.recipe))
    kind.write(made.artifact, place, made.recipe)
    return place
