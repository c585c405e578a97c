"""Stable Diffusion with tiny networks and random weights, in the layouts that people have."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
import torch

pytest.importorskip("transformers", reason="the pack “diffusion” is not installed")
pytest.importorskip("diffusers", reason="the pack “diffusion” is not installed")

from genstudio.models.stable_diffusion.loading import import_diffusers

LICENCE = "creativeml-openrail-m"


@cache
def shared_folder() -> Path:
    """One that any number of tests read."""
    return save_folder(Path(mkdtemp(prefix="genstudio-tiny-")) / "tiny")


def save_folder(folder: Path, *, is_xl: bool = False, in_channels: int = 4, seed: int = 0) -> Path:
    """A folder in diffusers' layout, of some megabytes."""
    torch.manual_seed(seed)
    pipeline = make_pipeline(is_xl=is_xl, in_channels=in_channels)
    pipeline.save_pretrained(folder)
    (folder / "README.md").write_text(f"---\nlicense: {LICENCE}\n---\n# Tiny\n")
    return folder


def make_pipeline(*, is_xl: bool = False, in_channels: int = 4) -> Any:
    diffusers = import_diffusers()
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    attention: dict[str, Any] = {
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
        "cross_attention_dim": 32,
    }
    if is_xl:
        attention = {
            "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
            "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
            "cross_attention_dim": 64,
            "transformer_layers_per_block": (1, 2),
            "use_linear_projection": True,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8,
            "projection_class_embeddings_input_dim": 80,
        }
    unet = diffusers.UNet2DConditionModel(
        sample_size=8,
        in_channels=in_channels,
        block_out_channels=(32, 64),
        layers_per_block=1,
        attention_head_dim=8,
        norm_num_groups=8,
        **attention,
    )
    vae = diffusers.AutoencoderKL(
        block_out_channels=(16,) * 4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=8,
        sample_size=64,
    )
    text: dict[str, Any] = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "vocab_size": 514,
        "max_position_embeddings": 77,
        "projection_dim": 32,
        "bos_token_id": 512,
        "eos_token_id": 513,
        "pad_token_id": 513,
    }
    parts: dict[str, Any] = {
        "unet": unet,
        "vae": vae,
        "text_encoder": CLIPTextModel(CLIPTextConfig(**text)),
        "tokenizer": _tokenizer(),
        "scheduler": diffusers.DDIMScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            clip_sample=False,
            set_alpha_to_one=False,
            steps_offset=1,
        ),
    }
    if is_xl:
        second = CLIPTextModelWithProjection(CLIPTextConfig(**text))
        return diffusers.StableDiffusionXLPipeline(
            **parts, text_encoder_2=second, tokenizer_2=_tokenizer()
        )
    return diffusers.StableDiffusionPipeline(
        **parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )


def _tokenizer() -> Any:
    """CLIP's with no merges: letters alone."""
    from transformers import CLIPTokenizer

    from genstudio.models.stable_diffusion.layouts import clip_vocabulary

    full, _ = clip_vocabulary()
    letters = list(full)[:512]
    tokens = [*letters, "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=77)
