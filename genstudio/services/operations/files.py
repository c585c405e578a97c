"""The files that an operation works on, as a person names them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from genstudio.artifacts.catalog import kind_of_input
from genstudio.data.listing import list_pictures
from genstudio.domain.artifacts import IMAGE
from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr
from genstudio.domain.operations import InputSpec
from genstudio.services.operations.catalog import OPERATIONS


def input_files(operation: str, paths: Iterable[Path]) -> dict[str, list[Path]]:
    """Hand named files to the inputs of an operation; of a folder, all that fits in it.

    Where there are several inputs, they are named in order, and the one that takes any number
    takes what the others leave: ``first.png second.png style.png``. Files of another kind than the
    first that is missing go to the input of their kind.

    Raises:
        UnknownEntryError: There is no such operation.
        DatasetError: A file is not there, or a folder holds nothing that fits.
    """
    specs = OPERATIONS.get(operation).card.inputs
    files = [file for path in paths for file in _expanded(path, {it.kind for it in specs})]
    if not specs:
        # Refused with the right words where it is checked.
        return {"input": files} if files else {}
    given: dict[str, list[Path]] = {}
    for kind in dict.fromkeys(spec.kind for spec in specs):
        own = [spec for spec in specs if spec.kind == kind]
        fitting = [file for file in files if len(specs) == len(own) or _kind(file) == kind]
        given |= _shared_out(own, fitting)
    return {spec.name: given[spec.name] for spec in specs}


def _shared_out(specs: Sequence[InputSpec], files: list[Path]) -> dict[str, list[Path]]:
    """Files for inputs of one kind, in order; one input takes all that no other needs."""
    any_number = next((spec for spec in specs if spec.maximum is None), specs[-1])
    spare = max(0, len(files) - sum(spec.minimum for spec in specs))
    given: dict[str, list[Path]] = {}
    for spec in specs:
        count = spec.minimum + (spare if spec is any_number else 0)
        given[spec.name], files = files[:count], files[count:]
    return given


def _kind(file: Path) -> str:
    """Of what kind a file is; a picture where no other kind has its suffix."""
    kind = kind_of_input(file)
    return IMAGE if kind is None else kind.card.key


def _expanded(path: Path, kinds: set[str]) -> list[Path]:
    if path.is_dir() and IMAGE in kinds:
        return [path / name for name in list_pictures(path.absolute()).names]
    if not path.exists():
        raise DatasetError(
            tr("There is no file {path}", path=path),
            "",
            tr("Check the spelling, or whether a drive is missing."),
        )
    return [path]
