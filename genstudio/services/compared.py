"""Runs that were compared, as plain values: no torch is needed to hold or to show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any

import numpy as np

from genstudio.domain.model_reports import Cost, ModelReport
from genstudio.domain.reports import FIGURES, Better, Figure, FigureCard, Report
from genstudio.services.blind_picks import PickTally

# Differences up to here are what other seeds might have made as well: 19 times of 20 they are.
_CHANCE_SDS = 2.0
# Share of the differences between real pictures below which a model has collapsed, as for the
# monitors of training.
_COLLAPSED = 0.6
# Figures of walks, which are short and even where there is nowhere to go.
_OF_WALKS = frozenset({"path_length", "evenness"})


class Mark(Enum):
    """Why a value is marked."""

    BEST = auto()
    # Worse than the best one by no more than chance makes.
    LEVEL = auto()


@dataclass(frozen=True, slots=True)
class NearPair:
    """A made picture beside the training picture that it is nearest to.

    Attributes:
        made_HWC: uint8.
        training_HWC: uint8, of the same size.
        made_name: Seed, or name of the file.
        training_name: Name of the file.
        distance: Root mean square, in units of the whole range of brightness.
        alarm: Nearer than this, it is a copy.
    """

    made_HWC: np.ndarray
    training_HWC: np.ndarray
    made_name: str
    training_name: str
    distance: float
    alarm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRun:
    """One run among others.

    Attributes:
        path: Its folder.
        model_title: Name of its architecture.
        step: Step of the checkpoint that was judged.
        newest_step: Step of the newest checkpoint there was.
        seconds: Time spent training up to ``step``.
        num_parameters: Weights that it has.
        size: Side of its pictures.
        report: All figures.
        samples_NHWC: Pictures on the same seeds in every run, uint8.
        pairs: The pictures that come nearest to a copy, the nearest first.
        record: All of it as plain JSON values, without the pictures.
        model: Figures of the model itself.
        cost: What it costs; None if that was not measured.
        ways: Pictures on ways between two seeds, each uint8 (N, H, W, 3); may be none.
        held_out_NHWC: Held-out pictures, uint8; none where nothing can be redrawn.
        redrawn_NHWC: The same, described and drawn again.
    """

    path: Path
    model_title: str
    step: int
    newest_step: int
    seconds: float
    num_parameters: int
    size: int
    report: Report
    samples_NHWC: np.ndarray
    pairs: Sequence[NearPair]
    record: Mapping[str, Any]
    model: ModelReport = field(default_factory=ModelReport)
    cost: Cost | None = None
    ways: tuple[np.ndarray, ...] = ()
    held_out_NHWC: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0, 3), np.uint8))
    redrawn_NHWC: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0, 3), np.uint8))

    @property
    def has_collapsed(self) -> bool:
        """Whether its pictures are so much alike that its walks lead nowhere."""
        diversity = self.report.diversity
        return diversity.value < _COLLAPSED * diversity.floor

    def ranked_figure(self, card: FigureCard) -> Figure | None:
        """A figure that may be set against that of others; None if there is none."""
        return None if self.has_collapsed and card.key in _OF_WALKS else self.figure(card)

    def figure(self, card: FigureCard) -> Figure | None:
        """A figure of its pictures or of the model itself; None if it was not taken."""
        return card.of(self.report if card in FIGURES else self.model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Runs side by side.

    Attributes:
        runs: In the order in which they were asked for.
        note: What a person must know to read the figures.
        is_alike: They learned from the same pictures at the same size, so that figures can be
            set against each other.
        picks: What people picked blindly between two of these states.
    """

    runs: tuple[ComparedRun, ...]
    note: str
    is_alike: bool
    picks: tuple[PickTally, ...] = ()

    def best(self, card: FigureCard) -> tuple[int, ...]:
        """Which runs have the best value of a figure.

        Returns:
            Places in ``runs``: that of the best one, then those that only chance tells from it,
            better ones first; none where there is nothing to choose from.
        """
        found = [(at, run.ranked_figure(card)) for at, run in enumerate(self.runs)]
        figures = {at: figure for at, figure in found if figure is not None}
        if not self.is_alike or len(figures) < 2:
            return ()
        ranked = sorted(figures, key=lambda at: _shortfall(figures[at], card.better))
        return tuple(
            at for at in ranked if at == ranked[0] or _is_level(figures, at, ranked[0], card)
        )

    def mark(self, card: FigureCard, place: int) -> Mark | None:
        """How a run stands among the best ones of a figure; None if it is not among them."""
        best = self.best(card)
        if place not in best:
            return None
        figures = [self.runs[at].figure(card) for at in (place, best[0])]
        values = {figure.value for figure in figures if figure is not None}
        return Mark.BEST if len(values) == 1 else Mark.LEVEL


def _shortfall(figure: Figure, better: Better) -> float:
    """How far a figure is from the best there could be; less is better."""
    if better is Better.LESS:
        return figure.value
    if better is Better.MORE:
        return -figure.value
    return abs(figure.value - figure.floor)


def _is_level(figures: Mapping[int, Figure], one: int, other: int, card: FigureCard) -> bool:
    """Whether chance alone may have made the difference between two runs."""
    apart = abs(_shortfall(figures[one], card.better) - _shortfall(figures[other], card.better))
    by_chance = ((figures[one].sd or 0.0) ** 2 + (figures[other].sd or 0.0) ** 2) ** 0.5
    return apart <= _CHANCE_SDS * by_chance
