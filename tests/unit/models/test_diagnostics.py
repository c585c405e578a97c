"""What is told from the inside of a model, on numbers whose answer is known."""

import pytest
import torch

from genstudio.models.diagnostics import confidence, in_parts, share_of_active_units, win_rate


def test_the_chance_to_win_is_counted_over_all_pairs() -> None:
    low, high = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.5, 4.0])

    assert win_rate(high, low) == pytest.approx(5 / 6)
    assert win_rate(low, high) == pytest.approx(1 / 6)
    assert win_rate(high + 10, low) == 1
    assert win_rate(low, low) == 0.5
    assert win_rate(torch.ones(3), torch.ones(2)) == 0.5


def test_small_differences_make_a_winner_but_not_a_sure_one() -> None:
    low, high = torch.tensor([0.0, 0.002]), torch.tensor([0.01])

    assert win_rate(high, low) == 1
    assert confidence(high, low) == pytest.approx(0.5 + (0.01 + 0.008) / 8, abs=1e-6)
    assert confidence(torch.tensor([20.0]), low) > 0.999
    assert confidence(low, low) == pytest.approx(0.5)


def test_a_unit_is_active_if_its_mean_differs_from_picture_to_picture() -> None:
    means_NZ = torch.zeros(8, 4)
    means_NZ[::2, 0] = 1.0
    means_NZ[::2, 1] = 0.1
    means_NZ[:, 2] = 7.0

    assert share_of_active_units(means_NZ) == 0.25


def test_parts_are_judged_in_order_and_none_is_larger_than_memory_is_meant_for() -> None:
    sizes: list[int] = []

    def judge(part: torch.Tensor) -> torch.Tensor:
        sizes.append(len(part))
        return part.mean(dim=(1, 2, 3))

    pictures = torch.arange(70.0).reshape(70, 1, 1, 1)

    assert torch.equal(in_parts(pictures, torch.device("cpu"), judge), torch.arange(70.0))
    assert sizes == [32, 32, 6]
