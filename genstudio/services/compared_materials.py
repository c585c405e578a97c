"""Runs that make no pictures, compared, as plain values: no torch is needed to hold them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from genstudio.domain.material_reports import (
    MATERIAL_FIGURES,
    VARIETY,
    MaterialFigure,
    MaterialReport,
)
from genstudio.domain.model_reports import Cost
from genstudio.domain.reports import Better, FigureCard
from genstudio.services.blind_picks import PickTally
from genstudio.services.compared import ComparedRun, Comparison, Mark

# As for pictures: differences up to here other seeds might have made as well.
_CHANCE_SDS = 2.0
# Share of the differences between real ones below which a model has collapsed.
_COLLAPSED = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialRun:
    """One run among others of the same material.

    Attributes:
        path: Its folder.
        model_title: Name of its architecture.
        step: Step of the checkpoint that was judged.
        newest_step: Step of the newest checkpoint there was.
        seconds: Time spent training up to ``step``.
        num_parameters: Weights that it has.
        report: All figures.
        cost: What it costs.
        samples_NHWC: Its results on the same seeds in every run, drawn; uint8.
        words: What can be said of each of them, in a line; of texts, the texts.
        heard: The same as a FLAC file, one after the other; empty where nothing is to be heard.
        record: All of it as plain JSON values, without results.
    """

    path: Path
    model_title: str
    step: int
    newest_step: int
    seconds: float
    num_parameters: int
    report: MaterialReport
    cost: Cost
    samples_NHWC: np.ndarray
    words: tuple[str, ...] = ()
    heard: bytes = b""
    record: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def has_collapsed(self) -> bool:
        """Whether what it makes is so much alike that other figures say little."""
        figure = self.report.figures.get(VARIETY)
        return figure is not None and figure.value < _COLLAPSED * (figure.floor or 1.0)

    def figure(self, card: FigureCard) -> MaterialFigure | None:
        """A figure; None if it was not taken."""
        return self.report.figures.get(card.key)

    def ranked_figure(self, card: FigureCard) -> MaterialFigure | None:
        """The same."""
        return self.figure(card)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialComparison:
    """Runs of one material side by side.

    Attributes:
        kind: Of what they make.
        runs: In the order in which they were asked for.
        note: What a person must know to read the figures.
        is_alike: They learned from and held out the same, so that figures can be set against each
            other.
        is_written_alike: They write an example down alike, so that their bounds can, too.
        picks: None: sounds and texts are not picked blindly yet.
    """

    kind: str
    runs: tuple[MaterialRun, ...]
    note: str
    is_alike: bool
    is_written_alike: bool = True
    picks: tuple[PickTally, ...] = ()

    @property
    def cards(self) -> Sequence[FigureCard]:
        """The figures of this material."""
        return MATERIAL_FIGURES[self.kind]

    def best(self, card: FigureCard) -> tuple[int, ...]:
        """Which runs have the best value of a figure, as :meth:`Comparison.best` tells it."""
        figures = {
            at: figure
            for at, run in enumerate(self.runs)
            if (figure := run.figure(card)) is not None
        }
        if not self.can_rank(card) or len(figures) < 2:
            return ()
        if card.better is Better.NEAR_FLOOR and any(it.floor is None for it in figures.values()):
            return ()
        ranked = sorted(figures, key=lambda at: _shortfall(figures[at], card.better))
        first = figures[ranked[0]]
        return tuple(
            at for at in ranked if at == ranked[0] or _is_level(figures[at], first, card.better)
        )

    def can_rank(self, card: FigureCard) -> bool:
        """Whether a figure of these runs can be set against that of others at all."""
        return self.is_alike and (self.is_written_alike or card is not self.cards[0])

    def mark(self, card: FigureCard, place: int) -> Mark | None:
        """How a run stands among the best ones of a figure; None if it is not among them."""
        best = self.best(card)
        if place not in best:
            return None
        figures = [self.runs[at].figure(card) for at in (place, best[0])]
        values = {figure.value for figure in figures if figure is not None}
        return Mark.BEST if len(values) == 1 else Mark.LEVEL


AnyRun: TypeAlias = ComparedRun | MaterialRun
AnyComparison: TypeAlias = Comparison | MaterialComparison


def _shortfall(figure: MaterialFigure, better: Better) -> float:
    """How far a figure is from the best there could be; less is better."""
    if better is Better.LESS:
        return figure.value
    if better is Better.MORE:
        return -figure.value
    return abs(figure.value - (figure.floor or 0.0))


def _is_level(one: MaterialFigure, other: MaterialFigure, better: Better) -> bool:
    """Whether chance alone may have made the difference between two runs."""
    if len(one.parts) > 1 and len(one.parts) == len(other.parts):
        # The same examples were asked: what is hard for both tells nothing between them.
        apart = np.asarray(one.parts) - np.asarray(other.parts)
        by_chance = float(apart.std(ddof=1)) / len(apart) ** 0.5
        return abs(float(apart.mean())) <= _CHANCE_SDS * by_chance
    apart_by = abs(_shortfall(one, better) - _shortfall(other, better))
    return apart_by <= _CHANCE_SDS * (one.sd**2 + other.sd**2) ** 0.5
