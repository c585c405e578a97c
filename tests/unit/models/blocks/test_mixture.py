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


def test_a_rare_class_amid_a_frequent_one_is_drawn_from_where_it_lies() -> None:
    generator = torch.Generator().manual_seed(5)
    frequent = torch.randn(400, SIZE, generator=generator)
    rare = 0.3 * torch.randn(12, SIZE, generator=generator)
    rare[:, 0] += 1.5
    means = torch.cat([frequent, rare])
    labels_N = (torch.arange(len(means)) >= len(frequent)).long()
    mixed = torch.randperm(len(means), generator=generator)
    prior = MixturePrior(SIZE, 2)
    prior.fit(means[mixed], torch.full_like(means, 0.01), labels_N[mixed])

    drawn = [prior.draw(range(200), 1.0, torch.eye(2)[kind].expand(200, -1)) for kind in range(2)]

    assert abs(drawn[0][:, 0].mean()) < 0.2
    assert abs(drawn[1][:, 0].mean() - 1.5) < 0.2
    # Of either class alone, and of both as often as they are where none is asked for.
    used = prior.weights > 0
    assert ((prior.class_counts[used] > 0).sum(1) == 1).all()
    either = prior.draw(range(300), 1.0, torch.zeros(300, 2))
    assert abs(either[:, 0].mean()) < 0.3


def test_a_class_of_a_single_picture_is_drawn_around_it() -> None:
    means, _ = clustered(200)
    means[0] = 9.0
    labels_N = (torch.arange(200) != 0).long()
    prior = MixturePrior(SIZE, 2)
    prior.fit(means, torch.full_like(means, 0.01), labels_N)

    drawn = prior.draw(range(50), 1.0, torch.tensor([[1.0, 0.0]]).expand(50, -1))

    assert (drawn.mean(0) - 9).abs().max() < 1


def test_more_classes_than_there_is_room_for_share_components() -> None:
    means, _ = clustered(1200)
    labels_N = torch.arange(1200) % 300
    prior = MixturePrior(SIZE, 300)
    prior.fit(means, torch.full_like(means, 0.01), labels_N)

    asked = torch.nn.functional.one_hot(torch.tensor([7, 299]), 300)
    assert prior.draw([1, 2], 1.0, asked).isfinite().all()


def test_what_was_fitted_to_all_classes_together_draws_as_it_did() -> None:
    """Components of checkpoints from before hold latents of several classes."""
    prior = MixturePrior(3, 2)
    prior.weights.zero_()
    prior.weights[:3] = torch.tensor([0.5, 0.3, 0.2])
    prior.means[:3] = torch.tensor([[-4.0, 0, 1], [4.0, 1, 0], [0, 5.0, -2]])
    prior.own[:3] = torch.linspace(-0.2, 0.2, 3 * 3 * 16).reshape(3, 3, 16)
    prior.variances[:3] = torch.tensor([0.01, 0.04, 0.09])[:, None].expand(3, 3)
    prior.shares[:3] = torch.tensor([0.2, 0.5, 0.8])
    prior.shared.copy_(torch.tensor([[0.5, 0, 0], [0.1, 0.4, 0], [-0.1, 0.2, 0.3]]))
    prior.class_counts[:3] = torch.tensor([[9.0, 1], [2, 8], [5, 5]])

    drawn = prior.draw([0, 1, 2, 3], 0.9, torch.tensor([[1.0, 0], [0, 1], [0, 1], [0, 0]]))

    # Drawn by the program that fitted such ones.
    before = torch.tensor([
        [-5.7406, -1.2617, 0.2451],
        [3.0923, 0.6999, -0.0883],
        [-4.4621, -0.1232, 0.9778],
        [-5.0901, -0.6911, 0.3814],
    ])  # fmt: skip
    assert torch.allclose(drawn, before, atol=1e-4)
