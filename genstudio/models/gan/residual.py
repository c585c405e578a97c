"""A residual GAN: DCGAN's game with modern blocks, regularised for small sets of pictures.

Sources: the adversarial game, Goodfellow et al. 2014 (arXiv:1406.2661), non-saturating
form; noise fed to every block, Brock et al. 2019 (arXiv:1809.11096, section 4.2); R1,
Mescheder et al. 2018 (arXiv:1801.04406, eq. 9), applied lazily, Karras et al. 2020
(arXiv:1912.04958, appendix B); DiffAugment, Zhao et al. 2020 (arXiv:2006.10738);
minibatch standard deviation, Karras et al. 2018 (arXiv:1710.10196, section 3).
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.data.augment import diff_augment
from genstudio.domain import vitals
from genstudio.domain.cards import INTERPOLATE, ModelCard
from genstudio.domain.settings import Settings, setting
from genstudio.models.blocks.residual import (
    FeaturesToPixels,
    PixelsToFeatures,
    group_norm,
    stage_channels,
)
from genstudio.models.examining import in_parts, win_rate
from genstudio.models.protocol import (
    Artifact,
    Batch,
    DataSpec,
    Losses,
    OptimizerSpec,
    Phase,
    SampleRequest,
)
from genstudio.models.sampling import evaluating, seeded_latents, to_uint8


class ResidualGANConfig(Settings):
    """Settings of the residual GAN."""

    width: Literal[32, 48, 64, 96, 128] = setting(
        48,
        title="Size of the model — width",
        help="A larger model can learn more detail and takes longer for each step.",
    )
    latent_size: int = setting(
        128,
        title="Room for variety — latent size",
        help="How many numbers describe one picture.",
        ge=8,
        le=1024,
        advanced=True,
    )
    augment: Literal["full", "shift only", "off"] = setting(
        "full",
        title="Stretch a small set — DiffAugment",
        help="Shows the critic shifted, recoloured and partly covered pictures, so that it "
        "cannot learn a small set by heart. Keep it on below some thousand pictures.",
        live=True,
    )
    learning_rate: float = setting(
        2e-4,
        title="Speed of learning — learning rate",
        help="Higher learns faster until it no longer holds together.",
        ge=1e-6,
        le=1e-2,
        advanced=True,
        logarithmic=True,
    )
    gamma: float = setting(
        0.5,
        title="Calm the critic — R1 strength γ",
        help="Raise it if the pictures collapse into one; lower it if they stay soft.",
        ge=0.0,
        le=100.0,
        advanced=True,
        logarithmic=True,
        live=True,
    )
    r1_every: int = setting(
        16,
        title="How often to calm the critic — lazy R1 interval",
        help="R1 is costly, and once in so many steps is enough.",
        ge=1,
        le=64,
        unit="steps",
        advanced=True,
    )


class ResidualGANSampling(Settings):
    """How pictures are drawn from a trained residual GAN."""

    truncation: float = setting(
        1.0,
        title="Adventurousness — truncation ψ",
        help="Lower stays close to what the model does best; higher is more varied.",
        ge=0.1,
        le=1.5,
    )


class GeneratorBlock(nn.Module):
    """Residual block whose normalisations are steered by the latent; doubles the side.

    Shapes: (N, in, H, W), (N, Z) => (N, out, 2H, 2W).
    """

    def __init__(self, channels_in: int, channels_out: int, latent_size: int) -> None:
        super().__init__()
        self.norm1 = group_norm(channels_in)
        self.norm2 = group_norm(channels_out)
        self.steer = nn.Linear(latent_size, 2 * (channels_in + channels_out))
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1)
        self.skip = nn.Conv2d(channels_in, channels_out, 1)
        self.split = (channels_in, channels_in, channels_out, channels_out)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """Features at one resolution => features at the next."""
        scale1, shift1, scale2, shift2 = self.steer(z)[:, :, None, None].split(self.split, dim=1)
        h = functional.silu(self.norm1(x) * (1 + scale1) + shift1)
        # Convolving before upsampling, here and on the skip, costs a quarter.
        h = _twice(self.conv1(h))
        h = self.conv2(functional.silu(self.norm2(h) * (1 + scale2) + shift2))
        return _twice(self.skip(x)) + h


def _twice(features_NCHW: Tensor) -> Tensor:
    """Double the side smoothly: doubled pixels would show as a grid until they are unlearned."""
    return functional.interpolate(features_NCHW, scale_factor=2.0, mode="bilinear")


class Generator(nn.Module):
    """Latents (N, Z) => pictures (N, C, S, S) in [-1, 1]."""

    def __init__(self, config: ResidualGANConfig, data: DataSpec) -> None:
        super().__init__()
        stages = stage_channels(data.size, config.width)
        self.first_channels = stages[0]
        self.first = nn.Linear(config.latent_size, stages[0] * 16)
        self.blocks = nn.ModuleList(
            GeneratorBlock(before, after, config.latent_size) for before, after in pairwise(stages)
        )
        self.pixels = FeaturesToPixels(stages[-1], data.channels)

    def forward(self, z: Tensor) -> Tensor:
        """Draw one picture for each latent."""
        h = self.first(z).reshape(-1, self.first_channels, 4, 4)
        h = h.contiguous(memory_format=torch.channels_last)
        for block in self.blocks:
            h = block(h, z)
        return torch.tanh(_without_checkerboard(self.pixels(h)))


def _without_checkerboard(images_NCHW: Tensor) -> Tensor:
    """Filter by (1, 2, 1) / 4 both ways, which is blind to patterns two pixels wide.

    Sub-pixel rearrangement paints such patterns, and the game takes long to unlearn them;
    filtering what was upsampled is StyleGAN's remedy (arXiv:1812.04948, section 2).
    """
    padded = functional.pad(images_NCHW, (1, 1, 1, 1), mode="replicate")
    return functional.avg_pool2d(functional.avg_pool2d(padded, 2, stride=1), 2, stride=1)


class DiscriminatorBlock(nn.Module):
    """Two convolutions around a skip; halves the side. (N, in, H, W) => (N, out, H/2, W/2)."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_in, 3, padding=1)
        self.conv2 = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.skip = nn.Conv2d(channels_in, channels_out, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Features at one resolution => features at the one below."""
        h = functional.avg_pool2d(functional.leaky_relu(self.conv1(x), 0.2), 2)
        h = functional.leaky_relu(self.conv2(h), 0.2)
        return (h + self.skip(functional.avg_pool2d(x, 2))) * 0.5**0.5


class Discriminator(nn.Module):
    """Pictures (N, C, S, S) => realness logits (N,)."""

    def __init__(self, config: ResidualGANConfig, data: DataSpec) -> None:
        super().__init__()
        stages = stage_channels(data.size, config.width)[::-1]
        self.pixels = PixelsToFeatures(data.channels, stages[0])
        self.blocks = nn.ModuleList(DiscriminatorBlock(*pair) for pair in pairwise(stages))
        self.last = nn.Conv2d(stages[-1] + 1, stages[-1], 3, padding=1)
        self.hidden = nn.Linear(stages[-1] * 16, stages[-1])
        self.verdict = nn.Linear(stages[-1], 1)

    def forward(self, images_NCHW: Tensor) -> Tensor:
        """Judge each picture, in view of the variety of its neighbours in the batch."""
        h = functional.leaky_relu(self.pixels(images_NCHW), 0.2)
        for block in self.blocks:
            h = block(h)
        h = torch.cat([h, _minibatch_deviation(h)], dim=1)
        h = functional.leaky_relu(self.last(h), 0.2).flatten(1)
        return self.verdict(functional.leaky_relu(self.hidden(h), 0.2)).squeeze(1)


def _minibatch_deviation(features: Tensor, group: int = 4) -> Tensor:
    """Mean standard deviation within groups of the batch, as one more channel."""
    count, channels, height, width = features.shape
    group = group if count % group == 0 else count
    grouped = features.float().reshape(group, count // group, channels, height, width)
    deviation = (grouped.var(dim=0, unbiased=False) + 1e-8).sqrt().mean(dim=(1, 2, 3))
    return deviation.repeat(group)[:, None, None, None].expand(count, 1, height, width)


class ResidualGAN:
    """Generator against discriminator, with R1 and DiffAugment."""

    card: ClassVar[ModelCard] = ModelCard(
        key="residual-gan",
        title="Painter and critic",
        summary="Two networks compete: one paints, the other tells its pictures from yours. "
        "Crisp, surprising pictures.",
        family="GAN",
        capabilities=frozenset({INTERPOLATE}),
        cost="Shapes after some minutes, good after an hour or more",
        needs="100 or more pictures of one kind of thing",
        paper="Goodfellow et al. 2014, Generative Adversarial Networks, arXiv:1406.2661",
    )
    Config: ClassVar[type[Settings]] = ResidualGANConfig
    Sampling: ClassVar[type[Settings]] = ResidualGANSampling

    def __init__(self, config: Settings, data: DataSpec) -> None:
        assert isinstance(config, ResidualGANConfig)
        self.config: ResidualGANConfig = config
        self.network = nn.ModuleDict(
            {"generator": Generator(config, data), "discriminator": Discriminator(config, data)}
        )

    def phases(self) -> Sequence[Phase]:
        """The critic learns first, then the painter."""
        adam = OptimizerSpec(learning_rate=self.config.learning_rate, betas=(0.5, 0.99))
        return [
            Phase(name=name, parameters=list(self.network[name].parameters()), optimizer=adam)
            for name in ("discriminator", "generator")
        ]

    def losses(self, phase: str, batch: Batch, step: int) -> Losses:
        """Non-saturating logistic losses (arXiv:1406.2661, section 3), R1 every few steps."""
        if phase == "generator":
            return self._generator_losses(batch)
        return self._discriminator_losses(batch, with_r1=step % self.config.r1_every == 0)

    def _generator_losses(self, batch: Batch) -> Losses:
        verdict = self.network["discriminator"](self._augment(self._fakes(batch)))
        total = functional.softplus(-verdict).mean()
        return Losses(total, {"generator": total.detach()})

    def _discriminator_losses(self, batch: Batch, *, with_r1: bool) -> Losses:
        with torch.no_grad():
            fakes = self._fakes(batch)
        with_r1 = with_r1 and self.config.gamma > 0
        reals = self._augment(batch.images_NCHW).detach().requires_grad_(with_r1)
        on_real = self.network["discriminator"](reals)
        on_fake = self.network["discriminator"](self._augment(fakes))
        adversarial = functional.softplus(-on_real).mean() + functional.softplus(on_fake).mean()
        values = {"discriminator": adversarial.detach()}
        if not with_r1:
            return Losses(adversarial, values)
        (slope,) = torch.autograd.grad(on_real.sum(), reals, create_graph=True)
        r1 = slope.square().sum(dim=(1, 2, 3)).mean()
        total = adversarial + r1 * (self.config.gamma / 2 * self.config.r1_every)
        return Losses(total, {**values, "R1": r1.detach()})

    def _fakes(self, batch: Batch) -> Tensor:
        images = batch.images_NCHW
        z = torch.randn(images.shape[0], self.config.latent_size, device=images.device)
        return self.network["generator"](z)

    def _augment(self, images_NCHW: Tensor) -> Tensor:
        full = self.config.augment == "full"
        shift = self.config.augment != "off"
        return diff_augment(images_NCHW, colour=full, translation=shift, cutout=full)

    def sample(self, request: SampleRequest) -> Iterator[Artifact]:
        """Draw one picture per seed, one at a time so that company changes nothing."""
        for seed in request.seeds:
            image = self.decode(self.latents([seed], request.settings), request.settings)[0]
            yield Artifact(kind="image", seed=seed, image_HWC=image)

    def latents(self, seeds: Sequence[int], settings: Settings) -> Tensor:
        """Latents of shape (number of seeds, latent size), drawn in towards their mean by ψ."""
        assert isinstance(settings, ResidualGANSampling)
        return seeded_latents(seeds, self.config.latent_size) * settings.truncation

    def decode(self, latents: Tensor, settings: Settings) -> np.ndarray:
        """Latents => uint8 pictures of shape (N, height, width, channels)."""
        del settings  # Truncation has already shaped the latents.
        with evaluating(self.network) as device:
            return to_uint8(self.network["generator"](latents.to(device)))

    def vitals(self, learned_NCHW: Tensor, held_out_NCHW: Tensor) -> Mapping[str, float]:
        """How much better than guessing the critic is, on pictures that are not augmented."""
        count = len(learned_NCHW)
        with evaluating(self.network) as device:
            z = seeded_latents(range(count), self.config.latent_size)
            made_NCHW = in_parts(z, device, self.network["generator"])
            critic = self.network["discriminator"]
            on_learned = in_parts(learned_NCHW, device, critic)
            figures = {
                vitals.CRITIC_ADVANTAGE: win_rate(on_learned, in_parts(made_NCHW, device, critic))
            }
            if len(held_out_NCHW):
                on_held_out = in_parts(held_out_NCHW, device, critic)
                figures[vitals.CRITIC_MEMORY] = win_rate(on_learned, on_held_out)
        return figures
