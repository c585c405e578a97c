"""Two folders inside a folder: which files lie in which, and which have the same name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from genstudio.data.listing import natural_key
from genstudio.domain.language import tr


@dataclass(frozen=True, slots=True)
class TwoFolders:
    """The first and the second folder in their order, with the names of their files.

    Attributes:
        folders: Their names.
        first, second: Paths from the folder that both lie in, in natural order.
        beside: Files that lie in neither.
    """

    folders: tuple[str, str]
    first: tuple[str, ...]
    second: tuple[str, ...]
    beside: tuple[str, ...] = ()


def two_folders(names: Iterable[str]) -> TwoFolders | None:
    """Sort files by their first folder; None where there are not just two."""
    by_folder: dict[str, list[str]] = {}
    beside: list[str] = []
    for name in names:
        folder, is_inside, _ = name.partition("/")
        (by_folder.setdefault(folder, []) if is_inside else beside).append(name)
    if len(by_folder) != 2:
        return None
    one, other = sorted(by_folder, key=natural_key)
    first, second = (tuple(sorted(by_folder[key], key=natural_key)) for key in (one, other))
    return TwoFolders((one, other), first, second, tuple(beside))


@dataclass(frozen=True, slots=True)
class Matches:
    """Files of two folders that have the same path and name but for the ending.

    Attributes:
        pairs: First and second file of each.
        only_first, only_second: Files without a partner.
    """

    pairs: tuple[tuple[str, str], ...]
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]


def match(folders: TwoFolders) -> Matches:
    """Find the partners; of several with one name, the first."""
    partners = {_stem(name): name for name in reversed(folders.second)}
    pairs: list[tuple[str, str]] = []
    taken: set[str] = set()
    only_first: list[str] = []
    for name in folders.first:
        partner = partners.get(_stem(name))
        if partner is None or partner in taken:
            only_first.append(name)
        else:
            pairs.append((name, partner))
            taken.add(partner)
    only_second = tuple(name for name in folders.second if name not in taken)
    return Matches(tuple(pairs), tuple(only_first), only_second)


def named(names: Sequence[str], most: int = 3) -> str:
    """Some names for a sentence."""
    shown = ", ".join(names[:most])
    return (
        tr("{shown} and {num_names:,} more", shown=shown, num_names=len(names) - most)
        if len(names) > most
        else shown
    )


def _stem(name: str) -> str:
    inside = PurePosixPath(name.partition("/")[2])
    return str(inside.with_suffix("")).casefold()
