"""A VAE of several materials that belong together: any of them goes in, any of them comes out.

MMVAE+ (Palumbo et al. 2023, "MMVAE+: Enhancing the Generative Quality of Multimodal VAEs without
Compromises", ICLR 2023, openreview.net/forum?id=sdQGxouELX): a mixture of experts over a shared
latent z, and a private latent w for each material. With one draw of each, its bound is the mean
over the materials m of

    log p(x_m | z, w_m) + Σ_{n ≠ m} log p(x_n | z, w̃_n) - KL(q(z, w_m | x_m) ‖ p(z) p(w_m)),

where z and w_m are described from x_m alone and w̃_n is drawn from an auxiliary prior r_n, whose
spread is learned. So z must say all of x_n that can be told from x_m, and nothing is gained by
hiding that in w.

Two things differ from the paper. First, log p(x_n | z, w_n) comes to the terms of n ≠ m, with w_n
described from x_n: only there a decoder learns to draw sharply what another material asks for.
Second, w_n is drawn given z, and not by itself, since it says some of what both share as well: a
mixture over both is fitted to pairs, and conditioned. Without these two, about a third as many
results were right after as many steps (tests/bench/RESULTS.md).

Likelihoods count for each number of an example, which evens out how many they have (the same aim as
Shi et al. 2019, arXiv:1911.03393), with an optimal σ (Rybkin et al. 2021, arXiv:2006.13202, eq. 5).
Priors are fitted after training (Ghosh et al. 2020, arXiv:1903.12436, section 4).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, cast

import torch
from torch import Tensor, nn

from genstudio.domain import metric_names, roles
from genstudio.domain.artifacts import IMAGE, Artifact
from genstudio.domain.cards import CROSS, ModelCard
from genstudio.domain.errors import SettingsError
from genstudio.domain.language import tr
from genstudio.domain.modalities import CAPTIONS, PAIRED_MATERIALS
from genstudio.domain.operations import GENERATE, TaskCard, generation
from genstudio.domain.settings import Settings, setting
from genstudio.models.blocks.materials import Material, materials_of
from genstudio.models.blocks.mixture import MixturePrior
from genstudio.models.diagnostics import in_parts, share_of_active_units
from genstudio.models.protocol import Batch, DataSpec, Losses, OptimizerSpec, Phase, Request
from genstudio.models.sampling import evaluating

# What is drawn for z, and for each w, comes from streams of their own.
_STREAM = 0x9E3779B97F4A7C15
_SEEDS_END = 2**63


class AnyToAnyConfig(Settings):
    """Settings of the VAE of several materials."""

    width: Literal[16, 24, 32, 48, 64] = setting(
        32,
        title="Size of the model — width",
        help="A larger model can learn more detail and takes longer for each step.",
        role=roles.WIDTH,
    )
    latent_size: int = setting(
        32,
        title="What they have in common — shared latent size",
        help="How many numbers describe what a picture and its partner share.",
        ge=2,
        le=512,
    )
    private_size: int = setting(
        32,
        title="Room for variety — private latent size",
        help="How many numbers describe what only one of them shows, such as who speaks, or how "
        "it is worded.",
        ge=2,
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
    kl_weight: float = setting(
        1.0,
        title="Order among descriptions — KL weight",
        help="Lower keeps more of each example; higher makes what is invented hold together.",
        ge=0.0,
        le=4.0,
        advanced=True,
        live=True,
    )
    warmup_kimg: float = setting(
        5.0,
        title="Look first, tidy later — KL warm-up",
        help="For so many thousand pairs the model may describe freely before its descriptions "
        "are drawn together.",
        ge=0.0,
        le=1000.0,
        unit="thousand pairs",
        advanced=True,
    )


class AnyToAnySampling(Settings):
    """How things are made by a trained VAE of several materials."""

    temperature: float = setting(
        1.0,
        title="Adventurousness — temperature",
        help="Lower stays close to the typical one; higher is more varied and stranger.",
        ge=0.0,
        le=1.5,
    )


class AuxiliaryPrior(nn.Module):
    """Draws private latents of what is not seen, from a Gaussian of learned spread.

    Shapes: (N, W) => (N, W).
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.zeros(size))

    def forward(self, like: Tensor) -> Tensor:
        """As many as there are rows."""
        return torch.randn_like(like) * self.log_scale.exp()


@dataclass(frozen=True, slots=True)
class _Described:
    """Gaussians over latents; the first ``shared`` numbers are those of z."""

    mean: Tensor
    log_variance: Tensor
    shared: int

    def draw(self) -> tuple[Tensor, Tensor]:
        """A z and a w of each."""
        noise = torch.randn_like(self.mean)
        latents = self.mean + noise * (self.log_variance / 2).exp()
        return latents[:, : self.shared], latents[:, self.shared :]

    def kl(self) -> Tensor:
        """Mean distance to the standard normal in nats: (Z + W,)."""
        variance = self.log_variance.exp()
        return 0.5 * (self.mean.square() + variance - 1 - self.log_variance).float().mean(dim=0)


class AnyToAnyVAE:
    """Encoders and decoders of several materials around one shared latent."""

    card: ClassVar[ModelCard] = ModelCard(
        key="any-to-any-vae",
        title="Pictures and what belongs to them",
        summary="Learns what pictures have in common with their sounds, captions or music: makes "
        "either for the other, and new pairs.",
        family="multimodal",
        modalities=(PAIRED_MATERIALS, CAPTIONS),
        output=IMAGE,
        capabilities=frozenset({CROSS}),
        cost="Recognisable after ten minutes, clear after half an hour",
        needs="100 or more pictures, each with a sound, a caption or a MIDI file",
        suggested_from=0,
        batch=32,
        paper="Palumbo et al. 2023, MMVAE+: Enhancing the Generative Quality of Multimodal VAEs "
        "without Compromises, ICLR 2023; after Shi et al. 2019, arXiv:1911.03393",
    )
    Config: ClassVar[type[Settings]] = AnyToAnyConfig
    tasks: ClassVar[Sequence[TaskCard]] = (generation(AnyToAnySampling),)

    def __init__(self, config: Settings, data: DataSpec) -> None:
        assert isinstance(config, AnyToAnyConfig)
        self.config: AnyToAnyConfig = config
        self._materials = materials_of(data)
        shared, private = config.latent_size, config.private_size
        parts: dict[str, nn.Module] = {"shared_prior": MixturePrior(shared)}
        for it in self._materials:
            parts[f"{it.field}_encoder"] = it.encoder(config.width, shared + private)
            parts[f"{it.field}_decoder"] = it.decoder(config.width, shared + private)
            parts[f"{it.field}_auxiliary"] = AuxiliaryPrior(private)
            parts[f"{it.field}_prior"] = MixturePrior(shared + private)
        self.network = nn.ModuleDict(parts)

    def phases(self) -> Sequence[Phase]:
        """All networks learn together."""
        adam = OptimizerSpec(learning_rate=self.config.learning_rate, betas=(0.9, 0.99))
        parameters = list(self.network.parameters())
        return [Phase(name="autoencoders", parameters=parameters, optimizer=adam)]

    def losses(self, phase: str, batch: Batch, step: int) -> Losses:
        """The negative bound in nats per number of an example."""
        del phase, step  # There is one.
        seen = {it.field: it.seen(it.rows(batch.fields)) for it in self._materials}
        described = {name: self._describe(name, values) for name, values in seen.items()}
        drawn = {name: it.draw() for name, it in described.items()}
        warmup = self.config.warmup_kimg * 1000
        ramp = 1.0 if warmup == 0 else (batch.seen / warmup).clamp(0, 1)
        total = torch.zeros((), device=batch.device)
        kl_of_all, values = torch.zeros_like(total), dict[str, Tensor]()
        num_values = sum(it.num_values for it in self._materials) / len(self._materials)
        for own in self._materials:
            name = own.field
            z, w = drawn[name]
            latents = [torch.cat([z, w], dim=1)]
            for other, (z_other, _) in drawn.items():
                if other != name:
                    blind = self.network[f"{name}_auxiliary"](w)
                    latents += [torch.cat([z_other, it], dim=1) for it in (w, blind)]
            again, *crossed = own.nats(self.network[f"{name}_decoder"], latents, seen[name])
            kl = described[name].kl().sum()
            total = total + again + torch.stack(crossed).sum()
            kl_of_all = kl_of_all + kl
            values[f"{name} again"] = again.detach()
            values[f"{name} from others"] = torch.stack(crossed[1::2]).mean().detach()
        values["KL of all"] = kl_of_all.detach()
        total = total + kl_of_all / num_values * (ramp * self.config.kl_weight)
        return Losses(total / len(self._materials), values)

    def run(self, task: str, request: Request) -> Iterator[Artifact]:
        """Do a task: "generate", pictures with what belongs to them as a part."""
        assert task == GENERATE
        settings = request.settings
        assert isinstance(settings, AnyToAnySampling)
        prior = cast("MixturePrior", self.network["shared_prior"])
        for seed in request.seeds:
            z = prior.draw([seed], settings.temperature)
            first, *others = (self._made(it, z, seed, settings) for it in self._materials)
            yield replace(first, parts={it.kind: it for it in others})

    def cross(
        self, fields: Mapping[str, Tensor], kind: str, seeds: Sequence[int], settings: Settings
    ) -> Iterator[Artifact]:
        """One artifact of a kind for each seed, that belongs to an example of another material."""
        assert isinstance(settings, AnyToAnySampling)
        given = next(it for it in self._materials if it.field in fields)
        wanted = next((it for it in self._materials if it.kind == kind), None)
        if wanted is None:
            known = ", ".join(it.kind for it in self._materials)
            raise SettingsError(
                tr("The model makes nothing of the kind “{kind}”", kind=kind),
                tr("It learned: {known}.", known=known),
                tr("Choose a run that learned from such pairs."),
            )
        with evaluating(self.network) as device:
            found = self._describe(given.field, given.seen(given.rows(fields).to(device)))
        z = found.mean[:, : found.shared].cpu()
        for seed in seeds:
            yield self._made(wanted, z, seed, settings)

    def finalize(self, fields: Mapping[str, Tensor]) -> None:
        """Fit the priors to where latents lie: that of z to those of all materials."""
        sizes = [self.config.latent_size, self.config.private_size]
        found: dict[str, tuple[Tensor, ...]] = {}
        for it in self._materials:
            with evaluating(self.network) as device:
                posteriors = in_parts(
                    it.rows(fields), device, lambda part, own=it: self._posterior(own, part)
                )
            found[it.field] = posteriors.split(sizes, dim=2)
        # As many as there are pairs, from all materials in turn.
        shared = [z[at :: len(found)] for at, (z, _) in enumerate(found.values())]
        self._fit("shared_prior", torch.cat(shared))
        for name, (_, w) in found.items():
            others = [z for other, (z, _) in found.items() if other != name]
            self._fit(f"{name}_prior", torch.cat([torch.cat([z, w], dim=2) for z in others]))

    def diagnostics(self, learned_NCHW: Tensor, held_out_NCHW: Tensor) -> Mapping[str, float]:
        """How many of the latent numbers say anything about a picture."""
        del held_out_NCHW  # What they say is the same for both.
        own = next(it for it in self._materials if it.kind == IMAGE)
        with evaluating(self.network) as device:
            posteriors = in_parts(learned_NCHW, device, lambda part: self._posterior(own, part))
        return {metric_names.ACTIVE_UNITS: share_of_active_units(posteriors[:, 0])}

    def _describe(self, name: str, seen: Tensor) -> _Described:
        mean, log_variance = self.network[f"{name}_encoder"](seen)
        return _Described(mean, log_variance, self.config.latent_size)

    def _posterior(self, material: Material, rows: Tensor) -> Tensor:
        """Mean and log-variance of latents: (N, 2, Z + W)."""
        found = self._describe(material.field, material.seen(rows))
        return torch.stack([found.mean, found.log_variance], dim=1)

    def _fit(self, name: str, posteriors: Tensor) -> None:
        prior = cast("MixturePrior", self.network[name])
        prior.fit(posteriors[:, 0], posteriors[:, 1].exp())

    def _made(
        self, material: Material, z: Tensor, seed: int, settings: AnyToAnySampling
    ) -> Artifact:
        """Draw a private latent, and of both what they stand for."""
        prior = cast("MixturePrior", self.network[f"{material.field}_prior"])
        own_seed = (seed + _STREAM * (1 + self._materials.index(material))) % _SEEDS_END
        w = prior.draw_rest(z, [own_seed], settings.temperature)
        with evaluating(self.network) as device:
            decoder = self.network[f"{material.field}_decoder"]
            return material.artifact(decoder, torch.cat([z, w], dim=1).to(device), seed)
