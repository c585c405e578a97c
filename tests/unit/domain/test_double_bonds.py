"""Double bonds of rings are placed where they can be, and nowhere else."""

import itertools
import random

from genstudio.domain.double_bonds import can_be_paired


def ring(count: int) -> dict[int, list[int]]:
    return {it: [(it - 1) % count, (it + 1) % count] for it in range(count)}


def test_rings_of_even_length_have_their_double_bonds_and_others_leave_one_out() -> None:
    assert can_be_paired(set(range(6)), ring(6))
    assert not can_be_paired(set(range(5)), ring(5))
    # One that needs none may do without: pyrrole's nitrogen.
    assert can_be_paired(set(range(1, 5)), ring(5))


def test_who_has_no_partner_cannot_be_paired() -> None:
    assert not can_be_paired({0}, {0: []})
    assert can_be_paired(set(), {0: []})


def test_it_agrees_with_trying_everything() -> None:
    drawing = random.Random(0)
    seen = set[bool]()
    for _ in range(300):
        count = drawing.randint(2, 7)
        bonds = [it for it in itertools.combinations(range(count), 2) if drawing.random() < 0.4]
        partners: dict[int, list[int]] = {it: [] for it in range(count)}
        for one, other in bonds:
            partners[one].append(other)
            partners[other].append(one)
        needing = {it for it in range(count) if drawing.random() < 0.7}
        expected = any(
            len({atom for bond in chosen for atom in bond}) == 2 * len(chosen)
            and needing <= {atom for bond in chosen for atom in bond}
            for number in range(len(bonds) + 1)
            for chosen in itertools.combinations(bonds, number)
        )
        assert can_be_paired(needing, partners) == expected, (needing, partners)
        seen.add(expected)
    assert seen == {True, False}
