from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from genstudio.domain.errors import SettingsError
from genstudio.models.low_rank import Lora, LoraWeights
from genstudio.models.stable_diffusion.adapters import (
    Adapters,
    layers_of,
    merged,
)
from genstudio.models.stable_diffusion.drawing import make_scheduler
from genstudio.models.stable_diffusion.folders import SDXL
from genstudio.models.stable_diffusion.loading import LoadedBase, import_diffusers
from genstudio.models.stable_diffusion.lora_files import (
    TEXT,
    TEXT_2,
    UNET,
    Layout,
    lora_tensors,
    read_lora,
)

ENDS = {
    UNET: ("to_q", "to_k", "to_v", "to_out.0", "proj_in", "ff.net.2", "conv1"),
    TEXT: ("q_proj", "out_proj", "fc1"),
    TEXT_2: ("q_proj", "v_proj", "out_proj"),
}
Drawn = Callable[..., np.ndarray]


@pytest.fixture
def adapters(loaded: LoadedBase) -> dict[str, Adapters]:
    """Some that change much, as if they had learned."""
    torch.manual_seed(3)
    found = {}
    for part, ends in ENDS.items():
        if part in loaded.parts:
            found[part] = Adapters(layers_of(loaded.parts[part], ends), rank=4, alpha=2.0)
            for parameter in found[part].parameters():
                torch.nn.init.normal_(parameter, std=0.2)
    return found


@pytest.fixture
def lora(adapters: dict[str, Adapters]) -> Lora:
    layers = {}
    for part, own in adapters.items():
        layers |= own.as_lora(part, "own").layers
    return Lora(name="own", layers=layers)


def test_new_ones_change_nothing(loaded: LoadedBase) -> None:
    unet = loaded.parts[UNET]
    fresh = Adapters(layers_of(unet, ("to_q",)), rank=4, alpha=4.0)
    read = loaded.read(["a cat"])
    x, time = torch.randn(1, 4, 8, 8), torch.tensor(500)

    with torch.no_grad():
        plain = loaded.predict(unet, x, time, read, (64, 64))
        adapted = loaded.predict(
            lambda *args, **kwargs: fresh(unet, *args, **kwargs), x, time, read, (64, 64)
        )

    assert torch.equal(plain, adapted)


def test_merged_into_the_weights_they_do_the_same_and_leave_no_trace(
    loaded: LoadedBase, adapters: dict[str, Adapters], lora: Lora
) -> None:
    unet, own = loaded.parts[UNET], adapters[UNET]
    x, time = torch.randn(1, 4, 8, 8), torch.tensor(500)
    before = {name: it.clone() for name, it in unet.state_dict().items()}
    with torch.no_grad():
        read = loaded.read(["a cat"], through=adapters)
        beside = loaded.predict(
            lambda *args, **kwargs: own(unet, *args, **kwargs), x, time, read, (64, 64)
        )
        plain = loaded.predict(unet, x, time, loaded.read(["a cat"]), (64, 64))
        with merged(loaded.parts, [(lora, 1.0)]):
            inside = loaded.predict(unet, x, time, loaded.read(["a cat"]), (64, 64))

    torch.testing.assert_close(inside, beside, rtol=1e-5, atol=1e-5)
    assert not torch.allclose(inside, plain, atol=1e-2)
    assert all(torch.equal(before[name], it) for name, it in unet.state_dict().items())


def test_at_strength_0_it_is_as_if_there_was_none(drawn: Drawn, lora: Lora) -> None:
    assert np.array_equal(drawn([(lora, 0.0)]), drawn())
    assert not np.array_equal(drawn([(lora, 1.0)]), drawn())
    assert not np.array_equal(drawn([(lora, 1.0)]), drawn([(lora, 0.5)]))


def test_several_add_up(drawn: Drawn, lora: Lora) -> None:
    twice = drawn([(lora, 0.5), (lora, 0.5)])

    assert np.abs(twice.astype(int) - drawn([(lora, 1.0)])).max() <= 1


@pytest.mark.parametrize("layout", ["kohya", "diffusers"])
def test_written_and_read_again_it_does_the_same_here_and_in_diffusers(
    layout: Layout, folder: Path, loaded: LoadedBase, drawn: Drawn, lora: Lora, tmp_path: Path
) -> None:
    peft = pytest.importorskip("peft")
    assert peft
    path = tmp_path / "own.safetensors"
    save_file(lora_tensors(lora, layout), path)
    wanted = drawn([(lora, 1.0)])

    back = read_lora(path, loaded.parts)
    assert back.layers.keys() == lora.layers.keys()
    # Half precision in the file.
    assert np.abs(drawn([(back, 1.0)]).astype(int) - wanted).mean() < 1

    diffusers = import_diffusers()
    is_xl = loaded.base.kind == SDXL
    more: dict[str, Any] = {} if is_xl else {"safety_checker": None}
    chosen = diffusers.StableDiffusionXLPipeline if is_xl else diffusers.StableDiffusionPipeline
    theirs = chosen.from_pretrained(folder, local_files_only=True, **more)
    theirs.load_lora_weights(str(tmp_path), weight_name=path.name)
    theirs.scheduler = make_scheduler(loaded, "DPM++ 2M Karras")
    theirs.set_progress_bar_config(disable=True)
    image = theirs(
        "a red cat",
        height=64,
        width=64,
        num_inference_steps=4,
        guidance_scale=7.5,
        generator=torch.Generator().manual_seed(5),
        output_type="np",
    ).images[0]
    assert np.abs(image * 255 - wanted).mean() < 1
    assert np.abs(image * 255 - drawn()).mean() > 3


def test_names_of_compvis_are_the_same_layers(loaded: LoadedBase, tmp_path: Path) -> None:
    path = tmp_path / "compvis.safetensors"
    # Blocks of one layer each: down block 0 begins at input 1, up block 0 at output 0.
    has_attention_below = loaded.base.kind == SDXL
    stem = "input_blocks_3_1" if has_attention_below else "input_blocks_1_1"
    unet = loaded.parts[UNET]
    name = f"down_blocks.{int(has_attention_below)}.attentions.0.transformer_blocks.0.attn1.to_q"
    width = unet.get_submodule(name).weight.shape[0]
    tensors = {
        f"lora_unet_{stem}_transformer_blocks_0_attn1_to_q.lora_down.weight": np.ones(
            (2, width), np.float16
        ),
        f"lora_unet_{stem}_transformer_blocks_0_attn1_to_q.lora_up.weight": np.ones(
            (width, 2), np.float16
        ),
        f"lora_unet_{stem}_transformer_blocks_0_attn1_to_q.alpha": np.array(1.0, np.float16),
    }
    save_file(tensors, path)

    ((found, weights),) = read_lora(path, loaded.parts).layers.items()

    assert found == f"unet.{name}"
    assert (weights.rank, weights.alpha) == (2, 1.0)


def test_alphas_that_differ_from_layer_to_layer_are_each_heard(
    loaded: LoadedBase, lora: Lora, tmp_path: Path
) -> None:
    layers = {
        name: LoraWeights(down=it.down, up=it.up, alpha=1.0 + number % 3)
        for number, (name, it) in enumerate(lora.layers.items())
    }
    path = tmp_path / "own.safetensors"
    save_file(lora_tensors(Lora(name="own", layers=layers), "kohya"), path)

    back = read_lora(path, loaded.parts)

    assert {name: it.alpha for name, it in back.layers.items()} == {
        name: it.alpha for name, it in layers.items()
    }


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ({"lora_unet_nowhere_to_q.lora_down.weight": (2, 3),
          "lora_unet_nowhere_to_q.lora_up.weight": (3, 2)}, "another base model"),
        ({"lora_unet_x.hada_w1_a": (2, 2)}, "LoHa"),
        ({"lora_unet_x.dora_scale": (2, 2)}, "DoRA"),
        ({"something.weight": (2, 2)}, "is no LoRA"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_words(
    tensors: dict[str, tuple[int, ...]], words: str, loaded: LoadedBase, tmp_path: Path
) -> None:
    path = tmp_path / "strange.safetensors"
    save_file({name: np.zeros(shape, np.float16) for name, shape in tensors.items()}, path)

    with pytest.raises(SettingsError, match=words):
        read_lora(path, loaded.parts)


def test_one_of_another_size_is_refused_before_anything_is_drawn(
    loaded: LoadedBase, lora: Lora
) -> None:
    name = next(iter(lora.layers))
    small = LoraWeights(down=torch.zeros(2, 3), up=torch.zeros(3, 2), alpha=2.0)

    with (
        pytest.raises(SettingsError, match="another base model"),
        merged(loaded.parts, [(Lora(name="small", layers={name: small}), 1.0)]),
    ):
        pass


def test_pickled_and_cut_files_are_refused(loaded: LoadedBase, tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(b"pickled")
    (tmp_path / "b.safetensors").write_bytes(b"cut short")

    with pytest.raises(SettingsError, match="no LoRA that can be read"):
        read_lora(tmp_path / "a.pt", loaded.parts)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_lora(tmp_path / "b.safetensors", loaded.parts)
