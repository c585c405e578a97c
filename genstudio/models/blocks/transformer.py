"""A transformer over tokens, conditioned on a time and a class (Peebles & Xie 2023).

arXiv:2212.09748, section 3.2, adaLN-Zero: every block begins as the identity, and the condition
scales and shifts its normalised activations.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

_FREQUENCIES = 32
_HEAD_WIDTH = 64


class ModulatedTransformer(nn.Module):
    """Tokens (N, T, C), times in [0, 1] (N,) and labels (N, K) => tokens (N, T, C).

    Args:
        num_tokens: T.
        token_size: C.
        width: Numbers per token inside; a multiple of 64.
        depth: Blocks.
        num_classes: K; 0 if there are none.
    """

    def __init__(
        self, num_tokens: int, token_size: int, *, width: int, depth: int, num_classes: int
    ) -> None:
        super().__init__()
        self.inward = nn.Linear(token_size, width)
        self.places = nn.Parameter(0.02 * torch.randn(1, num_tokens, width))
        self.time = nn.Sequential(
            nn.Linear(2 * _FREQUENCIES, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.class_embedding = nn.Linear(num_classes, width, bias=False) if num_classes else None
        self.blocks = nn.ModuleList(_Block(width) for _ in range(depth))
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.modulation = _zero_initialised(nn.Linear(width, 2 * width))
        self.outward = _zero_initialised(nn.Linear(width, token_size))

    def forward(self, tokens: Tensor, times_N: Tensor, labels_NK: Tensor | None) -> Tensor:
        """Transform all tokens together."""
        condition = self.time(_sinusoids(times_N))
        if self.class_embedding is not None:
            condition = condition + self.class_embedding(labels_NK)
        condition = functional.silu(condition)
        h = self.inward(tokens) + self.places
        for block in self.blocks:
            h = block(h, condition)
        scale, shift = self.modulation(condition)[:, None].chunk(2, dim=-1)
        return self.outward(self.norm(h) * (1 + scale) + shift)


class _Block(nn.Module):
    """Attention, then a small network for each token; (N, T, W), (N, W) => (N, T, W)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = width // _HEAD_WIDTH
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.attended = nn.Linear(width, width)
        self.wider = nn.Linear(width, 4 * width)
        self.narrower = nn.Linear(4 * width, width)
        self.modulation = _zero_initialised(nn.Linear(width, 6 * width))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        scale1, shift1, gate1, scale2, shift2, gate2 = self.modulation(condition)[:, None].chunk(
            6, -1
        )
        x = x + gate1 * self._attend(self.norm(x) * (1 + scale1) + shift1)
        h = self.wider(self.norm(x) * (1 + scale2) + shift2)
        return x + gate2 * self.narrower(functional.gelu(h))

    def _attend(self, x: Tensor) -> Tensor:
        split = self.queries_keys_values(x).unflatten(-1, (3, self.heads, -1))
        queries, keys, values = split.permute(2, 0, 3, 1, 4)
        found = _attention(queries, keys, values)
        return self.attended(found.transpose(1, 2).flatten(2))


def _attention(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Scaled dot-product attention (Vaswani et al. 2017, arXiv:1706.03762, eq. 1); (N, H, T, D)."""
    if queries.device.type != "cpu":
        return functional.scaled_dot_product_attention(queries, keys, values)
    # torch's fused one is made for thousands of tokens: of 16, its backward pass takes a processor
    # ten times as long in bf16.
    scores = (queries * queries.shape[-1] ** -0.5) @ keys.transpose(-1, -2)
    return scores.softmax(dim=-1).to(values.dtype) @ values


def _sinusoids(times_N: Tensor) -> Tensor:
    """Times as sines and cosines of frequencies from 1 to 1,000: (N, 64)."""
    exponents = torch.linspace(0, math.log(1000), _FREQUENCIES, device=times_N.device)
    angles = times_N[:, None] * exponents.exp()
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def _zero_initialised(layer: nn.Linear) -> nn.Linear:
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
