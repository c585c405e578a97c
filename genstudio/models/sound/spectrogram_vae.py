"""A VAE of sounds: their mel spectrograms are described by a latent, and drawn again.

Sources: the variational bound, Kingma & Welling 2014 (arXiv:1312.6114, eq. 10); the optimal-σ
decoder, Rybkin et al. 2021 (arXiv:2006.13202, eq. 5); free bits, Kingma et al. 2016
(arXiv:1606.04934, appendix C.8); the prior fitted afterwards, Ghosh et al. 2020
(arXiv:1903.12436, section 4). What is heard is made from the spectrogram by finding phases that
go with it (:mod:`genstudio.models.blocks.spectrogram`).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import ClassVar, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.data.modalities.sound import SoundLayout
from genstudio.data.sounds import Sound
from genstudio.domain import roles
from genstudio.domain.artifacts import SOUND, Artifact
from genstudio.domain.cards import BLEND, KINDS, ModelCard
from genstudio.domain.operations import GENERATE, TaskCard, generation
from genstudio.domain.settings import Settings, setting
from genstudio.models.blocks.mixture import MixturePrior
from genstudio.models.blocks.residual import ResidualBlock, group_norm
from genstudio.models.blocks.sound_levels import SoundLevels
from genstudio.models.diagnostics import in_parts
from genstudio.models.protocol import (
    Batch,
    DataSpec,
    Losses,
    OptimizerSpec,
    Phase,
    Request,
)
from genstudio.models.sampling import (
    class_label,
    drawn_latents,
    evaluating,
    kl_of_each,
    one_hot,
    seeded_labels,
)

_SMALLEST_SIGMA = 1e-2
_LABEL_DROPOUT = 0.1
# Both sides of a spectrogram are halved so often.
_HALVINGS = 4
# Held-out examples that are judged at once.
_AT_A_TIME = 64


class SpectrogramVAEConfig(Settings):
    """Settings of the VAE of sounds."""

    width: Literal[16, 24, 32, 48, 64] = setting(
        32,
        title="Size of the model — width",
        help="A larger model can learn more detail and takes longer for each step.",
        role=roles.WIDTH,
    )
    latent_size: int = setting(
        64,
        title="Room for variety — latent size",
        help="How many numbers describe one sound. More keeps finer detail.",
        ge=8,
        le=512,
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
        5.0,
        title="Listen first, tidy later — KL warm-up",
        help="For so many thousand sounds the model may describe freely before its descriptions "
        "are drawn together.",
        ge=0.0,
        le=1000.0,
        unit="thousand sounds",
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


class SpectrogramVAESampling(Settings):
    """How sounds are made by a trained VAE of sounds."""

    temperature: float = setting(
        1.0,
        title="Adventurousness — temperature",
        help="Lower stays close to the typical sound; higher is more varied and stranger.",
        ge=0.0,
        le=1.5,
    )
    kind: str = class_label()


class Encoder(nn.Module):
    """Levels (N, 1, B, T) => mean and log-variance of their latents, each (N, Z)."""

    def __init__(self, shape: tuple[int, int], width: int, latent_size: int) -> None:
        super().__init__()
        stages = _stage_channels(width)[::-1]
        self.first = nn.Conv2d(1, stages[0], 3, padding=1)
        blocks = [ResidualBlock(one, other, nn.AvgPool2d(2)) for one, other in pairwise(stages)]
        self.stages = nn.Sequential(*blocks)
        self.norm = group_norm(stages[-1])
        self.posterior = nn.Linear(stages[-1] * _smallest(shape), 2 * latent_size)

    def forward(self, levels_NCHW: Tensor) -> tuple[Tensor, Tensor]:
        """Describe each sound by a Gaussian over latents."""
        h = functional.silu(self.norm(self.stages(self.first(levels_NCHW))))
        mean, log_variance = self.posterior(h.flatten(1)).chunk(2, dim=1)
        return mean, log_variance.clamp(-12, 4)


class Decoder(nn.Module):
    """Latents (N, Z + classes) => mean levels (N, 1, B, T), unbounded."""

    def __init__(self, shape: tuple[int, int], width: int, given_size: int) -> None:
        super().__init__()
        stages = _stage_channels(width)
        self._shape = (stages[0], shape[0] >> _HALVINGS, shape[1] >> _HALVINGS)
        self.first = nn.Linear(given_size, stages[0] * _smallest(shape))
        grow = (nn.Upsample(scale_factor=2, mode="bilinear") for _ in range(_HALVINGS))
        blocks = [
            ResidualBlock(one, other, up)
            for (one, other), up in zip(pairwise(stages), grow, strict=True)
        ]
        self.stages = nn.Sequential(ResidualBlock(stages[0], stages[0]), *blocks)
        self.norm = group_norm(stages[-1])
        self.last = nn.Conv2d(stages[-1], 1, 3, padding=1)

    def forward(self, given: Tensor) -> Tensor:
        """Draw the mean spectrogram of each latent."""
        h = self.first(given).reshape(-1, *self._shape)
        h = self.stages(h.contiguous(memory_format=torch.channels_last))
        return self.last(functional.silu(self.norm(h)))


class SpectrogramVAE:
    """Encoder and decoder of mel spectrograms, trained on the variational bound."""

    card: ClassVar[ModelCard] = ModelCard(
        key="spectrogram-vae",
        title="Sounds like yours",
        summary="Learns short sounds, such as drums or spoken words, and makes new ones; "
        "blends two of them.",
        family="sound",
        modalities=("sound",),
        output=SOUND,
        capabilities=frozenset({BLEND, KINDS}),
        cost="Recognisable after some minutes, clear after a quarter of an hour",
        needs="50 or more sounds of up to four seconds",
        suggested_from=0,
        paper="Kingma & Welling 2014, Auto-Encoding Variational Bayes, arXiv:1312.6114",
    )
    Config: ClassVar[type[Settings]] = SpectrogramVAEConfig
    tasks: ClassVar[Sequence[TaskCard]] = (generation(SpectrogramVAESampling, SOUND),)

    def __init__(self, config: Settings, data: DataSpec) -> None:
        assert isinstance(config, SpectrogramVAEConfig)
        self.config: SpectrogramVAEConfig = config
        self._classes, self.num_labels = data.classes, len(data.classes)
        self._heard = SoundLevels(SoundLayout.parse(data.layout))
        shape = self._heard.shape
        given_size = config.latent_size + len(data.classes)
        self.network = nn.ModuleDict(
            {
                "encoder": Encoder(shape, config.width, config.latent_size),
                "decoder": Decoder(shape, config.width, given_size),
                "prior": MixturePrior(config.latent_size, len(data.classes)),
            }
        )

    def phases(self) -> Sequence[Phase]:
        """Encoder and decoder learn together."""
        parameters = [
            *self.network["encoder"].parameters(),
            *self.network["decoder"].parameters(),
        ]
        adam = OptimizerSpec(learning_rate=self.config.learning_rate, betas=(0.9, 0.99))
        return [Phase(name="autoencoder", parameters=parameters, optimizer=adam)]

    def losses(self, phase: str, batch: Batch, step: int) -> Losses:
        """The negative bound in nats per level."""
        del phase, step  # There is one.
        levels = self._heard.levels(batch.fields["sounds"])
        mean, log_variance = self.network["encoder"](levels)
        z = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        drawn = self.network["decoder"](self._with_labels(z, batch))
        error = functional.mse_loss(drawn.float(), levels)
        # The best σ² is the error itself, which leaves D/2 · ln σ² of the likelihood.
        reconstruction = 0.5 * error.clamp(min=_SMALLEST_SIGMA**2).log()
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).float().mean(dim=0)
        values_per_sound = math.prod(levels.shape[1:])
        bounded = kl.clamp(min=self.config.free_bits).sum() / values_per_sound
        warmup = self.config.warmup_kimg * 1000
        ramp = 1.0 if warmup == 0 else (batch.seen / warmup).clamp(0, 1)
        values = {
            "bound": (reconstruction + kl.sum() / values_per_sound).detach(),
            "error": error.detach().sqrt(),
            "KL per sound": kl.sum().detach(),
        }
        return Losses(reconstruction + bounded * ramp, values)

    def bounds(self, fields: Mapping[str, Tensor]) -> Tensor:
        """The negative bound of each sound in nats per level; the noise is that of all of them."""
        errors: list[Tensor] = []
        divergences: list[Tensor] = []
        with evaluating(self.network) as device:
            for rows in fields["sounds"].split(_AT_A_TIME):
                levels = self._heard.levels(rows.to(device))
                mean, log_variance = self.network["encoder"](levels)
                z = drawn_latents(mean, log_variance, sum(map(len, errors)))
                # Their kinds are left open, as now and then while learning.
                open_kinds = z.new_zeros(len(z), len(self._classes))
                drawn = self.network["decoder"](torch.cat([z, open_kinds], dim=1)).float()
                errors.append((drawn - levels).square().flatten(1).mean(1).cpu())
                values = math.prod(levels.shape[1:])
                divergences.append((kl_of_each(mean, log_variance) / values).cpu())
        error = torch.cat(errors)
        variance = error.mean().clamp(min=_SMALLEST_SIGMA**2)
        return 0.5 * (variance.log() + error / variance - 1) + torch.cat(divergences)

    def run(self, task: str, request: Request) -> Iterator[Artifact]:
        """Do a task: "generate"."""
        assert task == GENERATE
        settings = request.settings
        assert isinstance(settings, SpectrogramVAESampling)
        prior = cast("MixturePrior", self.network["prior"])
        for seed in request.seeds:
            labels = seeded_labels([seed], settings.kind, self._classes)
            z = prior.draw([seed], settings.temperature, labels)
            (sound,) = self._sounds(torch.cat([z, labels], dim=1))
            yield Artifact(kind=SOUND, data=sound, seed=seed)

    def describe(self, fields: Mapping[str, Tensor]) -> Tensor:
        """The middle of what each sound may be described by; its kind is left open."""
        with evaluating(self.network) as device:
            mean, _ = self.network["encoder"](self._heard.levels(fields["sounds"].to(device)))
            return torch.cat([mean, mean.new_zeros(len(mean), len(self._classes))], dim=1)

    def remake(self, latents: Tensor, settings: Settings) -> Iterator[Artifact]:
        """Play each latent."""
        del settings  # Temperature shapes what is drawn from seeds.
        for row in latents:
            (sound,) = self._sounds(row[None])
            yield Artifact(kind=SOUND, data=sound)

    def finalize(self, fields: Mapping[str, Tensor]) -> None:
        """Fit the prior to where the latents of sounds lie."""
        with evaluating(self.network) as device:
            encoder = self.network["encoder"]
            posteriors = in_parts(
                fields["sounds"],
                device,
                lambda part: torch.stack(encoder(self._heard.levels(part)), dim=1),
            )
        prior = cast("MixturePrior", self.network["prior"])
        prior.fit(posteriors[:, 0], posteriors[:, 1].exp(), fields.get("labels"))

    def _with_labels(self, z: Tensor, batch: Batch) -> Tensor:
        """One-hot labels with dropout (p = 0.1): reconstructions must do without, too."""
        labels = one_hot(batch.labels_N, len(self._classes))
        if labels is None:
            return z
        kept = torch.rand(len(labels), 1, device=labels.device) >= _LABEL_DROPOUT
        return torch.cat([z, labels * kept], dim=1)

    def _sounds(self, given: Tensor) -> list[Sound]:
        with evaluating(self.network) as device:
            return self._heard.sounds(self.network["decoder"](given.to(device)))


def _stage_channels(width: int) -> list[int]:
    """Channels from the smallest spectrogram to the whole one."""
    return [4 * width, 4 * width, 2 * width, width, max(16, width // 2)]


def _smallest(shape: tuple[int, int]) -> int:
    return (shape[0] >> _HALVINGS) * (shape[1] >> _HALVINGS)
