"""Networks of phrases: an encoder, and a decoder with a conductor for each bar.

The hierarchy is that of Roberts et al. 2018 (arXiv:1803.05428, section 3.2), with causal attention
(Vaswani et al. 2017, arXiv:1706.03762, section 3.2.3) in the place of recurrent cells.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from genstudio.data.phrases import FIRST_NOTE, INSTRUMENTS, NUM_TOKENS, STEPS_PER_BAR

NUM_INSTRUMENTS: Final = len(INSTRUMENTS)
# Stand for a step that is not seen, and for what comes before the first one.
HIDDEN: Final = NUM_TOKENS
BEGIN: Final = NUM_TOKENS + 1
_HEAD_WIDTH = 32
_SHARE_OF_HALVES = 0.25
# Numbers that say of each step what a bar or a latent needs to know.
_PER_STEP = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseShape:
    """How large the networks are.

    Attributes:
        bars: Of a phrase.
        width: Numbers for each step inside; a multiple of 32.
        depth: Layers.
        latent_size: Numbers in a latent.
        dropout: Share of what each layer adds that is left out in training.
    """

    bars: int
    width: int
    depth: int
    latent_size: int
    dropout: float


class Layer(nn.Module):
    """Attention, then a small network for each place: (N, T, W) => (N, T, W).

    Args:
        width: W, a multiple of 32.
        dropout: Of what is added.
        is_causal: Whether a place sees only itself and those before it.
    """

    def __init__(self, width: int, dropout: float, *, is_causal: bool) -> None:
        super().__init__()
        self._heads, self._is_causal, self._dropout = width // _HEAD_WIDTH, is_causal, dropout
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.attended = nn.Linear(width, width)
        self.wider = nn.Linear(width, 4 * width)
        self.narrower = nn.Linear(4 * width, width)
        # Starting as the identity keeps deep stacks stable.
        nn.init.zeros_(self.attended.weight)
        nn.init.zeros_(self.narrower.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Transform all places together."""
        x = x + self._dropped(self._attend(self.norm1(x)))
        return x + self._dropped(self.narrower(functional.gelu(self.wider(self.norm2(x)))))

    def _attend(self, x: Tensor) -> Tensor:
        split = self.queries_keys_values(x).unflatten(-1, (3, self._heads, -1))
        queries, keys, values = split.permute(2, 0, 3, 1, 4)
        scores = (queries * _HEAD_WIDTH**-0.5) @ keys.transpose(-1, -2)
        if self._is_causal:
            count = scores.shape[-1]
            later = torch.ones(count, count, dtype=torch.bool, device=x.device).triu(1)
            scores = scores.masked_fill(later, float("-inf"))
        found = scores.softmax(dim=-1).to(values.dtype) @ values
        return self.attended(found.transpose(1, 2).flatten(2))

    def _dropped(self, x: Tensor) -> Tensor:
        return functional.dropout(x, self._dropout, self.training)


class Encoder(nn.Module):
    """Tokens (N, L) and groups (N, G) => mean and log-variance of their latents, each (N, Z)."""

    def __init__(self, shape: PhraseShape) -> None:
        super().__init__()
        width = shape.width
        self.tokens = nn.Embedding(NUM_TOKENS + 1, width)
        self.places = nn.Parameter(0.02 * torch.randn(1, shape.bars * STEPS_PER_BAR, width))
        self.instrument = nn.Linear(NUM_INSTRUMENTS, width, bias=False)
        self.layers = nn.Sequential(
            *(Layer(width, shape.dropout, is_causal=False) for _ in range(shape.depth))
        )
        # What is where matters: a mean over steps would have to be taught to say so.
        self.norm = nn.LayerNorm(width)
        self.narrow = nn.Linear(width, _PER_STEP)
        count = shape.bars * STEPS_PER_BAR * _PER_STEP
        self.posterior = nn.Linear(count, 2 * shape.latent_size)

    def forward(self, tokens_NL: Tensor, groups_NG: Tensor) -> tuple[Tensor, Tensor]:
        """Describe each phrase by a Gaussian over latents."""
        h = self.tokens(tokens_NL) + self.places + self.instrument(groups_NG)[:, None]
        h = self.layers(h)
        steps = functional.gelu(self.narrow(self.norm(h))).flatten(1)
        mean, log_variance = self.posterior(steps).chunk(2, dim=1)
        return mean, log_variance.clamp(-12, 4)


class Decoder(nn.Module):
    """Latents (N, Z), groups (N, G), tokens before each step (N, L) => logits (N, L, tokens)."""

    def __init__(self, shape: PhraseShape) -> None:
        super().__init__()
        width = shape.width
        self.given = nn.Linear(shape.latent_size + NUM_INSTRUMENTS, width)
        self.bars = nn.Parameter(0.5 * torch.randn(1, shape.bars, width))
        self.conductor = nn.Sequential(
            *(Layer(width, shape.dropout, is_causal=True) for _ in range(2))
        )
        self.bar_steps = nn.Linear(width, STEPS_PER_BAR * _PER_STEP)
        self.widen = nn.Linear(_PER_STEP, width)
        self.tokens = nn.Embedding(NUM_TOKENS + 2, width)
        self.steps = nn.Parameter(0.02 * torch.randn(1, 1, STEPS_PER_BAR, width))
        self.layers = nn.Sequential(
            *(Layer(width, shape.dropout, is_causal=True) for _ in range(shape.depth))
        )
        self.norm = nn.LayerNorm(width)
        self.logits = nn.Linear(width, NUM_TOKENS)

    def forward(self, z: Tensor, groups_NG: Tensor, before_NL: Tensor) -> Tensor:
        """Say how likely each token is at each step."""
        count = before_NL.shape[1]
        given = self.given(torch.cat([z, groups_NG.to(z.dtype)], dim=1))
        bars = self.conductor(given[:, None] + self.bars)
        own = self.widen(functional.gelu(self.bar_steps(bars).unflatten(-1, (STEPS_PER_BAR, -1))))
        planned = (own + bars[:, :, None] + self.steps).flatten(1, 2)
        h = self.tokens(before_NL) + planned[:, :count]
        return self.logits(self.norm(self.layers(h)))


def shifted_at_random(tokens_NL: Tensor, most: int) -> Tensor:
    """Each phrase higher or lower by a random number of semitones, as far as there is room."""
    is_note = tokens_NL >= FIRST_NOTE
    up = torch.randint(-most, most + 1, (len(tokens_NL), 1), device=tokens_NL.device)
    lowest = tokens_NL.masked_fill(~is_note, NUM_TOKENS).amin(1, keepdim=True)
    highest = tokens_NL.masked_fill(~is_note, 0).amax(1, keepdim=True)
    up = up.clamp_min(FIRST_NOTE - lowest).minimum(NUM_TOKENS - 1 - highest)
    return torch.where(is_note, tokens_NL + up, tokens_NL)


def partly_hidden(tokens_NL: Tensor) -> Tensor:
    """Some phrases without their second half, as those that are to be continued."""
    hidden = tokens_NL.clone()
    is_half = torch.rand(len(tokens_NL), 1, device=tokens_NL.device) < _SHARE_OF_HALVES
    half = tokens_NL.shape[1] // 2
    hidden[:, half:] = torch.where(is_half, HIDDEN, tokens_NL[:, half:])
    return hidden
