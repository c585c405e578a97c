"""Which tokens may come next in a SMILES, so that what is written is a molecule.

A text is followed token by token, as a chemist would read it (Weininger 1988, J. Chem. Inf. Comput.
Sci. 28, 31; OpenSMILES 1.0): branches are closed, ring bonds come in pairs, no atom has more bonds
than its valence, and aromatic atoms lie in rings whose double bonds can be placed. A generator that
draws among these tokens only is decoded under a grammar, as in Kusner et al. 2017
(arXiv:1703.01925) and Dai et al. 2018 (arXiv:1802.08786), here without their grammars of rules.

Texts are held to the form that programs write, which walk a molecule depth first: a ring is closed
below the atom that opened it, and never from another branch. What is not understood, such as a
dative bond, is let pass, and what comes behind it as well.
"""

from collections.abc import Sequence
from copy import copy
from typing import Final

from genstudio.domain.double_bonds import can_be_paired
from genstudio.domain.smiles import MOST_TOKENS
from genstudio.domain.smiles_atoms import Atom, atom_of

END: Final = ""

_ORDERS: Final = {"": 1, "-": 1, "/": 1, "\\": 1, ":": 1, "=": 2, "#": 3, "$": 4}
_BONDS = frozenset(_ORDERS) - {END}
# Between aromatic atoms: directions are written there beside a double bond that leads out.
_MAY_BE_AROMATIC = frozenset(("", ":", "/", "\\"))
# Kept for what closes a text that has become too long.
_TOKENS_PER_RING = 3
_TOKENS_TO_SPARE = 6
# What a state consists of.
_VALUES = ("_bond", "_count", "_current", "_is_free", "_last", "_most", "_stack")
_CONTAINERS = (
    "_aromatic_bonds",
    "_atoms",
    "_closures",
    "_has_outer",
    "_in_ring",
    "_open",
    "_parents",
    "_roots",
    "_sums",
    "_tree_bonds",
)


class SmilesRules:
    """A SMILES that is being written: a state that knows which tokens may follow.

    :meth:`after` leaves it as it is and gives a new one.

    Args:
        most: Tokens within which it must have come to an end.
    """

    __slots__ = (*_VALUES, *_CONTAINERS)

    def __init__(self, most: int = MOST_TOKENS) -> None:
        self._most = most
        self._count = 0
        self._is_free = False
        # One of "start", "atom", "bond", "ring", "(" and ")".
        self._last = "start"
        self._bond = ""
        self._current = -1
        self._stack: tuple[int, ...] = ()
        # Label => atom, symbol of the bond.
        self._open: dict[str, tuple[int, str]] = {}
        self._atoms: list[Atom] = []
        self._parents: list[int] = []
        # The first atom from which only aromatic bonds lead to it.
        self._roots: list[int] = []
        self._sums: list[int] = []
        self._has_outer: list[bool] = []
        self._in_ring: list[bool] = []
        # Whether the bond to the parent is aromatic, in a ring.
        self._tree_bonds: list[tuple[bool, bool]] = []
        self._aromatic_bonds: list[int] = []
        # Two atoms, whether it is aromatic.
        self._closures: list[tuple[int, int, bool]] = []

    @property
    def is_running_out(self) -> bool:
        """Whether the tokens that are left are needed to close what is open."""
        return self._is_short(len(self._stack))

    @property
    def closing(self) -> Sequence[str]:
        """Tokens that would close something, whether or not they may follow."""
        return [*self._open, *([")"] if self._stack else [])]

    def after(self, token: str) -> "SmilesRules | None":
        """What there is after a token; None if it may not follow.

        Args:
            token: One of :func:`genstudio.domain.smiles.tokens_in`, or ``END``.
        """
        if self._is_free:
            return self
        if token == END:
            return self if self._may_end() else None
        state = copy(self)
        return state if state.take(token) else None

    def __copy__(self) -> "SmilesRules":
        """A state of its own, which can go on in another way."""
        state = SmilesRules.__new__(SmilesRules)
        for name in _VALUES:
            setattr(state, name, getattr(self, name))
        for name in _CONTAINERS:
            setattr(state, name, getattr(self, name).copy())
        return state

    def take(self, token: str) -> bool:
        """Go on by a token that is no end; if it may not follow, the state is of no use any more.

        Returns:
            Whether it may follow.
        """
        self._count += 1
        return self._took(token) and self._can_close()

    def _took(self, text: str) -> bool:
        if text in _BONDS:
            return self._took_bond(text)
        if text == "(":
            return self._opened_branch()
        if text == ")":
            return self._closed_branch()
        if text.isdigit() or text[0] == "%":
            return self._took_label(text)
        if text == ".":
            return False
        atom = atom_of(text)
        if atom is None:
            self._is_free = True
            return True
        return self._took_atom(atom)

    # --- tokens ---------------------------------------------------------------------------------

    def _took_bond(self, symbol: str) -> bool:
        if self._last in ("start", "bond", "bond ("):
            return False
        may_be_aromatic = symbol in _MAY_BE_AROMATIC
        if not self._fits(self._current, _ORDERS[symbol], is_aromatic=may_be_aromatic):
            return False
        is_branch = self._last == "("
        if not is_branch and self._is_lost(self._current, is_left=False):
            return False
        # After a parenthesis there is no ring bond any more: see :meth:`_took_label`.
        self._last = "bond (" if self._last in ("(", ")") else "bond"
        self._bond = symbol
        if not self._atoms[self._current].is_aromatic or may_be_aromatic:
            return True
        is_left = not is_branch and not self._may_close_by(_ORDERS[symbol])
        if is_left and not self._can_close(is_left=True):
            return False
        return self._stays_aromatic_with(_ORDERS[symbol])

    def _stays_aromatic_with(self, order: int) -> bool:
        """Whether the ring of the newest atom can be aromatic with one more bond out of it."""
        self._bind(self._current, order)
        is_possible = self._can_be_aromatic()
        self._unbind(self._current, order)
        return is_possible

    def _took_atom(self, atom: Atom) -> bool:
        order = _ORDERS[self._bond]
        new = len(self._atoms)
        before = self._current
        is_aromatic = False
        if before >= 0:
            # Its first atom was not written yet.
            was_branch = self._stack[-1:] == (before,)
            both = atom.is_aromatic and self._atoms[before].is_aromatic
            is_aromatic = both and self._bond in _MAY_BE_AROMATIC
            if not self._fits(before, order, is_aromatic=is_aromatic):
                return False
            self._bind(before, order, is_aromatic=is_aromatic)
            if self._is_lost(before, is_left=False):
                return False
            if not was_branch and not self._is_settled(before, is_left=False):
                return False
        elif self._last != "start":
            return False
        self._atoms.append(atom)
        self._parents.append(before)
        self._roots.append(self._roots[before] if is_aromatic else new)
        self._sums.append(0)
        self._has_outer.append(False)
        self._in_ring.append(False)
        self._aromatic_bonds.append(0)
        self._tree_bonds.append((is_aromatic, False))
        self._current = new
        if before >= 0:
            if not self._fits(new, order, is_aromatic=is_aromatic):
                return False
            self._bind(new, order, is_aromatic=is_aromatic)
        self._last, self._bond = "atom", ""
        # Where no ring is open, it must open one and go on.
        if atom.is_aromatic and not self._open and self._sums[new] + 2 > atom.most + (order == 2):
            return False
        if before >= 0 and self._atoms[before].is_aromatic and not is_aromatic:
            return self._can_be_aromatic()
        return True

    def _opened_branch(self) -> bool:
        if self._last not in ("atom", "ring", ")"):
            return False
        if not self._fits(self._current, 1, is_aromatic=True):
            return False
        if self._is_lost(self._current, is_left=False) or self._is_short(len(self._stack) + 1):
            return False
        self._stack = (*self._stack, self._current)
        self._last = "("
        return True

    def _closed_branch(self) -> bool:
        if not self._stack or self._last not in ("atom", "ring", ")"):
            return False
        top = self._stack[-1]
        if any(atom > top for atom, _ in self._open.values()):
            return False
        if not self._is_left_well(top + 1):
            return False
        self._stack = self._stack[:-1]
        has_aromatic = any(it.is_aromatic for it in self._atoms[top:])
        self._current, self._last = top, ")"
        return not has_aromatic or self._can_be_aromatic()

    def _took_label(self, label: str) -> bool:
        if self._last not in ("atom", "ring", "bond"):
            return False
        here, symbol = self._current, self._bond
        self._last, self._bond = "ring", ""
        if label not in self._open:
            if self._is_short(len(self._stack), rings=1):
                return False
            order = _ORDERS[symbol]
            if not self._fits(here, order, is_aromatic=not symbol):
                return False
            self._open[label] = (here, symbol)
            self._bind(here, order)
            # It is closed further on, and there must be a way there.
            return self._fits(here, 1, is_aromatic=True)
        there, other = self._open.pop(label)
        if there == here or self._are_bonded(here, there):
            return False
        if symbol and other and {symbol, other} not in ({symbol}, {"/", "\\"}):
            return False
        chosen = symbol or other
        order = _ORDERS[chosen]
        self._unbind(there, _ORDERS[other])
        both = self._atoms[here].is_aromatic and self._atoms[there].is_aromatic
        is_aromatic = both and chosen in _MAY_BE_AROMATIC
        for atom in (here, there):
            if not self._fits(atom, order, is_aromatic=is_aromatic):
                return False
            self._bind(atom, order, is_aromatic=is_aromatic)
        if there not in self._stack and not self._is_settled(there, is_left=False):
            return False
        self._closures.append((there, here, is_aromatic))
        at = here
        while at != there:
            self._in_ring[at] = True
            self._tree_bonds[at] = (self._tree_bonds[at][0], True)
            at = self._parents[at]
        self._in_ring[there] = True
        return not any(it.is_aromatic for it in self._atoms) or self._can_be_aromatic()

    def _may_end(self) -> bool:
        if self._last not in ("atom", "ring", ")") or self._stack or self._open:
            return False
        return self._is_left_well(0) and self._can_be_aromatic(is_end=True)

    # --- bonds ----------------------------------------------------------------------------------

    def _fits(self, number: int, order: int, *, is_aromatic: bool = False) -> bool:
        """Whether an atom can take one more bond, and have two in its ring if it is aromatic."""
        atom, total = self._atoms[number], self._sums[number]
        if not atom.is_aromatic:
            return total + order <= atom.most
        missing = max(0, 2 - self._aromatic_bonds[number] - self._waiting(number) - is_aromatic)
        if order == 1:
            return total + 1 + missing <= atom.most + self._has_outer[number]
        is_first = atom.may_have_outer and not self._has_outer[number]
        return order == 2 and is_first and total + 2 + missing <= atom.most + 1

    def _waiting(self, number: int) -> int:
        """Ring bonds that an atom has opened without saying of what kind."""
        return sum(it == number and not symbol for it, symbol in self._open.values())

    def _can_close(self, *, is_left: bool = False) -> bool:
        """Whether the text can still come to where open rings are closed: below their atoms.

        Args:
            is_left: Whether the newest atom is left by a bond that is not aromatic.
        """
        if self._is_free or not self._open:
            return True
        here = [it for it in (self._current, *self._stack) if self._fits(it, 1, is_aromatic=True)]
        if not here or max(here) < max(atom for atom, _ in self._open.values()):
            return False
        if is_left:
            here = [it for it in here if it != self._current]
        # An aromatic ring is closed from within.
        return all(
            any(it >= atom and self._roots[it] == self._roots[atom] for it in here)
            for atom, symbol in self._open.values()
            if not symbol and self._atoms[atom].is_aromatic and self._aromatic_bonds[atom] < 2
        )

    def _may_close_by(self, order: int) -> bool:
        """Whether a bond that was just written could be a ring bond to an atom that waits."""
        if self._last != "bond":
            return False
        return any(
            atom != self._current and not symbol and self._fits(atom, order - 1)
            if order > 1
            else atom != self._current
            for atom, symbol in self._open.values()
        )

    def _bind(self, number: int, order: int, *, is_aromatic: bool = False) -> None:
        self._sums[number] += order
        self._aromatic_bonds[number] += is_aromatic
        if order == 2 and self._atoms[number].is_aromatic:
            self._has_outer[number] = True

    def _unbind(self, number: int, order: int) -> None:
        self._sums[number] -= order
        if order == 2 and self._atoms[number].is_aromatic:
            self._has_outer[number] = False

    def _are_bonded(self, one: int, other: int) -> bool:
        if self._parents[one] == other or self._parents[other] == one:
            return True
        return any({one, other} == {first, second} for first, second, _ in self._closures)

    def _is_short(self, branches: int, *, rings: int = 0) -> bool:
        """Whether too few tokens would be left to close all that is open."""
        needed = branches + _TOKENS_PER_RING * (len(self._open) + rings) + _TOKENS_TO_SPARE
        return self._count + needed > self._most

    # --- what an atom must be when the text goes on ---------------------------------------------

    def _is_lost(self, number: int, *, is_left: bool) -> bool:
        """Whether an aromatic atom lies in no ring, and cannot any more."""
        if not self._atoms[number].is_aromatic or self._in_ring[number]:
            return False
        return is_left or not any(atom <= number for atom, _ in self._open.values())

    def _is_settled(self, number: int, *, is_left: bool) -> bool:
        """Whether an atom that gets no further neighbours may stay as it is."""
        atom, total = self._atoms[number], self._sums[number]
        waiting = self._waiting(number)
        if atom.is_aromatic and self._aromatic_bonds[number] + waiting < 2:
            return False
        if atom.sums is None or total in atom.sums:
            return True
        # A ring bond may still turn out to be a double one.
        return not is_left and waiting > 0 and total + 1 in atom.sums

    def _is_left_well(self, first: int) -> bool:
        """Whether no atom from a number on needs anything more."""
        return not any(
            self._is_lost(number, is_left=True) or not self._is_settled(number, is_left=True)
            for number in range(first, len(self._atoms))
        )

    # --- double bonds of aromatic rings ---------------------------------------------------------

    def _can_be_aromatic(self, *, is_end: bool = False) -> bool:
        """Whether double bonds can be placed in the rings, or could be with what may follow.

        Each aromatic atom that needs one must be paired with a neighbour: a matching. Atoms that
        may still get neighbours need none.
        """
        changeable = {atom for atom, _ in self._open.values()}
        if not is_end:
            here = (self._current, *self._stack)
            changeable.update(it for it in here if self._fits(it, 1, is_aromatic=True))
        first_open = min((atom for atom, _ in self._open.values()), default=len(self._atoms))
        path = set[int]()
        at = self._current
        while at >= 0:
            path.add(at)
            at = self._parents[at]
        partners: dict[int, list[int]] = {
            number: []
            for number, atom in enumerate(self._atoms)
            if atom.is_aromatic and self._may_have_double(number, number in changeable)
        }
        bonds = [
            (self._parents[number], number)
            for number, (is_aromatic, in_ring) in enumerate(self._tree_bonds)
            if is_aromatic and (in_ring or (number in path and first_open < number))
        ]
        bonds += [(one, other) for one, other, is_aromatic in self._closures if is_aromatic]
        for one, other in bonds:
            if one in partners and other in partners:
                partners[one].append(other)
                partners[other].append(one)
        needing = {number for number in partners if number not in changeable}
        return can_be_paired(needing, partners)

    def _may_have_double(self, number: int, is_changeable: bool) -> bool:
        atom = self._atoms[number]
        if self._has_outer[number]:
            return False
        if atom.takes_double is None:
            # Of nitrogen and its like, those with two neighbours do.
            return is_changeable or self._sums[number] == 2
        return atom.takes_double


def breaks_at(tokens: Sequence[str]) -> int:
    """Number of the first token of a text that may not stand there; -1 if it may all.

    Args:
        tokens: All of them; their end counts as one more.
    """
    state = SmilesRules()
    for number, token in enumerate(tokens):
        if (following := state.after(token)) is None:
            return number
        state = following
    return -1 if state.after(END) is not None else len(tokens)
