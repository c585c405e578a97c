"""Measures what a run makes that is no picture: against what it learned from, and what it did not.

Sources: different n-grams as a measure of sameness, Li et al. 2016 (arXiv:1510.03055, section
5.2); validity, uniqueness, novelty and the cosine of scaffold counts of molecules, Polykovskiy et
al. 2020 (MOSES, arXiv:1811.12823, section 3); the others are those that results carry, see
:mod:`genstudio.services.copy_meters`.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

import numpy as np
import torch
from torch import Tensor

from genstudio.data import chemistry
from genstudio.data.dataset import Dataset
from genstudio.data.phrases import notes_of
from genstudio.data.plain_texts import words_of
from genstudio.data.scores import Part, Score
from genstudio.data.sounds import from_int16
from genstudio.domain.artifacts import MOLECULE, NOTES, SOUND, TEXT, Artifact
from genstudio.domain.byte_pairs import Tokeniser
from genstudio.domain.material_reports import (
    BOUND,
    COPIES,
    VARIETY,
    MaterialFigure,
    MaterialReport,
)
from genstudio.domain.reports import WhyNot
from genstudio.metrics.ngrams import KneserNey
from genstudio.metrics.verbatim import VerbatimIndex
from genstudio.models.capabilities import Bounds, Writes
from genstudio.models.protocol import TrainableModel
from genstudio.services.copy_meters import NearestSound, PatternMeter, on_grid, patterns_of

# Examples that are asked how likely they are.
MOST_HELD_OUT: Final = 256
# Of fewer, a figure says more about chance than about a model.
FEWEST_HELD_OUT: Final = 8
_WORDS_IN_A_ROW = 3
# Scaffolds of as many learned molecules tell what chance alone gives.
_MOST_SCAFFOLDS = 2000

Found = dict[str, "MaterialFigure | WhyNot"]
_Figures = Callable[["Judged"], Found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A run's results beside its examples.

    Attributes:
        kind: Of the results.
        made: What it made, raw.
        model: The averaged model.
        dataset: What it learned from, and what not.
        learned: Texts of what it learned from, where examples are texts; empty otherwise.
        held_out: The same of those that it did not.
    """

    kind: str
    made: Sequence[Artifact]
    model: TrainableModel
    dataset: Dataset
    learned: Sequence[str] = ()
    held_out: Sequence[str] = ()


def measure_material(judged: Judged) -> MaterialReport:
    """Take all figures that there are for a kind."""
    found: Found = {BOUND: _bound(judged), **_FIGURES[judged.kind](judged)}
    return MaterialReport(
        kind=judged.kind,
        count=len(judged.made),
        num_held_out=len(_asked(judged.dataset)),
        figures={key: it for key, it in found.items() if isinstance(it, MaterialFigure)},
        missing={key: it for key, it in found.items() if isinstance(it, WhyNot)},
    )


def _asked(dataset: Dataset, most: int = MOST_HELD_OUT) -> np.ndarray:
    """Held-out examples from all over, always the same ones."""
    index = dataset.held_out_of()
    if len(index) <= most:
        return index
    return index[np.linspace(0, len(index) - 1, most).astype(np.int64)]


# --- how surprised it is ------------------------------------------------------------------------


def _bound(judged: Judged) -> MaterialFigure | WhyNot:
    index = _asked(judged.dataset)
    if len(index) < FEWEST_HELD_OUT:
        return WhyNot.NO_HELD_OUT
    fields = {name: torch.as_tensor(own.take(index)) for name, own in judged.dataset.fields.items()}
    if isinstance(judged.model, Writes) and "tokens" in fields:
        return _bits_per_byte(judged, judged.model, fields["tokens"])
    if not isinstance(judged.model, Bounds):
        return WhyNot.NO_BOUND
    return _mean_of(judged.model.bounds(fields).double().numpy())


def _bits_per_byte(judged: Judged, model: Writes, tokens: Tensor) -> MaterialFigure:
    tokeniser = Tokeniser(list(judged.dataset.words))
    rows = tokens.numpy()
    num_bytes = np.array(tokeniser.num_bytes())[rows[:, 1:]].sum(1)
    bits = model.nats({"tokens": tokens}).sum(1).double().numpy() / math.log(2)
    # So weighted, the mean of the parts is the bits of all by the bytes of all.
    parts = bits / max(num_bytes.mean(), 1e-9)
    own = judged.dataset.fields["tokens"]
    ngram = KneserNey(own.take(judged.dataset.learned_from()), tokeniser.num_ids)
    floor = float(ngram.nats(rows).sum()) / math.log(2) / max(int(num_bytes.sum()), 1)
    return _mean_of(parts).model_copy(update={"floor": floor})


# --- sounds -------------------------------------------------------------------------------------


def _of_sounds(judged: Judged) -> Found:
    meter = NearestSound(judged.dataset)
    made = [float(meter(it)["distance"]) for it in judged.made]
    sounds = judged.dataset.fields["sounds"]
    index = _asked(judged.dataset)
    if len(index) < FEWEST_HELD_OUT:
        return {COPIES: WhyNot.NO_HELD_OUT, VARIETY: WhyNot.NO_HELD_OUT}
    real = _apart(meter.levels(from_int16(sounds.take(index))))
    own = _apart(meter.levels(np.stack([it.data.samples for it in judged.made])))
    usual = max(float(real.mean()), 1e-9)
    return {
        COPIES: MaterialFigure(
            value=float(np.median(made)), sd=_sd_of_median(made), floor=meter.usual
        ),
        VARIETY: MaterialFigure(
            value=float(own.mean()) / usual,
            # Each of n sounds has its own mean distance to the others.
            sd=_sd(own.mean(1)) / usual,
            floor=1.0,
        ),
    }


def _apart(levels_NL: Tensor) -> np.ndarray:
    """Distances of each to all others: (N, N - 1)."""
    distances = torch.cdist(levels_NL.double(), levels_NL.double()).numpy()
    return distances[~np.eye(len(distances), dtype=bool)].reshape(len(distances), -1)


# --- notes --------------------------------------------------------------------------------------


def _of_notes(judged: Judged) -> Found:
    meter = PatternMeter(judged.dataset)
    notes = [on_grid(part.notes) for it in judged.made for part in _tuned(it.data)]
    shares = [share for it in notes if (share := meter.share(it)) is not None]
    if len(shares) < FEWEST_HELD_OUT:
        return {COPIES: WhyNot.TOO_LITTLE, VARIETY: WhyNot.TOO_LITTLE}
    # Neighbours are parts of one piece, and overlap.
    index = _asked(judged.dataset, len(notes))
    if len(index) < FEWEST_HELD_OUT:
        return {COPIES: WhyNot.NO_HELD_OUT, VARIETY: WhyNot.NO_HELD_OUT}
    # As many of each: the more there are, the more often something comes again.
    real = [notes_of(row) for row in judged.dataset.fields["notes"].take(index)]
    return {
        COPIES: _mean_of(shares, parts=False).model_copy(update={"floor": meter.usual}),
        VARIETY: _variety(
            [list(patterns_of(it)) for it in notes], [list(patterns_of(it)) for it in real]
        ),
    }


def _tuned(score: Score) -> list[Part]:
    return [part for part in score.parts if not part.is_drums]


# --- molecules ----------------------------------------------------------------------------------


def _of_molecules(judged: Judged) -> Found:
    made = [chemistry.canonical(str(it.data)) for it in judged.made]
    valid = [it for it in made if it]
    found: Found = {"valid": _share(len(valid), len(made))}
    if len(valid) < FEWEST_HELD_OUT:
        return found | dict.fromkeys((VARIETY, "novel", "scaffolds"), WhyNot.TOO_LITTLE)
    different = set(valid)
    known = set(judged.learned)
    found[VARIETY] = _share(len(different), len(valid))
    found["novel"] = _share(sum(it not in known for it in different), len(different))
    if len(judged.held_out) < FEWEST_HELD_OUT:
        return found | {"scaffolds": WhyNot.NO_HELD_OUT}
    every = 1 + len(judged.learned) // _MOST_SCAFFOLDS
    real = _scaffolds(judged.held_out[:_MOST_SCAFFOLDS])
    value, by_chance = _halved(valid, real)
    as_many = list(judged.learned[::every])[: len(valid)]
    found["scaffolds"] = MaterialFigure(
        value=value, sd=by_chance, floor=_cosine(_scaffolds(as_many), real)
    )
    return found


def _scaffolds(smiles: Iterable[str]) -> Counter[str]:
    return Counter(filter(None, map(chemistry.scaffold, smiles)))


def _cosine(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    keys = [*one.keys() | other.keys()]
    first, second = (np.array([it.get(key, 0) for key in keys], float) for it in (one, other))
    return float(first @ second / max(np.linalg.norm(first) * np.linalg.norm(second), 1e-12))


def _halved(smiles: Sequence[str], real: Mapping[str, int]) -> tuple[float, float]:
    """The cosine of all, and how far it may be off: that of eight parts, each left out once."""
    parts = [_scaffolds(smiles[at::8]) for at in range(8)]
    whole = sum(parts, Counter[str]())
    without = [_cosine(whole - part, real) for part in parts]
    # The jackknife of eight groups (Efron & Stein 1981).
    spread = math.sqrt(7 / 8 * sum((it - fmean(without)) ** 2 for it in without))
    return _cosine(whole, real), spread


# --- texts --------------------------------------------------------------------------------------


def _of_texts(judged: Judged) -> Found:
    made = [str(it.data) for it in judged.made]
    index = VerbatimIndex(judged.learned)
    shares = [index(text).share for text in made]
    if len(judged.held_out) < 1:
        return {
            COPIES: _mean_of(shares, parts=False),
            VARIETY: WhyNot.NO_HELD_OUT,
        }
    # Pieces as long as what was written, so that chance repeats as much in them.
    length = max(1, round(fmean(len(words_of(text)) for text in made)))
    real = _pieces(judged.held_out, length, len(made))
    usual = fmean(index(" ".join(piece)).share for piece in real)
    return {
        COPIES: _mean_of(shares, parts=False).model_copy(update={"floor": usual}),
        VARIETY: _variety(
            [_in_a_row(words_of(text)) for text in made], [_in_a_row(piece) for piece in real]
        ),
    }


def _pieces(texts: Sequence[str], length: int, count: int) -> list[list[str]]:
    words = [word for text in texts for word in words_of(text)]
    starts = np.linspace(0, max(0, len(words) - length), count).astype(int).tolist()
    return [words[at : at + length] for at in starts]


def _in_a_row(words: Sequence[str]) -> list[tuple[str, ...]]:
    return [
        tuple(words[at : at + _WORDS_IN_A_ROW]) for at in range(len(words) - _WORDS_IN_A_ROW + 1)
    ]


# --- figures ------------------------------------------------------------------------------------


def _variety(
    made: Sequence[Sequence[object]], real: Sequence[Sequence[object]]
) -> MaterialFigure | WhyNot:
    """Share of different things among all, and that of as many real ones."""
    value, floor = _different(made), _different(real)
    if value is None or floor is None:
        return WhyNot.TOO_LITTLE
    groups = [made[at::8] for at in range(8)]
    left = [[it for at, part in enumerate(groups) if at != out for it in part] for out in range(8)]
    without = [share for it in left if (share := _different(it)) is not None]
    spread = math.sqrt(7 / 8 * sum((it - fmean(without)) ** 2 for it in without))
    return MaterialFigure(value=value, sd=spread, floor=floor)


def _different(of_each: Sequence[Sequence[object]]) -> float | None:
    every = [it for one in of_each for it in one]
    return len(set(every)) / len(every) if every else None


def _share(some: int, every: int) -> MaterialFigure:
    """A share of independent ones; its deviation is that of Agresti & Coull 1998, never 0."""
    middle = (some + 2) / (every + 4)
    return MaterialFigure(value=some / every, sd=math.sqrt(middle * (1 - middle) / (every + 4)))


def _mean_of(values: Sequence[float] | np.ndarray, *, parts: bool = True) -> MaterialFigure:
    numbers = np.asarray(values, np.float64)
    kept = tuple(numbers.tolist()) if parts else ()
    return MaterialFigure(value=float(numbers.mean()), sd=_sd(numbers), parts=kept)


def _sd(values: np.ndarray) -> float:
    """How far their mean may be off by chance."""
    return float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0


def _sd_of_median(values: Sequence[float]) -> float:
    """About 1.25 times that of the mean, where values are normal."""
    return math.sqrt(math.pi / 2) * _sd(np.asarray(values, np.float64))


_FIGURES: Final[Mapping[str, _Figures]] = {
    SOUND: _of_sounds,
    NOTES: _of_notes,
    MOLECULE: _of_molecules,
    TEXT: _of_texts,
}
MEASURED_KINDS: Final = frozenset(_FIGURES)
