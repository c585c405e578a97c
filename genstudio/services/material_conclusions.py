"""What follows from a comparison of sounds, notes, molecules or texts, in plain words."""

from collections.abc import Iterator, Sequence

from genstudio.artifacts.catalog import ARTIFACTS
from genstudio.domain.amounts import short_time
from genstudio.domain.artifacts import SOUND
from genstudio.domain.language import inside, tr
from genstudio.domain.material_reports import BOUND, COPIES, MaterialFigure
from genstudio.domain.reports import FigureCard
from genstudio.services.compared_materials import MaterialComparison, MaterialRun
from genstudio.services.conclusions import (
    FASTER,
    MOST,
    Conclusion,
    ranking,
    run_names,
    trained_longer,
)

# As many standard deviations as chance alone seldom makes.
_CHANCE_SDS = 2.0
# What is copied stands out: smaller shares over what is usual say nothing of copies.
_MANY_COPIES = 0.1
# A sound that is so much nearer than held-out ones are is hardly another one.
_MUCH_NEARER = 0.5


def material_conclusions(comparison: MaterialComparison) -> tuple[Conclusion, ...]:
    """What can be said of a comparison, and what cannot; at most eight."""
    if not comparison.runs:
        return ()
    return tuple(_all(comparison, run_names(comparison.runs)))[:MOST]


def _all(comparison: MaterialComparison, names: Sequence[str]) -> Iterator[Conclusion]:
    runs = comparison.runs
    if len(runs) > 1:
        yield from _caveats(comparison)
    if len(runs) > 1 and comparison.is_alike:
        cards = [card for card in comparison.cards if card.key != COPIES]
        yield from ranking(comparison, names, cards)
    yield from _missing(comparison, names)
    for run, name in zip(runs, names, strict=True):
        yield from _of_one(comparison, run, name)
    yield from _copies(comparison, names)
    yield from _speed(comparison, names)
    yield from trained_longer(runs, names)


def _caveats(comparison: MaterialComparison) -> Iterator[Conclusion]:
    if not comparison.is_alike:
        yield Conclusion(
            "not-comparable",
            tr("Which of them is better cannot be said: {note}", note=comparison.note),
        )
    elif not comparison.is_written_alike:
        yield Conclusion(
            "not-written-alike",
            tr(
                "Which of them is less surprised by held-out examples cannot be said: they write "
                "an example down differently, such as at another rate or length."
            ),
        )


def _missing(comparison: MaterialComparison, names: Sequence[str]) -> Iterator[Conclusion]:
    for card in comparison.cards:
        without = [
            (name, reason)
            for run, name in zip(comparison.runs, names, strict=True)
            if (reason := run.report.missing.get(card.key)) is not None
        ]
        if without:
            name, reason = without[0]
            values = {"title": card.title, "who": name, "reason": reason.words}
            sentence = (
                tr("{title} cannot be said of any of them: {reason}", **values)
                if len(without) == len(names) > 1
                else tr("{title} cannot be said of {who}: {reason}", **values)
            )
            yield Conclusion("cannot-be-said", sentence)


def _of_one(comparison: MaterialComparison, run: MaterialRun, name: str) -> Iterator[Conclusion]:
    nouns = ARTIFACTS.get(comparison.kind).card.noun[1]
    if run.has_collapsed:
        yield Conclusion(
            "collapsed",
            tr(
                "{name} makes {nouns} that are much alike: its other figures say little.",
                name=name,
                nouns=nouns,
            ),
        )
    bound = run.report.figures.get(BOUND)
    if bound is None or bound.floor is None:
        return
    card = _card(comparison, BOUND)
    words = {"name": name, "value": card.told(bound.value), "floor": card.told(bound.floor)}
    if bound.value > bound.floor:
        yield Conclusion(
            "behind-counting",
            tr(
                "{name} is more surprised by texts it never read ({value} bits per byte) than "
                "counting groups of pieces of words is ({floor}): it has learned too little, or "
                "its texts by heart.",
                **words,
            ),
        )
    elif len(comparison.runs) == 1:
        yield Conclusion(
            "ahead-of-counting",
            tr(
                "{name} is less surprised by texts it never read ({value} bits per byte) than "
                "counting groups of pieces of words is ({floor}).",
                **words,
            ),
        )


def _copies(comparison: MaterialComparison, names: Sequence[str]) -> Iterator[Conclusion]:
    cards = [card for card in comparison.cards if card.key == COPIES]
    if not cards:
        return
    (card,) = cards
    known = [
        (name, figure)
        for run, name in zip(comparison.runs, names, strict=True)
        if (figure := run.figure(card)) is not None and figure.floor is not None
    ]
    copied = [(name, it) for name, it in known if _is_copying(it, comparison.kind)]
    for name, figure in copied:
        assert figure.floor is not None
        yield Conclusion(
            "copied",
            tr(
                "{name} repeats what it learned more than chance explains: {title} {value}, where "
                "held-out examples have {floor}. That makes its other figures look better than "
                "they are.",
                name=name,
                title=inside(card.title),
                value=card.told(figure.value),
                floor=card.told(figure.floor),
            ),
        )
    if known and not copied and len(known) == len(names):
        yield Conclusion(
            "no-copies",
            tr("It repeats what it learned no more than held-out examples do.")
            if len(names) == 1
            else tr("None of them repeats what it learned more than held-out examples do."),
        )


def _is_copying(figure: MaterialFigure, kind: str) -> bool:
    assert figure.floor is not None
    if kind == SOUND:
        return figure.value + _CHANCE_SDS * figure.sd < _MUCH_NEARER * figure.floor
    over = figure.value - figure.floor
    return over > max(_MANY_COPIES, _CHANCE_SDS * figure.sd)


def _speed(comparison: MaterialComparison, names: Sequence[str]) -> Iterator[Conclusion]:
    costs = [(run.cost.draw_s, at) for at, run in enumerate(comparison.runs)]
    (fast_s, fast), (slow_s, slow) = min(costs), max(costs)
    if len(costs) < 2 or fast_s <= 0 or slow_s < FASTER * fast_s:
        return
    yield Conclusion(
        "speed",
        tr(
            "{fast} makes one in {fast_time} on one core of this machine’s processor, {times:.1f} "
            "times as fast as {slow} ({slow_time}).",
            fast=names[fast],
            fast_time=short_time(fast_s),
            times=slow_s / fast_s,
            slow=names[slow],
            slow_time=short_time(slow_s),
        ),
    )


def _card(comparison: MaterialComparison, key: str) -> FigureCard:
    return next(card for card in comparison.cards if card.key == key)
