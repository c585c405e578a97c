"""Files of molecules, read within limits: lists of SMILES, tables with a column of them, SDF."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from genstudio.data import chemistry
from genstudio.data.chemistry import ReadMolecule, UnreadableMoleculeError
from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr

LISTS: Final = (".smi", ".smiles")
TABLES: Final = (".csv",)
STRUCTURES: Final = (".sdf",)
SUFFIXES: Final = (*LISTS, *TABLES, *STRUCTURES)

_LARGEST_BYTES = 512 * 2**20
_LONGEST_LINE = 1_000_000
_LARGEST_RECORD_LINES = 20_000
_TRIED_ROWS = 40
_LIKE_A_NAME = "smiles"
# Single letters, such as labels of classes, are SMILES of single atoms.
_FEWEST_ATOMS_MEANT = 4
_FEWEST_PARSED = 0.2
_SNIFFED = 8192
_END_OF_RECORD = "$$$$"


class UnreadableFileError(Exception):
    """Nothing can be read from a file; its message says why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One place of a file where a molecule should be.

    Attributes:
        number: Of its line, row or record, from 1.
        molecule: What stands there; None if it is none.
        reason: Why it is none.
    """

    number: int
    molecule: ReadMolecule | None
    reason: str = ""


@dataclass(slots=True)
class TableReading:
    """Which column of a table is read.

    Attributes:
        column: Its name.
        all: Names of all columns, in order.
    """

    column: str = ""
    all: list[str] = field(default_factory=list[str])

    @property
    def others(self) -> list[str]:
        """Names of the columns that are not read."""
        return [name for name in self.all if name != self.column]


def read_entries(
    path: Path, reading: TableReading | None = None, *, column: str = ""
) -> Iterator[Entry]:
    """Read every molecule of a file, and what should be one.

    Args:
        path: Only read.
        reading: Told which column of a table is read.
        column: The column of a table that a person chose; by default the likeliest.

    Raises:
        UnreadableFileError: The file cannot be read, or no column looks like SMILES.
    """
    suffix = path.suffix.lower()
    try:
        if not path.is_file():
            raise UnreadableFileError(tr("It is not an ordinary file."))
        if path.stat().st_size > _LARGEST_BYTES:
            raise UnreadableFileError(
                tr("It is larger than {largest_bytes} MB.", largest_bytes=_LARGEST_BYTES // 2**20)
            )
        if suffix in STRUCTURES:
            yield from _from_structures(path)
        elif suffix in TABLES:
            yield from _from_table(path, reading or TableReading(), column)
        else:
            yield from _from_list(path)
    except OSError as error:
        raise UnreadableFileError(
            tr("It cannot be read: {strerror}.", strerror=error.strerror)
        ) from error
    except csv.Error as error:
        raise UnreadableFileError(tr("It is no table: {error}.", error=error)) from error


def first_molecule(path: Path) -> str:
    """The canonical SMILES of the first molecule of a file.

    Raises:
        DatasetError: It holds none.
    """
    reason = tr("It holds no molecule.")
    try:
        for entry in read_entries(path):
            if entry.molecule is not None:
                return entry.molecule.smiles
            reason = entry.reason
    except UnreadableFileError as error:
        reason = str(error)
    raise DatasetError(
        tr("{name} cannot be read as a molecule", name=path.name),
        reason,
        tr("Choose a file that holds one: .smi, .csv or .sdf."),
    )


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8-sig", errors="replace", newline=None) as file:
        while line := file.readline(_LONGEST_LINE):
            yield line.rstrip("\n")


def _entry(number: int, text: str) -> Entry:
    try:
        return Entry(number=number, molecule=chemistry.read_smiles(text))
    except UnreadableMoleculeError as error:
        return Entry(number=number, molecule=None, reason=str(error))


def _from_list(path: Path) -> Iterator[Entry]:
    """The first word of each line; what follows is a name."""
    for number, line in enumerate(_lines(path), start=1):
        words = line.split(maxsplit=1)
        is_heading = number == 1 and words and words[0].casefold() in (_LIKE_A_NAME, "smile")
        if words and not words[0].startswith("#") and not is_heading:
            yield _entry(number, words[0])


def _from_structures(path: Path) -> Iterator[Entry]:
    record: list[str] = []
    number = 1
    for line in _lines(path):
        if line.startswith(_END_OF_RECORD):
            yield _record(number, record)
            record, number = [], number + 1
        elif len(record) <= _LARGEST_RECORD_LINES:
            record.append(line)
    if any(line.strip() for line in record):
        yield _record(number, record)


def _record(number: int, lines: Sequence[str]) -> Entry:
    if len(lines) > _LARGEST_RECORD_LINES:
        return Entry(number=number, molecule=None, reason=tr("It is too long."))
    try:
        return Entry(number=number, molecule=chemistry.read_block("\n".join(lines)))
    except UnreadableMoleculeError as error:
        return Entry(number=number, molecule=None, reason=str(error))


def _from_table(path: Path, reading: TableReading, column: str) -> Iterator[Entry]:
    lines = _lines(path)
    rows = csv.reader(lines, delimiter=_delimiter(path))
    heading = next(rows, None)
    if heading is None:
        raise UnreadableFileError(tr("It is empty."))
    names = [name.strip() for name in heading]
    first = [row for row in (next(rows, None) for _ in range(_TRIED_ROWS)) if row is not None]
    chosen = _chosen_column(names, first, column)
    reading.column = names[chosen]
    reading.all = names
    number = 1
    for row in _both(first, rows):
        number += 1
        if chosen < len(row) and row[chosen].strip():
            yield _entry(number, row[chosen].strip())


def _both(first: Sequence[list[str]], rest: Iterator[list[str]]) -> Iterator[list[str]]:
    yield from first
    yield from rest


def _delimiter(path: Path) -> str:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        heading = file.readline(_SNIFFED)
    return max(",;\t", key=heading.count)


def _chosen_column(names: Sequence[str], rows: Sequence[Sequence[str]], column: str) -> int:
    if column:
        known = [name.casefold() for name in names]
        if column.casefold() not in known:
            listed = ", ".join(names[:12])
            raise UnreadableFileError(
                tr("It has no column “{column}”; it has: {listed}.", column=column, listed=listed)
            )
        return known.index(column.casefold())
    scores = [_likelihood(name, [row[at] for row in rows if at < len(row)])
              for at, name in enumerate(names)]  # fmt: skip
    if not scores or max(scores) < _FEWEST_PARSED:
        raise UnreadableFileError(tr("None of its columns holds SMILES."))
    return scores.index(max(scores))


def _likelihood(name: str, values: Sequence[str]) -> float:
    """How likely a column holds SMILES: what can be read as such, and how it is called."""
    given = [value.strip() for value in values if value.strip()]
    if not given:
        return 0.0
    atoms = [_atoms_in(value) for value in given]
    meant = sum(count >= _FEWEST_ATOMS_MEANT for count in atoms) / len(given)
    parsed = sum(count > 0 for count in atoms) / len(given)
    named = _LIKE_A_NAME in name.casefold()
    return meant + 0.3 * parsed * named + 0.2 * named * (parsed > 0)


def _atoms_in(text: str) -> int:
    try:
        return chemistry.read_smiles(text).num_atoms
    except UnreadableMoleculeError:
        return 0
