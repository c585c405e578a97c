"""A GAN for small sets: a critic that must also redraw what it sees, so that it stays honest.

Sources: the adversarial game, Goodfellow et al. 2014 (arXiv:1406.2661); skip-layer excitation and a
self-supervised discriminator, Liu et al. 2021 (arXiv:2101.04775, sections 3.1 and 3.2);
relativistic pairing, Jolicoeur-Martineau 2018 (arXiv:1807.00734, eq. 6), regularised by R1 and R2,
Huang et al. 2024 (arXiv:2501.05441, eq. 4); these, Mescheder et al. 2018 (arXiv:1801.04406, eq. 9),
applied lazily, Karras et al. 2020 (arXiv:1912.04958, appendix B); DiffAugment, Zhao et al. 2020
(arXiv:2006.10738), steered as in Karras et al. 2020 (arXiv:2006.06676, section 3.1); kinds by
projection, Miyato & Koyama 2018 (arXiv:1802.05637); noise fed to every block, Brock et al. 2019
(arXiv:1809.11096, section 4.2); minibatch standard deviation, Karras et al. 2018 (arXiv:1710.10196,
section 3).
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import ClassVar, Literal, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.domain import roles, vitals
from genstudio.domain.cards import INTERPOLATE, KINDS, ModelCard
from genstudio.domain.operations import GENERATE, TaskCard, generation
from genstudio.domain.settings import Settings, setting
from genstudio.models.blocks.augmentation import Augmentation
from genstudio.models.blocks.critics import (
    DiscriminatorBlock,
    Redrawer,
    leaky,
    minibatch_deviation,
    quarter,
    squared_slope,
)
from genstudio.models.blocks.painters import GeneratorBlock, SkipLayerExcitation
from genstudio.models.blocks.residual import FeaturesToPixels, PixelsToFeatures, stage_channels
from genstudio.models.examining import confidence, in_parts, win_rate
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
    any_kind,
    evaluating,
    kinds_as_numbers,
    one_by_one,
    seeded_kinds,
    seeded_latents,
    to_uint8,
)

# Side of the features that the critic redraws pictures from, and of a corner of them.
_REDRAWN_FROM_PX = 8
_CORNER_PX = 4
_LARGEST_REDRAWN_PX = 128
# From a side of 32 pixels on, features are gated by those of so many doublings before, or of the
# first.
_FIRST_GATED = 3
_GATED_BY = 4


class SelfSupervisedGANConfig(Settings):
    """Settings of the self-supervised GAN."""

    width: Literal[32, 48, 64, 96, 128] = setting(
        32,
        title="Size of the model — width",
        help="A larger model can learn more detail and takes longer for each step.",
        role=roles.WIDTH,
    )
    latent_size: int = setting(
        128,
        title="Room for variety — latent size",
        help="How many numbers describe one picture.",
        ge=8,
        le=1024,
        advanced=True,
    )
    augment: Literal["adaptive", "full", "shift only", "off"] = setting(
        "adaptive",
        title="Stretch a small set — augmentation",
        help="Shows the critic shifted, recoloured and partly covered pictures, so that it "
        "cannot learn a small set by heart. Adaptive does it as much as is needed.",
        live=True,
        role=roles.AUGMENTATION,
    )
    loss: Literal["relativistic", "logistic", "hinge"] = setting(
        "relativistic",
        title="How the critic judges — loss",
        help="Relativistic compares each picture with a real one, which keeps variety.",
        advanced=True,
    )
    redraw: float = setting(
        1.0,
        title="Keep the critic honest — self-supervision",
        help="How much the critic must be able to redraw the pictures that it sees; 0 switches "
        "it off.",
        ge=0.0,
        le=10.0,
        advanced=True,
    )
    learning_rate: float = setting(
        4e-4,
        title="Speed of learning — learning rate",
        help="Higher learns faster until it no longer holds together.",
        ge=1e-6,
        le=1e-2,
        advanced=True,
        logarithmic=True,
    )
    gamma: float = setting(
        0.5,
        title="Calm the critic — strength γ of R1 and R2",
        help="Raise it if the pictures collapse into one; lower it if they stay soft.",
        ge=0.0,
        le=100.0,
        advanced=True,
        logarithmic=True,
        live=True,
        role=roles.GRADIENT_PENALTY,
    )
    calm_every: int = setting(
        16,
        title="How often to calm the critic — lazy interval",
        help="It is costly, and once in so many steps is enough.",
        ge=1,
        le=64,
        unit="steps",
        advanced=True,
    )


class SelfSupervisedGANSampling(Settings):
    """How pictures are drawn from a trained self-supervised GAN."""

    truncation: float = setting(
        1.0,
        title="Adventurousness — truncation ψ",
        help="Lower stays close to what the model does best; higher is more varied.",
        ge=0.1,
        le=1.5,
    )
    kind: str = any_kind()


class Generator(nn.Module):
    """Latents (N, Z + kinds) => pictures (N, C, S, S) in [-1, 1]."""

    def __init__(self, config: SelfSupervisedGANConfig, data: DataSpec) -> None:
        super().__init__()
        stages = stage_channels(data.size, config.width)
        latent_size = config.latent_size + len(data.kinds)
        self.first_channels = stages[0]
        self.first = nn.Linear(latent_size, stages[0] * 16)
        self.blocks = nn.ModuleList(
            GeneratorBlock(before, after, latent_size) for before, after in pairwise(stages)
        )
        self.gates = nn.ModuleDict(
            {
                str(late): SkipLayerExcitation(stages[max(0, late - _GATED_BY)], stages[late])
                for late in range(_FIRST_GATED, len(stages))
            }
        )
        self.pixels = FeaturesToPixels(stages[-1], data.channels, smooth=True)

    def forward(self, z: Tensor) -> Tensor:
        """Draw one picture for each latent."""
        h = self.first(z).reshape(-1, self.first_channels, 4, 4)
        stages = [h.contiguous(memory_format=torch.channels_last)]
        for late, block in enumerate(self.blocks, start=1):
            h = block(stages[-1], z)
            if late >= _FIRST_GATED:
                h = self.gates[str(late)](stages[max(0, late - _GATED_BY)], h)
            stages.append(h)
        return torch.tanh(self.pixels(stages[-1]))


class Discriminator(nn.Module):
    """Pictures (N, C, S, S) => realness logits (N,), and how well it can redraw them."""

    def __init__(self, config: SelfSupervisedGANConfig, data: DataSpec) -> None:
        super().__init__()
        stages = stage_channels(data.size, config.width)[::-1]
        self.pixels = PixelsToFeatures(data.channels, stages[0])
        self.blocks = nn.ModuleList(DiscriminatorBlock(*pair) for pair in pairwise(stages))
        self.last = nn.Conv2d(stages[-1] + 1, stages[-1], 3, padding=1)
        self.hidden = nn.Linear(stages[-1] * 16, stages[-1])
        # Without a bias: relativistic verdicts are differences.
        self.verdict = nn.Linear(stages[-1], 1, bias=False)
        self.kinds = nn.Linear(len(data.kinds), stages[-1], bias=False) if data.kinds else None
        side = min(data.size // 2, _LARGEST_REDRAWN_PX)
        self.whole = Redrawer(stages[-2], _REDRAWN_FROM_PX, side, data.channels)
        self.corner = Redrawer(stages[-2], _CORNER_PX, side // 2, data.channels)

    def forward(
        self,
        images_NCHW: Tensor,
        kinds_NK: Tensor | None,
        *,
        batches: int = 1,
        redraws: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Judge each picture, in view of the variety of its neighbours in the batch.

        Args:
            images_NCHW: Of so many batches behind each other.
            kinds_NK: How much of each kind there is in them, if there are kinds.
            batches: How many.
            redraws: Redraw those of the first batch.

        Returns:
            Logits, and the error of redrawing: a scalar, 0 where it was not asked for.
        """
        h = leaky(self.pixels(images_NCHW))
        features = h
        for block in self.blocks:
            features, h = h, block(h)
        h = torch.cat([h, minibatch_deviation(h, batches=batches)], dim=1)
        h = leaky(self.last(h)).flatten(1)
        h = leaky(self.hidden(h))
        logits = self.verdict(h).squeeze(1)
        if self.kinds is not None:
            logits = logits + (self.kinds(kinds_NK) * h).sum(dim=1)
        first = len(images_NCHW) // batches
        error = (
            self._redraw_error(features[:first], images_NCHW[:first].detach())
            if redraws
            else logits.new_zeros(())
        )
        return logits.float(), error

    def _redraw_error(self, features: Tensor, images_NCHW: Tensor) -> Tensor:
        """Mean absolute error of the whole picture and of one of its quarters, redrawn."""
        whole = self.whole(features).float()
        which = torch.randint(4, (1,), device=features.device)
        corner = self.corner(quarter(features, which)).float()
        return _off(whole, images_NCHW) + _off(corner, quarter(images_NCHW, which))


def _off(redrawn: Tensor, images_NCHW: Tensor) -> Tensor:
    return (redrawn - functional.adaptive_avg_pool2d(images_NCHW, redrawn.shape[-1])).abs().mean()


class SelfSupervisedGAN:
    """Generator against a discriminator that redraws, with lazy R1 and R2."""

    card: ClassVar[ModelCard] = ModelCard(
        key="self-supervised-gan",
        title="Painter and critic",
        summary="Two networks compete: one paints, the other tells its pictures from yours. "
        "Crisp, surprising pictures.",
        family="GAN",
        capabilities=frozenset({INTERPOLATE, KINDS}),
        cost="Shapes after some minutes, good after an hour or more",
        needs="100 or more pictures of one kind of thing",
        suggested_from=100,
        paper="Liu et al. 2021, Towards Faster and Stabilized GAN Training for High-fidelity "
        "Few-shot Image Synthesis, arXiv:2101.04775",
        revision=2,
    )
    Config: ClassVar[type[Settings]] = SelfSupervisedGANConfig
    Sampling: ClassVar[type[Settings]] = SelfSupervisedGANSampling
    tasks: ClassVar[Sequence[TaskCard]] = (generation(SelfSupervisedGANSampling),)

    def __init__(self, config: Settings, data: DataSpec) -> None:
        assert isinstance(config, SelfSupervisedGANConfig)
        self.config: SelfSupervisedGANConfig = config
        self._kinds = data.kinds
        self.network = nn.ModuleDict(
            {
                "generator": Generator(config, data),
                "discriminator": Discriminator(config, data),
                "augmentation": Augmentation(),
            }
        )

    def phases(self) -> Sequence[Phase]:
        """The critic learns first, then the painter: at the same time, they lose variety."""
        adam = OptimizerSpec(learning_rate=self.config.learning_rate, betas=(0.5, 0.99))
        return [
            Phase(name=name, parameters=list(self.network[name].parameters()), optimizer=adam)
            for name in ("discriminator", "generator")
        ]

    def losses(self, phase: str, batch: Batch, step: int) -> Losses:
        """The losses of the game; the critic's own ones are redrawing and, lazily, R1 and R2."""
        kinds = kinds_as_numbers(batch.kinds_N, len(self._kinds))
        if phase == "generator":
            return self._generator_losses(batch, kinds)
        return self._discriminator_losses(batch, kinds, step)

    def _generator_losses(self, batch: Batch, kinds: Tensor | None) -> Losses:
        on_made, _ = self._judge(self._augment(self._paint(batch, kinds)), kinds)
        if self.config.loss == "relativistic":
            with torch.no_grad():
                on_real, _ = self._judge(self._augment(batch.images_NCHW), kinds)
            total = functional.softplus(on_real - on_made).mean()
        elif self.config.loss == "logistic":
            total = functional.softplus(-on_made).mean()
        else:
            total = -on_made.mean()
        return Losses(total, {"generator": total.detach()})

    def _discriminator_losses(self, batch: Batch, kinds: Tensor | None, step: int) -> Losses:
        with torch.no_grad():
            painted = self._paint(batch, kinds)
        is_calmed = self._is_calmed(step)
        # Both in one pass, which is a little faster: the weights are got ready once.
        both = self._augment(torch.cat([batch.images_NCHW, painted])).requires_grad_(is_calmed)
        redraws = self.config.redraw > 0
        verdicts, error = self._judge(
            both, None if kinds is None else kinds.repeat(2, 1), batches=2, redraws=redraws
        )
        on_real, on_made = verdicts.chunk(2)
        if self.config.augment == "adaptive":
            self._augmentation.steer(
                on_real.detach(), on_made.detach(), step=step, step_size=batch.step_size
            )
        total = self._game(on_real, on_made)
        values = {"discriminator": total.detach()}
        if redraws:
            total = total + self.config.redraw * error
            values["redrawing"] = error.detach()
        if is_calmed:
            # A mean for each of the two.
            calm = 2 * squared_slope(verdicts, both)
            total = total + calm * (self.config.gamma / 2 * self.config.calm_every)
            values["R1 + R2"] = calm.detach()
        return Losses(total, values)

    def pattern(self, phase: str, batch: Batch, step: int) -> Hashable:
        """The critic is calmed now and then, and its pictures are changed more, or less."""
        del batch
        if phase == "generator":
            return "always alike"
        is_steered = self.config.augment == "adaptive" and self._augmentation.is_due(step)
        return self._is_calmed(step), is_steered

    def _is_calmed(self, step: int) -> bool:
        return self.config.gamma > 0 and step % self.config.calm_every == 0

    def _game(self, on_real: Tensor, on_made: Tensor) -> Tensor:
        match self.config.loss:
            case "relativistic":
                return functional.softplus(on_made - on_real).mean()
            case "logistic":
                return (functional.softplus(-on_real) + functional.softplus(on_made)).mean()
            case "hinge":
                return (functional.relu(1 - on_real) + functional.relu(1 + on_made)).mean()

    def _judge(
        self,
        images_NCHW: Tensor,
        kinds: Tensor | None,
        *,
        batches: int = 1,
        redraws: bool = False,
    ) -> tuple[Tensor, Tensor]:
        critic = self.network["discriminator"]
        return critic(images_NCHW, kinds, batches=batches, redraws=redraws)

    @property
    def _augmentation(self) -> Augmentation:
        return cast("Augmentation", self.network["augmentation"])

    def _augment(self, images_NCHW: Tensor) -> Tensor:
        return self._augmentation(images_NCHW, self.config.augment)

    def _paint(self, batch: Batch, kinds: Tensor | None) -> Tensor:
        images = batch.images_NCHW
        z = torch.randn(len(images), self.config.latent_size, device=images.device)
        return self.network["generator"](z if kinds is None else torch.cat([z, kinds], dim=1))

    def run(self, task: str, request: Request) -> Iterator[Artifact]:
        """Do a task: "generate"."""
        assert task == GENERATE
        return self.sample(request)

    def sample(self, request: Request) -> Iterator[Artifact]:
        """Draw one picture per seed."""
        return one_by_one(self, request)

    def latents(self, seeds: Sequence[int], settings: Settings) -> Tensor:
        """Latents drawn in towards their mean by ψ, and behind them one number per kind."""
        assert isinstance(settings, SelfSupervisedGANSampling)
        z = seeded_latents(seeds, self.config.latent_size) * settings.truncation
        return torch.cat([z, seeded_kinds(seeds, settings.kind, self._kinds)], dim=1)

    def decode(self, latents: Tensor, settings: Settings) -> np.ndarray:
        """Latents => uint8 pictures of shape (N, height, width, channels)."""
        del settings  # It has already shaped the latents.
        with evaluating(self.network) as device:
            return to_uint8(self.network["generator"](latents.to(device)))

    def vitals(self, learned_NCHW: Tensor, held_out_NCHW: Tensor) -> Mapping[str, float]:
        """How much better than guessing the critic is, on pictures that are not augmented."""
        latents = self.latents(range(len(learned_NCHW)), SelfSupervisedGANSampling())
        with evaluating(self.network) as device:
            made_NCHW = in_parts(latents, device, self.network["generator"])
            on_learned = in_parts(learned_NCHW, device, self._untold)
            on_made = in_parts(made_NCHW, device, self._untold)
            figures = {
                vitals.CRITIC_ADVANTAGE: win_rate(on_learned, on_made),
                vitals.CRITIC_CONFIDENCE: confidence(on_learned, on_made),
            }
            if len(held_out_NCHW):
                on_held_out = in_parts(held_out_NCHW, device, self._untold)
                figures[vitals.CRITIC_MEMORY] = win_rate(on_learned, on_held_out)
        return figures

    def _untold(self, images_NCHW: Tensor) -> Tensor:
        """Verdicts on pictures whose kinds are not told."""
        kinds = images_NCHW.new_zeros(len(images_NCHW), len(self._kinds)) if self._kinds else None
        return self._judge(images_NCHW, kinds)[0]
