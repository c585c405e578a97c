"""Variations of a text: other words in some places, such that what stands behind them still fits.

Source: sampling of sentences by word-wise Metropolis-Hastings steps, Miao et al. 2019 (CGMH,
arXiv:1811.10996, section "Replacement"): candidates come from the model's prediction after what
stands before, and are chosen by how likely they make the rest.
"""

from dataclasses import dataclass

import torch

from genstudio.domain.byte_pairs import parts_in
from genstudio.models.capabilities import Writes

_CANDIDATES = 8
# Characters before and behind a word that are looked at.
_BEFORE, _BEHIND = 400, 60


@dataclass(frozen=True, slots=True)
class Variation:
    """A text, and how many of its words are others."""

    text: str
    num_changed: int


def varied(model: Writes, text: str, *, amount: float, temperature: float, seed: int) -> Variation:
    """Put other words into a text.

    Args:
        model: Proposes words and judges them.
        text: What is varied; signs and spaces stay where they are.
        amount: Share of the words that are looked at.
        temperature: Of the choice among proposals.
        seed: Decides which words are looked at, and what takes their place.
    """
    generator = torch.Generator().manual_seed(seed)
    parts = parts_in(text)
    changed = 0
    for at, part in enumerate(parts):
        is_word = part.strip().isalpha()
        draw = float(torch.rand((), generator=generator))
        if not is_word or draw >= amount:
            continue
        before = "".join(parts[:at])[-_BEFORE:]
        behind = "".join(parts[at + 1 :])[:_BEHIND]
        own_seed = int(torch.randint(2**62, (), generator=generator))
        space = part[: len(part) - len(part.lstrip())]
        proposals = model.next_words(before, own_seed, _CANDIDATES, temperature)
        words = sorted({_as_written(word, part) for word in proposals} | {part.strip()})
        # The proposal has its own probability in it already: what counts is what follows.
        nats = [model.nats_of_text(behind, after=f"{before}{space}{word}") for word in words]
        shares = (-torch.tensor(nats, dtype=torch.float64) / temperature).softmax(0)
        pick = float(torch.rand((), generator=generator, dtype=torch.float64))
        chosen = min(int((shares.cumsum(0) < pick).sum()), len(words) - 1)
        changed += words[chosen] != part.strip()
        parts[at] = f"{space}{words[chosen]}"
    return Variation("".join(parts), changed)


def _as_written(word: str, like: str) -> str:
    """A word with a capital where the one in whose place it comes has one."""
    return word[:1].upper() + word[1:] if like.strip()[:1].isupper() else word
