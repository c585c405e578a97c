"""How a model of texts writes: one token after the other, as a seed draws it.

Nucleus sampling (top-p) is that of Holtzman et al. 2020 (arXiv:1904.09751, eq. 3).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from genstudio.domain.byte_pairs import BOUNDARY
from genstudio.domain.settings import Settings, setting
from genstudio.domain.words import PADDING
from genstudio.models.blocks.decoder_only import DecoderOnly

# So many are always written at once: a row of a product of matrices of one shape does not depend
# on the other rows, so a seed gives the same text in any company.
AT_ONCE: Final = 4
_NEVER = -1e9
# Of what stands before, quarters of the window: the rest is for what is written.
_MOST_READ = 3

# Given the ids that were written and the logits (K,) of the next, gives the logits that count.
Constraint: TypeAlias = Callable[[Sequence[int], Tensor], Tensor]


class ContinuationSettings(Settings):
    """How a text is written."""

    words: int = setting(
        120,
        title="How long — words",
        help="About so many words are written; the last sentence is brought to its end.",
        ge=1,
        le=2000,
    )
    temperature: float = setting(
        0.8,
        title="Adventurousness — temperature",
        help="Lower keeps to likely words and repeats itself; higher is bolder and makes mistakes.",
        ge=0.0,
        le=2.0,
    )
    top_p: float = setting(
        0.95,
        title="Only likely words — top-p",
        help="Unlikely words are passed over: of the likeliest, as many as together have this "
        "share of the probability may be chosen.",
        ge=0.05,
        le=1.0,
        advanced=True,
    )


class WritingSettings(ContinuationSettings):
    """The same, for a text that begins with nothing."""

    beginning: str = setting(
        "",
        title="How it begins — prompt",
        help="The text goes on from these words; empty for a beginning of its own.",
    )


def written(
    network: DecoderOnly,
    prompt: Sequence[int],
    seeds: Sequence[int],
    *,
    most: int,
    temperature: float,
    top_p: float,
    is_done: Callable[[Sequence[int]], bool] = lambda _: False,
    constraint: Constraint | None = None,
) -> list[list[int]]:
    """Write on after some ids, one text for each of at most ``AT_ONCE`` seeds.

    Where the memory of the network is full, it goes on from the newer half of what was written.

    Args:
        network: In evaluation mode, without gradients.
        prompt: What stands before; may be of any length, the end of it counts.
        seeds: Each decides one text.
        most: Most ids of a text.
        temperature: 0 takes the likeliest.
        top_p: Share of the probability that may be chosen from.
        is_done: Asked after each id whether a text is at its end.
        constraint: Changes logits, such as to forbid what breaks a grammar.

    Returns:
        The ids that were written, without the boundary that ended them.
    """
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    texts: list[list[int]] = [[] for _ in seeds]
    is_open = [True] * len(seeds)
    for logits in _next_logits(network, prompt, texts, AT_ONCE):
        for row, text in enumerate(texts):
            # Drawn for ended texts, too: the rows stay as they are.
            own = logits[row].float().cpu()
            if constraint is not None and is_open[row]:
                own = constraint(text, own)
            id_ = chosen_id(
                own.index_fill(0, torch.tensor([PADDING]), _NEVER),
                generators[row],
                temperature,
                top_p,
            )
            if is_open[row] and id_ != BOUNDARY:
                text.append(id_)
            is_open[row] &= id_ != BOUNDARY and len(text) < most and not is_done(text)
        if not any(is_open):
            break
    return texts


def _next_logits(
    network: DecoderOnly, prompt: Sequence[int], texts: Sequence[list[int]], count: int
) -> Iterator[Tensor]:
    """Logits (count, K) of what comes next in each text, which grow between two of them."""
    device = network.embedding.weight.device
    # Texts that have ended get padding, which nobody reads.
    histories = [list(prompt) for _ in range(count)]
    kept = network.memory(count)
    place = 0
    lengths = [0] * len(texts)
    newest = [history[-_MOST_READ * network.most // 4 :] for history in histories]
    while True:
        if place + len(newest[0]) > network.most:
            newest = [history[-network.most // 2 :] for history in histories]
            place = 0
        ids = torch.tensor(newest, dtype=torch.int64, device=device)
        logits = network(ids, kept, place)[:, -1]
        place += ids.shape[1]
        yield logits
        newest = []
        for row, history in enumerate(histories):
            grew = row < len(texts) and len(texts[row]) > lengths[row]
            id_ = texts[row][-1] if grew else PADDING
            if row < len(texts):
                lengths[row] = len(texts[row])
            history.append(id_)
            newest.append([id_])


def chosen_id(logits: Tensor, generator: torch.Generator, temperature: float, top_p: float) -> int:
    """Draw an id from logits (K,), float32 on the CPU.

    Args:
        logits: Those that count.
        generator: One number is drawn from it.
        temperature: 0 takes the likeliest.
        top_p: Share of the probability that may be chosen from.
    """
    draw = float(torch.rand((), generator=generator, dtype=torch.float64))
    if temperature <= 0:
        return int(logits.argmax())
    shares, order = (logits.double() / temperature).softmax(0).sort(descending=True, stable=True)
    sums = shares.cumsum(0)
    # The likeliest is always among them.
    allowed = int((sums - shares < top_p).sum())
    among = sums[:allowed]
    at = int(torch.searchsorted(among, draw * among[-1]))
    return int(order[min(at, allowed - 1)])


def nats_of(logits: Tensor, wanted: Tensor, padding: int = PADDING) -> Tensor:
    """Negative log-likelihood of each wanted id, 0 where it is padding: (N, T) float32."""
    nats = functional.cross_entropy(logits.float().transpose(1, 2), wanted, reduction="none")
    return nats * (wanted != padding)
