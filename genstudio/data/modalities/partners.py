"""Which pictures belong to which files of another material: by their names, or by their folders."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final, Literal, TypeAlias

import numpy as np

from genstudio.data.listing import natural_key

# How partners are found: by the names of files, or by those of the folders that they lie in.
By: TypeAlias = Literal["name", "class"]
NAME: Final = "name"
CLASS: Final = "class"

# Each picture of a class meets so many of its partners, or all where they are fewer.
_ROUNDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Partners:
    """What belongs together.

    Attributes:
        by: How it was found.
        groups: Pictures and others that belong together, both in natural order: one of each where
            names decide, all of a class where folders do.
        alone: Files without a partner.
        ambiguous: Files that have several of their name on one side.
    """

    by: By = NAME
    groups: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    alone: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()

    @property
    def used(self) -> frozenset[str]:
        """All files that have a partner."""
        return frozenset(name for group in self.groups for side in group for name in side)

    @property
    def count(self) -> int:
        """Pairs, if each file were in as few as possible."""
        return sum(max(len(pictures), len(others)) for pictures, others in self.groups)


def find_partners(pictures: Sequence[str], others: Sequence[str], by: By | None = None) -> Partners:
    """Match pictures with files of another material.

    Partners lie side by side, ``cat.png`` and ``cat.wav``, or in two folders that hold nothing
    else, in the same place there. Where these have hardly any names in common but folders inside
    them, such as ``pictures/cats`` and ``sounds/cats``, all that lies in folders of one name
    belongs together.

    Args:
        pictures: Paths relative to a folder, with forward slashes.
        others: The same of the other material.
        by: How to match; by default as the names and folders suggest.
    """
    tops = _two_tops(pictures, others)
    named = _by_name(pictures, others, tops)
    if tops is None or by == NAME:
        return named
    shared = _by_class(pictures, others, tops)
    is_rather_named = 2 * len(named.groups) >= min(len(pictures), len(others))
    if by == CLASS or (shared.groups and not is_rather_named):
        return shared
    return named


def draw_pairs(num_pictures: int, num_others: int) -> np.ndarray:
    """Pairs of a class, always the same: int64 (pairs, 2), numbers of pictures and of others.

    Each picture is in about as many pairs as any other, and so is each of its partners. All pairs
    where there are few.
    """
    side = max(num_pictures, num_others)
    if min(num_pictures, num_others) <= _ROUNDS:
        every = np.indices((num_pictures, num_others)).reshape(2, -1).T
        return np.ascontiguousarray(every, np.int64)
    random = np.random.default_rng([num_pictures, num_others])
    rounds = [
        np.stack(
            [np.resize(random.permutation(count), side) for count in (num_pictures, num_others)],
            axis=1,
        )
        for _ in range(_ROUNDS)
    ]
    return np.concatenate(rounds).astype(np.int64)


def _two_tops(pictures: Iterable[str], others: Iterable[str]) -> tuple[str, str] | None:
    """The folder of all pictures and that of all others; what lies beside them does not count."""
    found = [
        {name.partition("/")[0] for name in names if "/" in name} for names in (pictures, others)
    ]
    if any(len(it) != 1 for it in found) or found[0] == found[1]:
        return None
    return found[0].pop(), found[1].pop()


def _inside(name: str, top: str | None) -> PurePosixPath | None:
    """The path from where partners have the same one; None of what lies outside."""
    if top is None:
        return PurePosixPath(name)
    folder, is_inside, rest = name.partition("/")
    return PurePosixPath(rest) if is_inside and folder == top else None


def _sorted_by(names: Iterable[str], top: str | None, *, is_class: bool) -> Mapping[str, list[str]]:
    """Key that partners share => files that have it; those that have none are left out."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(names, key=natural_key):
        path = _inside(name, top)
        if path is None:
            continue
        key = str(path.parent if is_class else path.with_suffix("")).casefold()
        if key != ".":
            found[key].append(name)
    return found


def _by_name(
    pictures: Sequence[str], others: Sequence[str], tops: tuple[str, str] | None
) -> Partners:
    first, second = tops or (None, None)
    ours = _sorted_by(pictures, first, is_class=False)
    theirs = _sorted_by(others, second, is_class=False)
    shared = [key for key in ours if key in theirs]
    clear = [key for key in shared if len(ours[key]) == len(theirs[key]) == 1]
    unclear = [name for key in shared if key not in set(clear) for name in ours[key] + theirs[key]]
    groups = tuple((tuple(ours[key]), tuple(theirs[key])) for key in clear)
    return _rest(pictures, others, Partners(by=NAME, groups=groups, ambiguous=tuple(unclear)))


def _by_class(pictures: Sequence[str], others: Sequence[str], tops: tuple[str, str]) -> Partners:
    ours = _sorted_by(pictures, tops[0], is_class=True)
    theirs = _sorted_by(others, tops[1], is_class=True)
    groups = tuple((tuple(ours[key]), tuple(theirs[key])) for key in ours if key in theirs)
    return _rest(pictures, others, Partners(by=CLASS, groups=groups))


def _rest(pictures: Sequence[str], others: Sequence[str], found: Partners) -> Partners:
    known = found.used.union(found.ambiguous)
    alone = tuple(name for name in (*pictures, *others) if name not in known)
    return replace(found, alone=alone)
