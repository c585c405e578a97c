"""A transformer that writes one token after the other (Vaswani et al. 2017; Radford et al. 2019).

Each place attends to itself and to those before it; what it found is kept while a text is written,
so that every further token costs no more than the first.
"""

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

_HEAD_WIDTH = 64


class CausalBlock(nn.Module):
    """Attention to what came before, then a small network for each place; (N, T, W) => the same.

    Args:
        width: W, a multiple of 64, or 32.
        is_causal: Whether places see only what stands before them.
    """

    def __init__(self, width: int, *, is_causal: bool = True) -> None:
        super().__init__()
        self.heads = _heads(width)
        self.is_causal = is_causal
        self.norm = nn.LayerNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width, bias=False)
        self.attended = nn.Linear(width, width, bias=False)
        self.norm2 = nn.LayerNorm(width)
        self.wider = nn.Linear(width, 4 * width)
        self.narrower = nn.Linear(4 * width, width)

    def forward(self, x: Tensor, is_hidden: Tensor) -> Tensor:
        """Transform all places together.

        Args:
            x: Tokens.
            is_hidden: Which places may not be seen, bool of shape (1 or N, 1, T or 1, T).
        """
        queries, keys, values = self._split(x)
        return self._finish(x, _attention(queries, keys, values, is_hidden))

    def step(self, x: Tensor, kept: Tensor, place: int) -> Tensor:
        """Transform one more place, (N, 1, W).

        Args:
            x: The newest token.
            kept: Keys and values so far, (2, most, N, H, D); the newest are written into it.
            place: Number of the token, from 0.
        """
        queries, keys, values = self._split(x)
        kept[0, place], kept[1, place] = keys[:, :, 0], values[:, :, 0]
        return self._finish(x, _newest_attention(queries, kept[:, : place + 1]))

    def _split(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        both = self.queries_keys_values(self.norm(x)).unflatten(-1, (3, self.heads, -1))
        queries, keys, values = both.permute(2, 0, 3, 1, 4)
        return queries, keys, values

    def _finish(self, x: Tensor, found: Tensor) -> Tensor:
        x = x + self.attended(found.transpose(1, 2).flatten(2))
        return x + self.narrower(functional.gelu(self.wider(self.norm2(x))))


class CausalTransformer(nn.Module):
    """Ids (N, T) after a given beginning => logits of what comes next (N, T + 1, K).

    Args:
        num_ids: K.
        most: Most places, with the beginning.
        width: W, a multiple of 64, or 32.
        depth: Blocks.
    """

    def __init__(self, num_ids: int, most: int, *, width: int, depth: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(num_ids, width)
        self.places = nn.Parameter(0.02 * torch.randn(most, width))
        self.blocks = nn.ModuleList(CausalBlock(width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.outward = nn.Linear(width, num_ids)
        initialise(self, depth)

    def forward(self, beginning: Tensor, ids: Tensor, beside: Tensor) -> Tensor:
        """Say at every place what comes next.

        Args:
            beginning: What stands before the first token, (N, W).
            ids: Tokens, int64.
            beside: What is known at every place, (N, W).
        """
        h = torch.cat([beginning[:, None], self.embedding(ids) + beside[:, None]], dim=1)
        length = h.shape[1]
        h = h + self.places[:length]
        is_hidden = torch.ones(length, length, dtype=torch.bool, device=h.device).triu(1)
        for block in self.blocks:
            h = block(h, is_hidden[None, None])
        return self.outward(self.norm(h))

    def memory(self, count: int) -> list[Tensor]:
        """Room for what is kept while so many texts are written."""
        most, width = self.places.shape
        heads = _heads(width)
        shape = (2, most, count, heads, width // heads)
        return [self.places.new_zeros(shape) for _ in self.blocks]

    def next_logits(self, newest: Tensor, kept: list[Tensor], place: int) -> Tensor:
        """Logits (N, K) of what comes after the newest place (N, W), which is not yet placed."""
        h = (newest + self.places[place])[:, None]
        for block, memory in zip(self.blocks, kept, strict=True):
            h = cast("CausalBlock", block).step(h, memory, place)
        return self.outward(self.norm(h[:, 0]))


def initialise(network: nn.Module, depth: int) -> None:
    """Small numbers, smaller where many layers add up (Radford et al. 2019, section 2.3)."""
    for name, parameter in network.named_parameters():
        if parameter.dim() < 2:
            continue
        adds_up = name.endswith(("attended.weight", "narrower.weight"))
        nn.init.normal_(parameter, std=0.02 / (math.sqrt(2 * depth) if adds_up else 1))


def _heads(width: int) -> int:
    return max(1, width // _HEAD_WIDTH)


def _newest_attention(queries: Tensor, kept: Tensor) -> Tensor:
    """The same for one place, (N, H, 1, D), of what is kept of all until it, (2, T, N, H, D).

    Sums of products: a matrix product for each text and head takes longer.
    """
    keys, values = kept
    scores = (keys * (queries[:, :, 0] * queries.shape[-1] ** -0.5)).sum(-1)
    return (values * scores.softmax(dim=0)[..., None]).sum(0)[:, :, None]


def _attention(queries: Tensor, keys: Tensor, values: Tensor, is_hidden: Tensor) -> Tensor:
    """Scaled dot-product attention (Vaswani et al. 2017, arXiv:1706.03762, eq. 1); (N, H, T, D)."""
    if queries.device.type != "cpu":
        return functional.scaled_dot_product_attention(queries, keys, values, attn_mask=~is_hidden)
    # Of some dozens of tokens torch's fused one is slow on a processor: see blocks/transformer.py.
    scores = (queries * queries.shape[-1] ** -0.5) @ keys.transpose(-1, -2)
    scores = scores.masked_fill(is_hidden, torch.finfo(scores.dtype).min)
    return scores.softmax(dim=-1).to(values.dtype) @ values
