"""Rows of tokens from a latent and back: an encoder that pools, and a decoder that writes.

Both are transformers (Vaswani et al. 2017, arXiv:1706.03762). What they know of a row beside its
tokens is a latent: the decoder begins with it, and has it beside every token.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from genstudio.domain.words import PADDING
from genstudio.models.blocks.causal_text import CausalBlock, CausalTransformer, initialise

_ENCODER_DEPTH = 1


class TokenEncoder(nn.Module):
    """Ids (N, T) => mean and log-variance of latents, each (N, Z).

    Args:
        num_ids: Ids that there are, with padding.
        most: Most tokens of a row.
        width: Numbers for each token, a multiple of 64, or 32.
        latent_size: Z.
    """

    def __init__(self, num_ids: int, most: int, *, width: int, latent_size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(num_ids, width)
        self.places = nn.Parameter(0.02 * torch.randn(most, width))
        self.blocks = nn.ModuleList(
            CausalBlock(width, is_causal=False) for _ in range(_ENCODER_DEPTH)
        )
        self.norm = nn.LayerNorm(width)
        self.posterior = nn.Linear(width, 2 * latent_size)
        initialise(self, _ENCODER_DEPTH)

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Describe each row by a Gaussian."""
        is_padding = ids == PADDING
        h = self.embedding(ids) + self.places[: ids.shape[1]]
        for block in self.blocks:
            h = block(h, is_padding[:, None, None])
        weights = (~is_padding).to(h.dtype)[..., None]
        pooled = (self.norm(h) * weights).sum(1) / weights.sum(1).clamp_min(1)
        mean, log_variance = self.posterior(pooled).float().chunk(2, dim=1)
        return mean, log_variance.clamp(-12, 4)


class TokenDecoder(nn.Module):
    """Latents (N, Z) and ids (N, T) => logits of the next token (N, T + 1, K).

    Args:
        num_ids: K.
        most: Most tokens of a row.
        width: Numbers for each token, a multiple of 64, or 32.
        depth: Layers.
        latent_size: Z.
        never: Ids that are never written, though there are such.
    """

    def __init__(
        self,
        num_ids: int,
        most: int,
        *,
        width: int,
        depth: int,
        latent_size: int,
        never: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self._most, self._never = most, list(never)
        self.beginning = nn.Linear(latent_size, width)
        self.beside = nn.Linear(latent_size, width)
        self.writer = CausalTransformer(num_ids, most + 1, width=width, depth=depth)

    def forward(self, z: Tensor, ids: Tensor) -> Tensor:
        """Say at every place what comes next."""
        return self.writer(self.beginning(z), ids, self.beside(z))

    def write(
        self,
        z: Tensor,
        draws: Tensor,
        temperature: float,
        choose: Callable[[Tensor, Tensor, float], Tensor] | None = None,
        most: int | None = None,
    ) -> Tensor:
        """Write one row for each latent: ids (N, most), padded behind their end.

        Args:
            z: Latents.
            draws: Uniform numbers in [0, 1) that choose among the likely tokens, of the ids' shape.
            temperature: Of the choice; 0 takes the likeliest.
            choose: Chooses the next ids (N,) by logits (N, K), draws (N,) and temperature, and
                may follow rules; by default any may follow any.
            most: Where rows end that have not ended before; by default where there is no more room.
        """
        chooses = choose or _chosen
        kept, beside = self.writer.memory(len(z)), self.beside(z)
        newest = self.beginning(z)
        ids = torch.zeros(draws.shape, dtype=torch.int64, device=z.device)
        is_done = torch.zeros(len(z), dtype=torch.bool, device=z.device)
        never = torch.tensor(self._never, dtype=torch.int64, device=z.device)
        for place in range(self._most if most is None else min(most, self._most)):
            logits = self.writer.next_logits(newest, kept, place).float()
            logits = logits.index_fill(1, never, -1e9)
            chosen = chooses(logits, draws[:, place], temperature).masked_fill(is_done, PADDING)
            is_done |= chosen == PADDING
            if bool(is_done.all()):
                break
            ids[:, place] = chosen
            newest = self.writer.embedding(chosen) + beside
        return ids


def trimmed(ids: Tensor) -> Tensor:
    """Without the columns that are padding in every row."""
    longest = int((ids != PADDING).sum(1).max())
    return ids[:, : max(1, longest)]


def _chosen(logits: Tensor, draws_N: Tensor, temperature: float) -> Tensor:
    """The id at which the summed probabilities pass each draw: (N,)."""
    if temperature <= 0:
        return logits.argmax(1)
    # In double precision, so that the last of the sums is 1.
    sums = (logits.double() / temperature).softmax(1).cumsum(1)
    return torch.searchsorted(sums, draws_N[:, None].double())[:, 0].clamp_max(logits.shape[1] - 1)
