import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_diffusion
import torch
from PIL import Image
from safetensors.numpy import save_file
from tiny_studio import flowers_NHWC

from genstudio.domain.errors import DatasetError, SettingsError
from genstudio.domain.progress import Progress, drain
from genstudio.models.stable_diffusion.adapters import Adapters, layers_of
from genstudio.models.stable_diffusion.folders import read_base
from genstudio.models.stable_diffusion.loading import load_base
from genstudio.models.stable_diffusion.lora_files import UNET, lora_tensors
from genstudio.services import base_models
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.operations.save import save_made
from genstudio.services.remaking import remake


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_models, "_place", lambda: tmp_path / "base_models.json")


@pytest.fixture
def base() -> str:
    return str(tiny_diffusion.shared_folder())


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "flower.png"
    Image.fromarray(flowers_NHWC(1, 72)[0]).save(path)
    return path


@pytest.fixture
def lora(tmp_path: Path, base: str) -> Path:
    unet = load_base(read_base(Path(base))).parts[UNET]
    own = Adapters(layers_of(unet, ("to_q", "to_v")), rank=2, alpha=2.0)
    generator = torch.Generator().manual_seed(0)
    for layer in own.parameters():
        # Not all alike: what they read has a mean of nothing, and they would hear rounding only.
        layer.data.normal_(generator=generator).mul_(0.5)
    path = tmp_path / "strokes.safetensors"
    save_file(lora_tensors(own.as_lora(UNET, "strokes"), "kohya"), path)
    return path


def done(key: str, base: str, **asked: Any) -> tuple[list[Made], list[Progress]]:
    settings = {"base": base, "prompt": "a red flower", "steps": 2, **asked.pop("settings", {})}
    steps = list(perform(key, seed=5, settings=settings, **asked))
    made = [it for it in steps if isinstance(it, Made)]
    return made, [it for it in steps if isinstance(it, Progress)]


def test_pictures_from_words_are_shown_while_they_become(base: str) -> None:
    made, progress = done("text-to-image", base, count=2)

    assert [it.artifact.seed for it in made] == [5, 6]
    assert [it.name for it in made] == ["a-red-flower-5", "a-red-flower-6"]
    assert all(it.artifact.data.shape == (64, 64, 3) for it in made)
    assert isinstance(progress[0].item, np.ndarray)
    assert progress[-1].done == progress[-1].total == 6


def test_shapes_have_about_as_many_pixels(base: str) -> None:
    (made,), _ = done("text-to-image", base, settings={"shape": "landscape 3:2", "side": "256"})

    height, width, _ = made.artifact.data.shape
    assert (height % 8, width % 8) == (0, 0)
    assert width / height == pytest.approx(1.5, rel=0.05)
    assert height * width == pytest.approx(256 * 256, rel=0.06)


def test_a_recipe_knows_the_weights_and_no_folder(base: str, lora: Path, tmp_path: Path) -> None:
    settings = {"parameters": True, "lora_strengths": "0.7", "negative_prompt": "grey"}
    (made,), _ = done("text-to-image", base, inputs={"lora": [lora]}, settings=settings)

    assert str(made.recipe.sampling["base"]).startswith("sha256:")
    assert base not in made.recipe.model_dump_json()
    assert [(it.name, it.role) for it in made.recipe.inputs] == [(lora.name, "lora")]
    path = save_made(made, tmp_path / "out")
    with Image.open(path) as image:
        told = image.info["parameters"]
    assert told.startswith("a red flower <lora:strokes:0.7>\nNegative prompt: grey\nSteps: 2, ")
    assert "Seed: 5, Size: 64x64" in told

    again = drain(remake(path, inputs=[lora.parent]))
    assert again.is_same


def test_it_is_remade_only_with_the_same_weights(base: str, tmp_path: Path) -> None:
    (made,), _ = done("text-to-image", base)
    path = save_made(made, tmp_path / "out")
    base_models._place().unlink()

    with pytest.raises(SettingsError, match="not known here"):
        drain(remake(path))


def test_what_was_used_last_is_offered_and_other_weights_are_noticed(
    base: str, tmp_path: Path
) -> None:
    other = tiny_diffusion.save_folder(tmp_path / "other", seed=1)
    assert base_models.last_base() == ""
    first, second = (base_models.checksum(read_base(Path(it))) for it in (base, other))

    assert first != second
    assert base_models.last_base() == str(other)
    assert base_models.checksum(read_base(Path(base))) == first
    assert base_models.last_base() == base
    tiny_diffusion.save_folder(other, seed=2)
    assert base_models.checksum(read_base(other)) != second


def test_strengths_are_heard(base: str, lora: Path) -> None:
    def drawn(strengths: str, *files: Path) -> np.ndarray:
        settings = {"lora_strengths": strengths}
        made, _ = done("text-to-image", base, inputs={"lora": files}, settings=settings)
        return made[0].artifact.data

    plain = drawn("1")
    assert np.array_equal(drawn("0", lora), plain)
    assert not np.array_equal(drawn("1", lora), plain)
    assert np.array_equal(drawn("1, -1", lora, lora), plain)
    for wrong in ("much", "1, 2, 3", "9"):
        with pytest.raises(SettingsError, match="strengths"):
            drawn(wrong, lora, lora)


def test_pictures_are_redrawn_at_sides_that_it_can_draw(base: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.png"
    Image.fromarray(flowers_NHWC(1, 75)[0][:67]).save(path)
    (made,), _ = done("image-to-image", base, inputs={"input": [path]})

    assert made.artifact.data.shape == (64, 72, 3)
    assert made.source == path


def test_a_part_is_redrawn_and_the_rest_stays(base: str, picture: Path, tmp_path: Path) -> None:
    mask = np.zeros((72, 72), np.uint8)
    mask[20:50, 20:50] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    inputs = {"input": [picture], "mask": [tmp_path / "mask.png"]}
    (made,), _ = done("inpaint", base, inputs=inputs, settings={"feather": 0, "strength": 1.0})

    before, after = np.asarray(Image.open(picture)), made.artifact.data
    assert np.array_equal(after[mask == 0], before[mask == 0])
    assert (after[mask == 255] != before[mask == 255]).mean() > 0.5

    Image.fromarray(np.zeros_like(mask)).save(tmp_path / "mask.png")
    with pytest.raises(DatasetError, match="dark throughout"):
        done("inpaint", base, inputs=inputs)


def test_nothing_is_asked_of_the_network(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    from genstudio.models.stable_diffusion import loading

    loading._held.clear()
    made, _ = done("text-to-image", base)
    assert made


def test_long_and_empty_prompts_are_drawn_and_told(base: str) -> None:
    (long,), _ = done("text-to-image", base, settings={"prompt": "x" * 10_000})
    (empty,), _ = done("text-to-image", base, settings={"prompt": ""})

    assert len(str(long.artifact.values["left_out"])) > 9000
    assert empty.name == "picture-5"
