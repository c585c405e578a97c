"""A hierarchical VAE of phrases: a latent for some bars, a conductor for each bar, then each step.

Sources: the hierarchy of latent, conductor and steps, Roberts et al. 2018 (arXiv:1803.05428,
section 3.2), here with causal attention (Vaswani et al. 2017, arXiv:1706.03762, section 3.2.3) in
the place of recurrent cells; the bound, Kingma & Welling 2014 (arXiv:1312.6114, eq. 10); hidden
inputs of the decoder, so that it needs the latent, Bowman et al. 2016 (arXiv:1511.06349, section
3.1); free bits, Kingma et al. 2016 (arXiv:1606.04934, appendix C.8); the prior fitted afterwards,
Ghosh et al. 2020 (arXiv:1903.12436, section 4). The second half of some phrases is hidden from the
encoder, so that it can describe a phrase from its beginning and continue it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Literal, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.data.modalities.notes import bars_of
from genstudio.data.phrases import (
    FIRST_NOTE,
    HOLD,
    INSTRUMENTS,
    STEPS_PER_BAR,
)
from genstudio.domain import roles
from genstudio.domain.artifacts import NOTES, Artifact
from genstudio.domain.cards import BLEND, PLAY, ModelCard
from genstudio.domain.operations import (
    CONTINUE_MUSIC,
    GENERATE,
    InputSpec,
    TaskCard,
    generation,
)
from genstudio.domain.settings import Settings, setting
from genstudio.models.blocks.mixture import MixturePrior
from genstudio.models.blocks.phrase_playing import (
    ANY,
    ContinuationSettings,
    PhraseVAESampling,
    artifact_of,
    chosen_token,
)
from genstudio.models.blocks.phrases import (
    BEGIN,
    HIDDEN,
    NUM_INSTRUMENTS,
    Decoder,
    Encoder,
    PhraseShape,
    partly_hidden,
    shifted_at_random,
)
from genstudio.models.diagnostics import in_parts
from genstudio.models.protocol import (
    Batch,
    DataSpec,
    Losses,
    OptimizerSpec,
    Phase,
    Request,
)
from genstudio.models.sampling import drawn_latents, evaluating, kl_of_each

# Held-out examples that are judged at once.
_AT_A_TIME = 64


class PhraseVAEConfig(Settings):
    """Settings of the VAE of phrases."""

    width: Literal[32, 64, 96, 128, 192, 256] = setting(
        128,
        title="Size of the model — width",
        help="A larger model can learn more and takes longer for each step.",
        role=roles.WIDTH,
    )
    depth: int = setting(
        3,
        title="Layers — depth",
        help="How many times the steps of a phrase look at each other.",
        ge=1,
        le=8,
        advanced=True,
    )
    latent_size: int = setting(
        64,
        title="Room for variety — latent size",
        help="How many numbers describe one phrase. More keeps finer detail.",
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
    hidden: float = setting(
        0.3,
        title="Play from the description — word dropout",
        help="This share of the steps before is hidden from what plays the next one, so that it "
        "listens to the description of the phrase instead.",
        ge=0.0,
        le=0.9,
        advanced=True,
    )
    dropout: float = setting(
        0.15,
        title="Forget a little — dropout",
        help="Keeps a model of few pieces from learning them by heart.",
        ge=0.0,
        le=0.5,
        advanced=True,
    )
    transpose: int = setting(
        6,
        title="Learn in other keys — transposition",
        help="Each phrase is learned up to so many semitones higher or lower.",
        ge=0,
        le=6,
        unit="semitones",
        advanced=True,
    )
    kl_weight: float = setting(
        0.3,
        title="Order among descriptions — KL weight",
        help="Lower keeps more of each phrase; higher makes what lies between two of them sound "
        "better.",
        ge=0.0,
        le=2.0,
        advanced=True,
    )
    warmup_kimg: float = setting(
        10.0,
        title="Listen first, tidy later — KL warm-up",
        help="For so many thousand phrases the model may describe freely before its descriptions "
        "are drawn together.",
        ge=0.0,
        le=1000.0,
        unit="thousand phrases",
        advanced=True,
    )
    free_bits: float = setting(
        0.7,
        title="Room for free — free bits",
        help="Descriptions may hold this much information for each of their numbers for free.",
        ge=0.0,
        le=2.0,
        unit="nats",
        advanced=True,
    )


class PhraseVAE:
    """Encoder, conductor and decoder of phrases, trained on the variational bound."""

    card: ClassVar[ModelCard] = ModelCard(
        key="phrase-vae",
        title="Phrases from your pieces",
        summary="Learns the voices of MIDI files bar by bar, and makes new phrases; varies, "
        "continues and blends yours.",
        family="music",
        modalities=("notes",),
        output=NOTES,
        capabilities=frozenset({BLEND, PLAY}),
        cost="Phrases after some minutes, better ones after a quarter of an hour",
        needs="20 or more MIDI files with bars of four quarters",
        suggested_from=0,
        paper="Roberts et al. 2018, A Hierarchical Latent Vector Model for Learning Long-Term "
        "Structure in Music, arXiv:1803.05428",
    )
    Config: ClassVar[type[Settings]] = PhraseVAEConfig
    tasks: ClassVar[Sequence[TaskCard]] = (
        generation(PhraseVAESampling, NOTES),
        TaskCard(
            key=CONTINUE_MUSIC,
            title="Continue",
            settings=ContinuationSettings,
            output=NOTES,
            inputs=(InputSpec(name="notes", kind=NOTES, title="Phrases"),),
            is_seeded=True,
        ),
    )

    def __init__(self, config: Settings, data: DataSpec) -> None:
        assert isinstance(config, PhraseVAEConfig)
        self.config: PhraseVAEConfig = config
        bars = bars_of(data.layout)
        self.length = bars * STEPS_PER_BAR
        self.num_labels = NUM_INSTRUMENTS
        shape = PhraseShape(
            bars=bars,
            width=config.width,
            depth=config.depth,
            latent_size=config.latent_size,
            dropout=config.dropout,
        )
        self.network = nn.ModuleDict(
            {
                "encoder": Encoder(shape),
                "decoder": Decoder(shape),
                # Components are taken as often as their instrument is asked for.
                "prior": MixturePrior(config.latent_size, NUM_INSTRUMENTS),
            }
        )

    def phases(self) -> Sequence[Phase]:
        """Encoder and decoder learn together."""
        parameters = [
            *self.network["encoder"].parameters(),
            *self.network["decoder"].parameters(),
        ]
        adam = OptimizerSpec(
            learning_rate=self.config.learning_rate, betas=(0.9, 0.98), weight_decay=0.01
        )
        return [Phase(name="autoencoder", parameters=parameters, optimizer=adam)]

    def losses(self, phase: str, batch: Batch, step: int) -> Losses:
        """The negative bound in nats per token."""
        del phase, step  # There is one.
        tokens_NL = shifted_at_random(batch.fields["notes"], self.config.transpose)
        groups_NG = _groups(batch.fields["instruments"])
        mean, log_variance = self.network["encoder"](partly_hidden(tokens_NL), groups_NG)
        z = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        before_NL = _before(tokens_NL)
        hidden = torch.rand(before_NL.shape, device=before_NL.device) < self.config.hidden
        logits = self.network["decoder"](z, groups_NG, before_NL.masked_fill(hidden, HIDDEN))
        loss = functional.cross_entropy(logits.float().flatten(0, 1), tokens_NL.flatten())
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).float().mean(dim=0)
        # For all numbers together, so that few may say much.
        free = self.config.free_bits * self.config.latent_size
        bounded = kl.sum().clamp(min=free) / self.length
        warmup = self.config.warmup_kimg * 1000
        ramp = 1.0 if warmup == 0 else (batch.seen / warmup).clamp(0, 1)
        right = (logits.argmax(-1) == tokens_NL).float().mean()
        values = {
            "bound": (loss + kl.sum() / self.length).detach(),
            "wrong tokens": 1 - right.detach(),
            "KL per phrase": kl.sum().detach(),
        }
        return Losses(loss + bounded * (ramp * self.config.kl_weight), values)

    def bounds(self, fields: Mapping[str, Tensor]) -> Tensor:
        """The negative bound of each phrase in nats per token, in its own key."""
        found: list[Tensor] = []
        with evaluating(self.network) as device:
            every = zip(
                fields["notes"].split(_AT_A_TIME),
                fields["instruments"].split(_AT_A_TIME),
                strict=True,
            )
            for tokens, instruments in every:
                tokens_NL = tokens.long().to(device)
                groups_NG = _groups(instruments.to(device))
                mean, log_variance = self.network["encoder"](tokens_NL, groups_NG)
                z = drawn_latents(mean, log_variance, sum(map(len, found)))
                logits = self.network["decoder"](z, groups_NG, _before(tokens_NL))
                nats = functional.cross_entropy(
                    logits.float().transpose(1, 2), tokens_NL, reduction="none"
                )
                whole = nats.sum(1) + kl_of_each(mean, log_variance)
                found.append((whole / self.length).cpu())
        return torch.cat(found)

    def run(self, task: str, request: Request) -> Iterator[Artifact]:
        """Do a task: "generate" or "continue-music"."""
        settings = request.settings
        assert isinstance(settings, PhraseVAESampling)
        if task == CONTINUE_MUSIC:
            for seed, tokens in zip(request.seeds, request.inputs["notes"], strict=True):
                yield self._continued(seed, torch.as_tensor(tokens), settings)
            return
        assert task == GENERATE
        for seed in request.seeds:
            z, group = self._drawn(seed, settings)
            tokens = self.play(z, group, temperature=settings.temperature, seed=seed)
            yield artifact_of(tokens, group, settings, seed=seed)

    def describe(self, fields: Mapping[str, Tensor]) -> Tensor:
        """The middle of what each phrase may be described by, and behind it its instrument."""
        with evaluating(self.network) as device:
            groups_NG = _groups(fields["instruments"].to(device))
            mean, _ = self.network["encoder"](fields["notes"].to(device), groups_NG)
            return torch.cat([mean, groups_NG], dim=1)

    def remake(self, latents: Tensor, settings: Settings) -> Iterator[Artifact]:
        """Play the likeliest phrase of each latent."""
        assert isinstance(settings, PhraseVAESampling)
        for row in latents:
            z, group = row[:-NUM_INSTRUMENTS], int(row[-NUM_INSTRUMENTS:].argmax())
            if settings.instrument != ANY:
                group = list(INSTRUMENTS).index(settings.instrument)
            tokens = self.play(z[None], group, temperature=0.0, seed=0)
            yield artifact_of(tokens, group, settings)

    def play(
        self,
        z: Tensor,
        group: int,
        *,
        temperature: float,
        seed: int,
        begin_L: Tensor | None = None,
    ) -> np.ndarray:
        """Choose one token after the other.

        Args:
            z: Latent of shape (1, Z).
            group: Number of the instrument's group.
            temperature: Of the choice of tokens; 0 takes the likeliest.
            seed: Of that choice.
            begin_L: Tokens that the phrase begins with.

        Returns:
            int64 of shape (length,).
        """
        generator = torch.Generator().manual_seed(seed)
        with evaluating(self.network) as device:
            decoder = self.network["decoder"]
            groups_NG = functional.one_hot(torch.tensor([group]), NUM_INSTRUMENTS).float()
            known = torch.tensor([], dtype=torch.int64) if begin_L is None else begin_L.cpu()
            for _ in range(len(known), self.length):
                before = torch.cat([torch.tensor([BEGIN]), known])[None]
                logits = decoder(z.to(device), groups_NG.to(device), before.to(device))
                allowed = self._allowed(logits[0, -1].float().cpu(), known)
                chosen = chosen_token(allowed, temperature, generator)
                known = torch.cat([known, chosen])
        return known.numpy()

    def play_all(self, z_NZ: Tensor, group: int) -> np.ndarray:
        """The likeliest phrase of each latent (N, Z), all at once: int64 (N, length)."""
        with evaluating(self.network) as device:
            decoder = self.network["decoder"]
            groups_NG = _groups(torch.full((len(z_NZ),), group)).to(device)
            known_NL = torch.zeros(len(z_NZ), 0, dtype=torch.int64)
            for _ in range(self.length):
                before = functional.pad(known_NL, (1, 0), value=BEGIN).to(device)
                logits = decoder(z_NZ.to(device), groups_NG, before)[:, -1].float().cpu()
                rows = zip(logits, known_NL, strict=True)
                chosen = torch.stack([self._allowed(row, known).argmax() for row, known in rows])
                known_NL = torch.cat([known_NL, chosen[:, None]], dim=1)
        return known_NL.numpy()

    def prior_latents(self, seeds: Sequence[int], group: int) -> Tensor:
        """Latents (number of seeds, Z) of phrases of a group of instruments."""
        prior = cast("MixturePrior", self.network["prior"])
        labels = functional.one_hot(torch.full((len(seeds),), group), NUM_INSTRUMENTS).float()
        return prior.draw(seeds, 1.0, labels)

    def _allowed(self, logits: Tensor, known_L: Tensor) -> Tensor:
        """There is nothing to hold at first, and a phrase without a note is none."""
        if not len(known_L):
            logits[HOLD] = float("-inf")
        if len(known_L) == self.length - 1 and not bool((known_L >= FIRST_NOTE).any()):
            logits[:FIRST_NOTE] = float("-inf")
        return logits

    def finalize(self, fields: Mapping[str, Tensor]) -> None:
        """Fit the prior to where the latents of phrases lie."""
        labels = fields["instruments"].reshape(-1)
        rows = torch.cat([fields["notes"], labels[:, None]], dim=1)

        def posterior(part: Tensor) -> Tensor:
            return torch.stack(encoder(part[:, :-1], _groups(part[:, -1])), dim=1)

        with evaluating(self.network) as device:
            encoder = self.network["encoder"]
            posteriors = in_parts(rows, device, posterior)
        prior = cast("MixturePrior", self.network["prior"])
        prior.fit(posteriors[:, 0], posteriors[:, 1].exp(), labels)

    def _drawn(self, seed: int, settings: PhraseVAESampling) -> tuple[Tensor, int]:
        """A latent, and the group of instruments that plays it."""
        prior = cast("MixturePrior", self.network["prior"])
        names = list(INSTRUMENTS)
        if settings.instrument == ANY:
            # As frequent as among what was learned.
            counts = (prior.class_counts * prior.weights[:, None]).sum(0).double().cpu()
            own = torch.Generator().manual_seed(seed)
            group = int(torch.multinomial(counts.clamp_min(1e-9), 1, generator=own))
        else:
            group = names.index(settings.instrument)
        labels = functional.one_hot(torch.tensor([group]), NUM_INSTRUMENTS).float()
        return prior.draw([seed], settings.temperature, labels), group

    def _continued(self, seed: int, tokens_L: Tensor, settings: PhraseVAESampling) -> Artifact:
        """The second half of a phrase is its beginning; what follows is new."""
        half = self.length // 2
        begin = tokens_L[half : self.length]
        group = 0 if settings.instrument == ANY else list(INSTRUMENTS).index(settings.instrument)
        padded = torch.cat([begin, torch.full((self.length - half,), HIDDEN)])
        with evaluating(self.network) as device:
            groups_NG = _groups(torch.tensor([group], device=device))
            mean, log_variance = self.network["encoder"](padded[None].to(device), groups_NG)
        own = torch.Generator().manual_seed(seed)
        noise = torch.randn(mean.shape, generator=own) * settings.temperature
        z = mean.cpu() + noise * (log_variance.cpu() / 2).exp()
        made = self.play(z, group, temperature=settings.temperature, seed=seed, begin_L=begin.cpu())
        whole = np.concatenate([tokens_L[:half].cpu().numpy(), made])
        return artifact_of(whole, group, settings, seed=seed)


def _groups(instruments_N: Tensor) -> Tensor:
    return functional.one_hot(instruments_N.reshape(-1), NUM_INSTRUMENTS).float()


def _before(tokens_NL: Tensor) -> Tensor:
    return functional.pad(tokens_NL[:, :-1], (1, 0), value=BEGIN)
