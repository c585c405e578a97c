"""CUT and FastCUT against the paper, and on two sets that have an exact map between them."""

from typing import Any

import numpy as np
import pytest
import torch

from genstudio.domain.errors import SettingsError
from genstudio.metrics.swd import SlicedWasserstein
from genstudio.metrics.translation import kept
from genstudio.models.blocks import whole_pictures
from genstudio.models.protocol import Batch, Request
from genstudio.models.translating import TranslationSettings
from genstudio.models.translation import unpaired
from genstudio.models.translation.unpaired import (
    UnpairedTranslation,
    UnpairedTranslationConfig,
)


def as_tensor(pictures_NHWC: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pictures_NHWC).permute(0, 3, 1, 2).float().div(127.5).sub(1)


def test_the_objective_is_the_game_and_the_contrast_times_its_weight(
    build: Any, batch_of: Any, shapes: Any
) -> None:
    batch = batch_of(shapes(2), shapes(2, seed=1))
    for method, weight in (("CUT", 2.0), ("FastCUT", 20.0)):
        model = build(UnpairedTranslation, method=method)
        told = []
        for weight_set in (0.0, 2.0):
            model.config = UnpairedTranslationConfig(width=16, method=method, nce_weight=weight_set)
            torch.manual_seed(0)
            told.append(model.losses("generator", batch, 0))

        difference = (told[1].total - told[0].total).item()
        assert difference == pytest.approx(weight * told[1].values["contrast"].item(), rel=1e-4)


def test_only_cut_looks_at_targets_through_the_generator(
    build: Any, batch_of: Any, shapes: Any
) -> None:
    batch, seen = batch_of(shapes(2), shapes(2, seed=1)), []
    for method in ("CUT", "FastCUT"):
        model = build(UnpairedTranslation, method=method)
        model.network["decoder"].register_forward_hook(
            lambda _module, _given, made: seen.append(len(made))
        )
        model.losses("generator", batch, 0)
    assert seen == [4, 2]


def test_a_negative_costs_something_and_what_keeps_the_light_nothing(shapes: Any) -> None:
    pictures = as_tensor(shapes(4))

    assert unpaired._luminance_loss(pictures, pictures).item() == 0
    assert unpaired._luminance_loss(pictures, pictures * 0.5 + 0.2).item() == 0
    assert unpaired._luminance_loss(pictures, -pictures).item() == pytest.approx(1.2, abs=0.01)
    # Flat pictures have no slope to fall down from, but one to climb.
    flat = torch.zeros_like(pictures).requires_grad_()
    unpaired._luminance_loss(pictures, flat).backward()
    assert flat.grad is not None
    assert flat.grad.isfinite().all()


def test_it_learns_the_other_palette_and_keeps_what_is_where(
    build: Any, batch_of: Any, shapes: Any, learn: Any, other_palette: Any
) -> None:
    pictures, others = shapes(64), other_palette(shapes(64, seed=1))
    held_out, wanted = shapes(16, seed=9), other_palette(shapes(16, seed=10))
    model = build(UnpairedTranslation, learning_rate=1e-3, blocks=2, nce_weight=3.0)

    def batches() -> Any:
        order = np.random.default_rng(0)
        for _ in range(90):
            yield batch_of(*(it[order.integers(len(it), size=4)] for it in (pictures, others)))

    learn(model, batches())

    request = Request(settings=TranslationSettings(), inputs={"input": [*held_out]})
    made = np.stack([artifact.data for artifact in model.run("translate", request)])
    surface = SlicedWasserstein(as_tensor(wanted))
    stayed = kept(held_out, made)
    # A constant keeps no edges, and what is not changed at all has not the look.
    assert stayed.edge_iou > 0.5
    assert stayed.luminance_correlation > 0.5
    assert surface(as_tensor(made)) < surface(as_tensor(held_out)) * 2 / 3


@pytest.mark.parametrize(
    ("channels", "common"), [((1, 3), 3), ((3, 4), 4), ((4, 3), 4), ((1, 4), 4), ((2, 3), 4)]
)
def test_sets_with_other_channels_are_brought_to_common_ones(
    build: Any, channels: tuple[int, int], common: int
) -> None:
    model = build(UnpairedTranslation, channels=channels, blocks=2)
    inputs, targets = (torch.rand(2, count, 32, 32) * 2 - 1 for count in channels)
    batch = Batch(fields={"input": inputs, "target": targets}, images_seen=0)
    model.losses("generator", batch, 0).total.backward()

    grey = np.full((32, 32), 90, np.uint8)
    request = Request(settings=TranslationSettings(), inputs={"input": [grey]})
    (made,) = model.run("translate", request)
    assert made.data.shape == (32, 32, common)


def test_grey_becomes_colour_and_what_has_no_opacity_is_opaque() -> None:
    grey = torch.tensor([-0.5, 0.25]).reshape(1, 2, 1, 1)
    made = whole_pictures.with_common_channels(grey, 4)
    assert made.flatten().tolist() == [-0.5, -0.5, -0.5, 0.25]
    rgb = torch.tensor([0.1, 0.2, 0.3]).reshape(1, 3, 1, 1)
    made = whole_pictures.with_common_channels(rgb, 4)
    torch.testing.assert_close(made.flatten(), torch.tensor([0.1, 0.2, 0.3, 1.0]))
    assert whole_pictures.with_common_channels(rgb, 3) is rgb


def test_what_is_no_picture_is_refused_before_anything_is_learned(build: Any) -> None:
    with pytest.raises(SettingsError, match="cannot be translated") as caught:
        build(UnpairedTranslation, channels=(3, 7))
    assert "7" in caught.value.message
    assert caught.value.hint


# What a translation of an exactly invertible domain should reach.
_EDGES, _SURFACES = 0.7, 1.5


def _reached(
    inputs: np.ndarray, made: np.ndarray, targets: np.ndarray, others: np.ndarray
) -> tuple[bool, bool]:
    """Whether shapes are kept, and whether surfaces are those of the targets.

    The floor of the distance is what other pictures of the same set have.
    """
    surface = SlicedWasserstein(as_tensor(targets))
    floor = surface(as_tensor(others))
    return kept(inputs, made).edge_iou >= _EDGES, surface(as_tensor(made)) <= _SURFACES * floor


def test_neither_the_identity_nor_a_constant_reaches_both_limits(
    shapes: Any, other_palette: Any
) -> None:
    inputs = shapes(48, seed=9)
    targets, others = (other_palette(shapes(48, seed=seed)) for seed in (10, 11))
    constant = np.repeat(targets[:1], len(inputs), axis=0)

    assert _reached(inputs, inputs, targets, others) == (True, False)
    assert not _reached(inputs, constant, targets, others)[0]
    assert _reached(inputs, other_palette(inputs), targets, others) == (True, True)
