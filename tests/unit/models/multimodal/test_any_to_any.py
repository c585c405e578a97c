"""The VAE of pictures with sounds: what its bound rewards, and what it makes of examples."""

import math

import pytest
import torch
from tiny_studio import rows_for
from torch import Tensor, nn

from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.data.modalities.paired_materials import MODALITY
from genstudio.domain.artifacts import IMAGE, SOUND
from genstudio.domain.errors import SettingsError
from genstudio.domain.settings import Settings
from genstudio.engine.batches import as_learned
from genstudio.models.multimodal.any_to_any import AnyToAnyConfig, AnyToAnyVAE
from genstudio.models.protocol import Batch, Request

SETTINGS: Settings = AnyToAnyVAE.tasks[0].settings()


def built() -> AnyToAnyVAE:
    torch.manual_seed(0)
    config = AnyToAnyConfig(width=16, latent_size=6, private_size=4, warmup_kimg=0)
    return AnyToAnyVAE(config, MODALITY.spec(32, 3, {}))


def examples(count: int = 8) -> dict[str, Tensor]:
    """Dark pictures with low tones, bright ones with high ones."""
    sounds = rows_for(MODALITY.spec(32, 3, {}).fields["sounds"], count)
    shades = torch.linspace(-0.9, 0.9, count).reshape(-1, 1, 1, 1)
    return {
        "images": shades.expand(-1, 3, 32, 32) + 0.02 * torch.randn(count, 3, 32, 32),
        "sounds": as_learned(torch.from_numpy(sounds), "sound"),
    }


def one(name: str, values: Tensor, at: int) -> dict[str, Tensor]:
    return {name: values[at : at + 1]}


@pytest.fixture(scope="module")
def trained() -> tuple[AnyToAnyVAE, dict[str, Tensor]]:
    model = built()
    fields = examples()
    optimizer = torch.optim.Adam(model.network.parameters(), 2e-3)
    for step in range(150):
        torch.manual_seed(step)
        optimizer.zero_grad()
        model.losses("autoencoders", Batch(fields=fields, images_seen=0), step).total.backward()
        optimizer.step()
    # A prior needs some dozens to be fitted to: these are mixed up, each several times.
    mixed = torch.randperm(64, generator=torch.Generator().manual_seed(1)) % len(fields["images"])
    model.finalize({name: values[mixed] for name, values in fields.items()})
    return model, fields


def test_what_belongs_together_is_found_both_ways(
    trained: tuple[AnyToAnyVAE, dict[str, Tensor]],
) -> None:
    model, fields = trained
    shades = [
        next(iter(model.cross(one("sounds", fields["sounds"], at), IMAGE, [3], SETTINGS))).data
        for at in (0, 7)
    ]
    assert shades[0].mean() < 100
    assert shades[1].mean() > 155
    for at in (0, 7):
        made = model.cross(one("images", fields["images"], at), SOUND, [5], SETTINGS)
        samples = torch.from_numpy(next(iter(made)).data.samples)
        rate = torch.fft.rfft(samples).abs().argmax() * 8000 / len(samples)
        # Tones of the examples are 150 Hz apart, from 200 Hz on.
        assert abs(rate - (200 + 150 * at)) < 300


def test_what_is_invented_is_two_of_one_another(
    trained: tuple[AnyToAnyVAE, dict[str, Tensor]],
) -> None:
    model, _ = trained
    made = list(model.run("generate", Request(settings=SETTINGS, seeds=range(12))))
    shades = torch.tensor([float(it.data.mean()) for it in made])
    pitches = torch.stack(
        [
            torch.fft.rfft(torch.from_numpy(it.parts["sound"].data.samples)).abs().argmax()
            for it in made
        ]
    )
    assert torch.corrcoef(torch.stack([shades, pitches.float()]))[0, 1] > 0.6


def test_seeds_decide_what_the_example_does_not(
    trained: tuple[AnyToAnyVAE, dict[str, Tensor]],
) -> None:
    model, fields = trained
    given = one("sounds", fields["sounds"], 2)
    first, second, again = model.cross(given, IMAGE, [1, 2, 1], SETTINGS)
    kind = ARTIFACTS.get(IMAGE)

    assert kind.is_same(first, again)
    assert not kind.is_same(first, second)


def test_it_is_not_asked_for_what_it_did_not_learn() -> None:
    with pytest.raises(SettingsError, match="image, sound"):
        list(built().cross(one("images", examples()["images"], 0), "notes", [1], SETTINGS))


def test_errors_of_a_kind_count_alike_however_many_numbers_an_example_has() -> None:
    model = built()
    pictures, sounds = model._materials
    assert pictures.num_values > 2 * sounds.num_values
    for material in (pictures, sounds):
        seen = torch.zeros(2, material.num_values)
        (nats,) = material.nats(nn.Identity(), [seen + 0.1], seen)
        assert nats == pytest.approx(math.log(0.1), abs=1e-4)
