"""The repair autoencoder learns to repair, and finds what was put into a picture."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from genstudio.domain.fields import DataSpec
from genstudio.models.anomaly.repair import (
    EVIDENCE,
    RepairAutoencoder,
    RepairAutoencoderConfig,
)
from genstudio.models.blocks.damage import damaged
from genstudio.models.protocol import Batch, Request

SIDE = 32


def weave(count: int, seed: int = 0) -> torch.Tensor:
    """Stripes, each with a shift and grain of its own, in [-1, 1]."""
    generator = torch.Generator().manual_seed(seed)
    shift = torch.rand(count, 1, 1, 1, generator=generator) * 6
    across = torch.arange(SIDE).reshape(1, 1, 1, -1)
    stripes = torch.sin((across + shift) * torch.pi / 3) * 0.5
    grain = torch.randn(count, 3, SIDE, SIDE, generator=generator) * 0.05
    return (stripes + grain).clamp(-1, 1)


def as_bytes(image_CHW: torch.Tensor) -> np.ndarray:
    return ((image_CHW.permute(1, 2, 0) + 1) * 127.5).round().to(torch.uint8).numpy()


def build() -> RepairAutoencoder:
    torch.manual_seed(0)
    return RepairAutoencoder(RepairAutoencoderConfig(width=16), DataSpec(size=SIDE))


@pytest.fixture(scope="module")
def learned() -> RepairAutoencoder:
    model = build()
    optimizer = torch.optim.Adam(model.network.parameters(), 2e-3)
    images = weave(24)
    for step in range(60):
        torch.manual_seed(step)
        losses = model.losses("autoencoder", Batch.of_images(images, step * 24), step)
        optimizer.zero_grad()
        losses.total.backward()
        optimizer.step()
    model.finalize({"images": images})
    return model


def test_it_brings_damage_nearer_to_what_was_whole(learned: RepairAutoencoder) -> None:
    torch.manual_seed(99)
    whole = weave(16, seed=7)
    spoiled = damaged(whole)
    with torch.no_grad():
        repaired = learned.network["repairer"](spoiled)
    before, after = (functional.mse_loss(it, whole).item() for it in (spoiled, repaired))
    assert after < 0.6 * before


def test_a_spot_is_found_where_it_is(learned: RepairAutoencoder) -> None:
    whole = weave(12, seed=3)
    usual = [learned.score(as_bytes(image)).score for image in whole]
    for image in whole[:4]:
        image[:, 8:14, 18:24] = 0.9
        scored = learned.score(as_bytes(image))
        assert scored.score > max(usual)
        elsewhere = np.concatenate([scored.map_HW[22:].ravel(), scored.map_HW[:, :8].ravel()])
        assert scored.map_HW[8:14, 18:24].mean() > elsewhere.mean() + elsewhere.std()


def test_whole_pictures_get_about_nought_and_evidence_makes_the_score(
    learned: RepairAutoencoder,
) -> None:
    scored = [learned.score(as_bytes(image)) for image in weave(16, seed=5)]
    assert all(set(it.evidence) == set(EVIDENCE) for it in scored)
    assert -2 < float(np.mean([it.evidence["place"] for it in scored])) < 2


def test_its_task_shows_the_map_over_the_picture(learned: RepairAutoencoder) -> None:
    whole, spoiled = (as_bytes(image) for image in weave(2, seed=3))
    spoiled[8:14, 18:24] = 250
    task = learned.tasks[0]
    request = Request(settings=task.settings(), inputs={"images": [whole, spoiled]})
    plain, marked = (it.data.astype(int) for it in learned.run(task.key, request))

    def colour(image_HWC: np.ndarray) -> np.ndarray:
        return image_HWC.max(-1) - image_HWC.min(-1)

    assert colour(marked)[8:14, 18:24].mean() > 3 * colour(plain).mean()


def test_with_too_few_pictures_nothing_is_finalized() -> None:
    model = build()
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    model.finalize({"images": weave(3)})
    assert all(
        torch.equal(value, before[name]) for name, value in model.network.state_dict().items()
    )


def test_parts_of_a_large_picture_are_looked_at_as_a_whole() -> None:
    model = build()
    model.finalize({"images": weave(12)})
    wide = as_bytes(weave(1, seed=8)[0].repeat(1, 1, 40))
    assert wide.shape == (SIDE, 1280, 3)
    map_HW = model.score(wide).map_HW
    # The seam of two parts is as quiet as the rest.
    seam = map_HW[:, 600:680].mean()
    assert abs(seam - np.median(map_HW)) < 2 * map_HW.std()
