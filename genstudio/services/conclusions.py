"""What follows from a comparison, in plain words: nothing that its figures do not say."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from genstudio.domain.amounts import short_time
from genstudio.domain.language import inside, quoted, tr, tr_noop
from genstudio.domain.model_reports import MODEL_FIGURES
from genstudio.domain.reports import FIGURES, Figure, FigureCard, WhyNot
from genstudio.domain.training import run_stamp
from genstudio.services.blind_picks import PickTally, pick_words
from genstudio.services.compared import ComparedRun, Comparison
from genstudio.services.compared_materials import AnyComparison, AnyRun

MOST: Final = 8
# As many standard deviations as chance alone seldom makes, as for the marks.
_CHANCE_SDS = 2.0
# Alarm of genstudio's recipes, as for the verdicts.
_MANY_COPIES = 0.03
# Fewer pictures on each side show large differences only.
_FEW_PICTURES = 100
# Smaller differences of time may be the machine's.
FASTER: Final = 1.5
_LONGER = 1.5
_COPYING: Final = next(card for card in FIGURES if card.key == "copying")
_RANKED: Final = tuple(card for card in (*FIGURES, *MODEL_FIGURES) if card is not _COPYING)
# What is left out first where there is too much to say.
_LEFT_OUT: Final = ("speed", "redrawing", "time", "level")


@dataclass(frozen=True, slots=True)
class Conclusion:
    """One sentence, or two.

    Attributes:
        key: What it is about, for programs.
        text: For people.
    """

    key: str
    text: str


def conclusions(comparison: Comparison) -> tuple[Conclusion, ...]:
    """What can be said of a comparison, and what cannot; at most eight.

    Returns:
        The same for the same figures; of runs that cannot be set against each other, nothing
        on which one paints better.
    """
    if not comparison.runs:
        return ()
    names = run_names(comparison.runs)
    found = list(_all(comparison, names))
    for key in _LEFT_OUT:
        if len(found) > MOST:
            found = [it for it in found if it.key != key]
    return tuple(found[:MOST])


def _all(comparison: Comparison, names: Sequence[str]) -> Iterator[Conclusion]:
    runs = comparison.runs
    if len(runs) == 1:
        yield _alone(runs[0], names[0])
    yield from _caveats(comparison)
    if len(runs) > 1 and comparison.is_alike:
        yield from ranking(comparison, names, _RANKED)
    yield from _collapsed(runs, names)
    yield from _copies(runs, names)
    yield from _redrawing(runs, names)
    yield from _kinds(runs, names)
    yield from _speed(runs, names)
    yield from trained_longer(runs, names)
    for tally in comparison.picks:
        yield Conclusion("picks", pick_words(tally, *_names_of(tally, runs, names)))


def run_names(runs: Sequence[AnyRun]) -> list[str]:
    """What runs are called in sentences: by their architectures, and more where that is not enough.

    Returns:
        As many different names as there are different states.
    """
    titles = [run.model_title for run in runs]
    longer = [f"{run.model_title}, {run_moment(run.path.name)}" for run in runs]
    steps = [
        tr("{name}, step {step:,}", name=name, step=run.step)
        for name, run in zip(longer, runs, strict=True)
    ]
    folders = [f"{name} ({run.path.name})" for name, run in zip(steps, runs, strict=True)]
    found = list(titles)
    for choice in (longer, steps, folders):
        found = [
            name if found.count(name) == 1 else more
            for name, more in zip(found, choice, strict=True)
        ]
    return [quoted(name) for name in found]


def run_moment(folder: str) -> str:
    """When a run was begun, by the name of its folder, or the name itself."""
    stamp = run_stamp(folder)
    return folder if stamp is None else f"{stamp:%Y-%m-%d %H:%M}"


# --- what can be said at all ------------------------------------------------------------------


def _caveats(comparison: Comparison) -> Iterator[Conclusion]:
    runs = comparison.runs
    if not comparison.is_alike:
        if len({run.size for run in runs}) > 1:
            text = tr(
                "Which of them paints better cannot be said: their pictures differ in size, and "
                "each was judged at its own."
            )
        else:
            text = tr(
                "Which of them paints better cannot be said: they learned from different pictures, "
                "and each was judged against its own."
            )
        yield Conclusion("not-comparable", text)
    count = min(run.report.count for run in runs)
    if count < _FEW_PICTURES:
        yield Conclusion(
            "few",
            tr(
                "Only {count} made pictures stood against as many of yours: smaller differences "
                "than these figures show cannot be ruled out.",
                count=count,
            ),
        )


def _alone(run: ComparedRun, name: str) -> Conclusion:
    verdicts = (run.report.kid.verdict, run.report.coverage.verdict)
    return Conclusion(
        "alone", tr("Of {name}: {verdicts}", name=name, verdicts=" ".join(filter(None, verdicts)))
    )


# --- who is ahead -----------------------------------------------------------------------------


def ranking(
    comparison: AnyComparison, names: Sequence[str], cards_ranked: Sequence[FigureCard]
) -> Iterator[Conclusion]:
    """Who is ahead in which of some figures, and in which none is."""
    ahead: dict[tuple[int, ...], list[FigureCard]] = {}
    for card in cards_ranked:
        if best := comparison.best(card):
            ahead.setdefault(tuple(sorted(best)), []).append(card)
    everyone = tuple(range(len(names)))
    level = ahead.pop(everyone, [])
    # The one that is ahead in most comes first.
    for places, cards in sorted(ahead.items(), key=lambda item: (-len(item[1]), item[0])):
        figures = listed(_against(card, comparison, places) for card in cards)
        who = listed(names[at] for at in places)
        if len(places) == 1:
            text = tr("{who} is ahead in {figures}.", who=who, figures=figures)
        else:
            text = tr(
                "{who} are ahead in {figures}; chance alone may make the difference between them.",
                who=who,
                figures=figures,
            )
        yield Conclusion("ahead", text)
    if not level:
        return
    titles = listed(inside(card.title) for card in level)
    if not ahead:
        yield Conclusion(
            "no-winner",
            tr(
                "None is ahead by more than chance alone makes, in any of: {titles}.", titles=titles
            ),
        )
    else:
        yield Conclusion(
            "level",
            tr("Level, since chance alone may make the difference: {titles}.", titles=titles),
        )


def _against(card: FigureCard, comparison: AnyComparison, places: Sequence[int]) -> str:
    """A figure's name, with the values of those ahead and of the nearest behind."""
    values = [run.ranked_figure(card) for run in comparison.runs]
    behind = [(at, it.value) for at, it in enumerate(values) if it is not None and at not in places]
    leading = " / ".join(card.told(it.value) for at in places if (it := values[at]) is not None)
    if len(behind) == 1:
        return tr(
            "{title} ({leading} against {other}; {better})",
            title=inside(card.title),
            leading=leading,
            other=card.told(behind[0][1]),
            better=card.better_words,
        )
    return tr(
        "{title} ({leading}; {better})",
        title=inside(card.title),
        leading=leading,
        better=card.better_words,
    )


# --- what is to be known of each --------------------------------------------------------------


def _collapsed(runs: Sequence[ComparedRun], names: Sequence[str]) -> Iterator[Conclusion]:
    for run, name in zip(runs, names, strict=True):
        if not run.has_collapsed:
            continue
        told = [
            tr(
                "{name} draws pictures that are much alike: they differ by {share:.0f} % of what "
                "yours do.",
                name=name,
                share=100 * run.report.diversity.value,
            )
        ]
        if len(runs) > 1 and run.model.path_length is not None:
            told.append(
                tr("Walks between them lead nowhere, and are not set against those of others.")
            )
        yield Conclusion("collapsed", " ".join(told))


def _copies(runs: Sequence[ComparedRun], names: Sequence[str]) -> Iterator[Conclusion]:
    looked = [(at, run.report.copying) for at, run in enumerate(runs)]
    known = [(at, figure) for at, figure in looked if figure is not None]
    if len(known) < len(runs):
        yield Conclusion("copies-unknown", tr("Not all of them were looked through for copies."))
    copied = [(at, figure) for at, figure in known if _is_copying(figure)]
    for at, figure in copied:
        yield Conclusion(
            "copied",
            tr(
                "{name} nearly repeats training pictures: {share} of its pictures do, where "
                "{usual} of your own lie as near to others. That makes its figures of quality "
                "look better than they are.",
                name=names[at],
                share=_COPYING.told(figure.value),
                usual=_COPYING.told(figure.floor),
            ),
        )
    if known and not copied:
        text = (
            tr("It repeats training pictures no more than chance explains.")
            if len(runs) == 1
            else tr("None of them repeats training pictures more than chance explains.")
        )
        if len(known) == len(runs):
            yield Conclusion("no-copies", text)


def _is_copying(figure: Figure) -> bool:
    sds = (figure.value - figure.floor) / max(figure.floor_sd, 1e-9)
    return figure.value > max(_MANY_COPIES, figure.floor) and sds > _CHANCE_SDS


def _redrawing(runs: Sequence[ComparedRun], names: Sequence[str]) -> Iterator[Conclusion]:
    can = [(at, run.model.psnr) for at, run in enumerate(runs)]
    redrawn = [(at, figure) for at, figure in can if figure is not None]
    missing = [run.model.missing.get("psnr") for run in runs]
    if WhyNot.NO_HELD_OUT_PICTURES in missing:
        yield Conclusion(
            "redrawing",
            tr("What is redrawn could not be judged: too few pictures were held out of training."),
        )
    elif len(runs) > 1 and set(missing) == {WhyNot.NO_REDRAWING}:
        yield Conclusion("redrawing", tr("None of them can redraw a picture that it is given."))
    elif redrawn and len(redrawn) < max(len(runs), 2):
        yield from (
            Conclusion("redrawing", _of_redrawing(figure, names[at], is_only=len(runs) > 1))
            for at, figure in redrawn[:1]
        )


def _of_redrawing(figure: Figure, name: str, *, is_only: bool) -> str:
    beginning = (
        tr("Only {name} can redraw a picture that it is given", name=name)
        if is_only
        else tr("{name} can redraw a picture that it is given", name=name)
    )
    if figure.value - figure.floor <= _CHANCE_SDS * (figure.sd or 0.0):
        return tr(
            "{beginning}, but pictures that it never saw come back no nearer than the mean of all "
            "({value:.1f} dB against {floor:.1f} dB).",
            beginning=beginning,
            value=figure.value,
            floor=figure.floor,
        )
    return tr(
        "{beginning}: ones that it never saw come back at {value:.1f} dB, where the mean of your "
        "pictures alone gets {floor:.1f} dB.",
        beginning=beginning,
        value=figure.value,
        floor=figure.floor,
    )


def _kinds(runs: Sequence[ComparedRun], names: Sequence[str]) -> Iterator[Conclusion]:
    card = next(card for card in MODEL_FIGURES if card.key == "probe")
    read = [(at, run.model) for at, run in enumerate(runs) if run.model.probe is not None]
    # Of several, the ranking speaks.
    if len(read) != 1:
        return
    ((at, model),) = read
    figure = model.probe
    assert figure is not None
    is_read = figure.value - figure.floor > _CHANCE_SDS * (figure.sd or 0.0)
    text = tr(
        _KINDS_READ if is_read else _KINDS_NOT_READ,
        name=names[at],
        share=card.told(figure.value),
        guessing=card.told(figure.floor),
    )
    if model.knew_kinds:
        text += " " + tr(
            "It was given the kinds while it learned, so that its latents need not hold them."
        )
    yield Conclusion("kinds", text)


_KINDS_READ = tr_noop(
    "The latents of {name} tell the kinds apart: a linear classifier is right for {share} of "
    "held-out pictures, where guessing gets {guessing}."
)
_KINDS_NOT_READ = tr_noop(
    "The latents of {name} do not tell the kinds apart: a linear classifier is right for {share} "
    "of held-out pictures, where guessing gets {guessing}."
)


def _speed(runs: Sequence[ComparedRun], names: Sequence[str]) -> Iterator[Conclusion]:
    costs = [(run.cost.draw_s, at) for at, run in enumerate(runs) if run.cost is not None]
    if len(costs) < 2 or len({run.size for run in runs}) > 1:
        return
    (fast_s, fast), (slow_s, slow) = min(costs), max(costs)
    if fast_s <= 0 or slow_s < FASTER * fast_s:
        return
    yield Conclusion(
        "speed",
        tr(
            "{fast} draws a picture in {fast_time} on one core of this machine's processor, "
            "{times:.1f} times as fast as {slow} ({slow_time}).",
            fast=names[fast],
            fast_time=short_time(fast_s),
            times=slow_s / fast_s,
            slow=names[slow],
            slow_time=short_time(slow_s),
        ),
    )


def trained_longer(runs: Sequence[AnyRun], names: Sequence[str]) -> Iterator[Conclusion]:
    """Whether one was trained much longer than another."""
    spent = [(run.seconds, at) for at, run in enumerate(runs)]
    (short_s, short), (long_s, long) = min(spent), max(spent)
    if len(runs) > 1 and short_s > 0 and long_s >= _LONGER * short_s:
        yield Conclusion(
            "time",
            tr(
                "{long} was trained {times:.1f} times as long as {short}: part of what differs may "
                "come from that.",
                long=names[long],
                short=names[short],
                times=long_s / short_s,
            ),
        )


# --- what people picked -----------------------------------------------------------------------


def _names_of(
    tally: PickTally, runs: Sequence[ComparedRun], names: Sequence[str]
) -> tuple[str, str]:
    places = {(run.path.name, run.step): at for at, run in enumerate(runs)}
    first, second = (places[it.run, it.step] for it in (tally.first, tally.second))
    return names[first], names[second]


def listed(parts: Iterable[str]) -> str:
    """A, B and C."""
    *before, last = parts
    return tr("{before} and {last}", before=", ".join(before), last=last) if before else last
