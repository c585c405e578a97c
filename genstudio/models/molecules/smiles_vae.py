"""A variational autoencoder of molecules, written as SMILES or SELFIES.

Sources: a variational autoencoder whose latents describe molecules, Gómez-Bombarelli et al. 2018
(arXiv:1610.02415); one that reads one spelling of a molecule and writes another, Bjerrum & Sattarov
2018 (arXiv:1806.09300); encoder and decoder are transformers (Vaswani et al. 2017,
arXiv:1706.03762); what a latent says at least, in nats, is kept from vanishing as in Kingma et al.
2016 (arXiv:1606.04934, section C.8); the prior is fitted after training (blocks/mixture.py).
SMILES are drawn under a grammar (domain/smiles_rules.py), as in Kusner et al. 2017
(arXiv:1703.01925); SELFIES need none (Krenn et al. 2020, arXiv:1905.13741).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.data import chemistry, selfies_notation
from genstudio.domain import roles
from genstudio.domain.artifacts import MOLECULE
from genstudio.domain.cards import BLEND, ModelCard
from genstudio.domain.errors import DatasetError
from genstudio.domain.language import tr
from genstudio.domain.operations import GENERATE, TaskCard, generation
from genstudio.domain.settings import Settings, setting
from genstudio.domain.smiles import MOST_TOKENS, is_in_selfies, text_of, token_ids
from genstudio.domain.words import FIRST_WORD, PADDING
from genstudio.models.blocks.mixture import MixturePrior
from genstudio.models.blocks.ruled_choice import RuledChoice
from genstudio.models.blocks.token_autoencoder import TokenDecoder, TokenEncoder, trimmed
from genstudio.models.diagnostics import in_parts
from genstudio.models.protocol import (
    Artifact,
    Batch,
    DataSpec,
    Losses,
    OptimizerSpec,
    Phase,
    Request,
)
from genstudio.models.sampling import drawn_latents, evaluating, kl_of_each

# So many are always written at once: a row of a product of matrices of one shape does not depend
# on the other rows, so a seed gives the same molecule in any company.
_AT_ONCE = 64
_MOST_TRIES = 6
# A little more than any that was learned from, so that the rules can close what is open.
_TOKENS_LONGER = 8
_SEEDS_END = 2**63
_STEP_BETWEEN_TRIES = 0x9E3779B97F4A7C15


class SmilesVAEConfig(Settings):
    """Settings of the model of molecules."""

    width: Literal[32, 64, 128, 192, 256, 384, 512] = setting(
        128,
        title="Size of the model — width",
        help="A larger one can learn more and takes longer for each step.",
        role=roles.WIDTH,
    )
    depth: int = setting(
        3,
        title="Layers that write — transformer depth",
        help="How often a place looks at what was written before it.",
        ge=1,
        le=16,
        advanced=True,
    )
    latent_size: int = setting(
        64,
        title="Numbers that describe a molecule — latent size",
        help="More can tell finer differences.",
        ge=2,
        le=512,
        advanced=True,
    )
    information: float = setting(
        16.0,
        title="What a description says at least — free nats",
        help="More makes blends keep closer to their molecules; less makes new ones more typical.",
        ge=0.0,
        le=200.0,
        unit="nats",
        advanced=True,
    )
    enumeration: float = setting(
        0.0,
        title="Other spellings — SMILES enumeration",
        help="This share of the molecules is read in another spelling than it is written in, so "
        "that a description is one of the molecule and not of its letters.",
        ge=0.0,
        le=1.0,
        advanced=True,
        live=True,
    )
    learning_rate: float = setting(
        2e-3,
        title="Speed of learning — learning rate",
        help="Higher learns faster until it no longer holds together.",
        ge=1e-6,
        le=1e-2,
        advanced=True,
        logarithmic=True,
    )
    warmup_kimg: float = setting(
        6.0,
        title="Slow beginning — warm-up",
        help="Over so many molecules the first steps become as long as they will be.",
        ge=0.0,
        le=1000.0,
        unit="thousand molecules",
        advanced=True,
    )


class SmilesVAESampling(Settings):
    """How molecules are drawn from a trained model."""

    temperature: float = setting(
        0.9,
        title="Adventurousness — temperature",
        help="Lower stays close to typical molecules; higher is more varied and more often wrong.",
        ge=0.0,
        le=2.0,
    )
    grammar: bool = setting(
        True,
        title="Keep to the rules of writing — grammar-constrained decoding",
        help="While SMILES are written, what would break a rule is passed over: branches and rings "
        "are closed, no atom has too many bonds, aromatic rings can be aromatic. SELFIES need no "
        "such rules.",
        before=False,
    )
    valid_only: bool = setting(
        True,
        title="Try again what is no molecule",
        help="A text that breaks the rules of chemistry is written anew, up to five times.",
    )


class _Longest(nn.Module):
    """Of the molecules that were learned from, the longest: its tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens: Tensor
        self.register_buffer("tokens", torch.tensor(float(MOST_TOKENS)))


class SmilesVAE:
    """Encoder and decoder of SMILES, trained on the variational bound."""

    card: ClassVar[ModelCard] = ModelCard(
        key="smiles-vae",
        title="Invent molecules",
        summary="Learns molecules and invents new ones; blends two of them, and looks for ones "
        "with better properties. SMILES are written by the rules of valence, rings and branches.",
        family="molecules",
        modalities=("molecules",),
        output=MOLECULE,
        capabilities=frozenset({BLEND}),
        cost="Valid molecules after some minutes, faithful ones after a quarter of an hour",
        needs="1,000 or more molecules; 10,000 are better",
        paper="Gómez-Bombarelli et al. 2018, Automatic Chemical Design Using a Data-Driven "
        "Continuous Representation of Molecules, arXiv:1610.02415",
        suggested_from=0,
        batch=32,
        added_tensors=(("longest.tokens", float(MOST_TOKENS)),),
    )
    Config: ClassVar[type[Settings]] = SmilesVAEConfig
    tasks: ClassVar[Sequence[TaskCard]] = (generation(SmilesVAESampling, MOLECULE),)
    # A description says nothing of kinds.
    num_labels = 0

    def __init__(self, config: Settings, data: DataSpec) -> None:
        assert isinstance(config, SmilesVAEConfig)
        self.config: SmilesVAEConfig = config
        self._vocabulary = tuple(data.words)
        self._is_selfies = is_in_selfies(data.layout)
        num_ids = FIRST_WORD + len(self._vocabulary)
        self.network = nn.ModuleDict(
            {
                "encoder": TokenEncoder(
                    num_ids, MOST_TOKENS, width=config.width, latent_size=config.latent_size
                ),
                "decoder": TokenDecoder(
                    num_ids,
                    MOST_TOKENS,
                    width=config.width,
                    depth=config.depth,
                    latent_size=config.latent_size,
                    # What no molecule has is never written.
                    never=(FIRST_WORD - 1,),
                ),
                "prior": MixturePrior(config.latent_size),
                "longest": _Longest(),
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
        """The negative bound in nats per molecule, of which a latent may say some for free."""
        del phase, step  # There is one.
        spellings = batch.fields["tokens"].long()
        target = trimmed(spellings[:, 0])
        mean, log_variance = self.network["encoder"](trimmed(self._as_read(spellings)))
        z = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        reconstruction = _nats_of_each(self.network["decoder"](z, target), target).mean()
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
        excess = (kl - self.config.information).clamp_min(0)
        warmup = self.config.warmup_kimg * 1000
        ramp = 1.0 if warmup == 0 else (batch.seen / warmup).clamp(1e-3, 1)
        # Each has its end besides.
        tokens = 1 + (target != PADDING).sum(1).float().mean()
        values = {
            "bound": (reconstruction + kl).detach(),
            "nats per token": (reconstruction / tokens).detach(),
            "KL per molecule": kl.detach(),
        }
        return Losses((reconstruction + ramp * excess) / tokens.detach(), values)

    def bounds(self, fields: Mapping[str, Tensor]) -> Tensor:
        """The negative bound of each molecule in nats, of its canonical spelling.

        Those of SMILES and of SELFIES are of other texts, and cannot be compared.
        """
        found: list[Tensor] = []
        with evaluating(self.network) as device:
            for rows in fields["tokens"][:, 0].long().split(_AT_ONCE):
                target = trimmed(rows.to(device))
                mean, log_variance = self.network["encoder"](target)
                z = drawn_latents(mean, log_variance, sum(map(len, found)))
                nats = _nats_of_each(self.network["decoder"](z, target), target)
                found.append((nats + kl_of_each(mean, log_variance)).cpu())
        return torch.cat(found)

    def _as_read(self, spellings: Tensor) -> Tensor:
        """For each molecule the canonical spelling, or another one (enumeration)."""
        count, others, _ = spellings.shape
        device = spellings.device
        is_other = torch.rand(count, device=device) < self.config.enumeration
        which = torch.randint(1, max(2, others), (count,), device=device) * is_other
        return spellings[torch.arange(count, device=device), which.clamp_max(others - 1)]

    def run(self, task: str, request: Request) -> Iterator[Artifact]:
        """Do a task: "generate"."""
        assert task == GENERATE
        settings = request.settings
        assert isinstance(settings, SmilesVAESampling)
        prior = cast("MixturePrior", self.network["prior"])
        for start in range(0, len(request.seeds), _AT_ONCE):
            seeds = request.seeds[start : start + _AT_ONCE]
            z = prior.draw(seeds, 1.0)
            for seed, smiles in zip(seeds, self._written(z, seeds, settings), strict=True):
                yield _artifact(smiles, seed)

    def describe(self, fields: Mapping[str, Tensor]) -> Tensor:
        """The middle of what each molecule may be described by.

        Raises:
            DatasetError: A molecule cannot be written as SELFIES, in which the model learned.
        """
        if "smiles" in fields:
            texts = ["".join(map(chr, row.tolist())).rstrip("\0") for row in fields["smiles"]]
            if self._is_selfies:
                texts = list(map(_as_selfies, texts))
            ids = torch.tensor([token_ids(text, self._vocabulary) for text in texts])
        else:
            ids = fields["tokens"][:, 0].long()
        with evaluating(self.network) as device:
            return self.network["encoder"](trimmed(ids.to(device)))[0]

    def remake(self, latents: Tensor, settings: Settings) -> Iterator[Artifact]:
        """Write what each latent stands for: the likeliest, or else the first that is one."""
        assert isinstance(settings, SmilesVAESampling)
        for start in range(0, len(latents), _AT_ONCE):
            z = latents[start : start + _AT_ONCE].float().cpu()
            likeliest = self._texts(z, torch.zeros(len(z), MOST_TOKENS), 0.0, settings.grammar)
            others = self._written(z, range(len(z)), settings)
            for first, other in zip(likeliest, others, strict=True):
                yield _artifact(chemistry.canonical(first) or other, None)

    def finalize(self, fields: Mapping[str, Tensor]) -> None:
        """Fit the prior to where the latents of molecules lie."""
        with evaluating(self.network) as device:
            encoder = self.network["encoder"]
            posteriors = in_parts(
                fields["tokens"][:, 0].long(),
                device,
                lambda part: torch.stack(encoder(trimmed(part)), dim=1),
            )
        prior = cast("MixturePrior", self.network["prior"])
        prior.fit(posteriors[:, 0], posteriors[:, 1].exp())
        longest = (fields["tokens"][:, 0] != PADDING).sum(1).max()
        cast("_Longest", self.network["longest"]).tokens.copy_(longest)

    def _written(self, z: Tensor, seeds: Sequence[int], settings: SmilesVAESampling) -> list[str]:
        """A text for each latent; where that is asked for, tried until it is a molecule."""
        found = [""] * len(seeds)
        left = list(range(len(seeds)))
        for number in range(_MOST_TRIES if settings.valid_only else 1):
            draws = torch.stack([_draws(seeds[at], number) for at in left])
            texts = self._texts(z[left], draws, settings.temperature, settings.grammar)
            for at, text in zip(left, texts, strict=True):
                found[at] = chemistry.canonical(text) or text
            if not settings.valid_only:
                break
            left = [at for at in left if not chemistry.canonical(found[at])]
            if not left:
                break
        return found

    def _texts(self, z: Tensor, draws: Tensor, temperature: float, is_ruled: bool) -> list[str]:
        """SMILES of each latent, molecules or not.

        None is much longer than what was learned from: who writes on has lost the thread.
        """
        is_ruled = is_ruled and not self._is_selfies
        most = int(cast("_Longest", self.network["longest"]).tokens) + _TOKENS_LONGER
        missing = _AT_ONCE - len(z)
        with evaluating(self.network) as device:
            ids = cast("TokenDecoder", self.network["decoder"]).write(
                functional.pad(z, (0, 0, 0, missing)).to(device),
                functional.pad(draws, (0, 0, 0, missing)).to(device),
                temperature,
                RuledChoice(self._vocabulary, len(z), most) if is_ruled else None,
                most=most,
            )
        texts = [text_of(row.tolist(), self._vocabulary) for row in ids[: len(z)]]
        return list(map(selfies_notation.smiles_of, texts)) if self._is_selfies else texts


def _nats_of_each(logits: Tensor, target: Tensor) -> Tensor:
    """Negative log-likelihood of each molecule in nats (N,): of its tokens and its end."""
    # The padding behind a molecule is its end; what comes after that is not asked for.
    wanted = functional.pad(target, (0, 1), value=PADDING)
    is_asked = functional.pad(target != PADDING, (1, 0), value=True)
    nats = functional.cross_entropy(logits.float().transpose(1, 2), wanted, reduction="none")
    return (nats * is_asked).sum(1)


def _as_selfies(smiles: str) -> str:
    text = selfies_notation.selfies_of(smiles)
    if not text:
        raise DatasetError(
            tr("“{smiles}” cannot be written as SELFIES", smiles=smiles[:60]),
            tr("This run learned molecules in SELFIES, whose rules of valence it breaks."),
            tr("Choose another molecule, or a run that learned SMILES."),
        )
    return text


def _artifact(smiles: str, seed: int | None) -> Artifact:
    values: dict[str, float | str] = {"smiles": smiles}
    if chemistry.canonical(smiles):
        values |= chemistry.properties(smiles)
    return Artifact(kind=MOLECULE, data=smiles, seed=seed, values=values)


def _draws(seed: int, number: int) -> Tensor:
    """Uniform numbers of one try at a seed, which no other seed or try has."""
    own = (seed + number * _STEP_BETWEEN_TRIES) % _SEEDS_END
    return torch.rand(MOST_TOKENS, generator=torch.Generator().manual_seed(own))
