import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tiny_diffusion
from safetensors.numpy import save_file

from genstudio.domain.errors import SettingsError
from genstudio.models.stable_diffusion.folders import SD, SD2, SDXL, chosen_base, read_base
from genstudio.models.stable_diffusion.layouts import clip_vocabulary, layout_of, layout_parts
from genstudio.models.stable_diffusion.loading import empty_parts


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return shutil.copytree(tiny_diffusion.shared_folder(), tmp_path / "tiny")


def test_a_folder_is_told_with_its_licence(copy: Path) -> None:
    base = read_base(copy)

    assert (base.kind, base.licence, base.variant) == (SD, tiny_diffusion.LICENCE, "")
    assert len(base.weights) == 3
    assert tiny_diffusion.LICENCE in base.title
    (copy / "README.md").unlink()
    assert "states no licence" in read_base(copy).title


def test_files_of_a_variant_are_found(copy: Path) -> None:
    for part in ("unet", "vae", "text_encoder"):
        (file,) = (copy / part).glob("*.safetensors")
        file.rename(file.with_name(f"{file.stem}.fp16.safetensors"))

    assert read_base(copy).variant == "fp16"
    (copy / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(b"")
    with pytest.raises(SettingsError, match="mixes kinds"):
        read_base(copy)


@pytest.mark.parametrize("part", ["unet", "tokenizer", "scheduler"])
def test_a_missing_part_is_named(copy: Path, part: str) -> None:
    shutil.rmtree(copy / part)

    with pytest.raises(SettingsError, match="not whole") as caught:
        read_base(copy)
    assert part in str(caught.value)


def test_pickled_weights_are_refused_with_a_way_out(copy: Path, tmp_path: Path) -> None:
    (file,) = (copy / "unet").glob("*.safetensors")
    file.rename(copy / "unet" / "diffusion_pytorch_model.bin")
    with pytest.raises(SettingsError, match="no weights that can be read") as caught:
        read_base(copy)
    assert "ComfyUI" in caught.value.hint

    (tmp_path / "model.ckpt").write_bytes(b"pickled")
    with pytest.raises(SettingsError, match="is pickled"):
        read_base(tmp_path / "model.ckpt")


def test_other_pipelines_damaged_ones_and_none_are_told(copy: Path, tmp_path: Path) -> None:
    index = copy / "model_index.json"
    index.write_text(json.dumps({"_class_name": "AudioLDMPipeline"}))
    with pytest.raises(SettingsError, match="AudioLDMPipeline"):
        read_base(copy)
    index.write_text("{")
    with pytest.raises(SettingsError, match=r"model_index\.json cannot be read"):
        read_base(copy)
    index.unlink()
    with pytest.raises(SettingsError, match="no model of Stable Diffusion"):
        read_base(copy)
    with pytest.raises(SettingsError, match="There is no such model"):
        read_base(tmp_path / "nowhere")
    with pytest.raises(SettingsError, match="No base model is chosen"):
        chosen_base("  ")


def test_single_files_are_told_by_the_names_in_them(tmp_path: Path) -> None:
    def saved(*names: str) -> Path:
        path = tmp_path / "one.safetensors"
        save_file({name: np.zeros(1, np.float16) for name in names}, path)
        return path

    unet = "model.diffusion_model.input_blocks.0.0.weight"
    assert read_base(saved(unet)).kind == SD
    assert read_base(saved(unet, "conditioner.embedders.1.model.ln_final.weight")).kind == SDXL
    one = "cond_stage_model.transformer.text_model.embeddings.position_embedding.weight"
    assert read_base(saved(unet, one)).kind == SD
    two = "cond_stage_model.model.transformer.resblocks.0.attn.in_proj_weight"
    assert read_base(saved(unet, two)).kind == SD2
    with pytest.raises(SettingsError, match="It is a LoRA"):
        read_base(saved("lora_unet_x.lora_down.weight"))
    with pytest.raises(SettingsError, match="no model of Stable Diffusion"):
        read_base(saved("something"))


@pytest.mark.parametrize(
    ("kind", "unet", "texts"),
    [(SD, 859_520_964, [123_060_480]), (SDXL, 2_567_463_684, [123_060_480, 694_659_840])],
)
def test_what_single_files_leave_out_builds_networks_of_the_published_sizes(
    kind: str, unet: int, texts: list[int]
) -> None:
    # The numbers of parameters of the published networks.
    import diffusers
    import torch
    import transformers

    parts = layout_parts(kind)
    with torch.device("meta"):
        made = diffusers.UNet2DConditionModel.from_config(parts["unet/config.json"])
        vae = diffusers.AutoencoderKL.from_config(parts["vae/config.json"])
        config = transformers.CLIPTextConfig(**parts["text_encoder/config.json"])
        encoders = [transformers.CLIPTextModel(config)]
        if kind == SDXL:
            config = transformers.CLIPTextConfig(**parts["text_encoder_2/config.json"])
            encoders.append(transformers.CLIPTextModelWithProjection(config))

    def count(network: torch.nn.Module) -> int:
        return sum(it.numel() for it in network.parameters())

    assert count(made) == unet
    assert count(vae) == 83_653_863
    assert [count(it) for it in encoders] == texts


def test_the_tokenizer_reads_as_clips_does() -> None:
    import transformers

    vocabulary, merges = clip_vocabulary()
    assert (len(vocabulary), len(merges)) == (49_408, 48_894)
    with layout_of(SD) as folder:
        tokenizer = transformers.CLIPTokenizer.from_pretrained(folder / "tokenizer")
    # As its authors' own tokenizer reads it.
    assert tokenizer("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]


def test_layers_are_named_without_loading_weights(copy: Path) -> None:
    found = empty_parts(read_base(copy), {"unet": ("to_q",), "text_encoder_2": ("q_proj",)})

    assert list(found) == ["unet"]
    assert all(name.endswith("to_q") for name in found["unet"])
    assert all(weight.device.type == "meta" for weight in found["unet"].values())
