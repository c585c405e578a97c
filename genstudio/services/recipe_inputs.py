"""Notes in a recipe what something is made from."""

from pathlib import Path

from genstudio.data.decode import content_hash_of
from genstudio.domain.errors import DatasetError
from genstudio.domain.files import is_file
from genstudio.domain.language import tr
from genstudio.domain.recipes import RecipeInput


def noted(path: Path, role: str = "") -> RecipeInput:
    """Note a file that something is made from, which is read to hash it.

    Raises:
        DatasetError: It cannot be read.
    """
    if not is_file(path):  # Reading a pipe would wait for ever.
        raise DatasetError(
            tr("{name} cannot be read", name=path.name),
            tr("{path} is no file.", path=path),
            tr("Choose another one."),
        )
    try:
        with path.open("rb") as file:
            found = content_hash_of(file)
            return RecipeInput(name=path.name[:300], content_hash=found, role=role)
    except OSError as error:
        raise DatasetError(
            tr("{name} cannot be read", name=path.name),
            f"{path}: {error.strerror}.",
            tr("Choose another one."),
        ) from error
