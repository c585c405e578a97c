"""A LoRA for Stable Diffusion: a base model that a person has learns their pictures and words.

Sources: the change of each layer is of low rank, Hu et al. 2021 (arXiv:2106.09685, section 4.1);
what is learned is the noise of latents, Rombach et al. 2022 (arXiv:2112.10752, eq. 2), or their
velocity where the base was trained so, Salimans & Ho 2022 (arXiv:2202.00512, section 4); steps with
little noise count less, Hang et al. 2023 (arXiv:2303.09556, eq. 4); what the base knew is held on
to by its own answers, in the spirit of prior preservation, Ruiz et al. 2023 (arXiv:2208.12242,
section 3.2).
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

import torch
from pydantic import field_validator
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from genstudio.domain.cards import HAS_LORA, ModelCard
from genstudio.domain.fields import ORIGINS
from genstudio.domain.operations import GENERATE, TaskCard, generation
from genstudio.domain.settings import Settings, setting
from genstudio.domain.words import FIRST_WORD
from genstudio.models.low_rank import Lora
from genstudio.models.protocol import (
    Artifact,
    Batch,
    DataSpec,
    Losses,
    OptimizerSpec,
    Phase,
    Request,
)
from genstudio.models.stable_diffusion.adapters import Adapters
from genstudio.models.stable_diffusion.choices import FromWords, base_setting, drawing_of
from genstudio.models.stable_diffusion.drawing import draw, make_scheduler
from genstudio.models.stable_diffusion.folders import chosen_base
from genstudio.models.stable_diffusion.layouts import shape_step_of
from genstudio.models.stable_diffusion.loading import (
    Conditioning,
    LoadedBase,
    best_device,
    empty_parts,
    load_base,
)
from genstudio.models.stable_diffusion.lora_files import TEXT, TEXT_2, UNET

_ATTENTION: Final = ("to_q", "to_k", "to_v", "to_out.0")
_FEED_FORWARD: Final = ("ff.net.0.proj", "ff.net.2")
_TEXT: Final = ("q_proj", "k_proj", "v_proj", "out_proj")
_CAPTION_DROPOUT = 0.1
_SNR_LIMIT = 5.0
# Latents of 512 px take 128 kB.
_KEPT_LATENTS_BYTES = 2**29
_KEPT_READINGS = 512


class LoraConfig(Settings):
    """Settings of a LoRA in training."""

    base: str = base_setting()

    @field_validator("base")
    @classmethod
    def _from_anywhere(cls, base: str) -> str:
        """A run is resumed from another folder than it was begun in."""
        return str(Path(base.strip()).expanduser().absolute()) if base.strip() else ""

    rank: int = setting(
        8,
        title="Size of what is learned — rank",
        help="4 to 16 suffice for a style or a subject; higher learns more detail from many "
        "pictures, and the file grows.",
        ge=1,
        le=128,
    )
    alpha: float = setting(
        8.0,
        title="Strength of what is learned — alpha",
        help="As high as the rank is usual; lower learns more slowly.",
        ge=0.5,
        le=256.0,
        advanced=True,
    )
    layers: Literal["attention", "attention and feed-forward"] = setting(
        "attention",
        title="Which layers learn — targets",
        help="Attention alone is usual. With feed-forward, more can be learned and held less "
        "well apart from what the model knew.",
        advanced=True,
    )
    text: bool = setting(
        False,
        title="Learn words as well — text encoder",
        help="For a new word, such as a name that the model never read. Takes more memory.",
    )
    keep_shapes: bool = setting(
        True,
        title="Keep the pictures’ shapes — aspect buckets",
        help="Wide and tall pictures are learned nearly whole, up to 2:1, each step from pictures "
        "of one shape; squares that you chose stay, and previews are square. Off, one square of "
        "each is learned.",
        before=False,
    )
    learning_rate: float = setting(
        1e-4,
        title="Speed of learning — learning rate",
        help="Higher learns faster, and forgets more of what the model knew.",
        ge=1e-6,
        le=1e-2,
        advanced=True,
        logarithmic=True,
    )
    prior: float = setting(
        0.0,
        title="Hold on to what it knew — prior preservation",
        help="Compares its answers for no words at all with those of the model as it was. Each "
        "step takes about twice as long; 0 leaves it out.",
        ge=0.0,
        le=10.0,
        advanced=True,
    )
    saves_memory: bool = setting(
        True,
        title="Less memory, a third more time — gradient checkpointing",
        help="Computes parts twice instead of keeping them.",
        advanced=True,
    )


class LoraModel:
    """Small matrices beside the frozen layers of a base model, which is kept where it lies."""

    card: ClassVar[ModelCard] = ModelCard(
        key="stable-diffusion-lora",
        title="LoRA for Stable Diffusion",
        summary="Teaches a Stable Diffusion that you have your style or your subject.",
        family="text-to-image",
        modalities=("captions",),
        capabilities=frozenset({HAS_LORA}),
        cost="Half an hour on a graphics card; hours or days without one",
        needs="Weights of Stable Diffusion 1, 2 or XL on your disk; 10 to 200 pictures with "
        "captions",
        draws_slowly=True,
        paper="Hu et al. 2021, LoRA, arXiv:2106.09685; Rombach et al. 2022, Latent Diffusion "
        "Models, arXiv:2112.10752",
    )
    Config: ClassVar[type[Settings]] = LoraConfig
    tasks: ClassVar[Sequence[TaskCard]] = (generation(FromWords, conditions=("tokens",)),)

    def __init__(self, config: Settings, data: DataSpec) -> None:
        assert isinstance(config, LoraConfig)
        self.config: LoraConfig = config
        self._base = chosen_base(config.base)
        self._words = tuple(data.words)
        self._size = data.size
        ends = _ATTENTION + (_FEED_FORWARD if config.layers != "attention" else ())
        chosen = {UNET: ends} | (dict.fromkeys((TEXT, TEXT_2), _TEXT) if config.text else {})
        shapes = empty_parts(self._base, chosen)
        self.network = nn.ModuleDict(
            {part: Adapters(layers, config.rank, config.alpha) for part, layers in shapes.items()}
        )
        self._latents = _Kept(_KEPT_LATENTS_BYTES)
        self._readings: OrderedDict[str, tuple[Tensor, Tensor | None]] = OrderedDict()

    @classmethod
    def shape_step(cls, config: Settings) -> int:
        """As its base halves pictures on the way down; 0 where squares are learned."""
        assert isinstance(config, LoraConfig)
        return shape_step_of(chosen_base(config.base)) if config.keep_shapes else 0

    def phases(self) -> Sequence[Phase]:
        """One."""
        rate = OptimizerSpec(learning_rate=self.config.learning_rate, weight_decay=0.01)
        return [Phase(name="lora", parameters=list(self.network.parameters()), optimizer=rate)]

    def losses(self, phase: str, batch: Batch, step: int) -> Losses:
        """The error of the noise (or velocity) that is told from noisy latents."""
        del phase, step
        loaded = self._loaded(batch.device)
        with loaded.lock:
            return self._losses(loaded, batch)

    def _losses(self, loaded: LoadedBase, batch: Batch) -> Losses:
        mean, deviation = self._encoded(loaded, batch.images_NCHW)
        latents = mean + deviation * torch.randn_like(mean)
        noise = torch.randn_like(latents)
        scheduler = make_scheduler(loaded, "DDIM")
        last: int = scheduler.config.num_train_timesteps
        times = torch.randint(0, last, (len(latents),), device=latents.device)
        # In float32: in half precision, the first steps would add no noise at all.
        noisy = scheduler.add_noise(latents, noise, times)
        is_velocity = scheduler.config.prediction_type == "v_prediction"
        target = scheduler.get_velocity(latents, noise, times) if is_velocity else noise
        hidden = torch.rand(len(latents)) < _CAPTION_DROPOUT
        captions = [
            "" if gone else caption
            for gone, caption in zip(hidden, self._captions(batch.fields["tokens"]), strict=True)
        ]
        height, width = batch.images_NCHW.shape[-2:]
        place = (height, width), batch.fields.get(ORIGINS)
        said = self._said(loaded, noisy, times, captions, place)
        weight = _weights(scheduler.alphas_cumprod.to(times.device)[times], is_velocity=is_velocity)
        errors = (said - target).square().mean(dim=(1, 2, 3))
        loss = (errors * weight).mean()
        values = {"noise": errors.mean().detach()}
        if self.config.prior > 0:
            nothing = [""] * len(latents)
            with torch.no_grad():
                context = loaded.read(nothing)
                knew = loaded.predict(loaded.parts[UNET], noisy, times, context, *place)
            held = functional.mse_loss(self._said(loaded, noisy, times, nothing, place), knew)
            loss = loss + self.config.prior * held
            values["prior"] = held.detach()
        return Losses(loss, values)

    def _said(
        self,
        loaded: LoadedBase,
        noisy: Tensor,
        times: Tensor,
        captions: Sequence[str],
        place: tuple[tuple[int, int], Tensor | None],
    ) -> Tensor:
        unet: Any = loaded.parts[UNET]

        def adapted(*args: Any, **kwargs: Any) -> Any:
            return self.network[UNET](unet, *args, **kwargs)

        adapters = _adapters(self.network[UNET])
        if self.config.saves_memory:
            unet.enable_gradient_checkpointing(partial(_computed_twice, adapters, unet))
        try:
            return loaded.predict(adapted, noisy, times, self._read(loaded, captions), *place)
        finally:
            if self.config.saves_memory:
                unet.disable_gradient_checkpointing()

    def _read(self, loaded: LoadedBase, captions: Sequence[str]) -> Conditioning:
        if self.config.text:
            return loaded.read(captions, through=dict(self.network.items()))
        found: list[tuple[Tensor, Tensor | None]] = []
        for caption in captions:
            if caption not in self._readings:
                with torch.no_grad():
                    read = loaded.read([caption])
                self._readings[caption] = read.context, read.pooled
                if len(self._readings) > _KEPT_READINGS:
                    self._readings.popitem(last=False)
            found.append(self._readings[caption])
        pooled = [it for _, it in found if it is not None]
        return Conditioning(
            context=torch.cat([context for context, _ in found]),
            pooled=torch.cat(pooled) if pooled else None,
        )

    def _encoded(self, loaded: LoadedBase, images_NCHW: Tensor) -> tuple[Tensor, Tensor]:
        """Means and deviations of latents; each picture is encoded once, and once mirrored."""
        # Frozen weights know RGB alone.
        rgb_NCHW = images_NCHW[:, :3].expand(-1, 3, -1, -1)
        rows = [self._latents.of(image, loaded) for image in rgb_NCHW]
        both = torch.stack(rows).to(images_NCHW.device)
        return both[:, 0], both[:, 1]

    def _captions(self, tokens: Tensor) -> list[str]:
        """Ids => captions in the words of the vocabulary."""
        return [
            " ".join(self._words[id_ - FIRST_WORD] for id_ in row if id_ >= FIRST_WORD)
            for row in tokens.tolist()
        ]

    def _loaded(self, device: torch.device) -> LoadedBase:
        return load_base(self._base, device)

    def run(self, task: str, request: Request) -> Iterator[Artifact]:
        """Do a task: "generate"."""
        assert task == GENERATE
        settings = request.settings
        assert isinstance(settings, FromWords)
        captions = request.inputs.get("tokens")
        device = next(self.network.parameters()).device
        loaded = self._loaded(device if device.type != "cpu" else best_device())
        lora = self.lora("own")
        for number, seed in enumerate(request.seeds):
            drawing = drawing_of(settings, seed, self._size)
            if captions is not None:
                (caption,) = self._captions(torch.as_tensor(captions[number])[None])
                drawing = replace(drawing, prompt=caption)
            *_, last = draw(loaded, drawing, [(lora, 1.0)])
            values = {"left_out": last.left_out} if last.left_out else {}
            yield Artifact(kind="image", seed=seed, data=last.image_HWC, values=values)

    def lora(self, name: str) -> Lora:
        """What was learned, to be saved or drawn with.

        Args:
            name: For people.
        """
        layers = {}
        for part, module in self.network.items():
            layers |= _adapters(module).as_lora(part, name).layers
        return Lora(name=name, layers=layers)


class _Kept:
    """Latents of pictures that were encoded before, by what the pictures hold."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._rows: OrderedDict[bytes, Tensor] = OrderedDict()

    def of(self, image_CHW: Tensor, loaded: LoadedBase) -> Tensor:
        """Mean and deviation, (2, channels, height, width), on the CPU."""
        content = image_CHW.detach().float().cpu().contiguous().numpy()
        # The same bytes are another picture in another shape.
        person = str(content.shape[1]).encode()
        key = hashlib.blake2b(content.tobytes(), digest_size=16, person=person).digest()
        if key not in self._rows:
            with torch.no_grad():
                row = torch.cat(loaded.encode(image_CHW[None])).cpu()
            self._rows[key] = row
            self._bytes += row.nbytes
            while self._bytes > self._most and len(self._rows) > 1:
                _, oldest = self._rows.popitem(last=False)
                self._bytes -= oldest.nbytes
        return self._rows[key]


def _adapters(module: nn.Module) -> Adapters:
    found = getattr(module, "module", module)  # The engine may have wrapped it.
    assert isinstance(found, Adapters)
    return found


def _computed_twice(adapters: Adapters, unet: nn.Module, block: nn.Module, *args: Any) -> Any:
    """Forget what a block computes, and compute it again where gradients need it.

    Chen et al. 2016, arXiv:1604.06174. By then its layers are no longer changed, so they are again.
    """
    return checkpoint(
        block,
        *args,
        use_reentrant=False,
        context_fn=lambda: (nullcontext(), adapters.attached(unet)),
    )


def _weights(alphas: Tensor, *, is_velocity: bool) -> Tensor:
    """Min-SNR weights of steps, from the share of the picture in them."""
    snr = alphas / (1 - alphas)
    limited = snr.clamp(max=_SNR_LIMIT)
    return limited / (snr + 1) if is_velocity else limited / snr
