"""A prior that is fitted to where latents lie."""

import math

import pytest
import torch
from torch import Tensor

from genstudio.models.blocks.mixture import MixturePrior

SIZE = 8


def clustered(count: int = 600) -> tuple[Tensor, Tensor]:
    """Latents around four centres, and the centres."""
    generator = torch.Generator().manual_seed(1)
    centres = 4 * torch.randn(4, SIZE, generator=generator)
    which = torch.randint(4, (count,), generator=generator)
    return centres[which] + 0.3 * torch.randn(count, SIZE, generator=generator), centres


def fitted(means: Tensor, variance: float) -> MixturePrior:
    prior = MixturePrior(SIZE)
    prior.fit(means, torch.full_like(means, variance))
    return prior


def test_it_draws_from_where_the_latents_lie() -> None:
    means, centres = clustered()
    prior = fitted(means, 0.01)

    drawn = prior.draw(range(200), 1.0)

    distances = torch.cdist(drawn, centres).min(dim=1).values
    ordinary = torch.cdist(means, centres).min(dim=1).values
    assert distances.mean() < 1.5 * ordinary.mean()
    # All of the centres, and none of them alone.
    assert len(torch.cdist(drawn, centres).argmin(dim=1).unique()) == 4


def test_before_it_is_fitted_it_is_the_standard_normal() -> None:
    drawn = MixturePrior(SIZE).draw(range(500), 1.0)

    assert drawn.mean().abs() < 0.05
    assert abs(drawn.std() - 1) < 0.05


def test_the_standard_normal_stays_where_nothing_explains_latents_better() -> None:
    generator = torch.Generator().manual_seed(2)
    # As many latents as a covariance has entries tell nothing that is not chance.
    prior = fitted(torch.randn(40, SIZE, generator=generator), 1e-3)

    assert torch.equal(prior.weights, MixturePrior(SIZE).weights)
    assert torch.equal(prior.shared, torch.eye(SIZE))


def test_directions_of_its_own_are_those_in_which_neighbours_lie_apart() -> None:
    generator = torch.Generator().manual_seed(3)
    # A thin ring, which one Gaussian would fill.
    angles = 2 * math.pi * torch.rand(1500, generator=generator)
    ring = torch.stack([angles.cos(), angles.sin()], dim=1)
    means = torch.cat([ring, torch.zeros(1500, SIZE - 2)], dim=1) * 10
    drawn = fitted(means, 1e-4).draw(range(300), 1.0)

    assert (drawn[:, :2].norm(dim=1) - 10).abs().mean() < 0.3


def test_a_class_is_drawn_from_where_its_latents_lie() -> None:
    means, centres = clustered()
    labels_N = torch.cdist(means, centres).argmin(dim=1) // 2
    prior = MixturePrior(SIZE, 2)
    prior.fit(means, torch.full_like(means, 0.01), labels_N)

    for kind in range(2):
        asked = torch.nn.functional.one_hot(torch.full((100,), kind), 2)
        drawn = prior.draw(range(100), 1.0, asked)
        nearest = torch.cdist(drawn, means).argmin(dim=1)
        assert (labels_N[nearest] == kind).float().mean() > 0.9
    # As if none were asked for.
    assert prior.draw([1], 1.0, torch.zeros(1, 2)).isfinite().all()


def test_a_seed_has_its_latent_in_any_company() -> None:
    prior = fitted(clustered()[0], 0.01)

    together = prior.draw([7, 3, 9], 0.8)

    assert torch.equal(together[1], prior.draw([3], 0.8)[0])


def test_temperature_draws_in_towards_the_centres() -> None:
    means, centres = clustered()
    prior = fitted(means, 0.01)

    off = [torch.cdist(prior.draw(range(100), t), centres).min(1).values.mean() for t in (0.0, 1.0)]

    assert off[0] < 0.5 * off[1]


@pytest.mark.parametrize("count", [2, 5, 17])
def test_few_pictures_are_no_trouble(count: int) -> None:
    prior = fitted(clustered(count)[0], 0.01)

    assert prior.draw(range(4), 1.0).isfinite().all()


def test_pictures_that_are_all_alike_are_no_trouble() -> None:
    prior = fitted(torch.ones(100, SIZE), 0.0)

    assert (prior.draw(range(4), 1.0) - 1).abs().max() < 0.2


def test_its_state_is_finite_and_fits_any_other() -> None:
    state = fitted(clustered()[0], 0.01).state_dict()

    assert all(value.isfinite().all() for value in state.values())
    other = MixturePrior(SIZE)
    other.load_state_dict(state)
    assert torch.equal(other.draw([1], 1.0), fitted(clustered()[0], 0.01).draw([1], 1.0))


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_latents_that_are_no_numbers_change_nothing(broken: float) -> None:
    prior = fitted(clustered()[0], 0.01)
    before = prior.draw([1], 1.0)
    means = clustered()[0]
    means[3, 2] = broken

    prior.fit(means, torch.full_like(means, 0.01))

    assert torch.equal(prior.draw([1], 1.0), before)


def test_latents_that_lie_very_far_apart_are_no_trouble() -> None:
    assert fitted(1e6 * clustered()[0], 0.0).draw(range(4), 1.0).isfinite().all()


def test_the_rest_of_a_latent_is_drawn_as_what_is_known_of_it_has_it() -> None:
    means, centres = clustered()
    prior = fitted(means, 0.01)
    given = centres[:, :3].repeat_interleave(50, dim=0)

    drawn = prior.draw_rest(given, range(len(given)), 1.0)

    assert drawn.shape == (200, SIZE - 3)
    nearest = torch.cdist(drawn, centres[:, 3:]).argmin(dim=1)
    assert torch.equal(nearest, torch.arange(4).repeat_interleave(50))
    # As far spread as what it was fitted to, and no further.
    off = drawn - centres[:, 3:].repeat_interleave(50, dim=0)
    assert 0.2 < off.std() < 0.45
    # Each seed decides for itself.
    alone = prior.draw_rest(given[70:71], [70], 1.0)
    assert torch.allclose(alone[0], drawn[70], atol=1e-5)


def test_without_spread_the_rest_follows_a_line_that_latents_lie_on() -> None:
    generator = torch.Generator().manual_seed(4)
    along = torch.randn(2000, 1, generator=generator)
    noise = 0.05 * torch.randn(2000, SIZE, generator=generator)
    prior = fitted(along * torch.linspace(1, 2, SIZE) + noise, 1e-4)

    rest = prior.draw_rest(torch.tensor([[0.7]]), [1], 0.0)

    assert torch.allclose(rest[0], 0.7 * torch.linspace(1, 2, SIZE)[1:], atol=0.2)
