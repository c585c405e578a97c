"""Materials whose examples are rows of tokens: captions as words, and phrases of notes.

Each token is written after those before it. So that the writing listens to the latent, and not only
to what was written, some of the tokens before are hidden while it is learned (Bowman et al. 2016,
arXiv:1511.06349, section 3.1). What comes of a latent is the likeliest; how results of one example
differ is said by its private part.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.data.modalities.notes import bars_of
from genstudio.data.modalities.paired_layout import inner_layout
from genstudio.data.phrases import FIRST_NOTE, HOLD, STEPS_PER_BAR
from genstudio.domain.artifacts import NOTES, TEXT, Artifact
from genstudio.domain.fields import DataSpec, FieldSpec
from genstudio.domain.words import FIRST_WORD, MOST_TOKENS, PADDING, UNKNOWN, text_of
from genstudio.models.blocks.phrase_playing import PhraseVAESampling, artifact_of
from genstudio.models.blocks.phrases import (
    BEGIN,
    HIDDEN,
    NUM_INSTRUMENTS,
    Decoder,
    Encoder,
    PhraseShape,
)
from genstudio.models.blocks.token_autoencoder import TokenDecoder, TokenEncoder, trimmed

_SHARE_HIDDEN = 0.3
_DEPTH = 2
# Numbers for each token, for each channel of what draws pictures beside it.
_WIDER = 4
_DROPOUT = 0.1


class Words:
    """Captions, as the words of a vocabulary."""

    kind = TEXT

    def __init__(self, spec: FieldSpec, data: DataSpec) -> None:
        self.field = spec.name
        self.num_values = MOST_TOKENS
        self._vocabulary = tuple(data.words)
        self._num_ids = FIRST_WORD + len(self._vocabulary)

    def encoder(self, width: int, latent_size: int) -> nn.Module:
        """A transformer, and the mean of what it found."""
        return TokenEncoder(
            self._num_ids, MOST_TOKENS, width=_WIDER * width, latent_size=latent_size
        )

    def decoder(self, width: int, latent_size: int) -> nn.Module:
        """A transformer that writes word by word."""
        return TokenDecoder(
            self._num_ids,
            MOST_TOKENS,
            width=_WIDER * width,
            depth=_DEPTH,
            latent_size=latent_size,
            never=(UNKNOWN,),
        )

    def rows(self, fields: Mapping[str, Tensor]) -> Tensor:
        """Ids (N, T)."""
        return fields[self.field]

    def seen(self, rows: Tensor) -> Tensor:
        """The same, no longer than the longest."""
        return trimmed(rows.long())

    def nats(self, decoder: nn.Module, latents: Sequence[Tensor], seen: Tensor) -> list[Tensor]:
        """Cross-entropy for each word, and for the end."""
        before = torch.where(_hidden(seen) & (seen != PADDING), UNKNOWN, seen)
        copies = len(latents)
        logits = decoder(torch.cat(list(latents)), before.repeat(copies, 1)).float()
        # The padding behind a caption is its end; what comes after that is not asked for.
        wanted = functional.pad(seen, (0, 1), value=PADDING).repeat(copies, 1)
        is_asked = functional.pad(seen != PADDING, (1, 0), value=True).repeat(copies, 1)
        nats = functional.cross_entropy(logits.transpose(1, 2), wanted, reduction="none")
        parts = zip((nats * is_asked).chunk(copies), is_asked.chunk(copies), strict=True)
        return [own.sum() / asked.sum() for own, asked in parts]

    def artifact(self, decoder: nn.Module, latent: Tensor, seed: int) -> Artifact:
        """A caption."""
        assert isinstance(decoder, TokenDecoder)
        draws = torch.zeros(len(latent), MOST_TOKENS, device=latent.device)
        (ids,) = decoder.write(latent, draws, 0.0).tolist()
        return Artifact(kind=TEXT, data=text_of(ids, self._vocabulary), seed=seed)


class _PhraseEncoder(nn.Module):
    """Rows (N, L + 1) of tokens and a group of instruments => mean and log-variance of latents."""

    def __init__(self, shape: PhraseShape) -> None:
        super().__init__()
        self.phrases = Encoder(shape)

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Describe each phrase by a Gaussian."""
        return self.phrases(rows[:, :-1], _one_hot(rows[:, -1]))


class _PhraseDecoder(nn.Module):
    """Latents (N, Z) => how likely each group of instruments is, and each token in it."""

    def __init__(self, shape: PhraseShape) -> None:
        super().__init__()
        self.groups = nn.Linear(shape.latent_size, NUM_INSTRUMENTS)
        self.phrases = Decoder(shape)

    def forward(self, z: Tensor, groups: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of tokens (N, L, K) played by such groups, and of groups (N, G)."""
        return self.phrases(z, _one_hot(groups), before), self.groups(z)

    def play(self, z: Tensor, length: int) -> tuple[Tensor, int]:
        """The likeliest phrase (length,) of one latent, and the group that plays it."""
        groups = self.groups(z).argmax(1)
        known = torch.tensor([], dtype=torch.int64, device=z.device)
        for place in range(length):
            before = functional.pad(known, (1, 0), value=BEGIN)[None]
            logits = self.phrases(z, _one_hot(groups), before)[0, -1].float()
            # There is nothing to hold at first, and a phrase without a note is none.
            if place == 0:
                logits[HOLD] = float("-inf")
            if place == length - 1 and not bool((known >= FIRST_NOTE).any()):
                logits[:FIRST_NOTE] = float("-inf")
            known = torch.cat([known, logits.argmax().reshape(1)])
        return known, int(groups)


class Phrases:
    """Phrases of some bars, each with the group of instruments that plays it."""

    kind = NOTES

    def __init__(self, spec: FieldSpec, data: DataSpec) -> None:
        self.field = spec.name
        self._bars = bars_of(inner_layout(data.modality, data.layout))
        self.num_values = self._bars * STEPS_PER_BAR

    def encoder(self, width: int, latent_size: int) -> nn.Module:
        """As of phrases alone."""
        return _PhraseEncoder(self._shape(width, latent_size))

    def decoder(self, width: int, latent_size: int) -> nn.Module:
        """As of phrases alone, with a choice of the group before."""
        return _PhraseDecoder(self._shape(width, latent_size))

    def rows(self, fields: Mapping[str, Tensor]) -> Tensor:
        """Tokens, and the group behind them: (N, L + 1)."""
        groups = fields["instruments"].reshape(-1, 1)
        return torch.cat([fields[self.field], groups.to(fields[self.field])], dim=1)

    def seen(self, rows: Tensor) -> Tensor:
        """The same."""
        return rows.long()

    def nats(self, decoder: nn.Module, latents: Sequence[Tensor], seen: Tensor) -> list[Tensor]:
        """Cross-entropy for each token; the group counts as one of them."""
        tokens, groups = seen[:, :-1], seen[:, -1]
        before = functional.pad(tokens[:, :-1], (1, 0), value=BEGIN)
        before = before.masked_fill(_hidden(before), HIDDEN)
        copies, z = len(latents), torch.cat(list(latents))
        logits, chosen = decoder(z, groups.repeat(copies), before.repeat(copies, 1))
        nats = functional.cross_entropy(
            logits.float().transpose(1, 2), tokens.repeat(copies, 1), reduction="none"
        )
        group_nats = functional.cross_entropy(
            chosen.float(), groups.repeat(copies), reduction="none"
        )
        each = torch.cat([nats, group_nats[:, None]], dim=1)
        return [own.mean() for own in each.chunk(copies)]

    def artifact(self, decoder: nn.Module, latent: Tensor, seed: int) -> Artifact:
        """A phrase as it is played."""
        assert isinstance(decoder, _PhraseDecoder)
        tokens, group = decoder.play(latent, self.num_values)
        return artifact_of(tokens.cpu().numpy(), group, PhraseVAESampling(), seed=seed)

    def _shape(self, width: int, latent_size: int) -> PhraseShape:
        return PhraseShape(
            bars=self._bars,
            width=_WIDER * width,
            depth=_DEPTH,
            latent_size=latent_size,
            dropout=_DROPOUT,
        )


def _hidden(tokens: Tensor) -> Tensor:
    return torch.rand(tokens.shape, device=tokens.device) < _SHARE_HIDDEN


def _one_hot(groups: Tensor) -> Tensor:
    return functional.one_hot(groups, NUM_INSTRUMENTS).float()
