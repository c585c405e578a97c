"""The paired translation against its paper: the objective, and that it learns an exact map."""

from typing import Any

import numpy as np
import pytest
import torch

from genstudio.metrics.translation import l1_distance
from genstudio.models.protocol import Request
from genstudio.models.translating import TranslationSettings
from genstudio.models.translation.paired import (
    Generator,
    PairedTranslation,
    PairedTranslationConfig,
)

# What a map must reach that is learned in some dozens of steps.
_NEAR = 0.08


def test_the_objective_is_the_game_and_l1_times_its_weight(
    build: Any, batch_of: Any, shapes: Any
) -> None:
    batch = batch_of(shapes(2), shapes(2, seed=1))
    model = build(PairedTranslation, jitter=0.0)
    told = {}
    for l1_weight in (0.0, 100.0):
        model.config = PairedTranslationConfig(width=16, jitter=0.0, l1_weight=l1_weight)
        told[l1_weight] = model.losses("generator", batch, 0)

    error = told[100.0].values["L1"] * 2
    assert (told[100.0].total - told[0.0].total).item() == pytest.approx(100 * error.item(), 1e-4)
    made = model.network["generator"](batch.fields["input"])
    assert error.item() == pytest.approx((made - batch.fields["target"]).abs().mean().item())


def test_the_discriminator_sees_the_input_beside_the_answer(
    build: Any, batch_of: Any, shapes: Any
) -> None:
    model = build(PairedTranslation, jitter=0.0, l1_weight=0.0)
    discriminator, answers = model.network["discriminator"], shapes(2, seed=1)

    logits = [
        discriminator(torch.cat(list(batch_of(given, answers).fields.values()), dim=1))
        for given in (shapes(2), shapes(2, seed=2))
    ]
    assert discriminator.pixels.conv.in_channels == 4 * 6
    assert not torch.equal(*logits)


def test_input_and_answer_are_shifted_alike(build: Any, batch_of: Any, shapes: Any) -> None:
    pictures = shapes(4)
    batch = batch_of(pictures, pictures)

    given, wanted = build(PairedTranslation, jitter=0.25)._jittered(*batch.fields.values())

    assert torch.equal(given, wanted)
    assert not torch.equal(given, batch.fields["input"])


def test_every_resolution_down_to_four_pixels_takes_part() -> None:
    for size in (32, 64, 128, 256, 512, 1024):
        with torch.device("meta"):
            generator = Generator(size, 3, 3, 32)
            made = generator(torch.empty(1, 3, size, size))
        assert len(generator.up) == len(generator.down) == (size // 8).bit_length() - 1
        assert made.shape == (1, 3, size, size)


def test_it_learns_an_exact_map_in_some_dozens_of_steps(
    build: Any, batch_of: Any, shapes: Any, learn: Any, other_palette: Any
) -> None:
    pictures, held_out = shapes(64), shapes(16, seed=9)
    wanted = other_palette(held_out)
    model = build(PairedTranslation, learning_rate=2e-3)

    def batches() -> Any:
        order = np.random.default_rng(0)
        for _ in range(60):
            chosen = pictures[order.integers(len(pictures), size=8)]
            yield batch_of(chosen, other_palette(chosen))

    learn(model, batches())

    request = Request(settings=TranslationSettings(), inputs={"input": [*held_out]})
    made = np.stack([artifact.data for artifact in model.run("translate", request)])
    assert l1_distance(held_out, wanted) > 2 * _NEAR
    assert l1_distance(made, wanted) < _NEAR
