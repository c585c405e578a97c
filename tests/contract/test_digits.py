"""Digits: the measures tell good sets from bad ones, and what a ten-line mixture gets."""

from collections.abc import Iterable

import numpy as np
import pytest
from digits import COUNT, Digits, Figures, drawn_from_mixture, figures


@pytest.fixture(scope="module")
def digits() -> Digits:
    return Digits.load()


def of_kinds(digits: Digits, kinds: Iterable[int]) -> Figures:
    """Real digits of some kinds only."""
    rows = digits.rows[np.isin(digits.kinds, list(kinds))]

    def some(choice: int) -> np.ndarray:
        chance = np.random.default_rng(100 + choice)
        return rows[chance.choice(len(rows), COUNT, replace=len(rows) < COUNT)]

    return figures(some, digits)


def test_real_digits_are_the_floor(digits: Digits) -> None:
    def others(choice: int) -> np.ndarray:
        order = np.random.default_rng(choice).permutation(len(digits.rows))
        return digits.rows[order[COUNT : 2 * COUNT]]

    floor = figures(others, digits)

    assert floor.swd == pytest.approx(20.5, abs=3)
    assert floor.coverage == pytest.approx(0.97, abs=0.01)
    assert floor.density == pytest.approx(1, abs=0.05)


def test_forgotten_digits_lower_coverage_and_not_density(digits: Digits) -> None:
    two, all_but_one = of_kinds(digits, range(2, 10)), of_kinds(digits, [3])

    assert two.swd == pytest.approx(27.5, abs=4)
    assert two.coverage == pytest.approx(0.82, abs=0.02)
    assert two.density == pytest.approx(1, abs=0.05)
    assert all_but_one.swd > 120
    assert all_but_one.coverage == pytest.approx(0.15, abs=0.02)
    assert all_but_one.density > 0.9


def test_a_mixture_covers_digits_and_is_twice_as_far_from_them_as_they_are(digits: Digits) -> None:
    baseline = figures(drawn_from_mixture(digits), digits)

    assert baseline.swd == pytest.approx(40.7, abs=4)
    assert baseline.coverage == pytest.approx(0.95, abs=0.02)
