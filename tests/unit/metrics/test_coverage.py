"""Density and coverage, on sets whose figures are known."""

import pytest
import torch

from genstudio.metrics.coverage import Neighbourhoods


def rows(count: int, seed: int) -> torch.Tensor:
    return torch.randn(count, 4, generator=torch.Generator().manual_seed(seed))


def test_of_one_class_both_are_what_the_paper_expects() -> None:
    found = [Neighbourhoods(rows(200, seed))(rows(200, 100 + seed)) for seed in range(20)]

    assert torch.tensor([one.density for one in found]).mean() == pytest.approx(1, abs=0.03)
    assert torch.tensor([one.coverage for one in found]).mean() == pytest.approx(0.969, abs=0.01)


def test_by_hand_on_a_line() -> None:
    # The fifth neighbour of the outermost two is 5 away, of the next two 4, of the others 3.
    real = torch.arange(8.0)[:, None]
    made = torch.tensor([0.1, 0.1, 0.1, 0.1, 100, 100, 100, 100])[:, None]
    found = Neighbourhoods(real)(made)

    assert found.coverage == 4 / 8
    assert found.density == pytest.approx(4 * 4 / (5 * 8))


def test_half_of_the_classes_is_half_of_the_coverage_at_full_density() -> None:
    left, right = rows(100, 0), rows(100, 1) + 50
    found = Neighbourhoods(torch.cat([left, right]))(rows(200, 2))

    assert found.coverage == pytest.approx(0.5, abs=0.02)
    assert found.density > 0.9


def test_more_made_pictures_would_say_nothing() -> None:
    with pytest.raises(AssertionError, match="as many"):
        Neighbourhoods(rows(20, 0))(rows(100, 1))
    with pytest.raises(AssertionError, match="more than 5"):
        Neighbourhoods(rows(5, 0))
