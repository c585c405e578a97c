"""A small text-to-image model of one's own: a closed vocabulary, learned with the pictures.

Sources: flow matching along straight lines, Lipman et al. 2023 (arXiv:2210.02747, section 4.1,
example II) and Liu et al. 2023 (arXiv:2209.03003, eq. 1), with times drawn as in Esser et al. 2024
(arXiv:2403.03206, eq. 19); a U-Net conditioned by cross-attention, Rombach et al. 2022
(arXiv:2112.10752, section 3.3), its blocks scaled and shifted as in Dhariwal & Nichol 2021
(arXiv:2105.05233, section 3.1, AdaGN); guidance without a classifier, Ho & Salimans 2022
(arXiv:2207.12598, algorithm 1 and eq. 6), left out towards the end, Kynkäänniemi et al. 2024
(arXiv:2404.07724, section 3); steps of second order, Adams & Bashforth 1883, as Liu et
al. 2022 use them (arXiv:2202.09778, section 3.3).
"""

import math
from collections.abc import Hashable, Iterator, Sequence
from typing import ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.domain import roles
from genstudio.domain.cards import INTERPOLATE, ModelCard
from genstudio.domain.operations import GENERATE, TaskCard, generation
from genstudio.domain.settings import Settings, setting
from genstudio.domain.words import FIRST_WORD, MOST_TOKENS, PADDING, UNKNOWN, read_prompt, token_ids
from genstudio.models.blocks.residual import FeaturesToPixels, PixelsToFeatures, group_norm
from genstudio.models.blocks.text import AttentionBlock, TextEncoder
from genstudio.models.protocol import (
    Artifact,
    Batch,
    DataSpec,
    Losses,
    OptimizerSpec,
    Phase,
    Request,
)
from genstudio.models.sampling import evaluating, seeded_latents, to_uint8

_SMALLEST_PX = 8
_FREQUENCIES = 32
_TEXT_DEPTH = 2
# At this resolution and below, places look at the words.
_READING_PX = 16
_CAPTION_DROPOUT = 0.12
# Below 0 there is more noise, in which nothing but the words says what to draw.
_TIME_LOGIT_MEAN = -0.5
# Later on, only detail is left to be drawn, which the words say nothing of.
_GUIDED_UNTIL = 0.6
# Some words are hidden, so that a word that was left out is nothing new.
_WORD_DROPOUT = 0.03


class WordFlowConfig(Settings):
    """Settings of the small text-to-image model."""

    width: Literal[32, 48, 64, 96, 128] = setting(
        48,
        title="Size of the model — width",
        help="A larger one can learn more and takes longer for each step.",
        role=roles.WIDTH,
    )
    depth: int = setting(
        2,
        title="Layers that read — transformer depth",
        help="How often the whole picture is compared with the words.",
        ge=1,
        le=12,
        advanced=True,
    )
    text_width: Literal[64, 128, 192, 256] = setting(
        128,
        title="Size of a word — text width",
        help="How much can be known of each word. Thousands of words need more.",
        advanced=True,
    )
    learning_rate: float = setting(
        8e-4,
        title="Speed of learning — learning rate",
        help="Higher learns faster until it no longer holds together.",
        ge=1e-6,
        le=1e-2,
        advanced=True,
        logarithmic=True,
    )


class WordFlowSampling(Settings):
    """How pictures are drawn from a trained text-to-image model."""

    prompt: str = setting(
        "",
        title="What to draw — prompt",
        help="In words that it learned from your captions. Empty draws anything.",
        choices="words",
    )
    guidance: float = setting(
        3.0,
        title="Insistence on the words — guidance",
        help="Higher keeps more strictly to the words, and is less varied.",
        ge=1.0,
        le=10.0,
    )
    steps: int = setting(
        12,
        title="Strokes — steps",
        help="More are finer and take longer.",
        ge=1,
        le=200,
    )


class Block(nn.Module):
    """A residual block whose features are scaled and shifted by a condition.

    (N, in, H, W), (N, D) => (N, out, H, W).
    """

    def __init__(self, channels_in: int, channels_out: int, condition_width: int) -> None:
        super().__init__()
        self.norm1 = group_norm(channels_in)
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.norm2 = group_norm(channels_out)
        self.modulation = nn.Linear(condition_width, 2 * channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1)
        same = channels_in == channels_out
        self.skip = nn.Identity() if same else nn.Conv2d(channels_in, channels_out, 1)
        # Every block begins as the identity.
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Transform features."""
        h = self.conv1(functional.silu(self.norm1(x)))
        scale, shift = self.modulation(condition)[:, :, None, None].chunk(2, dim=1)
        h = torch.addcmul(shift, self.norm2(h), 1 + scale)
        return self.skip(x) + self.conv2(functional.silu(h))


class Reader(nn.Module):
    """Places of a picture look at each other and at the words; (N, C, H, W) => the same."""

    def __init__(self, channels: int, text_width: int, side: int, *, is_whole: bool) -> None:
        super().__init__()
        # As large as features are: small ones took long to be noticed.
        self.places = nn.Parameter(_coordinates_as_waves(side, channels))
        self.among = AttentionBlock(channels) if is_whole else None
        self.words = AttentionBlock(channels, text_width)

    def forward(self, x: Tensor, tokens: Tensor, is_word: Tensor) -> Tensor:
        """Take up what the words say about each place."""
        h = x.flatten(2).transpose(1, 2) + self.places
        if self.among is not None:
            h = self.among(h, h)
        h = self.words(h, tokens, is_word)
        return (
            h.transpose(1, 2)
            .unflatten(2, x.shape[2:])
            .contiguous(memory_format=torch.channels_last)
        )


class UNet(nn.Module):
    """Pictures between noise and data (N, C, S, S), times (N,) and words => directions, like them.

    Features of resolutions from S/2 down to 8 and up again, with ``width`` channels at 32.
    """

    def __init__(self, config: WordFlowConfig, data: DataSpec) -> None:
        super().__init__()
        text, wide = config.text_width, 4 * config.width
        sides = [data.size // 2**k for k in range(1, 20) if data.size // 2**k >= _SMALLEST_PX]
        channels = [min(wide, max(16, config.width * 32 // side)) for side in sides]
        self.time = nn.Sequential(
            nn.Linear(2 * _FREQUENCIES, wide), nn.SiLU(), nn.Linear(wide, wide)
        )
        self.caption = nn.Linear(text, wide)
        # With its coordinates, a convolution can tell left from right (Liu et al. 2018, CoordConv,
        # arXiv:1807.03247).
        self.inward = PixelsToFeatures(data.channels + 2, channels[0])
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        self.readers = nn.ModuleDict()
        last = channels[0]
        for side, count in zip(sides, channels, strict=True):
            self.down.append(Block(last, count, wide))
            last = count
            if _SMALLEST_PX < side <= _READING_PX:
                self.readers[str(side)] = Reader(count, text, side, is_whole=False)
        self.middle = nn.ModuleList(
            Reader(last, text, sides[-1], is_whole=True) for _ in range(config.depth)
        )
        self.joined = nn.ModuleList()
        for count in reversed(channels):
            self.joined.append(nn.Conv2d(last, count, 1))
            self.up.append(Block(count, count, wide))
            last = count
        self.outward = FeaturesToPixels(last, data.channels)

    def forward(
        self, images_NCHW: Tensor, times_N: Tensor, tokens: Tensor, is_word: Tensor
    ) -> Tensor:
        """Say in which direction each pixel has to go."""
        condition = functional.silu(self.time(_sinusoids(times_N)) + self.caption(tokens[:, 0]))
        h = self.inward(torch.cat([images_NCHW, _coordinates(images_NCHW)], dim=1))
        kept: list[Tensor] = []
        for number, block in enumerate(self.down):
            h = block(h if number == 0 else functional.avg_pool2d(h, 2), condition)
            kept.append(h)
        for reader in self.middle:
            h = reader(h, tokens, is_word)
        for number, (joined, block) in enumerate(zip(self.joined, self.up, strict=True)):
            h = joined(h)
            if number > 0:
                h = functional.interpolate(h, scale_factor=2.0, mode="nearest")
            # Added, not set side by side: half the arithmetic.
            h = block(h + kept.pop(), condition)
            side = str(h.shape[-1])
            if side in self.readers:
                h = self.readers[side](h, tokens, is_word)
        return self.outward(h)


def _coordinates(images_NCHW: Tensor) -> Tensor:
    """How far right and how far down each pixel is, in [-1, 1]: (N, 2, S, S)."""
    side = images_NCHW.shape[-1]
    line = torch.linspace(-1, 1, side, device=images_NCHW.device, dtype=images_NCHW.dtype)
    both = torch.stack([line.expand(side, side), line[:, None].expand(side, side)])
    return both.expand(len(images_NCHW), -1, -1, -1)


def _coordinates_as_waves(side: int, channels: int) -> Tensor:
    """Sines and cosines of row and column, (1, side², channels), as in Dosovitskiy et al. 2021.

    arXiv:2010.11929, appendix D.4, in two dimensions.
    """
    # Said, since transformers replaces torch's own linspace by one of the processor while it loads.
    here = torch.empty(0).device
    exponents = torch.linspace(-1, math.log2(side), channels // 4, device=here)
    frequencies = (math.pi / side) * 2.0**exponents
    angles = torch.arange(side)[:, None] * frequencies
    waves = torch.cat([angles.sin(), angles.cos()], dim=1)
    rows = waves[:, None].expand(side, side, -1)
    columns = waves[None].expand(side, side, -1)
    return torch.cat([rows, columns], dim=2).reshape(1, side * side, channels)


def _sinusoids(times_N: Tensor) -> Tensor:
    """Times in [0, 1] as sines and cosines of frequencies from 1 to 1,000: (N, 64)."""
    exponents = torch.linspace(0, math.log(1000), _FREQUENCIES, device=times_N.device)
    angles = times_N[:, None] * exponents.exp()
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class WordFlow:
    """A text encoder and a U-Net, trained together from nothing."""

    card: ClassVar[ModelCard] = ModelCard(
        key="word-flow",
        title="Pictures from words",
        summary="Draws what you ask for, in the words of your own captions.",
        family="text-to-image",
        modalities=("captions",),
        capabilities=frozenset({INTERPOLATE}),
        cost="First answers after some minutes, good ones after an evening",
        needs="300 or more pictures with captions; each word on several of them",
        paper="Lipman et al. 2023, Flow Matching, arXiv:2210.02747; Rombach et al. 2022, Latent "
        "Diffusion Models, arXiv:2112.10752",
        suggested_from=0,
    )
    Config: ClassVar[type[Settings]] = WordFlowConfig
    Sampling: ClassVar[type[Settings]] = WordFlowSampling
    tasks: ClassVar[Sequence[TaskCard]] = (generation(WordFlowSampling, conditions=("tokens",)),)

    def __init__(self, config: Settings, data: DataSpec) -> None:
        assert isinstance(config, WordFlowConfig)
        self.config: WordFlowConfig = config
        self._words = tuple(data.words)
        self._shape = (data.channels, data.size, data.size)
        text = TextEncoder(
            FIRST_WORD + len(self._words),
            MOST_TOKENS,
            width=config.text_width,
            depth=_TEXT_DEPTH,
        )
        self.network = nn.ModuleDict({"text": text, "flow": UNet(config, data)})

    def phases(self) -> Sequence[Phase]:
        """One: words and pictures are learned together."""
        return [
            Phase(
                name="flow",
                parameters=list(self.network.parameters()),
                optimizer=OptimizerSpec(learning_rate=self.config.learning_rate, betas=(0.9, 0.99)),
            )
        ]

    def losses(self, phase: str, batch: Batch, step: int) -> Losses:
        """The squared error of the direction from noise to picture."""
        del phase, step
        images, ids = batch.images_NCHW, self._with_gaps(batch.fields["tokens"])
        noise = torch.randn_like(images)
        times = (torch.randn(len(images), device=images.device) + _TIME_LOGIT_MEAN).sigmoid()
        between = torch.lerp(noise, images, times[:, None, None, None])
        direction = self.network["flow"](between, times, *self.network["text"](ids))
        error = functional.mse_loss(direction.float(), images - noise)
        return Losses(error, {"flow": error.detach()})

    def graph_key(self, phase: str, batch: Batch, step: int) -> Hashable:
        """Always the same."""
        del batch, step
        return phase

    def _with_gaps(self, ids: Tensor) -> Tensor:
        """Leave out whole captions, and single words, at random."""
        draws = torch.rand(ids.shape, device=ids.device)
        is_hidden = (draws < _WORD_DROPOUT) & (ids != PADDING)
        ids = ids.masked_fill(is_hidden, UNKNOWN)
        is_empty = torch.rand(len(ids), 1, device=ids.device) < _CAPTION_DROPOUT
        return ids.masked_fill(is_empty, PADDING)

    def run(self, task: str, request: Request) -> Iterator[Artifact]:
        """Do a task: "generate"."""
        assert task == GENERATE
        return self.sample(request)

    def sample(self, request: Request) -> Iterator[Artifact]:
        """Draw one picture per seed: of the caption that comes with it, or of the prompt."""
        settings = request.settings
        assert isinstance(settings, WordFlowSampling)
        reading = read_prompt(settings.prompt, self._words)
        values = {"read_as": " ".join(reading.words)} if reading.remark else {}
        captions = request.inputs.get("tokens")
        for number, seed in enumerate(request.seeds):
            ids = self._ids(settings) if captions is None else torch.as_tensor(captions[number])
            image = self._drawn(self.latents([seed], settings), ids, settings)[0]
            yield Artifact(kind="image", seed=seed, data=image, values=values)

    def latents(self, seeds: Sequence[int], settings: Settings) -> Tensor:
        """The noise that pictures begin as: (number of seeds, pixel values)."""
        del settings
        return seeded_latents(seeds, math.prod(self._shape))

    def decode(self, latents: Tensor, settings: Settings) -> np.ndarray:
        """Latents => uint8 pictures of the prompt, of shape (N, height, width, channels)."""
        assert isinstance(settings, WordFlowSampling)
        return self._drawn(latents, self._ids(settings), settings)

    def _ids(self, settings: WordFlowSampling) -> Tensor:
        words = read_prompt(settings.prompt, self._words).words
        return torch.tensor(token_ids(" ".join(words), self._words))

    @torch.no_grad()
    def _drawn(self, latents: Tensor, caption: Tensor, settings: WordFlowSampling) -> np.ndarray:
        """Follow the directions from noise to pictures in steps of second order."""
        with evaluating(self.network) as device:
            images = latents.to(device).unflatten(1, self._shape)
            is_guided = settings.guidance > 1 and bool((caption != PADDING).any())
            captions = [caption, torch.full_like(caption, PADDING)] if is_guided else [caption]
            tokens, is_word = (
                it.repeat_interleave(len(images), dim=0)
                for it in self.network["text"](torch.stack(captions).to(device))
            )
            before: Tensor | None = None
            for step in range(settings.steps):
                time = step / settings.steps
                copies = len(captions) if time < _GUIDED_UNTIL else 1
                count = copies * len(images)
                direction = self.network["flow"](
                    images.repeat(copies, 1, 1, 1),
                    torch.full((count,), time, device=device),
                    tokens[:count],
                    is_word[:count],
                ).float()
                if copies > 1:
                    asked, anything = direction.chunk(2)
                    direction = anything + settings.guidance * (asked - anything)
                ahead = direction if before is None else 1.5 * direction - 0.5 * before
                images = images + ahead / settings.steps
                before = direction
            return to_uint8(images)
