"""Check of Stable Diffusion: a tiny one with random weights draws, and draws the same again."""

from typing import Any

import torch

from genstudio.data.decode import decode_thumbnail
from genstudio.models.stable_diffusion.layouts import clip_vocabulary
from genstudio.models.stable_diffusion.loading import import_diffusers
from genstudio.selftest.place import Place, SelfTestError, missing_pack
from genstudio.services.operations.perform import perform
from genstudio.services.operations.protocol import Made
from genstudio.services.operations.save import save_made


def draw_with_a_folder(place: Place) -> str:
    """Save such a folder, draw with it twice, and compare."""
    if without := missing_pack("diffusion"):
        return without
    folder = place.folder / "tiny-diffusion"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        make_pipeline().save_pretrained(folder)
    settings = {"base": str(folder), "prompt": "a flower", "steps": 3}
    paths = [
        save_made(it, place.folder / name)
        for name in ("drawn", "drawn again")
        for it in perform("text-to-image", seed=3, settings=settings)
        if isinstance(it, Made)
    ]
    first, again = (decode_thumbnail(path, side=64) for path in paths)
    if first.tobytes() != again.tobytes() or first.std() == 0:
        raise SelfTestError("Drawn twice, a picture was not the same")
    return "a tiny one from a folder drew the same picture twice"


def make_pipeline(*, is_xl: bool = False, in_channels: int = 4) -> Any:
    """A pipeline of tiny networks with random weights from torch's global generator.

    Args:
        is_xl: Of Stable Diffusion XL.
        in_channels: Of its network: 9 for one that fills holes.
    """
    diffusers = import_diffusers()
    from transformers import (  # noqa: PLC0415  # seconds, and optional
        CLIPTextConfig,
        CLIPTextModel,
        CLIPTextModelWithProjection,
    )

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
    from transformers import CLIPTokenizer  # noqa: PLC0415

    full, _ = clip_vocabulary()
    letters = list(full)[:512]
    tokens = [*letters, "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=77)
