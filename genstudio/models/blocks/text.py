"""Words as tokens, and places of a picture that attend to them.

A transformer encodes the words (Vaswani et al. 2017, arXiv:1706.03762, in the pre-norm order of
Xiong et al. 2020, arXiv:2002.04745); pictures look at them by cross-attention (Rombach et al. 2022,
arXiv:2112.10752, section 3.3).
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.domain.words import PADDING

_HEAD_WIDTH = 32


class TextEncoder(nn.Module):
    """Ids of words (N, T) => tokens (N, 1 + T, W), and which of them may be looked at (N, 1 + T).

    Before the words stands a token of the whole caption, which is there even if it has no words.

    Args:
        num_ids: Ids that there are, with padding.
        num_tokens: T.
        width: W, a multiple of 32.
        depth: Layers.
    """

    def __init__(self, num_ids: int, num_tokens: int, *, width: int, depth: int) -> None:
        super().__init__()
        self.words = nn.Embedding(num_ids, width)
        self.places = nn.Parameter(0.02 * torch.randn(num_tokens, width))
        self.caption = nn.Parameter(0.02 * torch.randn(1, 1, width))
        self.blocks = nn.ModuleList(AttentionBlock(width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        nn.init.normal_(self.words.weight, std=0.02 * math.sqrt(width))

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Read captions."""
        tokens = self.words(ids) + self.places
        caption = self.caption.expand(len(ids), -1, -1).to(tokens.dtype)
        tokens = torch.cat([caption, tokens], dim=1)
        is_word = functional.pad(ids != PADDING, (1, 0), value=True)
        for block in self.blocks:
            tokens = block(tokens, tokens, is_word)
        return self.norm(tokens), is_word


class AttentionBlock(nn.Module):
    """Attention to other tokens, then a small network for each; (N, T, W), (N, S, V) => (N, T, W).

    Args:
        width: W, a multiple of 32.
        context_width: V; tokens attend to each other if it is not given.
    """

    def __init__(self, width: int, context_width: int | None = None) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.context_norm = nn.Identity() if context_width else self.norm
        self.queries = nn.Linear(width, width)
        self.keys_values = nn.Linear(context_width or width, 2 * width)
        self.attended = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.wider = nn.Linear(width, 3 * width)
        self.narrower = nn.Linear(3 * width, width)
        self.heads = width // _HEAD_WIDTH
        for layer in (self.attended, self.narrower):
            # Many layers that add up begin small (Radford et al. 2019, section 2.3).
            nn.init.normal_(layer.weight, std=0.01)

    def forward(self, x: Tensor, context: Tensor, may_see: Tensor | None = None) -> Tensor:
        """Gather from the context, each token what it asks for.

        Args:
            x: Tokens.
            context: What they attend to.
            may_see: Which of the context they may see, bool of shape (N, S); by default all.
        """
        queries = self.queries(self.norm(x)).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        both = self.keys_values(self.context_norm(context)).unflatten(-1, (2, self.heads, -1))
        keys, values = both.permute(2, 0, 3, 1, 4)
        mask = None if may_see is None else may_see[:, None, None, :]
        found = _attention(queries, keys, values, mask)
        x = x + self.attended(found.transpose(1, 2).flatten(2))
        return x + self.narrower(functional.gelu(self.wider(self.norm2(x))))


def _attention(queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
    """Scaled dot-product attention (Vaswani et al. 2017, eq. 1); (N, H, T, D)."""
    if queries.device.type != "cpu":
        return functional.scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
    # Of some dozens of tokens torch's fused one is slow on a processor: see blocks/transformer.py.
    scores = (queries * queries.shape[-1] ** -0.5) @ keys.transpose(-1, -2)
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return scores.softmax(dim=-1).to(values.dtype) @ values
