"""Runs that were compared, as plain values: no torch is needed to hold or to show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any

import numpy as np

from genstudio.domain.reports import Better, Figure, FigureCard, Report

# Differences up to here are what other seeds might have made as well: 19 times of 20 they are.
_CHANCE_SDS = 2.0


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Runs side by side.

    Attributes:
        runs: In the order in which they were asked for.
        note: What a person must know to read the figures.
        is_alike: They learned from the same pictures at the same size, so that figures can be
            set against each other.
    """

    runs: tuple[ComparedRun, ...]
    note: str
    is_alike: bool

    def record(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return {"note": self.note, "runs": [dict(run.record) for run in self.runs]}

    def best(self, card: FigureCard) -> tuple[int, ...]:
        """Which runs have the best value of a figure.

        Returns:
            Places in ``runs``: that of the best one, then those that only chance tells from it,
            better ones first; none where there is nothing to choose from.
        """
        found = [(at, card.of(run.report)) for at, run in enumerate(self.runs)]
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
        figures = [card.of(self.runs[at].report) for at in (place, best[0])]
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
