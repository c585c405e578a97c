"""Draws with a base model: from words, from a picture, or inside a mask; step by step.

Sources: guidance without a classifier, Ho & Salimans 2022 (arXiv:2207.12598, eq. 6); a picture as
the beginning, Meng et al. 2021 (arXiv:2108.01073); parts that are kept while others are drawn,
Avrahami et al. 2022 (arXiv:2206.02779, algorithm 1). The samplers are those of diffusers.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from genstudio.models.low_rank import Lora
from genstudio.models.sampling import to_uint8
from genstudio.models.stable_diffusion.adapters import merged
from genstudio.models.stable_diffusion.folders import SDXL
from genstudio.models.stable_diffusion.loading import Conditioning, LoadedBase, import_diffusers
from genstudio.models.stable_diffusion.lora_files import UNET

Sampler = Literal["DPM++ 2M Karras", "Euler", "Euler ancestral", "DDIM", "UniPC"]
SAMPLERS: Final[Sequence[str]] = get_args(Sampler)
_CLASSES: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "DPM++ 2M Karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "Euler": ("EulerDiscreteScheduler", {}),
    "Euler ancestral": ("EulerAncestralDiscreteScheduler", {}),
    "DDIM": ("DDIMScheduler", {"clip_sample": False, "set_alpha_to_one": False}),
    "UniPC": ("UniPCMultistepScheduler", {}),
}
_DRAWS_NOISE: Final = frozenset({"Euler ancestral"})
# How latents of the published autoencoders look, about: linear maps to colours in [-1, 1], fitted
# by several programs that show a picture while it becomes.
_COLOURS_SD = (
    (0.3512, 0.2297, 0.3227),
    (0.3250, 0.4974, 0.2350),
    (-0.2829, 0.1762, 0.2721),
    (-0.2120, -0.2616, -0.7177),
)
_COLOURS_XL = (
    (0.3651, 0.4232, 0.4341),
    (-0.2533, -0.0042, 0.1068),
    (0.1076, 0.1111, -0.0362),
    (-0.3165, -0.2492, -0.2188),
)
# Larger pictures are decoded in tiles: whole, their features take gigabytes.
_TILED_FROM_PX = 1024 * 1024
_MASK_CHANNELS_FROM = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What is to be drawn.

    Attributes:
        prompt: What.
        negative: What not.
        guidance: How strictly the prompt is kept to; 1 and less ignores ``negative``.
        steps: Of the sampler.
        sampler: Key of ``SAMPLERS``.
        seed: Of the noise.
        size: Height and width in pixels, multiples of 8.
        picture_HWC: uint8 of that size that it begins as; None for noise alone.
        strength: How much of the picture is noise at the beginning, in (0, 1].
        mask_HW: Of that size, in [0, 1]: 1 where it is drawn anew; None for everywhere.
    """

    prompt: str
    negative: str = ""
    guidance: float = 7.5
    steps: int = 25
    sampler: Sampler = "DPM++ 2M Karras"
    seed: int = 0
    size: tuple[int, int] = (512, 512)
    picture_HWC: np.ndarray | None = None
    strength: float = 1.0
    mask_HW: np.ndarray | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """How far a picture is.

    Attributes:
        done: Steps taken.
        total: Steps in all.
        image_HWC: uint8: roughly what it becomes, an eighth as large; whole at the end.
        left_out: Words at the end of the prompt that were beyond what the model reads.
        is_finished: Whether this is the result.
    """

    done: int
    total: int
    image_HWC: np.ndarray
    left_out: str = ""
    is_finished: bool = False


def draw(
    loaded: LoadedBase, drawing: Drawing, loras: Sequence[tuple[Lora, float]] = ()
) -> Generator[Stage]:
    """Draw one picture; closed between two steps, it stops.

    The same drawing, base and LoRAs give the same pixels on the same kind of device.

    Args:
        loaded: The base model.
        drawing: What is wanted.
        loras: Each with its strength; 0 is the same as leaving it out.

    Raises:
        SettingsError: A LoRA was made for another base model.
    """
    with loaded.lock, merged(loaded.parts, loras):
        yield from _drawn(loaded, drawing, loaded.parts[UNET])


def _drawn(loaded: LoadedBase, drawing: Drawing, unet: Any) -> Generator[Stage]:
    with torch.no_grad():
        both = _read(loaded, drawing)
        scheduler = make_scheduler(loaded, drawing.sampler)
        scheduler.set_timesteps(drawing.steps, device=loaded.device)
        # Its step draws noise, too; on the processor, so that it is the same on every device.
        generator = torch.Generator().manual_seed(drawing.seed)
        height, width = (side // loaded.vae_scale for side in drawing.size)
        shape = (1, loaded.latent_channels, height, width)
        noise = torch.randn(shape, generator=generator).to(loaded.device)
        times: Tensor = scheduler.timesteps
        kept = mask = None
        if drawing.picture_HWC is not None:
            image = torch.as_tensor(np.array(drawing.picture_HWC)).permute(2, 0, 1)[None]
            kept = loaded.encode(image / 127.5 - 1)[0]
            skipped = drawing.steps - max(
                1, min(drawing.steps, round(drawing.steps * drawing.strength))
            )
            times = times[skipped:]
            scheduler.set_begin_index(skipped)
        if drawing.mask_HW is not None:
            mask = torch.as_tensor(drawing.mask_HW, dtype=torch.float32)[None, None]
            mask = mask.to(loaded.device)
        if kept is None or (mask is not None and drawing.strength >= 1):
            latents = noise * scheduler.init_noise_sigma
        else:
            latents = scheduler.add_noise(kept, noise, times[:1])
        more = _mask_channels(loaded, drawing, mask)
        mask_small = None if mask is None else functional.interpolate(mask, (height, width))
    draws = {"generator": generator} if drawing.sampler in _DRAWS_NOISE else {}
    for number, time in enumerate(times):
        # Entered for each step: while the caller has the word, other gradients are its own.
        with torch.no_grad():
            scaled = scheduler.scale_model_input(latents, time)
            given = scaled if more is None else torch.cat([scaled, more], dim=1)
            copies = len(both.context)
            said = loaded.predict(unet, given.repeat(copies, 1, 1, 1), time, both, drawing.size)
            if copies > 1:
                anything, asked = said.chunk(2)
                said = anything + drawing.guidance * (asked - anything)
            latents = scheduler.step(said, time, latents, return_dict=False, **draws)[0]
            if kept is not None and mask_small is not None and more is None:
                around = kept
                if number + 1 < len(times):
                    around = scheduler.add_noise(kept, noise, times[number + 1 : number + 2])
                latents = torch.lerp(around, latents, mask_small)
            seen = _seen(loaded, latents)
        yield Stage(done=number, total=len(times), image_HWC=seen, left_out=both.left_out)
    with torch.no_grad():
        image_HWC = to_uint8(_decoded(loaded, latents, drawing.size))[0]
    if drawing.picture_HWC is not None and drawing.mask_HW is not None:
        # Outside of the mask, the picture is what it was to the last bit.
        weight = drawing.mask_HW[..., None]
        blended = drawing.picture_HWC + weight * (
            image_HWC.astype(np.float32) - drawing.picture_HWC
        )
        image_HWC = np.rint(blended).clip(0, 255).astype(np.uint8)
    yield Stage(
        done=len(times),
        total=len(times),
        image_HWC=image_HWC,
        left_out=both.left_out,
        is_finished=True,
    )


def _read(loaded: LoadedBase, drawing: Drawing) -> Conditioning:
    if drawing.guidance <= 1:
        return loaded.read([drawing.prompt])
    read = loaded.read([drawing.negative, drawing.prompt])
    if loaded.base.kind == SDXL and not drawing.negative and read.pooled is not None:
        # XL was trained with zeros where there were no words.
        keep = torch.tensor([0.0, 1.0], device=loaded.device, dtype=read.context.dtype)
        return Conditioning(
            context=read.context * keep[:, None, None],
            pooled=read.pooled * keep[:, None].to(read.pooled.dtype),
            left_out=read.left_out,
        )
    return read


def make_scheduler(loaded: LoadedBase, sampler: str) -> Any:
    """A sampler of its own for each picture: those of diffusers keep a state."""
    diffusers = import_diffusers()
    name, options = _CLASSES[sampler]
    return getattr(diffusers, name).from_config(dict(loaded.scheduler_config), **options)


def _mask_channels(loaded: LoadedBase, drawing: Drawing, mask: Tensor | None) -> Tensor | None:
    """What a network that was trained to fill holes takes besides; None for any other one."""
    if loaded.unet_channels < _MASK_CHANNELS_FROM:
        return None
    height, width = drawing.size
    if drawing.picture_HWC is None or mask is None:
        image = torch.zeros(1, 3, height, width, device=loaded.device)
        hole = torch.ones(1, 1, height, width, device=loaded.device)
    else:
        image = torch.as_tensor(np.array(drawing.picture_HWC)).permute(2, 0, 1)[None]
        hole = (mask > 0.5).float()
        image = (image.to(loaded.device) / 127.5 - 1) * (1 - hole)
    latents = loaded.encode(image)[0]
    return torch.cat([functional.interpolate(hole, latents.shape[-2:]), latents], dim=1)


def _seen(loaded: LoadedBase, latents: Tensor) -> np.ndarray:
    if loaded.latent_channels != len(_COLOURS_SD):
        return to_uint8(latents[:, :1].repeat(1, 3, 1, 1))[0]
    colours = _COLOURS_XL if loaded.base.kind == SDXL else _COLOURS_SD
    matrix = torch.tensor(colours, device=latents.device)
    return to_uint8(torch.einsum("nchw,cd->ndhw", latents.float(), matrix))[0]


def _decoded(loaded: LoadedBase, latents: Tensor, size: tuple[int, int]) -> Tensor:
    # By size alone: where free memory decided, one seed would not always give the same pixels.
    is_tiled = size[0] * size[1] > _TILED_FROM_PX
    with loaded.tiled() if is_tiled else nullcontext():
        return loaded.decode(latents)
