"""Pictures that belong together, such as those of one patient or one place: never split.

A model that has seen one picture of a group knows something of the others, so that what is tested
on them is not what it seems.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from genstudio.domain.errors import DatasetError
from genstudio.domain.files import is_file, read_file
from genstudio.domain.language import tr

GroupBy = Literal["picture", "folder", "table"]
TABLE: Final = "groups.csv"
_LARGEST_BYTES = 64 * 2**20
# Class and group: so deep lie pictures where both are folders.
_DEPTH = 3
_MOSTLY = 0.5


def groups_of(folder: Path, names: Sequence[str], how: GroupBy) -> dict[str, str]:
    """Name of each picture => its group; those that are alone are left out.

    Args:
        folder: That the names are relative to.
        names: With forward slashes.
        how: By the folder right around each picture, where that lies inside a class; or by a table
            ``groups.csv`` in the folder, with the columns ``file`` and ``group``.

    Raises:
        DatasetError: The table is missing or has other columns.
    """
    if how == "picture":
        return {}
    if how == "table":
        return _from_table(folder, names)
    parts = {name: PurePosixPath(name).parts for name in names}
    # The name alone: one patient may be in several classes.
    return {name: own[-2] for name, own in parts.items() if len(own) >= _DEPTH}


def apparent_groups(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """Groups that a folder seems to have, whether or not a person asked for them.

    Raises:
        DatasetError: There is a table, and it cannot be read.
    """
    if is_file(folder / TABLE):
        return _from_table(folder, names)
    found = groups_of(folder, names, "folder")
    return found if len(found) > _MOSTLY * len(names) else {}


def together(groups: Mapping[str, str], duplicate_of: Mapping[str, str]) -> dict[str, str]:
    """Name => name of a picture that it must not be parted from; of chains, always the same one.

    Args:
        groups: As :func:`groups_of` gives them.
        duplicate_of: Name => name of a picture that looks the same.
    """
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while (above := leader.get(name, name)) != name:
            leader[name] = leader.get(above, above)
            name = above
        return name

    first: dict[str, str] = {}
    pairs = [*duplicate_of.items()]
    for name, group in groups.items():
        pairs.append((name, first.setdefault(group, name)))
    for name, other in pairs:
        one, two = sorted((find(name), find(other)))
        leader[two] = one
    return {name: find(name) for name in leader if find(name) != name}


def in_both(groups: Mapping[str, str], held_out: Sequence[str], names: Sequence[str]) -> list[str]:
    """Groups of which some pictures are held out and others are not, in order."""
    out = frozenset(held_out)
    kept = {groups[name] for name in names if name in groups and name not in out}
    return sorted(kept & {groups[name] for name in out if name in groups})


def _from_table(folder: Path, names: Sequence[str]) -> dict[str, str]:
    path = folder / TABLE
    try:
        text = read_file(path, largest_bytes=_LARGEST_BYTES).decode("utf-8-sig")
        rows = {row["file"]: row["group"] for row in csv.DictReader(text.splitlines())}
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise DatasetError(
            tr("{table} cannot be read", table=TABLE),
            tr(
                "{path} should have the columns “file” and “group”: {error}.",
                path=path,
                error=error,
            ),
            tr("Write one line for each picture, with its name as it lies in the folder."),
        ) from error
    known = frozenset(names)
    return {name: group for name, group in rows.items() if name in known and group}
