"""What a token of a SMILES says of an atom: how many bonds it may have, and which.

Valences as OpenSMILES 1.0 has them; a charged atom has those of its neighbour in the row.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_BRACKET = re.compile(
    r"\[(?P<isotope>\d*)(?P<element>[A-Z][a-z]?|[a-z][a-z]?|\*)(?P<turn>@@?)?"
    r"(?P<hydrogen>H\d?)?(?P<charge>[+-]\d?)?\]"
)
# Sums of bond orders, hydrogen included, that neutral atoms have.
_VALENCES: Final[dict[str, frozenset[int]]] = {
    symbol: frozenset(valences)
    for symbol, valences in {
        "H": (1,), "B": (3,), "C": (4,), "N": (3,), "O": (2,), "F": (1,), "Si": (4,),
        "P": (3, 5), "S": (2, 4, 6), "Cl": (1,), "Ge": (4,), "As": (3, 5), "Se": (2, 4, 6),
        "Br": (1,), "Sn": (4,), "Te": (2, 4, 6), "I": (1, 3, 5), "Ne": (0,), "Ar": (0,),
        "Kr": (0,), "Xe": (0,),
    }.items()
}  # fmt: skip
# A charged atom has the valences of its neighbour in the row.
_ROWS: Final = (
    ("B", "C", "N", "O", "F", "Ne"),
    ("Al", "Si", "P", "S", "Cl", "Ar"),
    ("Ga", "Ge", "As", "Se", "Br", "Kr"),
    ("In", "Sn", "Sb", "Te", "I", "Xe"),
)
_UNLIMITED = 8
_WITHOUT_BRACKETS = frozenset(
    ("B", "C", "N", "O", "P", "S", "F", "Cl", "Br", "I", "b", "c", "n", "o", "p", "s", "*")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """What a token of an atom allows.

    Attributes:
        is_aromatic: Whether it is written small.
        most: Largest sum of the orders of its bonds, of an aromatic atom without that of its
            double bond in the ring.
        sums: What the sum must be in the end; None where hydrogen fills it up.
        takes_double: Of an aromatic atom: whether it has a double bond in the ring; None where
            that depends on how many neighbours it has.
        may_have_outer: Of an aromatic atom: whether a double bond may lead out of the ring instead.
    """

    is_aromatic: bool
    most: int
    sums: frozenset[int] | None = None
    takes_double: bool | None = False
    may_have_outer: bool = False


@lru_cache(maxsize=4096)
def atom_of(token: str) -> Atom | None:
    """What a token says of an atom; None if it is not understood."""
    if token in _WITHOUT_BRACKETS:
        if token.islower():
            return _aromatic(token, hydrogen=0, charge=0)
        valences = _VALENCES.get(token)
        if valences is None:
            return Atom(is_aromatic=False, most=_UNLIMITED)
        if len(valences) == 1:
            return Atom(is_aromatic=False, most=max(valences))
        # Sulphur with three bonds would get a hydrogen besides, which nobody means.
        sums = valences | frozenset(range(min(valences)))
        return Atom(is_aromatic=False, most=max(valences), sums=sums)
    found = _BRACKET.fullmatch(token)
    if found is None:
        return None
    hydrogen = int(found["hydrogen"][1:] or 1) if found["hydrogen"] else 0
    charge = int(f"{found['charge']}1" if len(found["charge"]) == 1 else found["charge"]) \
        if found["charge"] else 0  # fmt: skip
    element = found["element"]
    if element.islower():
        return _aromatic(element, hydrogen=hydrogen, charge=charge)
    valences = _valences_of(element, charge)
    if valences is None:
        return Atom(is_aromatic=False, most=_UNLIMITED)
    rest = frozenset(it - hydrogen for it in valences if it >= hydrogen)
    is_whole = bool(found["turn"] or charge)
    return Atom(
        is_aromatic=False,
        most=max(rest, default=0),
        sums=rest if is_whole and rest else None,
    )


def _valences_of(element: str, charge: int) -> frozenset[int] | None:
    """Sums of bond orders that an atom may have; None where that is not known."""
    if charge == 0:
        return _VALENCES.get(element)
    if abs(charge) > 1:
        return None
    for row in _ROWS:
        if element in row[: len(row) - 1]:
            place = row.index(element) - charge
            return _VALENCES.get(row[place]) if place >= 0 else None
    return None


def _aromatic(element: str, *, hydrogen: int, charge: int) -> Atom:
    if element == "c" and charge == 0:
        most = 3 - hydrogen
        return Atom(is_aromatic=True, most=most, takes_double=True, may_have_outer=True)
    if element in ("n", "p", "as"):
        if charge > 0:
            sums = frozenset({3 - hydrogen})
            return Atom(is_aromatic=True, most=3 - hydrogen, sums=sums, takes_double=True)
        if hydrogen or charge < 0:
            return Atom(is_aromatic=True, most=2, sums=frozenset({2}))
        return Atom(is_aromatic=True, most=3, takes_double=None)
    if element in ("o", "s", "se", "te"):
        return Atom(is_aromatic=True, most=2, sums=frozenset({2}), takes_double=charge > 0)
    return Atom(is_aromatic=True, most=3 - hydrogen)
