from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_diffusion
import torch
from tiny_studio import flowers_NHWC, tokens_for, words_for

from genstudio.data.modalities.catalog import MODALITIES
from genstudio.domain.errors import SettingsError
from genstudio.domain.fields import ORIGINS
from genstudio.domain.settings import parse_settings
from genstudio.models.protocol import Batch
from genstudio.models.text_to_image.lora import LoraModel

SIDE = 64


def make(**changes: Any) -> LoraModel:
    chosen = {"base": str(tiny_diffusion.shared_folder()), **changes}
    spec = MODALITIES.get("captions").spec(SIDE, 3, {}, words_for("word-flow"))
    torch.manual_seed(0)
    return LoraModel(parse_settings(LoraModel.Config, chosen), spec)


def four() -> Batch:
    images = torch.as_tensor(flowers_NHWC(4, SIDE)).permute(0, 3, 1, 2) / 127.5 - 1
    return Batch(
        fields={"images": images, "tokens": torch.from_numpy(tokens_for(4))}, images_seen=0
    )


def gradients(model: LoraModel) -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    for parameter in model.network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    torch.manual_seed(2)
    model.losses("lora", four(), 0).total.backward()
    return {name: it.grad for name, it in model.network.named_parameters() if it.grad is not None}


def test_computing_twice_finds_the_same_gradients() -> None:
    plain, twice = (gradients(make(saves_memory=it, text=True)) for it in (False, True))

    assert plain.keys() == twice.keys()
    for name, gradient in plain.items():
        torch.testing.assert_close(twice[name], gradient, rtol=1e-4, atol=1e-6)
        assert gradient.abs().max() > 0


@pytest.mark.slow
def test_four_pictures_are_learned_by_heart() -> None:
    model = make(rank=32, alpha=32.0, layers="attention and feed-forward", saves_memory=False)
    optimizer = torch.optim.Adam(model.network.parameters(), lr=1e-2)
    told = []
    for step in range(300):
        torch.manual_seed(step % 10)
        losses = model.losses("lora", four(), step)
        losses.total.backward()
        optimizer.step()
        optimizer.zero_grad()
        told.append(float(losses.values["noise"]))

    assert np.mean(told[-10:]) <= 0.5 * np.mean(told[:10])


def test_xl_is_told_where_pictures_of_a_shape_come_from(tmp_path: Path) -> None:
    model = make(base=str(tiny_diffusion.save_folder(tmp_path / "xl", is_xl=True)))
    unet = model._loaded(torch.device("cpu")).parts["unet"]
    told: list[Any] = []
    hook = unet.register_forward_pre_hook(
        lambda _, args, more: told.append((args[0].shape, more["added_cond_kwargs"]["time_ids"])),
        with_kwargs=True,
    )
    square = four()
    model.losses("lora", square, 0)
    origins = torch.tensor([[3000, 4000, 0, 2], [64, 128, 0, 0], [700, 900, 5, 0], [9, 9, 0, 0]])
    wide = square.images_NCHW[:, :, 16:48]
    model.losses("lora", replace(square, fields={**square.fields, "images": wide}), 0)
    fields = {**square.fields, "images": wide, ORIGINS: origins}
    model.losses("lora", replace(square, fields=fields), 0)
    hook.remove()

    assert [it for it, _ in told] == [(4, 4, 8, 8), (4, 4, 4, 8), (4, 4, 4, 8)]
    assert told[0][1].tolist() == [[64, 64, 0, 0, 64, 64]] * 4
    assert told[1][1].tolist() == [[32, 64, 0, 0, 32, 64]] * 4
    assert told[2][1].tolist() == [[*origin, 32, 64] for origin in origins.tolist()]


def test_shapes_are_multiples_of_what_the_base_halves_to_the_end(tmp_path: Path) -> None:
    config = parse_settings(LoraModel.Config, {"base": str(tiny_diffusion.shared_folder())})
    square = config.model_copy(update={"keep_shapes": False})

    assert LoraModel.shape_step(config) == 16
    assert LoraModel.shape_step(square) == 0
    with pytest.raises(SettingsError, match="no such model"):
        LoraModel.shape_step(config.model_copy(update={"base": str(tmp_path / "nowhere")}))


def test_what_it_learns_beside_are_its_own_matrices_only() -> None:
    model, with_text = make(), make(text=True)

    assert set(model.network) == {"unet"}
    assert set(with_text.network) == {"unet", "text_encoder"}
    assert sum(it.numel() for it in model.network.parameters()) < 50_000
    assert all(".layers." in name for name in model.network.state_dict())


def test_holding_on_is_told_apart() -> None:
    model = make(prior=1.0)
    torch.manual_seed(0)
    losses = model.losses("lora", four(), 0)

    # Nothing was learned yet, so nothing is forgotten.
    assert float(losses.values["prior"]) == pytest.approx(0, abs=1e-12)


def test_pictures_are_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make()
    loaded = model._loaded(torch.device("cpu"))
    count = []
    encode = loaded.encode
    monkeypatch.setattr(
        loaded, "encode", lambda images: (count.append(len(images)), encode(images))[1]
    )
    model.losses("lora", four(), 0)
    model.losses("lora", four(), 1)

    assert count == [1, 1, 1, 1]


def test_without_a_base_model_it_says_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No base model"):
        make(base="")
    with pytest.raises(SettingsError, match="no such model"):
        make(base=str(tmp_path / "nowhere"))


def test_a_base_is_named_from_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert parse_settings(LoraModel.Config, {"base": "weights"}).base == str(tmp_path / "weights")
