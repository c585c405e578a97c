"""The files that an operation works on, as a person names them."""

from collections.abc import Iterable
from pathlib import Path

from genstudio.data.listing import list_pictures
from genstudio.domain.artifacts import IMAGE
from genstudio.domain.errors import DatasetError
from genstudio.services.operations.catalog import OPERATIONS


def input_files(operation: str, paths: Iterable[Path]) -> dict[str, list[Path]]:
    """Hand named files to the inputs of an operation; of a folder, all that fits in it.

    Of several inputs, each but the last takes as few as it needs.

    Raises:
        UnknownEntryError: There is no such operation.
        DatasetError: A file is not there, or a folder holds nothing that fits.
    """
    specs = OPERATIONS.get(operation).card.inputs
    files = [file for path in paths for file in _expanded(path, {it.kind for it in specs})]
    given: dict[str, list[Path]] = {}
    for spec in specs[:-1]:
        given[spec.name], files = files[: spec.minimum], files[spec.minimum :]
    if specs:
        given[specs[-1].name] = files
    elif files:
        given["input"] = files  # Refused with the right words where it is checked.
    return given


def _expanded(path: Path, kinds: set[str]) -> list[Path]:
    if path.is_dir() and IMAGE in kinds:
        return [path / name for name in list_pictures(path.absolute()).names]
    if not path.exists():
        raise DatasetError(
            f"There is no file {path}", "", "Check the spelling, or whether a drive is missing."
        )
    return [path]
