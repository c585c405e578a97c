"""Augmentation: pictures stay pictures, gradients pass, and what is off changes nothing."""

import pytest
import torch
from torch import Tensor

from genstudio.data.augment import diff_augment

KINDS = ["colour", "translation", "cutout"]


@pytest.fixture
def images_NCHW() -> Tensor:
    return torch.rand(8, 3, 32, 32, generator=torch.Generator().manual_seed(3)) * 2 - 1


def augmented(images_NCHW: Tensor, *kinds: str, seed: int = 0) -> Tensor:
    torch.manual_seed(seed)
    return diff_augment(images_NCHW, **dict.fromkeys(kinds, 1.0))


def test_switched_off_nothing_changes_and_no_random_number_is_drawn(images_NCHW: Tensor) -> None:
    torch.manual_seed(5)
    state = torch.get_rng_state()

    assert diff_augment(images_NCHW) is images_NCHW
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_changes_pictures_each_in_its_own_way(images_NCHW: Tensor, kind: str) -> None:
    same = images_NCHW[:1].expand(8, -1, -1, -1)
    result = augmented(same, kind)

    assert result.shape == same.shape
    assert result.dtype == torch.float32
    assert all(not torch.equal(result[0], other) for other in result[1:])


@pytest.mark.parametrize("kind", KINDS)
def test_each_picture_is_changed_as_often_as_is_wanted(kind: str) -> None:
    images = torch.rand(400, 4, 8, 8, generator=torch.Generator().manual_seed(3)) + 0.1
    torch.manual_seed(0)
    result = diff_augment(images, **{kind: torch.tensor(0.25)})
    is_changed = (result != images).flatten(1).any(1)

    # A shift may be by nothing.
    assert 70 < is_changed.sum() < 130
    assert torch.equal(diff_augment(images, **{kind: torch.tensor(0.0)}), images)


@pytest.mark.parametrize("kind", KINDS)
def test_its_gradients_are_right_as_are_theirs(kind: str) -> None:
    images = torch.rand(3, 3, 8, 8, dtype=torch.float64, requires_grad=True)

    def squared(x: Tensor) -> Tensor:
        torch.manual_seed(0)
        return diff_augment(x, **{kind: 1.0}).square()

    assert torch.autograd.gradcheck(squared, (images,))
    assert torch.autograd.gradgradcheck(squared, (images,))


def test_colours_change_as_if_one_after_the_other(images_NCHW: Tensor) -> None:
    torch.manual_seed(0)
    torch.rand(8)
    brightness, saturation, contrast = torch.rand(3, 8, 1, 1, 1)
    wanted = images_NCHW + (brightness - 0.5)
    grey = wanted.mean(dim=1, keepdim=True)
    wanted = (wanted - grey) * (saturation * 2) + grey
    middle = wanted.mean(dim=(1, 2, 3), keepdim=True)
    wanted = (wanted - middle) * (contrast + 0.5) + middle

    torch.testing.assert_close(augmented(images_NCHW, "colour"), wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_augments_alike(images_NCHW: Tensor, kind: str) -> None:
    assert torch.equal(augmented(images_NCHW, kind), augmented(images_NCHW, kind))
    assert not torch.equal(augmented(images_NCHW, kind), augmented(images_NCHW, kind, seed=1))


@pytest.mark.parametrize("kinds", [*[(kind,) for kind in KINDS], tuple(KINDS)])
def test_the_painter_learns_through_the_augmentation(
    images_NCHW: Tensor, kinds: tuple[str, ...]
) -> None:
    images = images_NCHW.clone().requires_grad_()
    augmented(images, *kinds).square().sum().backward()

    assert images.grad is not None
    assert images.grad.isfinite().all()
    assert images.grad.flatten(1).abs().sum(1).gt(0).all()


def test_values_stay_near_the_range_of_pictures(images_NCHW: Tensor) -> None:
    # Brightness adds up to 0.5, saturation and contrast stretch by up to 2 and 1.5.
    assert augmented(images_NCHW, *KINDS).abs().max() <= (1 + 0.5) * 2 * 1.5


def test_colour_moves_no_edges(images_NCHW: Tensor) -> None:
    flat = torch.full((4, 3, 8, 8), 0.25)

    assert augmented(flat, "colour").flatten(2).std(dim=2).max() < 1e-6


def test_translation_moves_by_an_eighth_at_most_and_zeros_come_in() -> None:
    dot = torch.zeros(64, 3, 32, 32)
    dot[:, :, 16, 16] = 1
    moved = augmented(dot, "translation").sum(1).nonzero()

    assert len(moved) == 64
    places = moved[:, 1:] - 16
    assert places.abs().max() == 4
    assert len(places.unique(dim=0)) > 20

    full = augmented(torch.ones(64, 3, 32, 32), "translation")
    kept = full.sum(dim=(2, 3))
    assert set(full.unique().tolist()) == {0.0, 1.0}
    assert kept.min() >= 28 * 28


def test_cutout_covers_at_most_a_square_of_half_the_side() -> None:
    cut = augmented(torch.ones(64, 3, 32, 32), "cutout")
    covered = (cut == 0).sum(dim=(1, 2, 3)) / 3

    assert set(cut.unique().tolist()) == {0.0, 1.0}
    # At a corner a quarter of the square falls into the picture, give or take a pixel.
    assert covered.max() == 16 * 16
    assert covered.min() >= 7 * 7
    # All channels lose the same square.
    assert (cut == cut[:, :1]).all()
