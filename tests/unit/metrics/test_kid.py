"""The kernel distance: right by its formula, unbiased, and sure of how sure it is."""

import pytest
import torch

from genstudio.metrics.kid import KernelDistances, distance_by_chance


def rows(count: int, seed: int, shift: float = 0.0) -> torch.Tensor:
    return torch.randn(count, 16, generator=torch.Generator().manual_seed(seed)) + shift


def by_the_formula(real_NC: torch.Tensor, made_NC: torch.Tensor) -> float:
    """Equation 3 of Gretton et al. 2012, pair by pair."""

    def kernel(x: torch.Tensor, y: torch.Tensor) -> float:
        return ((x.double() @ y.double()).item() / len(x) + 1) ** 3

    def within(rows_NC: torch.Tensor) -> float:
        values = [
            kernel(x, y) for i, x in enumerate(rows_NC) for j, y in enumerate(rows_NC) if i != j
        ]
        return sum(values) / len(values)

    between = [kernel(x, y) for x in real_NC for y in made_NC]
    return within(real_NC) + within(made_NC) - 2 * sum(between) / len(between)


def test_it_is_what_the_paper_says() -> None:
    real, made = rows(9, 0), rows(7, 1, shift=0.3)

    assert KernelDistances(real)(made).value == pytest.approx(
        1000 * by_the_formula(real, made), rel=1e-4
    )


def test_sets_of_one_class_are_at_no_distance_on_average_however_small() -> None:
    values = [KernelDistances(rows(20, seed))(rows(20, 1000 + seed)).value for seed in range(200)]
    mean = torch.tensor(values).mean().item()
    error = torch.tensor(values).std().item() / 200**0.5

    assert abs(mean) < 3 * error
    assert min(values) < 0


def test_it_knows_how_far_it_is_off() -> None:
    found = [KernelDistances(rows(60, seed))(rows(60, 1000 + seed, 0.2)) for seed in range(60)]
    scatter = torch.tensor([distance.value for distance in found]).std().item()
    told = torch.tensor([distance.sd for distance in found]).mean().item()

    assert 0.6 * scatter < told < 1.6 * scatter


def test_it_grows_with_the_difference_and_is_the_same_each_time() -> None:
    distances = KernelDistances(rows(100, 0))
    values = [distances(rows(100, 1, shift)).value for shift in (0.0, 0.2, 0.4, 0.8)]

    assert values == sorted(values)
    assert distances(rows(100, 1, 0.4)) == distances(rows(100, 1, 0.4))


def test_what_chance_does_is_told_by_the_real_pictures_alone() -> None:
    by_chance = distance_by_chance(rows(400, 0), 60)
    values = [KernelDistances(rows(60, seed))(rows(60, 1000 + seed)).value for seed in range(60)]

    assert abs(by_chance.value) < by_chance.sd
    assert by_chance.sd == pytest.approx(torch.tensor(values).std().item(), rel=0.5)
    assert distance_by_chance(rows(400, 0), 60) == by_chance
