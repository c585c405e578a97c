"""A two-stage model: pictures become a few rounded numbers, and a flow learns to write those.

Sources: finite scalar quantisation, Mentzer et al. 2023 (arXiv:2309.15505, eq. 1); flow matching
along straight lines, Lipman et al. 2023 (arXiv:2210.02747, section 4.1, example II) and Liu et al.
2023 (arXiv:2209.03003, eq. 1), with times drawn as in Esser et al. 2024 (arXiv:2403.03206,
eq. 19); a transformer steered by time and kind, Peebles & Xie 2023 (arXiv:2212.09748, adaLN-Zero);
guidance without a classifier, Ho & Salimans 2022 (arXiv:2207.12598, eq. 6); the optimal-σ decoder,
Rybkin et al. 2021 (arXiv:2006.13202, eq. 5).
"""

import math
from collections.abc import Generator, Hashable, Iterator, Sequence
from itertools import pairwise
from typing import ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.domain import roles
from genstudio.domain.cards import INTERPOLATE, KINDS, RECONSTRUCT, ModelCard
from genstudio.domain.operations import GENERATE, TaskCard, generation
from genstudio.domain.settings import Settings, setting
from genstudio.models.blocks.residual import (
    FeaturesToPixels,
    PixelsToFeatures,
    ResidualBlock,
    group_norm,
)
from genstudio.models.blocks.transformer import ModulatedTransformer
from genstudio.models.protocol import (
    Artifact,
    Batch,
    DataSpec,
    Losses,
    OptimizerSpec,
    Phase,
    Request,
)
from genstudio.models.sampling import (
    DRAWN_AT_ONCE,
    class_label,
    draw_seeds,
    evaluating,
    one_hot,
    seeded_labels,
    seeded_latents,
    to_uint8,
)

# The side of a picture in rounded numbers, and how many of them there are at each place.
_GRID_PX = 8
_CHANNELS = 8
_LEVELS = 5
# The transformer sees this many places by this many as one token.
_PATCH_PX = 2
# Brings rounded numbers to about the spread of noise.
_SCALE = 1.5
# Detail finer than this share of the range is rounding.
_SMALLEST_SIGMA = 1e-2
_LABEL_DROPOUT = 0.15
# Short steps at first, where it is decided what a picture becomes: drafts of evenly spaced ones
# were less like their pictures.
_DRAFT_TIMES = (0.0, 0.2, 0.55, 1.0)


class TokenFlowConfig(Settings):
    """Settings of the two-stage model."""

    width: Literal[32, 48, 64, 96] = setting(
        32,
        title="Size of the first stage — width",
        help="A larger one redraws finer detail and takes longer for each step.",
        role=roles.WIDTH,
    )
    flow_width: Literal[128, 192, 256, 384, 512] = setting(
        256,
        title="Size of the second stage — transformer width",
        help="A larger one can learn more of what belongs together.",
    )
    depth: int = setting(
        6, title="Layers of the second stage — depth", help="More think longer.", ge=1, le=24,
        advanced=True,
    )  # fmt: skip
    noise_samples: int = setting(
        4,
        formerly="looks",
        title="Looks at each picture — noise levels per picture",
        help="How often the second stage practises on a picture in each step.",
        ge=1,
        le=32,
        advanced=True,
    )
    autoencoder_interval: int = setting(
        1,
        formerly="redraw_every",
        title="Practise redrawing every so many steps",
        help="The first stage is learned sooner than the second one: once it redraws well, more "
        "steps can be left to the second.",
        ge=1,
        le=16,
        unit="steps",
        advanced=True,
    )
    learning_rate: float = setting(
        1e-3,
        title="Speed of learning, first stage — learning rate",
        help="Higher learns faster until it no longer holds together.",
        ge=1e-6,
        le=1e-2,
        advanced=True,
        logarithmic=True,
    )
    flow_learning_rate: float = setting(
        5e-4,
        title="Speed of learning, second stage — learning rate",
        help="Higher learns faster until it no longer holds together.",
        ge=1e-6,
        le=1e-2,
        advanced=True,
        logarithmic=True,
    )


class TokenFlowSampling(Settings):
    """How pictures are drawn from a trained two-stage model."""

    steps: int = setting(
        25,
        title="Strokes — Euler steps",
        help="More are finer and take longer.",
        ge=1,
        le=200,
    )
    kind: str = class_label()
    guidance: float = setting(
        1.5,
        title="Insistence on the kind — guidance",
        help="Higher is more typical of the kind that you ask for, and less varied.",
        ge=1.0,
        le=10.0,
        choices="kinds",
    )


class Encoder(nn.Module):
    """Pictures (N, C, S, S) => numbers to be rounded (N, 8, 8, 8), unbounded."""

    def __init__(self, config: TokenFlowConfig, data: DataSpec) -> None:
        super().__init__()
        stages = _stages(data.size, config.width)[::-1]
        self.pixels = PixelsToFeatures(data.channels, stages[0])
        layers: list[nn.Module] = [ResidualBlock(stages[0], stages[0])]
        for before, after in pairwise(stages):
            layers.append(ResidualBlock(before, after, nn.AvgPool2d(2)))
        self.stages = nn.Sequential(*layers, ResidualBlock(stages[-1], stages[-1]))
        self.norm = group_norm(stages[-1])
        self.numbers = nn.Conv2d(stages[-1], _CHANNELS, 1)

    def forward(self, images_NCHW: Tensor) -> Tensor:
        """Describe each place of a picture."""
        h = self.norm(self.stages(self.pixels(images_NCHW)))
        return self.numbers(functional.silu(h))


class Decoder(nn.Module):
    """Rounded numbers (N, 8, 8, 8) => pictures (N, C, S, S), unbounded."""

    def __init__(self, config: TokenFlowConfig, data: DataSpec) -> None:
        super().__init__()
        stages = _stages(data.size, config.width)
        self.first = nn.Conv2d(_CHANNELS, stages[0], 3, padding=1)
        layers: list[nn.Module] = [ResidualBlock(stages[0], stages[0]) for _ in range(2)]
        for before, after in pairwise(stages):
            layers.append(
                ResidualBlock(before, after, nn.Upsample(scale_factor=2, mode="bilinear"))
            )
        self.stages = nn.Sequential(*layers, ResidualBlock(stages[-1], stages[-1]))
        self.pixels = FeaturesToPixels(stages[-1], data.channels)

    def forward(self, numbers: Tensor) -> Tensor:
        """Draw what the numbers describe."""
        return self.pixels(self.stages(self.first(numbers)))


def _stages(size: int, width: int) -> list[int]:
    """Channels at resolutions 8, 16, … up to half of ``size``."""
    count = int(math.log2(size // _GRID_PX))
    return [width * min(4, 2**stage) for stage in reversed(range(count))]


def _rounded(numbers: Tensor) -> Tensor:
    """To the nearest of five levels in [-1, 1]; gradients pass as if nothing was rounded."""
    half = (_LEVELS - 1) / 2
    bounded = torch.tanh(numbers.float()) * half
    return (bounded + (bounded.round() - bounded).detach()) / half


def _to_tokens(numbers: Tensor) -> Tensor:
    """(N, 8, 8, 8) => (N, tokens, numbers of a token), about as spread as noise."""
    patches = functional.pixel_unshuffle(numbers.contiguous(), _PATCH_PX)
    return patches.flatten(2).transpose(1, 2) * _SCALE


def _from_tokens(tokens: Tensor) -> Tensor:
    """What :func:`_to_tokens` did, undone, and rounded to the levels."""
    side = _GRID_PX // _PATCH_PX
    patches = tokens.transpose(1, 2).unflatten(2, (side, side)) / _SCALE
    half = (_LEVELS - 1) / 2
    return functional.pixel_shuffle(patches.clamp(-1, 1).mul(half).round() / half, _PATCH_PX)


class TokenFlow:
    """An autoencoder with rounded numbers, and a flow that draws such numbers from noise."""

    card: ClassVar[ModelCard] = ModelCard(
        key="token-flow",
        title="Sketch and finish",
        summary="Learns first to write each picture down in a few numbers, then which numbers "
        "belong together. Keeps the finest detail, given time.",
        family="VAE",
        capabilities=frozenset({INTERPOLATE, KINDS, RECONSTRUCT}),
        cost="Textures after some minutes, good after some hours: for the night",
        needs="300 or more pictures",
        paper="Mentzer et al. 2023, Finite Scalar Quantization, arXiv:2309.15505; Lipman et al. "
        "2023, Flow Matching, arXiv:2210.02747",
        revision=2,
        renamed_tensors=(
            (r"flow\.kind\.", "flow.class_embedding."),
            (r"flow\.((?:blocks\.\d+\.)?)steer\.", r"flow.\1modulation."),
        ),
    )
    Config: ClassVar[type[Settings]] = TokenFlowConfig
    Sampling: ClassVar[type[Settings]] = TokenFlowSampling
    tasks: ClassVar[Sequence[TaskCard]] = (generation(TokenFlowSampling),)
    drawn_at_once: ClassVar[int] = DRAWN_AT_ONCE

    def __init__(self, config: Settings, data: DataSpec) -> None:
        assert isinstance(config, TokenFlowConfig)
        self.config: TokenFlowConfig = config
        self._classes = data.classes
        side = _GRID_PX // _PATCH_PX
        self._token_shape = (side * side, _CHANNELS * _PATCH_PX**2)
        flow = ModulatedTransformer(
            *self._token_shape,
            width=config.flow_width,
            depth=config.depth,
            num_classes=len(data.classes),
        )
        self.network = nn.ModuleDict(
            {"encoder": Encoder(config, data), "decoder": Decoder(config, data), "flow": flow}
        )

    def phases(self) -> Sequence[Phase]:
        """Redrawing and writing are learned side by side."""
        redrawing = [
            parameter
            for name in ("encoder", "decoder")
            for parameter in self.network[name].parameters()
        ]
        return [
            Phase(
                name="redrawing",
                parameters=redrawing,
                optimizer=OptimizerSpec(learning_rate=self.config.learning_rate, betas=(0.9, 0.99)),
                every=self.config.autoencoder_interval,
            ),
            Phase(
                name="flow",
                parameters=list(self.network["flow"].parameters()),
                optimizer=OptimizerSpec(
                    learning_rate=self.config.flow_learning_rate, betas=(0.9, 0.99)
                ),
            ),
        ]

    def losses(self, phase: str, batch: Batch, step: int) -> Losses:
        """Nats per pixel value for redrawing; the squared error of the flow's direction."""
        del step
        return self._redrawing(batch) if phase == "redrawing" else self._flow(batch)

    def graph_key(self, phase: str, batch: Batch, step: int) -> Hashable:
        """Always the same."""
        del batch, step
        return phase

    def _redrawing(self, batch: Batch) -> Losses:
        numbers = _rounded(self.network["encoder"](batch.images_NCHW))
        redrawn = self.network["decoder"](numbers).float()
        error = functional.mse_loss(redrawn, batch.images_NCHW)
        # The best σ² is the error itself, which leaves ln σ of the likelihood of a value.
        return Losses(0.5 * (error + _SMALLEST_SIGMA**2).log(), {"error": error.detach().sqrt()})

    def _flow(self, batch: Batch) -> Losses:
        with torch.no_grad():
            tokens = _to_tokens(_rounded(self.network["encoder"](batch.images_NCHW)))
        tokens = tokens.repeat(self.config.noise_samples, 1, 1)
        labels = one_hot(batch.labels_N, len(self._classes))
        if labels is not None:
            kept = torch.rand(len(labels), 1, device=labels.device) >= _LABEL_DROPOUT
            labels = (labels * kept).repeat(self.config.noise_samples, 1)
        noise = torch.randn_like(tokens)
        times = torch.randn(len(tokens), device=tokens.device).sigmoid()
        between = torch.lerp(noise, tokens, times[:, None, None])
        direction = self.network["flow"](between, times, labels)
        error = functional.mse_loss(direction.float(), tokens - noise)
        return Losses(error, {"flow": error.detach()})

    def run(self, task: str, request: Request) -> Iterator[Artifact]:
        """Do a task: "generate"."""
        assert task == GENERATE
        return self.sample(request)

    def sample(self, request: Request) -> Iterator[Artifact]:
        """Draw one picture per seed."""
        return draw_seeds(self, request)

    def latents(self, seeds: Sequence[int], settings: Settings) -> Tensor:
        """The noise that pictures begin as, and behind it the one-hot class label."""
        assert isinstance(settings, TokenFlowSampling)
        noise = seeded_latents(seeds, math.prod(self._token_shape))
        return torch.cat([noise, seeded_labels(seeds, settings.kind, self._classes)], dim=1)

    def decode(self, latents: Tensor, settings: Settings) -> np.ndarray:
        """Latents => uint8 pictures of shape (N, height, width, channels)."""
        parts = self.decode_in_parts(latents, settings)
        while True:
            try:
                next(parts)
            except StopIteration as end:
                return end.value

    def decode_in_parts(
        self, latents: Tensor, settings: Settings
    ) -> Generator[None, None, np.ndarray]:
        """The same, with a pause after each step."""
        assert isinstance(settings, TokenFlowSampling)
        tokens, labels = self._split(latents)
        for step in range(settings.steps):
            # Nothing is switched off or on during a pause.
            with evaluating(self.network):
                time = torch.full((len(tokens),), step / settings.steps, device=tokens.device)
                direction = self._guided(tokens, time, labels, settings.guidance)
                tokens = tokens + direction / settings.steps
            yield
        return self._finished(tokens)

    def draft(self, latents: Tensor, settings: Settings) -> np.ndarray | None:
        """Pictures in three steps, which carry on how the direction changed in the step before.

        Adams & Bashforth 1883, as Liu et al. 2022 use them (arXiv:2202.09778, section 3.3), of
        steps that grow.
        """
        assert isinstance(settings, TokenFlowSampling)
        if settings.steps < len(_DRAFT_TIMES):
            return None
        tokens, labels = self._split(latents)
        before, last = 0.0, torch.zeros_like(tokens)
        with evaluating(self.network):
            for start, end in pairwise(_DRAFT_TIMES):
                time = torch.full((len(tokens),), start, device=tokens.device)
                direction = self._guided_together(tokens, time, labels, settings.guidance)
                change = (direction - last) / (start - before) if start > 0 else 0.0
                tokens = tokens + (end - start) * (direction + (end - start) / 2 * change)
                before, last = start, direction
        return self._finished(tokens)

    def _split(self, latents: Tensor) -> tuple[Tensor, Tensor | None]:
        """Latents => noise as tokens, and one-hot labels where there are classes."""
        device = next(self.network.parameters()).device
        size = math.prod(self._token_shape)
        tokens = latents[:, :size].to(device).unflatten(1, self._token_shape)
        return tokens, latents[:, size:].to(device) if self._classes else None

    def _finished(self, tokens: Tensor) -> np.ndarray:
        with evaluating(self.network):
            return to_uint8(self.network["decoder"](_from_tokens(tokens)))

    def _guided(
        self, tokens: Tensor, time: Tensor, labels: Tensor | None, guidance: float
    ) -> Tensor:
        flow = self.network["flow"]
        direction = flow(tokens, time, labels)
        if labels is None or guidance == 1:
            return direction
        unconditional = flow(tokens, time, torch.zeros_like(labels))
        return unconditional + guidance * (direction - unconditional)

    def _guided_together(
        self, tokens: Tensor, time: Tensor, labels: Tensor | None, guidance: float
    ) -> Tensor:
        """The same up to the last bits, asked at once: most of the time weights are read."""
        if labels is None or guidance == 1:
            return self._guided(tokens, time, labels, guidance)
        both = torch.cat([labels, torch.zeros_like(labels)])
        told, untold = self.network["flow"](tokens.repeat(2, 1, 1), time.repeat(2), both).chunk(2)
        return untold + guidance * (told - untold)

    def reconstruct(self, images_NCHW: Tensor) -> Tensor:
        """Write pictures down in rounded numbers and draw them again; in [-1, 1], same shape."""
        with evaluating(self.network) as device:
            numbers = _rounded(self.network["encoder"](images_NCHW.to(device)))
            return self.network["decoder"](numbers).clamp(-1, 1)
