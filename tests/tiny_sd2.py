"""A tiny Stable Diffusion 2 as one file, in the names of CompVis and OpenCLIP."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import tiny_diffusion
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from genstudio.domain.resources import resource
from genstudio.models.stable_diffusion import layouts
from genstudio.models.stable_diffusion.folders import SD2
from genstudio.models.stable_diffusion.layouts import layout_parts
from genstudio.models.stable_diffusion.loading import import_diffusers

Parts = Mapping[str, nn.Module]
_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_UNET_ENDS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_VAE_ATTENTION = {
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
}
_OPEN_CLIP = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}


def tiny_settings() -> dict[str, Any]:
    """The published settings with everything narrower; what makes it a 2 stays."""
    parts = json.loads(json.dumps(dict(layout_parts(SD2))))
    parts["unet/config.json"].update(
        block_out_channels=[32, 32, 64, 64],
        attention_head_dim=[2, 2, 4, 4],
        cross_attention_dim=32,
        layers_per_block=1,
        norm_num_groups=8,
    )
    parts["vae/config.json"].update(
        block_out_channels=[16] * 4, layers_per_block=1, norm_num_groups=8
    )
    parts["text_encoder/config.json"].update(
        hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=4
    )
    return parts


def use_tiny_settings(monkeypatch: pytest.MonkeyPatch, folder: Path) -> dict[str, Any]:
    """Let single files be read as if a Stable Diffusion 2 was that small."""
    parts = tiny_settings()
    place = folder / "sd2-tiny.json"
    place.write_text(json.dumps(parts))
    monkeypatch.setattr(
        layouts, "resource", lambda name: place if name.endswith("sd2.json") else resource(name)
    )
    return parts


def make_parts(parts: Mapping[str, Any], seed: int = 0) -> Parts:
    """Networks with random weights."""
    diffusers = import_diffusers()
    import transformers

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        config = transformers.CLIPTextConfig(**parts["text_encoder/config.json"])
        return {
            "unet": diffusers.UNet2DConditionModel.from_config(parts["unet/config.json"]).eval(),
            "vae": diffusers.AutoencoderKL.from_config(parts["vae/config.json"]).eval(),
            "text_encoder": transformers.CLIPTextModel(config).eval(),
        }


def save_single(
    path: Path,
    parts: Parts,
    metadata: Mapping[str, str] | None = None,
    dtype: torch.dtype = torch.float32,
) -> Path:
    """All of them as one file, and what the published ones hold besides."""
    unet: Any = parts["unet"]
    weights = {
        **{
            f"model.diffusion_model.{compvis_unet(name, unet.config)}": it
            for name, it in unet.state_dict().items()
        },
        **{f"first_stage_model.{name}": it for name, it in _vae(parts["vae"]).items()},
        **{f"cond_stage_model.model.{name}": it for name, it in _text(parts["text_encoder"])},
    }
    weights = {name: it.to(dtype).contiguous() for name, it in weights.items()}
    weights["alphas_cumprod"] = torch.linspace(1, 0, 1000)
    save_file(weights, path, metadata=dict(metadata or {}))
    return path


def compvis_unet(name: str, config: Any) -> str:
    """Name in diffusers => name in CompVis's latent diffusion."""
    for ours, theirs in _UNET_ENDS.items():
        if name.startswith(f"{ours}."):
            return name.replace(ours, theirs, 1)
    per_block = config.layers_per_block + 1
    number = re.search(r"_blocks\.(\d+)\.", name)
    block = int(number[1]) if number else 0
    if name.startswith("down_blocks"):
        if ".downsamplers.0.conv" in name:
            place, rest = f"input_blocks.{(block + 1) * per_block}.0.op", name.split(".conv")[1]
            return place + rest
        kind, layer, rest = _kind(name, 2)
        place = f"input_blocks.{block * per_block + layer + 1}.{int(kind == 'attentions')}"
    elif name.startswith("mid_block"):
        kind, layer, rest = _kind(name, 1)
        place = f"middle_block.{1 if kind == 'attentions' else 2 * layer}"
    elif ".upsamplers.0.conv" in name:
        at = (block + 1) * per_block - 1
        # Beside its attention, where the block has some.
        beside = 2 if "CrossAttn" in config.up_block_types[block] else 1
        return f"output_blocks.{at}.{beside}.conv" + name.split(".conv")[1]
    else:
        kind, layer, rest = _kind(name, 2)
        place = f"output_blocks.{block * per_block + layer}.{int(kind == 'attentions')}"
    if kind == "resnets":
        first, _, last = rest.partition(".")
        rest = f"{_RESNET[first]}.{last}"
    return f"{place}.{rest}"


def _kind(name: str, at: int) -> tuple[str, int, str]:
    parts = name.split(".")
    return parts[at], int(parts[at + 1]), ".".join(parts[at + 2 :])


def _vae(vae: Any) -> dict[str, Tensor]:
    levels = len(vae.config.block_out_channels)
    found: dict[str, Tensor] = {}
    for name, weight in vae.state_dict().items():
        new = name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
        new = re.sub(r"down_blocks\.(\d+)\.resnets", r"down.\1.block", new)
        new = re.sub(r"down_blocks\.(\d+)\.downsamplers\.0", r"down.\1.downsample", new)
        for ours, theirs in (("resnets", "block"), ("upsamplers.0", "upsample")):
            new = re.sub(
                rf"up_blocks\.(\d+)\.{re.escape(ours)}",
                lambda it, theirs=theirs: f"up.{levels - 1 - int(it[1])}.{theirs}",
                new,
            )
        new = re.sub(r"mid_block\.resnets\.(\d)", lambda it: f"mid.block_{int(it[1]) + 1}", new)
        if "mid_block.attentions.0" in new:
            new = new.replace("mid_block.attentions.0", "mid.attn_1")
            for ours, theirs in _VAE_ATTENTION.items():
                new = new.replace(f"attn_1.{ours}.", f"attn_1.{theirs}.")
        # Its attention is of convolutions of one pixel.
        is_flat = "attn_1" in new and weight.ndim == 2
        found[new] = weight[:, :, None, None] if is_flat else weight
    return found


def _text(encoder: nn.Module) -> list[tuple[str, Tensor]]:
    state = {name.removeprefix("text_model."): it for name, it in encoder.state_dict().items()}
    width = state["final_layer_norm.weight"].shape[0]
    found = {
        "positional_embedding": state["embeddings.position_embedding.weight"],
        "token_embedding.weight": state["embeddings.token_embedding.weight"],
        "ln_final.weight": state["final_layer_norm.weight"],
        "ln_final.bias": state["final_layer_norm.bias"],
        "logit_scale": torch.tensor(4.6),
        "text_projection": torch.randn(width, width),
    }
    for name, weight in state.items():
        if not name.startswith("encoder.layers."):
            continue
        _, _, layer, rest = name.split(".", 3)
        place = f"transformer.resblocks.{layer}."
        if ".q_proj." in rest:
            three = [state[name.replace(".q_proj.", f".{it}_proj.")] for it in "qkv"]
            found[f"{place}attn.in_proj_{rest.rsplit('.', 1)[1]}"] = torch.cat(three)
        elif ".k_proj." not in rest and ".v_proj." not in rest:
            for ours, theirs in _OPEN_CLIP.items():
                rest = rest.replace(ours, theirs)
            found[place + rest] = weight
    # The last layer, which is not read: the one before tells more of a prompt.
    first = "transformer.resblocks.0."
    last = {
        name.replace(first, "transformer.resblocks.23."): torch.randn_like(it)
        for name, it in found.items()
        if name.startswith(first)
    }
    return [*found.items(), *last.items()]


assert tiny_diffusion  # Skips where the pack is missing.
