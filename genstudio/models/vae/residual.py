"""A residual convolutional VAE with an optimal σ and an adversarial loss.

Sources: the variational bound, Kingma & Welling 2014 (arXiv:1312.6114, eq. 10); the
optimal-σ decoder, Rybkin et al. 2021 (arXiv:2006.13202, eq. 5); free bits, Kingma et
al. 2016 (arXiv:1606.04934, appendix C.8); KL warm-up, Sønderby et al. 2016
(arXiv:1602.02282, section 2.3).
"""

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.domain import metric_names, roles
from genstudio.domain.cards import ENCODE, INTERPOLATE, KINDS, RECONSTRUCT, SCORE, TEACH, ModelCard
from genstudio.domain.operations import GENERATE, TaskCard, generation
from genstudio.domain.settings import Settings, setting
from genstudio.models.blocks.adversarial import ADAM as DISCRIMINATOR_ADAM
from genstudio.models.blocks.adversarial import AdversarialLoss, ImageDiscriminator
from genstudio.models.blocks.augmentation import Augmentation
from genstudio.models.blocks.mixture import MixturePrior
from genstudio.models.blocks.redrawing import scored_by_redrawing
from genstudio.models.blocks.residual import (
    FeaturesToPixels,
    PixelsToFeatures,
    ResidualBlock,
    group_norm,
    stage_channels,
)
from genstudio.models.capabilities import Scored
from genstudio.models.diagnostics import in_parts, share_of_active_units
from genstudio.models.latents import blended_in_batch
from genstudio.models.protocol import (
    Artifact,
    Batch,
    DataSpec,
    Losses,
    OptimizerSpec,
    ParameterGroup,
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
    to_uint8,
)

# Below this the bound rewards copying the noise of the 8-bit rounding itself.
_SMALLEST_SIGMA = 1e-3
_LABEL_DROPOUT = 0.1


class ResidualVAEConfig(Settings):
    """Settings of the residual VAE."""

    width: Literal[32, 48, 64, 96, 128] = setting(
        48,
        title="Size of the model — width",
        help="A larger model can learn more detail and takes longer for each step.",
        role=roles.WIDTH,
    )
    latent_size: int = setting(
        128,
        title="Room for variety — latent size",
        help="How many numbers describe one picture. More keeps finer detail.",
        ge=8,
        le=1024,
    )
    adversarial_weight: float = setting(
        0.5,
        formerly="sharpen",
        title="Sharper pictures — pull of a critic",
        help="A critic compares what is drawn with your pictures, so that detail is drawn instead "
        "of blurred. Each step takes two and a half times as long; worth it from 64 px on; 0 "
        "switches it off.",
        ge=0.0,
        le=4.0,
        role=roles.SHARPENING,
    )
    learning_rate: float = setting(
        1e-3,
        title="Speed of learning — learning rate",
        help="Higher learns faster until it no longer holds together.",
        ge=1e-6,
        le=1e-2,
        advanced=True,
        logarithmic=True,
    )
    warmup_kimg: float = setting(
        10.0,
        title="Look first, tidy later — KL warm-up",
        help="For so many thousand pictures the model may describe freely before its "
        "descriptions are drawn together, and as many more until its critic is heard in full.",
        ge=0.0,
        le=1000.0,
        unit="thousand pictures",
        advanced=True,
    )
    free_bits: float = setting(
        0.05,
        title="Keep every number in use — free bits",
        help="Each number of the description may hold this much information for free.",
        ge=0.0,
        le=2.0,
        unit="nats",
        advanced=True,
        live=True,
        role=roles.FREE_BITS,
    )


class ResidualVAESampling(Settings):
    """How pictures are drawn from a trained residual VAE."""

    temperature: float = setting(
        1.0,
        title="Adventurousness — temperature",
        help="Lower stays close to the typical picture; higher is more varied and stranger.",
        ge=0.0,
        le=1.5,
    )
    kind: str = class_label()


class Encoder(nn.Module):
    """Pictures (N, C, S, S) => mean and log-variance of their latents, each (N, Z)."""

    def __init__(self, config: ResidualVAEConfig, data: DataSpec) -> None:
        super().__init__()
        stages = stage_channels(data.size, config.width)[::-1]
        self.pixels = PixelsToFeatures(data.channels, stages[0])
        layers: list[nn.Module] = []
        for before, after in pairwise(stages):
            layers.append(ResidualBlock(before, after, nn.AvgPool2d(2)))
        self.stages = nn.Sequential(*layers, ResidualBlock(stages[-1], stages[-1]))
        self.norm = group_norm(stages[-1])
        self.posterior = nn.Linear(stages[-1] * 16, 2 * config.latent_size)

    def forward(self, images_NCHW: Tensor) -> tuple[Tensor, Tensor]:
        """Describe each picture by a Gaussian over latents."""
        h = self.norm(self.stages(self.pixels(images_NCHW)))
        mean, log_variance = self.posterior(functional.silu(h).flatten(1)).chunk(2, dim=1)
        # Bounds keep one strange picture from blowing up the KL term.
        return mean, log_variance.clamp(-12, 4)


class Decoder(nn.Module):
    """Latents (N, Z + classes) => mean pictures (N, C, S, S), unbounded."""

    def __init__(self, config: ResidualVAEConfig, data: DataSpec) -> None:
        super().__init__()
        stages = stage_channels(data.size, config.width)
        self.first_channels = stages[0]
        self.first = nn.Linear(config.latent_size + len(data.classes), stages[0] * 16)
        layers: list[nn.Module] = [ResidualBlock(stages[0], stages[0])]
        for before, after in pairwise(stages):
            layers.append(
                ResidualBlock(before, after, nn.Upsample(scale_factor=2, mode="bilinear"))
            )
        self.stages = nn.Sequential(*layers)
        # A discriminator likes patterns two pixels wide; without one, the filter only blurs.
        self.pixels = FeaturesToPixels(
            stages[-1], data.channels, smooth=config.adversarial_weight > 0
        )

    def forward(self, z: Tensor) -> Tensor:
        """Draw the mean picture of each latent."""
        h = self.first(z).reshape(-1, self.first_channels, 4, 4)
        return self.pixels(self.stages(h.contiguous(memory_format=torch.channels_last)))


@dataclass(frozen=True, slots=True)
class _Described:
    """A latent for each picture (N, Z), and its distance to the prior in nats for each number."""

    z: Tensor
    kl_NZ: Tensor


class ResidualVAE:
    """Encoder and decoder trained on the variational bound with an optimal σ."""

    card: ClassVar[ModelCard] = ModelCard(
        key="residual-vae",
        title="Describe and redraw",
        summary="Learns to describe each picture in a few numbers and to draw it again from "
        "them. Steady; made for blending pictures.",
        family="VAE",
        capabilities=frozenset({ENCODE, INTERPOLATE, KINDS, RECONSTRUCT, SCORE, TEACH}),
        cost="Recognisable after some minutes, good after half an hour",
        needs="50 or more pictures",
        suggested_from=0,
        paper="Kingma & Welling 2014, Auto-Encoding Variational Bayes, arXiv:1312.6114",
        revision=4,
        renamed_tensors=(
            (r"critic\.verdict\.", "discriminator.logits."),
            (r"critic(?=[./])", "discriminator"),
            (r"prior\.kinds$", "prior.class_counts"),
        ),
    )
    Config: ClassVar[type[Settings]] = ResidualVAEConfig
    Sampling: ClassVar[type[Settings]] = ResidualVAESampling
    tasks: ClassVar[Sequence[TaskCard]] = (generation(ResidualVAESampling),)
    drawn_at_once: ClassVar[int] = DRAWN_AT_ONCE
    drawing_phase, drawing_modules = "autoencoder", ("decoder",)

    def __init__(self, config: Settings, data: DataSpec) -> None:
        assert isinstance(config, ResidualVAEConfig)
        self.config: ResidualVAEConfig = config
        self._classes, self._size, self._channels = data.classes, data.size, data.channels
        self.network = nn.ModuleDict(
            {
                "encoder": Encoder(config, data),
                "decoder": Decoder(config, data),
                "prior": MixturePrior(config.latent_size, len(data.classes)),
            }
        )
        if config.adversarial_weight > 0:
            discriminator = ImageDiscriminator(data.size, data.channels, config.width)
            self.network.update({"discriminator": discriminator, "augmentation": Augmentation()})
        self._adversarial = AdversarialLoss(self.network)

    def phases(self) -> Sequence[Phase]:
        """Encoder and decoder learn, and at the same time their discriminator, if there is one."""
        learned = [*self.network["encoder"].parameters(), *self.network["decoder"].parameters()]
        groups: list[ParameterGroup] = []
        if self.config.adversarial_weight > 0:
            own = list(self.network["discriminator"].parameters())
            adam = DISCRIMINATOR_ADAM
            groups = [ParameterGroup(name="discriminator", parameters=own, optimizer=adam)]
            learned += own
        adam = OptimizerSpec(learning_rate=self.config.learning_rate, betas=(0.9, 0.99))
        return [Phase(name="autoencoder", parameters=learned, optimizer=adam, param_groups=groups)]

    def losses(self, phase: str, batch: Batch, step: int) -> Losses:
        """The negative bound in nats per pixel value, and what the discriminator minimises."""
        del phase  # There is one.
        images, is_adversarial = batch.images_NCHW, self.config.adversarial_weight > 0
        described = self._describe(images)
        # All in one pass, which is faster: the weights are got ready once.
        drawn = self._reconstruct(batch, described.z, between=is_adversarial)
        reconstructed = drawn[: len(images)]
        reconstruction, error = self._reconstruction_loss(reconstructed, images)
        kl_per_unit = described.kl_NZ.mean(dim=0)
        values_per_picture = math.prod(images.shape[1:])
        bounded = kl_per_unit.clamp(min=self.config.free_bits).sum() / values_per_picture
        total = reconstruction + bounded * self._ramp(batch, begin=0)
        values = {
            "bound": (reconstruction + kl_per_unit.sum() / values_per_picture).detach(),
            "error": error.detach().sqrt(),
            "KL per picture": kl_per_unit.sum().detach(),
        }
        if is_adversarial:
            pictures = torch.cat([reconstructed[: len(images) // 2], drawn[len(images) :]]).float()
            terms = self._adversarial.terms(
                images,
                pictures,
                step=step,
                step_size=batch.step_size,
                wants_image_gradient=self._follows_discriminator(batch),
            )
            total = total + terms.total
            values["critic"] = terms.loss
            if terms.image_gradient is not None:
                # In proportion to the pull of the error, whose gradient by the pixels has this
                # norm.
                pull = (
                    self.config.adversarial_weight / (error.detach() * reconstructed.numel()).sqrt()
                )
                surrogate = (pictures * terms.image_gradient).sum()
                total = total + surrogate * (pull * self._ramp(batch, begin=1))
        return Losses(total, values)

    def graph_key(self, phase: str, batch: Batch, step: int) -> Hashable:
        """Steps differ by warm-up, gradient penalty and adaptation of the augmentation."""
        del phase
        if self.config.adversarial_weight == 0:
            return "alone"
        is_steered = self._adversarial.augmentation.is_due(step)
        return self._follows_discriminator(batch), self._adversarial.applies_r1(step), is_steered

    def _reconstruct(self, batch: Batch, z: Tensor, *, between: bool) -> Tensor:
        """Reconstruct all images.

        If asked for, what lies between latents follows, in place of the second half of the batch:
        of this the discriminator sees as much as of what is redrawn.
        """
        latents, labels = z, self._drop_labels(batch)
        if between:
            half = len(z) // 2
            latents = torch.cat([latents, blended_in_batch(z.detach())[half:]])
            known = one_hot(batch.labels_N, len(self._classes))
            if labels is not None and known is not None:
                labels = torch.cat([labels, known[half:]])
        return self._draw(latents, labels)

    def _follows_discriminator(self, batch: Batch) -> bool:
        warmup = self.config.warmup_kimg * 1000
        return self.config.adversarial_weight > 0 and (warmup == 0 or batch.images_seen > warmup)

    def _ramp(self, batch: Batch, *, begin: int) -> float | Tensor:
        """From 0 to 1 over the images of the KL warm-up, after ``begin`` times as many."""
        warmup = self.config.warmup_kimg * 1000
        return 1.0 if warmup == 0 else (batch.seen / warmup - begin).clamp(0, 1)

    def _reconstruction_loss(self, reconstructed: Tensor, images: Tensor) -> tuple[Tensor, Tensor]:
        """Negative log-likelihood in nats per pixel value, up to a constant; squared error."""
        error = functional.mse_loss(reconstructed.float(), images)
        # The best σ² is the error itself, which leaves D/2 · ln σ² of the likelihood.
        return 0.5 * error.clamp(min=_SMALLEST_SIGMA**2).log(), error

    def _describe(self, images_NCHW: Tensor) -> "_Described":
        mean, log_variance = self.network["encoder"](images_NCHW)
        return _Described(
            z=mean + torch.randn_like(mean) * (log_variance / 2).exp(),
            kl_NZ=0.5 * (mean.square() + log_variance.exp() - 1 - log_variance),
        )

    def _draw(self, z: Tensor, labels: Tensor | None) -> Tensor:
        return self.network["decoder"](z if labels is None else torch.cat([z, labels], dim=1))

    def _drop_labels(self, batch: Batch) -> Tensor | None:
        """One-hot labels with dropout (p = 0.1): reconstructions must do without, too."""
        labels = one_hot(batch.labels_N, len(self._classes))
        if labels is None:
            return None
        return labels * (torch.rand(len(labels), 1, device=labels.device) >= _LABEL_DROPOUT)

    def draw(self, batch: Batch) -> Tensor:
        """Draw as many pictures from the prior as a batch has, with gradients."""
        labels = one_hot(batch.labels_N, len(self._classes))
        prior = cast("MixturePrior", self.network["prior"])
        return self._draw(prior.draw_any(len(batch), labels), labels)

    def run(self, task: str, request: Request) -> Iterator[Artifact]:
        """Do a task: "generate"."""
        assert task == GENERATE
        return draw_seeds(self, request)

    def latents(self, seeds: Sequence[int], settings: Settings) -> Tensor:
        """Latents from the fitted prior, and behind them the one-hot class label."""
        assert isinstance(settings, ResidualVAESampling)
        prior = cast("MixturePrior", self.network["prior"])
        labels = seeded_labels(seeds, settings.kind, self._classes)
        return torch.cat([prior.draw(seeds, settings.temperature, labels), labels], dim=1)

    def finalize(self, fields: Mapping[str, Tensor]) -> None:
        """Fit the prior to where the latents of pictures lie."""
        with evaluating(self.network) as device:
            encoder = self.network["encoder"]
            posteriors = in_parts(
                fields["images"], device, lambda part: torch.stack(encoder(part), dim=1)
            )
        prior = cast("MixturePrior", self.network["prior"])
        prior.fit(posteriors[:, 0], posteriors[:, 1].exp(), fields.get("labels"))

    def drawing_network(self) -> nn.Module:
        """The decoder."""
        return self.network["decoder"]

    def decode(self, latents: Tensor, settings: Settings) -> np.ndarray:
        """Latents => uint8 pictures of shape (N, height, width, channels)."""
        del settings  # Temperature has already shaped the latents.
        with evaluating(self.network) as device:
            return to_uint8(self.network["decoder"](latents.to(device)))

    def reconstruct(self, images_NCHW: Tensor) -> Tensor:
        """Describe pictures and draw them again; in [-1, 1], same shape."""
        latents = self.encode(images_NCHW)
        with evaluating(self.network) as device:
            return self.network["decoder"](latents.to(device)).clamp(-1, 1)

    def score(self, image_HWC: np.ndarray) -> Scored:
        """Tell what it cannot redraw; models that learn to repair damage find far more."""
        return scored_by_redrawing(
            self.reconstruct, image_HWC, size=self._size, channels=self._channels
        )

    def encode(self, images_NCHW: Tensor) -> Tensor:
        """The middle of what each picture may be described by; its kind is left open."""
        with evaluating(self.network) as device:
            mean, _ = self.network["encoder"](images_NCHW.to(device))
            return torch.cat([mean, mean.new_zeros(len(mean), len(self._classes))], dim=1)

    def vary(self, images_NCHW: Tensor, labels_N: Tensor, moves_NZ: Tensor) -> Tensor:
        """Add to pictures what moved latents change in what is redrawn of them."""
        labels = functional.one_hot(labels_N, len(self._classes)).float()
        with evaluating(self.network) as device:
            images, labels, moves = (it.to(device) for it in (images_NCHW, labels, moves_NZ))
            mean, _ = self.network["encoder"](images)
            latents = torch.cat([mean, mean + moves[:, : mean.shape[1]]])
            drawn = self.network["decoder"](torch.cat([latents, labels.repeat(2, 1)], dim=1))
            before, after = drawn.chunk(2)
            return (images + after - before).clamp(-1, 1)

    def diagnostics(self, learned_NCHW: Tensor, held_out_NCHW: Tensor) -> Mapping[str, float]:
        """How many of the latent numbers say anything about a picture."""
        del held_out_NCHW  # What they say is the same for both.
        with evaluating(self.network) as device:
            encoder = self.network["encoder"]
            means_NZ = in_parts(learned_NCHW, device, lambda part: encoder(part)[0])
        return {metric_names.ACTIVE_UNITS: share_of_active_units(means_NZ)}
