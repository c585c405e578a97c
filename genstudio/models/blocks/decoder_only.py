"""A decoder-only transformer: each token is predicted from those before it.

Sources: causal self-attention, Vaswani et al. 2017 (arXiv:1706.03762, eq. 1); rotary positions, Su
et al. 2021 (arXiv:2104.09864, eq. 34); gated feed-forward (SwiGLU), Shazeer 2020 (arXiv:2002.05202,
eq. 6); RMS normalisation, Zhang & Sennrich 2019 (arXiv:1910.07467, eq. 4); input and output share
their embedding, Press & Wolf 2017 (arXiv:1608.05859).
"""

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

_HEAD_WIDTH = 32
_ROTARY_BASE = 10_000.0


class DecoderBlock(nn.Module):
    """Attention to earlier tokens, then a gated network for each; (N, T, W) => the same."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.heads = width // _HEAD_WIDTH
        self.norm = nn.RMSNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width, bias=False)
        self.attended = nn.Linear(width, width, bias=False)
        self.norm2 = nn.RMSNorm(width)
        hidden = 8 * width // 3 // 32 * 32
        self.gate_and_value = nn.Linear(width, 2 * hidden, bias=False)
        self.narrower = nn.Linear(hidden, width, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Tensor, rotation: tuple[Tensor, Tensor], kept: Tensor | None, start: int
    ) -> Tensor:
        """Transform tokens.

        Args:
            x: Those from place ``start`` on, (N, T, W).
            rotation: Cosines and sines of their places, (T, D) each.
            kept: Keys and values of all places, (2, N, H, most, D), into which theirs are written;
                None while learning.
            start: Place of the first; 0 while learning.
        """
        both = self.queries_keys_values(self.norm(x)).unflatten(-1, (3, self.heads, -1))
        queries, keys, values = both.permute(2, 0, 3, 1, 4)
        queries, keys = _rotated(queries, rotation), _rotated(keys, rotation)
        if kept is not None:
            end = start + x.shape[1]
            kept[0, :, :, start:end], kept[1, :, :, start:end] = keys, values
            keys, values = kept[:, :, :, :end].to(queries.dtype)
        found = functional.scaled_dot_product_attention(
            queries,
            keys,
            values,
            attn_mask=_mask(x.shape[1], keys.shape[2], x.device) if start else None,
            is_causal=start == 0 and x.shape[1] > 1,
        )
        x = x + self.dropout(self.attended(found.transpose(1, 2).flatten(2)))
        gate, value = self.gate_and_value(self.norm2(x)).chunk(2, dim=-1)
        return x + self.dropout(self.narrower(functional.silu(gate) * value))


class DecoderOnly(nn.Module):
    """Ids (N, T) => logits of the next id at each place (N, T, K).

    Args:
        num_ids: K.
        most: Most places.
        width: W, a multiple of 32.
        depth: Blocks.
        dropout: Share of activations that is dropped while learning.
    """

    def __init__(
        self, num_ids: int, most: int, *, width: int, depth: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.most = most
        self.embedding = nn.Embedding(num_ids, width)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(DecoderBlock(width, dropout) for _ in range(depth))
        self.norm = nn.RMSNorm(width)
        _initialise(self, depth)

    def forward(self, ids: Tensor, kept: list[Tensor] | None = None, start: int = 0) -> Tensor:
        """Say at every place what comes next.

        Args:
            ids: Tokens from place ``start`` on, int64.
            kept: From :meth:`memory`, with what stands before ``start``; None while learning.
            start: Place of the first token.
        """
        h = self.dropout(self.embedding(ids))
        rotation = _rotation(start, ids.shape[1], h.device)
        for number, block in enumerate(self.blocks):
            own = None if kept is None else kept[number]
            h = cast("DecoderBlock", block)(h, rotation, own, start)
        return functional.linear(self.norm(h), self.embedding.weight)

    def memory(self, count: int) -> list[Tensor]:
        """Room for keys and values while so many texts are written."""
        width = self.embedding.embedding_dim
        shape = (2, count, width // _HEAD_WIDTH, self.most, _HEAD_WIDTH)
        return [self.embedding.weight.new_zeros(shape) for _ in self.blocks]


def _initialise(network: nn.Module, depth: int) -> None:
    """Small numbers, smaller where layers add up (Radford et al. 2019, section 2.3)."""
    for name, parameter in network.named_parameters():
        if parameter.dim() < 2:
            continue
        adds_up = name.endswith(("attended.weight", "narrower.weight"))
        nn.init.normal_(parameter, std=0.02 / (math.sqrt(2 * depth) if adds_up else 1))


def _rotation(start: int, length: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosines and sines of the angles of some places: (T, D) each."""
    exponents = torch.arange(0, _HEAD_WIDTH, 2, device=device).float() / _HEAD_WIDTH
    places = torch.arange(start, start + length, device=device).float()
    angles = (places[:, None] * _ROTARY_BASE**-exponents).repeat(1, 2)
    return angles.cos(), angles.sin()


def _rotated(x: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    """Turn pairs of numbers by the angle of their place; (N, H, T, D) => the same."""
    cosines, sines = rotation
    first, second = x.chunk(2, dim=-1)
    turned = x * cosines + torch.cat([-second, first], dim=-1) * sines
    return turned.to(x.dtype)


def _mask(num_new: int, num_all: int, device: torch.device) -> Tensor | None:
    """Which of all places the newest ones see: bool (T, S); None for all, of a single one."""
    if num_new == 1:
        return None
    return torch.ones(num_new, num_all, dtype=torch.bool, device=device).tril(num_all - num_new)
