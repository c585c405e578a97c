"""The same VAE of pictures with captions, and of pictures with phrases."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from genstudio.data.modalities.captions import MODALITY as CAPTIONS
from genstudio.data.modalities.paired_materials import MODALITY as PAIRS
from genstudio.data.phrases import FIRST_NOTE, HOLD, INSTRUMENTS, instrument_of
from genstudio.domain.artifacts import IMAGE, NOTES, TEXT
from genstudio.domain.fields import DataSpec
from genstudio.domain.settings import Settings
from genstudio.domain.words import text_of, token_ids
from genstudio.models.blocks import token_materials
from genstudio.models.blocks.token_materials import Words
from genstudio.models.multimodal.any_to_any import AnyToAnyConfig, AnyToAnyVAE
from genstudio.models.protocol import Batch, Request

SETTINGS: Settings = AnyToAnyVAE.tasks[0].settings()
COUNT = 8
VOCABULARY = {"dark": 4, "bright": 4, "very": 2, "a": 8, "square": 8}
TEXTS = [*["a dark square"] * 3, "a very dark square", "a very bright square"]
TEXTS += ["a bright square"] * 3


def spec_of(partner: str) -> DataSpec:
    if partner == TEXT:
        return CAPTIONS.spec(32, 3, {}, VOCABULARY)
    return PAIRS.spec(32, 3, {}, layout="name; 32 px; notes: 2 bars")


def pictures() -> Tensor:
    """Dark ones first."""
    shades = torch.linspace(-0.9, 0.9, COUNT).reshape(-1, 1, 1, 1)
    return shades.expand(-1, 3, 32, 32) + 0.02 * torch.randn(COUNT, 3, 32, 32)


def partners(partner: str) -> dict[str, Tensor]:
    """Captions that say so; low phrases on keys for the dark ones, high ones on a synth."""
    if partner == TEXT:
        return {"tokens": torch.tensor([token_ids(text, VOCABULARY) for text in TEXTS])}
    pitches = FIRST_NOTE + 20 + 5 * np.arange(COUNT)[:, None]
    tokens = np.where(np.arange(32) % 4, HOLD, pitches)
    groups = torch.tensor([0] * 4 + [len(INSTRUMENTS) - 1] * 4)
    return {"notes": torch.from_numpy(tokens), "instruments": groups}


def learned(partner: str) -> tuple[AnyToAnyVAE, dict[str, Tensor]]:
    torch.manual_seed(0)
    config = AnyToAnyConfig(width=16, latent_size=6, private_size=4, warmup_kimg=0)
    model = AnyToAnyVAE(config, spec_of(partner))
    fields = {"images": pictures(), **partners(partner)}
    optimizer = torch.optim.Adam(model.network.parameters(), 2e-3)
    model.network.train()
    for step in range(150):
        torch.manual_seed(step)
        optimizer.zero_grad()
        model.losses("autoencoders", Batch(fields=fields, images_seen=0), step).total.backward()
        optimizer.step()
    mixed = torch.randperm(64, generator=torch.Generator().manual_seed(1)) % COUNT
    model.finalize({name: values[mixed] for name, values in fields.items()})
    return model, fields


@pytest.fixture(scope="module")
def of_words() -> tuple[AnyToAnyVAE, dict[str, Tensor]]:
    return learned(TEXT)


@pytest.fixture(scope="module")
def of_notes() -> tuple[AnyToAnyVAE, dict[str, Tensor]]:
    return learned(NOTES)


def given(fields: dict[str, Tensor], at: int, *names: str) -> dict[str, Tensor]:
    return {name: fields[name][at : at + 1] for name in names}


def test_pictures_get_the_words_that_belong_to_them(
    of_words: tuple[AnyToAnyVAE, dict[str, Tensor]],
) -> None:
    model, fields = of_words
    for at, word, other in ((0, "dark", "bright"), (COUNT - 1, "bright", "dark")):
        (text,) = model.cross(given(fields, at, "images"), TEXT, [3], SETTINGS)
        words = str(text.data).split()
        assert word in words
        assert other not in words


@pytest.mark.parametrize(
    ("partner", "names"), [(TEXT, ("tokens",)), (NOTES, ("notes", "instruments"))]
)
def test_words_and_phrases_get_the_pictures_that_belong_to_them(
    request: pytest.FixtureRequest, partner: str, names: tuple[str, ...]
) -> None:
    model, fields = request.getfixturevalue("of_words" if partner == TEXT else "of_notes")
    dark, bright = (
        next(iter(model.cross(given(fields, at, *names), IMAGE, [3], SETTINGS))).data.mean()
        for at in (0, COUNT - 1)
    )
    assert dark < 100
    assert bright > 155


def test_pictures_get_the_phrases_that_belong_to_them(
    of_notes: tuple[AnyToAnyVAE, dict[str, Tensor]],
) -> None:
    model, fields = of_notes
    found = []
    for at in (0, COUNT - 1):
        (made,) = model.cross(given(fields, at, "images"), NOTES, [3], SETTINGS)
        (part,) = made.data.parts
        found.append((float(part.notes[:, 2].mean()), instrument_of(part.program)))
        assert len(part.notes) > 4
    assert found[0][0] + 12 < found[1][0]
    assert [group for _, group in found] == [0, len(INSTRUMENTS) - 1]


@pytest.mark.parametrize("partner", [TEXT, NOTES])
def test_what_is_invented_belongs_together_and_comes_again(
    request: pytest.FixtureRequest, partner: str
) -> None:
    model, _ = request.getfixturevalue("of_words" if partner == TEXT else "of_notes")
    made = list(model.run("generate", Request(settings=SETTINGS, seeds=range(12))))
    shades = torch.tensor([float(it.data.mean()) for it in made])
    others = [it.parts[partner].data for it in made]
    heights = torch.tensor(
        [
            float("bright" in it) if isinstance(it, str) else float(it.parts[0].notes[:, 2].mean())
            for it in others
        ]
    )
    assert torch.corrcoef(torch.stack([shades, heights]))[0, 1] > 0.6
    (alone,) = model.run("generate", Request(settings=SETTINGS, seeds=[7]))
    assert np.array_equal(alone.data, made[7].data)


def test_the_end_of_a_caption_counts_and_what_is_behind_it_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(token_materials, "_SHARE_HIDDEN", 0.0)
    data = spec_of(TEXT)
    material = Words(data.fields["tokens"], data)
    torch.manual_seed(0)
    decoder = material.decoder(16, 6).eval()
    seen = material.seen(torch.tensor([token_ids(text, VOCABULARY) for text in ("dark", TEXTS[3])]))
    assert seen.shape == (2, 4)
    z = torch.randn(2, 6)
    with torch.no_grad():
        (nats,) = material.nats(decoder, [z], seen)
        logits = decoder(z, seen)
    # A word and the end of the first, four words and the end of the second.
    asked = torch.cat([logits[0, :2], logits[1]])
    wanted = torch.cat([seen[0, :1], torch.tensor([0]), seen[1], torch.tensor([0])])
    assert nats == pytest.approx(functional.cross_entropy(asked, wanted).item(), abs=1e-5)


def test_ids_become_text_as_their_script_is_written() -> None:
    words = ["a", "猫", "犬", "red"]
    assert text_of([2, 5, 0, 0], words) == "a red"
    assert text_of([3, 4, 2, 3], words) == "猫犬 a 猫"
