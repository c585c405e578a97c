"""Loads a base model from disk, never from the network, and keeps the one that was used last."""

import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, Final

import psutil
import torch
from torch import Tensor, nn

from genstudio.domain.errors import GenStudioError, SettingsError
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.pack_hints import how_to_get
from genstudio.models.stable_diffusion.adapters import layers_of
from genstudio.models.stable_diffusion.answers import SIDES, Answers
from genstudio.models.stable_diffusion.folders import SD2, SDXL, BaseModel, read_json
from genstudio.models.stable_diffusion.layouts import layout_of, layout_parts
from genstudio.models.stable_diffusion.lora_files import TEXT, TEXT_2, UNET
from genstudio.models.stable_diffusion.measuring import measured_answers

VAE: Final = "vae"
# What diffusers says where a pack is missing is about pip; people get a sentence.
_PACK = tr_noop("The pack “diffusion” is not installed")
_ROOM_FOR_A_PICTURE = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditioning:
    """What a prompt is to the network.

    Attributes:
        context: (N, tokens, features).
        pooled: (N, features) of the whole prompt, for XL; None otherwise.
        left_out: What of the prompts was beyond the tokens that are read.
    """

    context: Tensor
    pooled: Tensor | None
    left_out: str = ""


class LoadedBase:
    """A base model in memory: frozen networks, and how they are called.

    Attributes:
        base: What it was loaded from.
        parts: "unet", "vae", "text_encoder" and, for XL, "text_encoder_2"; frozen.
        scheduler_config: As the model was trained, for samplers to be built from.
        lock: To be held by whoever changes or calls the networks.
        answers: How those of a single file of Stable Diffusion 2 are meant, and how that is known;
            None for all others, which say so in their settings.
        is_offloaded: Whether all but the network that draws wait in the main memory.
    """

    def __init__(
        self, base: BaseModel, pipeline: Any, dtype: torch.dtype, *, is_offloaded: bool = False
    ) -> None:
        self.base = base
        self.lock = threading.RLock()
        self.dtype = dtype
        self.is_offloaded = is_offloaded
        self.parts: dict[str, nn.Module] = {UNET: pipeline.unet, VAE: pipeline.vae}
        self._readers: list[tuple[str, Any, nn.Module]] = [
            (TEXT, pipeline.tokenizer, pipeline.text_encoder)
        ]
        self.parts[TEXT] = pipeline.text_encoder
        if base.kind == SDXL:
            self._readers.append((TEXT_2, pipeline.tokenizer_2, pipeline.text_encoder_2))
            self.parts[TEXT_2] = pipeline.text_encoder_2
        for part in self.parts.values():
            part.requires_grad_(False).eval()
        self.scheduler_config: dict[str, Any] = dict(pipeline.scheduler.config)
        vae_config: Any = pipeline.vae.config
        self.vae_scale: int = 2 ** (len(vae_config.block_out_channels) - 1)
        self.latent_channels: int = int(vae_config.latent_channels)
        self._scaling: float = float(vae_config.scaling_factor)
        unet_config: Any = pipeline.unet.config
        self.unet_channels: int = int(unet_config.in_channels)
        # In pixels: pictures come out best at the size that it was trained at.
        self.side: int = int(unet_config.sample_size) * self.vae_scale
        self.answers: Answers | None = None

    def settle_answers(self) -> None:
        """See how the answers of a Stable Diffusion 2 are meant: as is said of it, or by measuring.

        Raises:
            SettingsError: It cannot be told.
        """
        if self.base.kind != SD2:
            return
        self.answers = self.base.answers or self._measured()
        self.scheduler_config["prediction_type"] = self.answers.meaning
        self.side = SIDES[self.answers.meaning]

    def _measured(self) -> Answers:
        last = torch.tensor(int(self.scheduler_config["num_train_timesteps"]) - 1)
        nothing = self.read([""])

        def predict(noise: Tensor) -> Tensor:
            more = self.unet_channels - noise.shape[1]
            # One that fills holes is also given a mask and a picture: all is to be drawn.
            around = torch.zeros(1, max(more, 0), *noise.shape[2:])
            around[:, :1] = 1
            given = torch.cat([noise, around], dim=1).to(self.device)
            size = tuple(side * self.vae_scale for side in noise.shape[2:])
            return self.predict(
                self.parts[UNET], given, last.to(self.device), nothing, (size[0], size[1])
            )

        with torch.no_grad():
            return measured_answers(self.base.path.name, predict, self.latent_channels)

    @property
    def device(self) -> torch.device:
        """Where the network that draws is."""
        return next(self.parts[UNET].parameters()).device

    @contextmanager
    def tiled(self) -> Generator[None]:
        """Decode in tiles that overlap: large pictures in the memory of a small one."""
        vae: Any = self.parts[VAE]
        vae.enable_tiling()
        try:
            yield
        finally:
            vae.disable_tiling()

    @contextmanager
    def _at_work(self, part: nn.Module) -> Generator[None]:
        """Where memory is short, parts are on the card only while they work."""
        if not self.is_offloaded:
            yield
            return
        part.to(self.device)
        try:
            yield
        finally:
            part.to("cpu")

    def read(
        self, prompts: Sequence[str], through: Mapping[str, nn.Module] | None = None
    ) -> Conditioning:
        """Prompts => what the network takes.

        Args:
            prompts: One for each picture; what is too long is cut.
            through: Name of an encoder => what calls it as if it were changed.
        """
        contexts: list[Tensor] = []
        pooled: Tensor | None = None
        left_out: list[str] = []
        for name, tokenizer, encoder in self._readers:
            most: int = min(tokenizer.model_max_length, 77)
            ids = tokenizer(
                list(prompts),
                padding="max_length",
                max_length=most,
                truncation=True,
                return_tensors="pt",
            ).input_ids.to(self.device)
            if name == TEXT:
                left_out = [_beyond(tokenizer, prompt, most) for prompt in prompts]
            adapted = (through or {}).get(name)
            call: Any = encoder if adapted is None else partial(adapted, encoder)
            with self._at_work(encoder):
                out: Any = call(ids, output_hidden_states=self.base.kind == SDXL)
            if self.base.kind == SDXL:
                # The layer before the last one, as XL was trained (Podell et al. 2023, 2307.01952).
                contexts.append(out.hidden_states[-2])
                pooled = out[0]
            else:
                contexts.append(out[0])
        said = "; ".join(it for it in left_out if it)
        return Conditioning(context=torch.cat(contexts, dim=-1), pooled=pooled, left_out=said)

    def predict(
        self,
        unet: Any,
        latents_NCHW: Tensor,
        times: Tensor,
        conditioning: Conditioning,
        size: tuple[int, int],
        origins: Tensor | None = None,
    ) -> Tensor:
        """What the network says of noisy latents, float32 of their shape.

        Args:
            unet: The network, or what calls it as if it were changed.
            latents_NCHW: Scaled as the sampler scales them.
            times: Whole numbers (N,) or (): no precision rounds those.
            conditioning: One for each.
            size: Height and width of the picture in pixels.
            origins: Where pictures that are learned from come from: height and width of the file's
                picture and what was cut off above and on the left, (N, 4); by default they are
                whole, and of this size.
        """
        more: dict[str, Any] = {}
        if conditioning.pooled is not None:
            height, width = size
            ids = torch.tensor([[height, width, 0, 0, height, width]] * len(latents_NCHW))
            if origins is not None:
                ids[:, :4] = origins.to(ids.device)
            more["added_cond_kwargs"] = {
                "text_embeds": conditioning.pooled.to(self.dtype),
                "time_ids": ids.to(self.device, self.dtype),
            }
        said: Any = unet(
            latents_NCHW.to(self.dtype),
            times,
            encoder_hidden_states=conditioning.context.to(self.dtype),
            return_dict=False,
            **more,
        )
        return said[0].float()

    def encode(self, images_NCHW: Tensor) -> tuple[Tensor, Tensor]:
        """Pictures in [-1, 1] => mean and deviation of their latents, scaled, float32."""
        vae: Any = self.parts[VAE]
        with self._at_work(vae):
            found: Any = vae.encode(images_NCHW.to(self.device, torch.float32)).latent_dist
        return found.mean * self._scaling, found.std * self._scaling

    def decode(self, latents_NCHW: Tensor) -> Tensor:
        """Scaled latents => pictures in about [-1, 1], float32."""
        vae: Any = self.parts[VAE]
        with self._at_work(vae):
            return vae.decode(latents_NCHW.float() / self._scaling, return_dict=False)[0]


_held: list[LoadedBase] = []
_holding = threading.Lock()


def load_base(base: BaseModel, device: torch.device | None = None) -> LoadedBase:
    """Load a base model, or give the one that was loaded last if it is that.

    Args:
        base: As :func:`genstudio.models.stable_diffusion.folders.read_base` found it.
        device: By default the graphics card, where there is one.

    Raises:
        SettingsError: The pack that reads it is not installed, or its parts do not fit.
    """
    device = device or best_device()
    dtype = torch.float32 if device.type == "cpu" else torch.float16
    # Where a caller only draws, weights would be of no use to a training afterwards.
    with _holding, torch.inference_mode(mode=False):
        for held in _held:
            if held.base == base and held.device.type == device.type:
                return held
        _held.clear()  # Two would rarely fit into memory.
        is_short = _is_short(base, device)
        loaded = LoadedBase(base, _pipeline(base, dtype), dtype, is_offloaded=is_short)
        for name, part in loaded.parts.items():
            # XL's VAE overflows in half precision.
            waits = is_short and name != UNET
            part.to("cpu" if waits else device, torch.float32 if name == VAE else dtype)
        loaded.settle_answers()
        _held.append(loaded)
        return loaded


def empty_parts(base: BaseModel, ends: Mapping[str, Sequence[str]]) -> dict[str, dict[str, Tensor]]:
    """Layers of parts, without their weights and in no time.

    Args:
        base: Whose layers.
        ends: Name of a part, which is left out where the base has none => ends of names of layers.

    Returns:
        Name of a part => name of a layer => a weight of which only the shape is there.
    """
    diffusers = import_diffusers()
    import transformers  # noqa: PLC0415

    known = {} if base.path.is_dir() else layout_parts(base.kind)
    made = {
        UNET: diffusers.UNet2DConditionModel.from_config,
        TEXT: lambda it: transformers.CLIPTextModel(transformers.CLIPTextConfig(**it)),
        TEXT_2: lambda it: transformers.CLIPTextModelWithProjection(
            transformers.CLIPTextConfig(**it)
        ),
    }
    found: dict[str, dict[str, Tensor]] = {}
    for part, names in ends.items():
        if part == TEXT_2 and base.kind != SDXL:
            continue
        name = f"{part}/config.json"
        config: Mapping[str, Any] = known[name] if known else read_json(base.path / name)
        with torch.device("meta"):
            found[part] = layers_of(made[part](dict(config)), names)
    return found


def _is_short(base: BaseModel, device: torch.device) -> bool:
    """Whether a card has too little memory for all parts at once and a picture besides.

    Raises:
        SettingsError: The machine has too little memory for the model.
    """
    stored = sum(file.stat().st_size for file in base.weights)
    if device.type != "cuda":
        available = psutil.virtual_memory().available
        if stored > available:
            raise SettingsError(
                tr("{name} does not fit into memory", name=base.path.name),
                tr(
                    "Its weights take {stored:.1f} GB, and {available:.1f} GB are free.",
                    stored=stored / 2**30,
                    available=available / 2**30,
                ),
                tr("Close other programs, or choose a smaller model."),
            )
        return False
    free, _ = torch.cuda.mem_get_info(device)
    return stored * _ROOM_FOR_A_PICTURE > free


def best_device() -> torch.device:
    """A graphics card, where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def import_diffusers() -> Any:
    """The library.

    Raises:
        SettingsError: It is not installed.
    """
    # Before diffusers: it declares what torchvision needs beside this torch.
    import_module("genstudio.data.vision")
    try:
        import diffusers  # noqa: PLC0415  # seconds, and optional
        import transformers  # noqa: PLC0415
    except ImportError as error:
        raise SettingsError(
            tr(_PACK),
            tr("Stable Diffusion needs diffusers and transformers."),
            how_to_get("diffusion"),
        ) from error
    from diffusers.utils import logging  # noqa: PLC0415

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return diffusers


def _pipeline(base: BaseModel, dtype: torch.dtype) -> Any:
    diffusers = import_diffusers()
    chosen = (
        diffusers.StableDiffusionXLPipeline
        if base.kind == SDXL
        else diffusers.StableDiffusionPipeline
    )
    more: dict[str, Any] = {} if base.kind == SDXL else {"safety_checker": None}
    try:
        if base.path.is_dir():
            return chosen.from_pretrained(
                base.path,
                local_files_only=True,
                use_safetensors=True,
                variant=base.variant or None,
                dtype=dtype,
                **more,
            )
        with layout_of(base.kind) as folder:
            return chosen.from_single_file(
                str(base.path),
                config=str(folder),
                local_files_only=True,
                dtype=dtype,
                **more,
            )
    except GenStudioError:
        raise
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        raise SettingsError(
            tr("{name} cannot be loaded", name=base.path.name),
            str(error).strip()[:300],
            tr("Are its files whole, and all of one model?"),
        ) from error


def _beyond(tokenizer: Any, prompt: str, most: int) -> str:
    ids: list[int] = tokenizer(prompt, truncation=False).input_ids
    rest = ids[most - 1 : -1]
    return str(tokenizer.decode(rest)).strip() if rest else ""
