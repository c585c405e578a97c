"""What every translation keeps to: shapes, gradients, any picture, no company."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from genstudio.domain.cards import TRANSLATE
from genstudio.engine.phases import freeze_except
from genstudio.models import tasks
from genstudio.models.catalog import model_class
from genstudio.models.protocol import CudaGraphable, Request, TrainableModel

KEYS = {"paired-translation": "pairs", "unpaired-translation": "two-sets"}
pytestmark = pytest.mark.parametrize("key", KEYS)


def translate(model: TrainableModel, *pictures: np.ndarray) -> list[np.ndarray]:
    settings = tasks.task_of(model, "translate").settings()
    request = Request(settings=settings, inputs={"input": list(pictures)})
    made = list(model.run("translate", request))
    assert {artifact.kind for artifact in made} == {"image"}
    return [artifact.data for artifact in made]


def test_its_card_says_what_it_translates(key: str) -> None:
    card = model_class(key).card

    assert (card.family, card.modalities) == ("translation", (KEYS[key],))
    assert card.capabilities == {TRANSLATE}


@pytest.mark.parametrize("size", [32, 64, 128])
def test_losses_are_numbers_and_every_weight_has_a_gradient(
    key: str, size: int, build: Any, batch_of: Any, shapes: Any
) -> None:
    model = build(model_class(key), size)
    (phase,) = model.phases()
    assert {id(p) for p in phase.parameters} == {id(p) for p in model.network.parameters()}
    freeze_except(phase.parameters, model.network)
    # One step, since blocks begin as the identity.
    for parameter in model.network.parameters():
        parameter.data.add_(0.01)

    losses = model.losses(phase.name, batch_of(shapes(2, size), shapes(2, size, 1)), 0)
    losses.total.backward()

    assert losses.total.isfinite()
    assert all(value.isfinite() and not value.requires_grad for value in losses.values.values())
    without = [n for n, p in model.network.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


def test_a_part_of_a_batch_may_be_one_example(
    key: str, build: Any, batch_of: Any, shapes: Any
) -> None:
    model = build(model_class(key))
    for part in batch_of(shapes(2), shapes(2, seed=1)).split(2):
        assert model.losses("generator", part, 0).total.isfinite()


@pytest.mark.parametrize("shape", [(50, 73, 3), (32, 32, 3), (1, 200, 3), (33, 9, 4), (20, 20, 1)])
def test_a_picture_of_any_shape_becomes_one_of_that_height_and_width(
    key: str, shape: tuple[int, ...], build: Any
) -> None:
    picture = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    (made,) = translate(build(model_class(key), 64), picture)

    assert (made.dtype, made.shape) == (np.uint8, (*shape[:2], 3))


def test_see_through_parts_lie_over_white_and_grey_is_a_colour(
    key: str, build: Any, shapes: Any
) -> None:
    model = build(model_class(key))
    (picture,) = shapes(1)
    opacity = np.full((32, 32, 1), 255, np.uint8)
    opacity[:16] = 0
    on_white = picture.copy()
    on_white[:16] = 255
    grey = picture[..., :1]

    see_through, laid, alone, flat, thrice = translate(
        model, np.concatenate([picture, opacity], 2), on_white, grey, grey[..., 0],
        grey.repeat(3, 2),
    )  # fmt: skip
    np.testing.assert_array_equal(see_through, laid)
    np.testing.assert_array_equal(alone, thrice)
    np.testing.assert_array_equal(flat, thrice)


def test_opacities_go_in_and_come_out(key: str, build: Any, batch_of: Any, shapes: Any) -> None:
    model = build(model_class(key), channels=(4, 4))
    four = [
        np.concatenate([shapes(2, seed=seed), np.full((2, 32, 32, 1), 200, np.uint8)], 3)
        for seed in range(2)
    ]
    assert model.losses("generator", batch_of(*four), 0).total.isfinite()
    for given in (four[0][0], shapes(1)[0]):
        assert translate(model, given)[0].shape == (32, 32, 4)


def test_company_and_order_change_nothing(key: str, build: Any, shapes: Any) -> None:
    model = build(model_class(key))
    pictures = [*shapes(2), *shapes(1, 48)]

    together = translate(model, *pictures)

    for picture, made in zip(pictures[::-1], together[::-1], strict=True):
        np.testing.assert_array_equal(translate(model, picture)[0], made)


def test_translating_disturbs_no_training(key: str, build: Any, shapes: Any) -> None:
    model = build(model_class(key))
    torch.manual_seed(3)
    state = torch.get_rng_state()
    settings = tasks.task_of(model, "translate").settings()
    for _ in model.run("translate", Request(settings=settings, inputs={"input": [*shapes(2)]})):
        # Between pictures, steps may be taken.
        assert torch.is_grad_enabled()
        assert model.network.training

    assert torch.equal(torch.get_rng_state(), state)
    assert all(parameter.grad is None for parameter in model.network.parameters())


def test_its_randomness_is_that_of_the_step_and_fields_stay_as_they_are(
    key: str, build: Any, batch_of: Any, shapes: Any
) -> None:
    model, batch = build(model_class(key)), batch_of(shapes(2), shapes(2, seed=1))
    before = {name: values.clone() for name, values in batch.fields.items()}
    totals = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        totals.append(model.losses("generator", batch, 0).total.item())

    assert totals[0] == totals[1] != totals[2]
    assert all(torch.equal(batch.fields[name], values) for name, values in before.items())


def test_a_step_never_waits_for_the_device(
    key: str, build: Any, batch_of: Any, shapes: Any
) -> None:
    model, batch = build(model_class(key)), batch_of(shapes(2), shapes(2, seed=1))
    assert isinstance(model, CudaGraphable)
    assert (
        model.graph_key("generator", batch, 0)
        == model.graph_key("generator", batch, 17)
        is not None
    )
    # A device that computes nothing: what asks it for a number fails.
    model.network.to("meta")
    meta: dict[str, torch.Tensor] = {name: it.to("meta") for name, it in batch.fields.items()}
    part = type(batch)(fields=meta, images_seen=0)

    losses = model.losses("generator", part, 0)
    losses.total.backward()

    assert losses.total.is_meta


def test_weights_fit_a_model_that_was_built_without_memory(
    key: str, build: Callable[..., Any], shapes: Any
) -> None:
    trained = build(model_class(key))
    with torch.device("meta"):
        empty = build(model_class(key))
    empty.network.load_state_dict(trained.network.state_dict(), assign=True)

    np.testing.assert_array_equal(
        translate(empty, *shapes(1))[0], translate(trained, *shapes(1))[0]
    )
