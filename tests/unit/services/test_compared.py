"""Which value of a figure is the best, and when nobody can tell."""

from pathlib import Path

import numpy as np
import pytest

from genstudio.domain.reports import FIGURES, CopyingFigure, Figure, FigureCard, Report
from genstudio.services.compared import ComparedRun, Comparison, Mark

CARDS = {card.key: card for card in FIGURES}


def compared(**values: float | None) -> ComparedRun:
    """A run with figures of these values, each with a standard deviation of 1 % of the floor."""

    def figure(name: str, floor: float) -> Figure:
        value = values.get(name)
        return Figure(value=floor if value is None else value, sd=0.01, floor=floor, floor_sd=0.01)

    copying = CopyingFigure(
        value=values.get("copying") or 0.0,
        sd=0.01,
        floor=0.01,
        floor_sd=0.01,
        threshold=0.02,
        pairs=(),
    )
    report = Report(
        swd=figure("swd", 1.0),
        swd_levels=(),
        kid=figure("kid", 0.0),
        density=figure("density", 1.0),
        coverage=figure("coverage", 0.97),
        diversity=figure("diversity", 1.0),
        copying=None if "copying" in values and values["copying"] is None else copying,
        count=20,
        features="",
    )
    return ComparedRun(
        path=Path("run"),
        model_title="Toy",
        step=1,
        newest_step=1,
        seconds=1.0,
        num_parameters=1,
        size=32,
        report=report,
        samples_NHWC=np.zeros((1, 32, 32, 3), np.uint8),
        pairs=(),
        record={"run": "run"},
    )


def best(name: str, *values: float | None, is_alike: bool = True) -> tuple[int, ...]:
    runs = tuple(compared(**{name: value}) for value in values)
    return Comparison(runs=runs, note="", is_alike=is_alike).best(CARDS[name])


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("swd", (300.0, 20.0, 40.0), (1,)),
        ("kid", (-1.0, 5.0), (0,)),
        ("coverage", (0.2, 0.9), (1,)),
        ("density", (0.5, 1.7, 0.9), (2,)),
        ("diversity", (1.3, 0.5), (0,)),
        ("copying", (0.3, 0.0), (1,)),
    ],
)
def test_the_better_value_wins(
    name: str, values: tuple[float, ...], expected: tuple[int, ...]
) -> None:
    assert best(name, *values) == expected


def test_what_only_chance_tells_apart_is_marked_alike() -> None:
    assert best("swd", 20.0, 20.02, 21.0) == (0, 1)


def test_the_best_value_is_told_from_those_that_are_as_good() -> None:
    runs = tuple(compared(swd=value) for value in (20.02, 20.0, 21.0, 20.0))
    found = Comparison(runs=runs, note="", is_alike=True)
    marks = [found.mark(CARDS["swd"], at) for at in range(4)]
    assert marks == [Mark.LEVEL, Mark.BEST, None, Mark.BEST]


def test_one_run_has_nothing_to_be_better_than() -> None:
    assert best("swd", 20.0) == ()
    assert best("copying", 0.1, None) == ()


def test_runs_on_different_pictures_are_not_ranked() -> None:
    assert best("swd", 300.0, 20.0, is_alike=False) == ()


@pytest.mark.parametrize(
    ("card", "value", "expected"),
    [
        (CARDS["kid"], 10037.4, "10,037"),
        (CARDS["kid"], -1.6, "−1.6"),
        (CARDS["density"], 0.60412, "0.604"),
        (CARDS["coverage"], 0.0407, "4.1 %"),
    ],
)
def test_figures_are_written_in_short(card: FigureCard, value: float, expected: str) -> None:
    assert card.told(value) == expected


def test_every_figure_explains_itself() -> None:
    assert {card.key for card in FIGURES} <= set(Report.model_fields)
    assert all(card.title and card.term and card.better_words and card.help for card in FIGURES)
