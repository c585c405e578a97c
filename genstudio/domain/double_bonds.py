"""Placing the double bonds of aromatic rings: a matching of atoms.

It is Kekulé's task: each aromatic atom that needs a double bond is paired with a neighbour. Most
have no choice once one of them is paired, so those are paired first and little is tried.
"""

from collections.abc import Mapping, Sequence, Set

# Double bonds of a molecule's rings are placed within some dozens of tries.
_MOST_TRIES = 3000


def can_be_paired(needing: Set[int], partners: Mapping[int, Sequence[int]]) -> bool:
    """Whether each atom that needs a double bond can have one, and none has two.

    Args:
        needing: Atoms that must have one.
        partners: Atom that may have one => neighbours that it may have it with, who have it among
            theirs.
    """
    return _paired(
        set(needing), {it: set(others) for it, others in partners.items()}, [_MOST_TRIES]
    )


def _paired(needing: set[int], free: dict[int, set[int]], tries: list[int]) -> bool:
    """Pair those who have no choice, then try what the first of the others may have.

    Args:
        needing: Who still needs a partner; changed.
        free: Who has none => those it could have, who have none either; changed.
        tries: How many are left, in a list that is shared by all.
    """
    forced = [it for it in needing if len(free[it]) < 2]
    while forced:
        one = forced.pop()
        if one not in needing:
            continue
        if not free[one]:
            return False
        (other,) = free[one]
        forced += _take(one, other, needing, free)
    tries[0] -= 1
    if not needing or tries[0] <= 0:
        return True
    # The one with the fewest first: most rings leave no choice at all.
    one = min(needing, key=lambda it: (len(free[it]), it))
    for other in sorted(free[one]):
        left, still_free = set(needing), {it: set(others) for it, others in free.items()}
        _take(one, other, left, still_free)
        if _paired(left, still_free, tries):
            return True
    return False


def _take(one: int, other: int, needing: set[int], free: dict[int, set[int]]) -> list[int]:
    """Pair two; gives those who have hardly any choice since."""
    touched = (free.pop(one) | free.pop(other)) - {one, other}
    needing -= {one, other}
    for it in touched:
        free[it] -= {one, other}
    return [it for it in touched if it in needing and len(free[it]) < 2]
