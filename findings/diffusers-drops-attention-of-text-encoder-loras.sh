#!/bin/sh
# diffusers 0.42.1 (peft 0.21.2, transformers 5.23.0): of a LoRA in kohya's layout, the attention
# layers of the text encoder are found by out_proj alone.
#
# Guess before running: each layer that the file holds is adapted, or loading says which is not.
# Seen: with v_proj and fc1 in the file, loading succeeds and only fc1 is adapted; v_proj is dropped
# without a word. With q_proj and v_proj, the pair of the LoRA paper, loading raises "Could not
# automatically infer state dict type". With out_proj beside them, all are adapted.
# What we do: names are matched with the layers of the model one by one, and one that is not found is an
# error (models/stable_diffusion/lora_files.py); ours hold all four layers of attention.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/env"
"$place/env/bin/pip" install --quiet torch==2.13.0
"$place/env/bin/pip" install --quiet diffusers==0.42.1 transformers==5.23.0 peft==0.21.2 numpy==2.4.6
HF_HUB_OFFLINE=1 "$place/env/bin/python" - "$place" <<'PYTHON'
import sys

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

DEPTH = 2


def pipeline():
    unet = UNet2DConditionModel(
        block_out_channels=(32, 64), layers_per_block=1, cross_attention_dim=32,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), attention_head_dim=8, norm_num_groups=8,
    )
    text = CLIPTextModel(CLIPTextConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=DEPTH, num_attention_heads=4,
        vocab_size=4, bos_token_id=2, eos_token_id=3, pad_token_id=3,
    ))
    words = {"a": 0, "a</w>": 1, "<|startoftext|>": 2, "<|endoftext|>": 3}
    return StableDiffusionPipeline(
        vae=AutoencoderKL(block_out_channels=(16,), norm_num_groups=8), unet=unet,
        text_encoder=text, tokenizer=CLIPTokenizer(vocab=words, merges=[]),
        scheduler=DDIMScheduler(), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )


def adapted(*names):
    """Layers of the text encoder that are adapted once such a file was loaded."""
    tensors = {}
    stem = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
    shapes = {stem: (32, 32)}
    for number in range(DEPTH):
        for name in names:
            part, out = ("mlp", 64) if name == "fc1" else ("self_attn", 32)
            shapes[f"lora_te_text_model_encoder_layers_{number}_{part}_{name}"] = (32, out)
    for stem, (width, out) in shapes.items():
        tensors[f"{stem}.lora_down.weight"] = torch.ones(4, width)
        tensors[f"{stem}.lora_up.weight"] = torch.ones(out, 4)
        tensors[f"{stem}.alpha"] = torch.tensor(4.0)
    save_file(tensors, f"{sys.argv[1]}/lora.safetensors")
    loaded = pipeline()
    try:
        loaded.load_lora_weights(sys.argv[1], weight_name="lora.safetensors")
    except ValueError as error:
        return str(error)
    modules = loaded.text_encoder.named_modules()
    return sorted({name.split(".")[-1] for name, it in modules if hasattr(it, "lora_A")})


found = {names: adapted(*names) for names in (
    ("q_proj", "v_proj", "out_proj", "fc1"), ("v_proj", "fc1"), ("q_proj", "v_proj"), ("fc1",),
)}
for names, what in found.items():
    print("in the file:", ", ".join(names), "=> adapted:", what)
assert found["q_proj", "v_proj", "out_proj", "fc1"] == ["fc1", "out_proj", "q_proj", "v_proj"]
assert found["v_proj", "fc1"] == ["fc1"]
assert "infer state dict type" in found["q_proj", "v_proj"]
assert found["fc1",] == ["fc1"]
PYTHON
echo "as described"
