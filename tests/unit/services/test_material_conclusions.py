"""What follows from figures of sounds, notes, molecules and texts, and what cannot be said."""

from pathlib import Path

import numpy as np
import pytest
from compared_helpers import cost

from genstudio.domain.artifacts import MOLECULE, SOUND, TEXT
from genstudio.domain.material_reports import (
    BOUND,
    COPIES,
    VARIETY,
    MaterialFigure,
    MaterialReport,
)
from genstudio.domain.reports import WhyNot
from genstudio.services.compared import Mark
from genstudio.services.compared_materials import MaterialComparison, MaterialRun
from genstudio.services.comparison_words import said_of, table_rows


def run(
    name: str,
    kind: str,
    missing: dict[str, WhyNot] | None = None,
    *,
    draw_s: float = 0.01,
    **figures: MaterialFigure,
) -> MaterialRun:
    return MaterialRun(
        path=Path("project/runs") / name,
        model_title=name,
        step=1,
        newest_step=1,
        seconds=60,
        num_parameters=10,
        report=MaterialReport(
            kind=kind, count=16, num_held_out=8, figures=figures, missing=missing or {}
        ),
        cost=cost(draw_s),
        samples_NHWC=np.zeros((1, 8, 8, 3), np.uint8),
    )


def comparison(*runs: MaterialRun, is_written_alike: bool = True) -> MaterialComparison:
    return MaterialComparison(
        kind=runs[0].report.kind,
        runs=runs,
        note="",
        is_alike=True,
        is_written_alike=is_written_alike,
    )


def figure(value: float, floor: float | None = None, sd: float = 0.01) -> MaterialFigure:
    return MaterialFigure(value=value, sd=sd, floor=floor)


def keys(found: MaterialComparison) -> list[str]:
    return [it.key for it in said_of(found)]


def asked(*parts: float) -> MaterialFigure:
    values = np.array(parts)
    sd = float(values.std(ddof=1)) / len(values) ** 0.5
    return MaterialFigure(value=float(values.mean()), sd=sd, parts=parts)


def test_the_same_examples_tell_runs_apart_by_their_differences() -> None:
    # Examples differ by much more than the runs do, but one is always a little less surprised.
    hard = (1.0, 5.0, 2.0, 9.0, 4.0, 7.0)
    ahead = tuple(it - 0.1 - 0.01 * at for at, it in enumerate(hard))
    found = comparison(
        run("A", MOLECULE, bound=asked(*hard)), run("B", MOLECULE, bound=asked(*ahead))
    )
    card = found.cards[0]

    assert found.best(card) == (1,)
    assert (found.mark(card, 0), found.mark(card, 1)) == (None, Mark.BEST)
    # Now and then the one, now and then the other: level.
    mixed = tuple(it + (0.1 if at % 2 else -0.1) for at, it in enumerate(hard))
    level = comparison(
        run("A", MOLECULE, bound=asked(*hard)), run("B", MOLECULE, bound=asked(*mixed))
    )
    assert set(level.best(card)) == {0, 1}
    assert "no-winner" in keys(level)


def test_what_is_written_down_otherwise_is_not_ranked_by_its_bound() -> None:
    runs = (
        run("A", SOUND, bound=figure(0.1), variety=figure(0.9, 1.0)),
        run("B", SOUND, bound=figure(0.9), variety=figure(0.7, 1.0)),
    )
    found = comparison(*runs, is_written_alike=False)

    assert found.best(found.cards[0]) == ()
    said = {it.key: it.text for it in said_of(found)}
    assert "cannot be said" in said["not-written-alike"]
    assert "surprise" not in said["ahead"]
    assert "differences among them" in said["ahead"]


@pytest.mark.parametrize(
    ("kind", "value", "floor", "is_copy"),
    [
        (TEXT, 0.6, 0.1, True),
        (TEXT, 0.12, 0.1, False),
        (TEXT, 0.0, 0.1, False),
        (SOUND, 1.0, 10.0, True),
        (SOUND, 9.0, 10.0, False),
        (SOUND, 30.0, 10.0, False),
    ],
)
def test_copies_are_told(kind: str, value: float, floor: float, *, is_copy: bool) -> None:
    found = comparison(
        run("A", kind, copies=figure(value, floor)), run("B", kind, copies=figure(floor, floor))
    )

    assert ("copied" in keys(found)) == is_copy
    assert ("no-copies" in keys(found)) != is_copy


def test_a_collapsed_one_and_one_behind_counting_are_told() -> None:
    found = comparison(
        run("A", TEXT, bound=figure(3.0, 2.0), variety=figure(0.2, 0.9)),
        run("B", TEXT, bound=figure(1.5, 2.0), variety=figure(0.9, 0.9)),
    )

    said = {it.key: it.text for it in said_of(found)}
    assert said["collapsed"].startswith("“A” makes texts that are much alike")
    assert said["behind-counting"].startswith("“A” is more surprised")
    assert said["ahead"].startswith("“B” is ahead in surprise")


def test_what_is_missing_has_a_reason_in_words_and_in_its_row() -> None:
    missing = {BOUND: WhyNot.NO_BOUND, COPIES: WhyNot.NO_HELD_OUT, VARIETY: WhyNot.NO_HELD_OUT}
    found = comparison(run("A", SOUND, missing), run("B", SOUND, missing))

    said = [it.text for it in said_of(found) if it.key == "cannot-be-said"]
    assert any("of any of them: This model does not say" in text for text in said)
    cells = {row.title: row.cells for row in table_rows(found)}
    assert all(
        cell.small == "This model does not say how likely an example is."
        for cell in cells["Surprise at sounds it never heard"]
    )


def test_who_is_much_faster_is_told() -> None:
    found = comparison(run("A", TEXT, draw_s=0.01), run("B", TEXT, draw_s=0.1))

    (said,) = [it.text for it in said_of(found) if it.key == "speed"]
    assert said.startswith("“A” makes one in")
    assert "10.0 times as fast as “B”" in said
