"""One seed, one latent, one picture."""

import numpy as np
import pytest
import torch
from torch import nn

from genstudio.data.modalities.catalog import MODALITIES
from genstudio.domain.errors import SettingsError
from genstudio.domain.operations import GENERATE
from genstudio.engine.device import place
from genstudio.models.capabilities import DrawsTogether
from genstudio.models.catalog import model_class
from genstudio.models.protocol import Request, TrainableModel
from genstudio.models.sampling import (
    DRAWN_AT_ONCE,
    evaluating,
    one_hot,
    seeded_labels,
    seeded_latents,
    to_uint8,
)
from genstudio.models.sampling import over_white as overlaid


def test_a_seed_has_the_same_latent_in_any_company() -> None:
    together = seeded_latents([5, 0, 2**63 - 1], 16)

    assert (together.shape, together.dtype) == ((3, 16), torch.float32)
    for row, seed in enumerate([5, 0, 2**63 - 1]):
        assert torch.equal(together[row], seeded_latents([seed], 16)[0])


def test_latents_are_standard_normal_and_unlike_each_other() -> None:
    latents = seeded_latents(range(500), 64)

    assert abs(latents.mean()) < 0.02
    assert abs(latents.std() - 1) < 0.02
    assert len(latents[:, 0].unique()) == 500


def test_drawing_latents_leaves_the_random_numbers_of_a_training_alone() -> None:
    torch.manual_seed(3)
    state = torch.get_rng_state()
    seeded_latents([1, 2], 8)

    assert torch.equal(torch.get_rng_state(), state)


def test_the_ends_of_the_range_are_black_and_white_and_what_lies_beyond_is_clipped() -> None:
    values = torch.tensor([-9.0, -1.0, -0.999, 0.0, 0.999, 1.0, 9.0]).reshape(1, 1, 1, 7)

    assert to_uint8(values.expand(1, 3, 1, 7))[0, 0, :, 0].tolist() == [0, 0, 0, 128, 255, 255, 255]


def test_a_pictures_bytes_come_back_from_the_range_as_they_were() -> None:
    pixels_NHWC = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, axis=3)
    images_NCHW = torch.from_numpy(pixels_NHWC).permute(0, 3, 1, 2).float().div(127.5).sub(1)

    found = to_uint8(images_NCHW)

    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, pixels_NHWC)
    np.testing.assert_array_equal(to_uint8(images_NCHW.double()), pixels_NHWC)


@pytest.mark.parametrize("was_training", [True, False])
def test_evaluating_ends_as_it_began_even_after_an_error(was_training: bool) -> None:
    network = nn.ModuleDict({"layer": nn.Dropout(), "weights": nn.Linear(2, 2)})
    network.train(was_training)

    def look_and_fail() -> None:
        with evaluating(network) as device:
            assert device == torch.device("cpu")
            assert not network["layer"].training
            assert not network["weights"](torch.ones(1, 2)).requires_grad
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        look_and_fail()
    assert network["layer"].training == was_training
    assert network["weights"](torch.ones(1, 2)).requires_grad


def test_colours_leave_the_white_they_were_learned_over() -> None:
    # A red that is half opaque looks rose over white; beside it nothing at all, and full blue.
    over_white = torch.tensor([[1.0, 0.5, 0.5, 0.5], [1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 1.0, 1.0]])
    images_NCHW = over_white.mul(2).sub(1).T[None, :, None]

    pixels = to_uint8(images_NCHW)[0, 0]

    assert pixels[0].tolist() in ([255, 0, 0, 128], [255, 1, 1, 128])
    assert pixels[1, 3] == 0
    assert pixels[2].tolist() == [0, 0, 255, 255]
    np.testing.assert_allclose(
        overlaid(pixels[None])[0], over_white[:, :3].mul(255).round().numpy(), atol=1
    )


def test_a_picture_without_an_opacity_stays_as_it_is() -> None:
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)

    assert overlaid(picture) is picture


KINDS = {"cats": 30, "dogs": 10, "one bird": 0}


def test_a_class_that_is_asked_for_is_drawn_for_every_seed() -> None:
    drawn = seeded_labels([5, 0, 2**63 - 1], "dogs", KINDS)

    assert drawn.dtype == torch.float32
    assert drawn.tolist() == [[0, 1, 0]] * 3


def test_classes_are_drawn_as_often_as_there_are_pictures_of_them() -> None:
    drawn = seeded_labels(range(2000), "", KINDS)

    assert drawn.sum(dim=1).eq(1).all()
    shares = drawn.mean(dim=0)
    assert shares[0] == pytest.approx(0.75, abs=0.03)
    assert shares[2] == 0


def test_a_seed_has_the_same_class_in_any_company_and_leaves_random_numbers_alone() -> None:
    torch.manual_seed(3)
    state = torch.get_rng_state()
    together = seeded_labels([1, 2, 3], "", KINDS)

    assert torch.equal(torch.get_rng_state(), state)
    for row, seed in zip(together, [1, 2, 3], strict=True):
        assert torch.equal(row, seeded_labels([seed], "", KINDS)[0])


def test_without_classes_there_is_nothing_to_tell() -> None:
    assert seeded_labels([1, 2], "", {}).shape == (2, 0)
    assert one_hot(None, 0) is None


@pytest.mark.parametrize(("known", "hint"), [(KINDS, "cats, dogs, one bird"), ({}, "not taught")])
def test_an_unknown_class_is_refused_with_those_that_are_known(
    known: dict[str, int], hint: str
) -> None:
    with pytest.raises(SettingsError, match="birds") as refused:
        seeded_labels([0], "birds", known)
    assert hint in refused.value.hint


def test_numbers_of_classes_become_one_number_for_each_kind() -> None:
    numbers = one_hot(torch.tensor([2, 0]), 3)

    assert numbers is not None
    assert numbers.tolist() == [[0, 0, 1], [1, 0, 0]]


def drawing_model(key: str, size: int) -> TrainableModel:
    """Of random weights, none of which is zero: else a whole layer would say nothing."""
    chosen = model_class(key)
    torch.manual_seed(0)
    model = chosen(chosen.Config(), MODALITIES.get("images").spec(size, 3, {}, ()))
    for parameter in model.network.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.05)
    place(model.network, torch.device("cpu"))
    return model


def drawn(model: TrainableModel, seeds: list[int]) -> list[np.ndarray]:
    settings = model.tasks[0].settings()
    request = Request(seeds=seeds, settings=settings, batch=DRAWN_AT_ONCE)
    return [made.data for made in model.run(GENERATE, request)]


@pytest.mark.parametrize("size", [32, 64, 128])
@pytest.mark.parametrize("key", ["self-supervised-gan", "residual-vae"])
def test_a_seed_has_the_same_pixels_at_any_position_and_in_any_company(key: str, size: int) -> None:
    model = drawing_model(key, size)
    assert isinstance(model, DrawsTogether)
    (alone,) = drawn(model, [7])
    assert len(np.unique(alone)) > 20

    for position in range(DRAWN_AT_ONCE):
        # Others before it, and none, one or many behind it.
        before = [100 * position + other for other in range(position)]
        behind = [9000 + other for other in range((DRAWN_AT_ONCE - position) * (position % 3))]
        images = drawn(model, [*before, 7, *behind])
        np.testing.assert_array_equal(images[position], alone)
    whole = drawn(model, list(range(2 * DRAWN_AT_ONCE + 3)))
    np.testing.assert_array_equal(whole[7], alone)
    np.testing.assert_array_equal(whole[-1], drawn(model, [2 * DRAWN_AT_ONCE + 2])[0])
