"""What can go wrong with a run, how it is told from figures, and which settings help.

A loss that wobbles is no evidence: games between networks wobble when they are healthy. What
counts is what the model makes, and what its networks can tell apart.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from genstudio.domain import metric_names, roles
from genstudio.domain.language import tr, trn
from genstudio.domain.values import Count

TOO_FEW: Final = "too few"
COLLAPSE: Final = "collapse"
COPYING: Final = "copying"
STRONG_DISCRIMINATOR: Final = "strong critic"
WEAK_DISCRIMINATOR: Final = "weak critic"
POSTERIOR_COLLAPSE: Final = "posterior collapse"
SETBACK: Final = "setback"
PLATEAU: Final = "plateau"
RUNAWAY: Final = "numbers ran away"

_FEW_PICTURES = 50
_RATHER_FEW_PICTURES = 100

_LITTLE_DIVERSITY = 0.6
_LOST_COVERAGE = 0.5
# Less variety comes and goes while a model begins.
_WORTH_LOSING = 0.25
_MANY_COPIES = 0.03
_TOO_ALIKE_TO_COPY = 0.5
_PLATEAU_OBSERVATIONS = 5
_SEES_THROUGH = 0.99
_GUESSES = 0.6
_IS_UNSURE = 0.52
_REMEMBERS = 0.75
_FAR_BEYOND_CHANCE = 10.0
# Looks before those of a plateau, that it can be told from; and looks that make no accident.
_FEWEST_BEFORE = 3
_LASTING_OBSERVATIONS = 3
# Healthy games were seen to leap to twice the best distance for one look, never for two.
_FALLS_BACK = 2.0
# A smaller gain is not worth going on for.
_WORTH_WHILE = 0.02
_FEW_ACTIVE = 0.1

# What a setting is and what it is by default => what it should be.
Remedy = Callable[[JsonValue, JsonValue], JsonValue]
Name = Annotated[str, Field(max_length=60)]


class Observation(BaseModel):
    """What was seen at one measurement.

    Attributes:
        step: When.
        epochs: How often each picture had been looked at on average.
        num_made: Generated images that were measured.
        figures: Named as in :mod:`genstudio.domain.metric_names`; any may be missing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: Count
    epochs: Annotated[float, Field(ge=0, le=1e12)]
    num_made: Count
    figures: Annotated[
        dict[Name, Annotated[float, Field(allow_inf_nan=False)]], Field(max_length=32)
    ]

    def has(self, *names: str) -> bool:
        """Whether all of these were measured."""
        return all(name in self.figures for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that goes wrong.

    Attributes:
        topic: What, in a word or two; said once until it is over.
        title: The same in a painter's words.
        message: What it means and what helps.
        evidence: What was seen, in figures.
        remedies: Roles of settings that help, and what these become; the first that the model
            has is offered.
        level: How grave it is.
    """

    topic: str
    title: str
    message: str
    evidence: str
    remedies: Mapping[str, Remedy]
    level: Literal["info", "warning"] = "warning"


def twice(value: JsonValue, default: JsonValue) -> JsonValue:
    """A remedy: twice as much."""
    # Nought cannot be doubled.
    return 2 * float(value) or default if isinstance(value, int | float) else value


def _half(value: JsonValue, _default: JsonValue) -> JsonValue:
    return float(value) / 2 if isinstance(value, int | float) else value


def _full(_value: JsonValue, _default: JsonValue) -> JsonValue:
    return "full"


def too_few(number: int) -> Finding | None:
    """Whether a set of so many pictures is so small that a model may redraw it."""
    if number >= _RATHER_FEW_PICTURES:
        return None
    return Finding(
        topic=TOO_FEW,
        level="warning" if number < _FEW_PICTURES else "info",
        title=trn(
            "{number} example is {value}",
            "{number} examples are {value}",
            number,
            value=tr("few") if number < _FEW_PICTURES else tr("rather few"),
        ),
        message=tr(
            "A model learns so few by heart: it will redraw them rather than invent. More "
            "examples help most. Some hundred of one kind give it room to invent."
        ),
        evidence=trn(
            "{number} example to learn from; from {rather_few_pictures} on the danger is smaller.",
            "{number} examples to learn from; from {rather_few_pictures} on the danger is smaller.",
            number,
            rather_few_pictures=_RATHER_FEW_PICTURES,
        ),
        remedies={roles.AUGMENTATION: _full},
    )


def _collapse(observations: Sequence[Observation]) -> Finding | None:
    """The pictures become alike: less diversity than real ones have, or lost coverage."""
    evidence: list[str] = []
    # The better of two: where there are few pictures or quick changes, one look may be an accident.
    diversity = max(last_figures(observations, metric_names.DIVERSITY, 2), default=1.0)
    # Soft pictures differ less as well: only what had been there can be lost.
    best = max(
        (seen.figures.get(metric_names.DIVERSITY, 0.0) for seen in observations),
        default=0.0,
    )
    if diversity < _LITTLE_DIVERSITY * min(best, 1.0):
        evidence.append(
            tr(
                "They differ from each other {diversity:.0%} as much as yours do; it was "
                "{best:.0%}.",
                diversity=diversity,
                best=best,
            )
        )
    coverage = max(last_figures(observations, metric_names.COVERAGE, 2), default=1.0)
    best = max(
        (seen.figures.get(metric_names.COVERAGE, 0.0) for seen in observations),
        default=0.0,
    )
    if best > _WORTH_LOSING and coverage < _LOST_COVERAGE * best:
        evidence.append(
            tr(
                "They reach {coverage:.0%} of your pictures' variety; it was {best:.0%}.",
                coverage=coverage,
                best=best,
            )
        )
    if not evidence:
        return None
    return Finding(
        topic=COLLAPSE,
        title=tr("The pictures are becoming alike"),
        message=tr(
            "The model has found a few pictures that always pass, and forgets the others. A "
            "calmer critic helps; going back to an earlier checkpoint brings the variety back."
        ),
        evidence=" ".join(evidence),
        remedies={roles.GRADIENT_PENALTY: twice, roles.FREE_BITS: twice},
    )


def _copying(observations: Sequence[Observation]) -> Finding | None:
    now = observations[-1]
    if not now.has(metric_names.COPIES):
        return None
    copies, floor = (
        now.figures[metric_names.COPIES],
        now.figures.get(metric_names.COPIES_FLOOR, 0.01),
    )
    # Of few pictures, one or two are a large share, and may be near to one by chance.
    by_chance = (max(floor, 0.01) / max(now.num_made, 1)) ** 0.5
    many = max(_MANY_COPIES, 3 * by_chance)
    # Somewhat more than that still come by chance in one look of a dozen, but not twice in a row.
    is_clear = copies > floor + 3 * many
    lasting = (
        copies if is_clear else min(last_figures(observations, metric_names.COPIES, 2), default=0.0)
    )
    if lasting < floor + many:
        return None
    # What is alike and soft lies in the middle of all pictures, near to many and a copy of none.
    if now.figures.get(metric_names.DIVERSITY, 1.0) < _TOO_ALIKE_TO_COPY:
        return None
    return Finding(
        topic=COPYING,
        title=tr("The model has begun to copy your pictures"),
        message=tr(
            "It knows some of them by heart and draws them again. More pictures, or "
            "stretching the set more strongly, helps; longer training makes it worse."
        ),
        evidence=tr(
            "{copies:.0%} of what it makes nearly is one of your pictures; among real ones "
            "it is {floor:.0%}.",
            copies=copies,
            floor=floor,
        ),
        remedies={roles.AUGMENTATION: _full},
    )


def _is_no_better(observations: Sequence[Observation]) -> bool:
    """Whether the last five looks are no better than the five before, as far as there are some.

    Neither the best nor the middle one is: a game between networks leaps about, and one lucky or
    unlucky moment says little.
    """
    kids = [seen.figures[metric_names.KID] for seen in observations if seen.has(metric_names.KID)]
    lately, before = (
        kids[-_PLATEAU_OBSERVATIONS:],
        kids[-2 * _PLATEAU_OBSERVATIONS : -_PLATEAU_OBSERVATIONS],
    )
    if len(before) < _FEWEST_BEFORE:
        return False
    chance = observations[-1].figures.get(metric_names.KID_CHANCE, 0.0)

    def is_better(now: float, then: float) -> bool:
        return then - now > max(_WORTH_WHILE * abs(then), chance / 2)

    return not (is_better(min(lately), min(before)) or is_better(median(lately), median(before)))


def last_figures(
    observations: Sequence[Observation], name: str, count: int = _LASTING_OBSERVATIONS
) -> list[float]:
    """A figure in the last few looks; empty if it was not in all of them."""
    figures = [seen.figures.get(name) for seen in observations[-count:]]
    known = [figure for figure in figures if figure is not None]
    return known if len(known) == count else []


def _critic_too_strong(observations: Sequence[Observation]) -> Finding | None:
    advantage = min(last_figures(observations, metric_names.DISCRIMINATOR_ADVANTAGE), default=0.5)
    memory = min(last_figures(observations, metric_names.DISCRIMINATOR_MEMORY), default=0.5)
    if memory >= _REMEMBERS:
        return Finding(
            topic=STRONG_DISCRIMINATOR,
            title=tr("The critic has learned your pictures by heart"),
            message=tr(
                "It no longer asks what makes a picture good, so the painter learns nothing "
                "from it. Showing the critic more strongly changed pictures helps."
            ),
            evidence=tr(
                "It tells pictures that it learned from and others of yours apart in "
                "{memory:.0%} of cases or more; 50% would be guessing.",
                memory=memory,
            ),
            remedies={roles.AUGMENTATION: _full, roles.GRADIENT_PENALTY: twice},
        )
    if advantage >= _SEES_THROUGH and _is_no_better(observations):
        return Finding(
            topic=STRONG_DISCRIMINATOR,
            title=tr("The critic sees through everything"),
            message=tr(
                "Whatever is painted, it is recognised, so the painter learns little from "
                "it. A calmer critic helps."
            ),
            evidence=tr(
                "It tells real and made pictures apart in {advantage:.1%} of cases or more, and "
                "the pictures have not become better in {plateau_observations} measurements.",
                advantage=advantage,
                plateau_observations=_PLATEAU_OBSERVATIONS,
            ),
            remedies={roles.GRADIENT_PENALTY: twice},
        )
    return None


def _critic_too_weak(observations: Sequence[Observation]) -> Finding | None:
    now = observations[-1]
    if not now.has(metric_names.KID, metric_names.KID_CHANCE):
        return None
    # The distance is unbiased: zero at best, and beyond chance only where chance cannot bring it.
    times = now.figures[metric_names.KID] / max(now.figures[metric_names.KID_CHANCE], 1e-3)
    if times < _FAR_BEYOND_CHANCE or not _is_no_better(observations):
        return None
    advantage = max(last_figures(observations, metric_names.DISCRIMINATOR_ADVANTAGE), default=1.0)
    confidence = max(last_figures(observations, metric_names.DISCRIMINATOR_CONFIDENCE), default=1.0)
    if advantage <= _GUESSES:
        seen = tr("It is right in {advantage:.0%} of cases at most", advantage=advantage)
    elif confidence <= _IS_UNSURE:
        seen = tr(
            "It is {confidence:.0%} sure at most of which picture is the real one",
            confidence=confidence,
        )
    else:
        return None
    return Finding(
        topic=WEAK_DISCRIMINATOR,
        title=tr("The critic cannot tell the pictures apart"),
        message=tr(
            "The pictures are not good yet, but the critic no longer sees what is wrong "
            "with them. Calming it less helps."
        ),
        evidence=tr(
            "{seen}, and 50% would be guessing; yet the pictures are {times:.0f} times as "
            "far from yours as chance could bring them.",
            seen=seen,
            times=times,
        ),
        remedies={roles.GRADIENT_PENALTY: _half},
    )


def fell_back(observations: Sequence[Observation], count: int) -> bool:
    """Whether each of the last ``count`` looks is far worse than the best before them.

    Where surfaces (SWD) become better than ever meanwhile, the distance as a whole (KID) has lost
    nothing that was there: early in a run it goes up and down.
    """
    measured = [seen for seen in observations if seen.has(metric_names.KID)]
    lately, before = measured[-count:], measured[:-count]
    if not before:
        return False
    best = min(seen.figures[metric_names.KID] for seen in before)
    far = _FAR_BEYOND_CHANCE * observations[-1].figures.get(metric_names.KID_CHANCE, 0.0)
    is_far = min(seen.figures[metric_names.KID] for seen in lately) > max(
        _FALLS_BACK * best, best + far
    )
    return is_far and not _has_best_surfaces(lately, before)


def _has_best_surfaces(lately: Sequence[Observation], before: Sequence[Observation]) -> bool:
    swds = [
        [seen.figures[metric_names.SWD] for seen in some if seen.has(metric_names.SWD)]
        for some in (lately, before)
    ]
    return all(swds) and min(swds[0]) < min(swds[1])


def _setback(observations: Sequence[Observation]) -> Finding | None:
    if not fell_back(observations, 2):
        return None
    kids = [seen.figures[metric_names.KID] for seen in observations if seen.has(metric_names.KID)]
    return Finding(
        topic=SETBACK,
        title=tr("The pictures were better before"),
        message=tr(
            "Networks that pull at each other can lose what they had learned, and find it "
            "again. A calmer critic helps, or a lower learning rate in a new run; the best "
            "checkpoint is kept, and you can go on from there."
        ),
        evidence=tr(
            "The distance from your pictures (KID) was {kids:.3g} at best, and {kids2:.3g} "
            "and {kids3:.3g} in the last two measurements.",
            kids=min(kids),
            kids2=kids[-2],
            kids3=kids[-1],
        ),
        remedies={roles.GRADIENT_PENALTY: twice},
    )


def _plateau(observations: Sequence[Observation]) -> Finding | None:
    if not _is_no_better(observations):
        return None
    kids = [seen.figures[metric_names.KID] for seen in observations if seen.has(metric_names.KID)]
    lately, before = min(kids[-_PLATEAU_OBSERVATIONS:]), min(kids[:-_PLATEAU_OBSERVATIONS])
    return Finding(
        topic=PLATEAU,
        title=tr("The pictures no longer become better"),
        message=tr(
            "It may be time to stop; the best checkpoint is kept. More pictures or a larger "
            "model can bring it further."
        ),
        evidence=tr(
            "The distance from your pictures (KID) was {lately:.3g} at best in the last "
            "{plateau_observations} measurements, and {before:.3g} before.",
            lately=lately,
            plateau_observations=_PLATEAU_OBSERVATIONS,
            before=before,
        ),
        remedies={},
    )


def _posterior_collapse(observations: Sequence[Observation]) -> Finding | None:
    active = observations[-1].figures.get(metric_names.ACTIVE_UNITS, 1.0)
    if active >= _FEW_ACTIVE:
        return None
    return Finding(
        topic=POSTERIOR_COLLAPSE,
        title=tr("The model describes every picture in nearly the same words"),
        message=tr(
            "Most numbers of its descriptions say nothing, so what it draws stays soft and "
            "alike. Giving them more room for free helps."
        ),
        evidence=tr(
            "{active:.0%} of the latent numbers carry anything (posterior collapse).", active=active
        ),
        remedies={roles.FREE_BITS: twice},
    )


DETECTORS: tuple[Callable[[Sequence[Observation]], Finding | None], ...] = (
    _collapse,
    _copying,
    _critic_too_strong,
    _critic_too_weak,
    _posterior_collapse,
    _setback,
    _plateau,
)
