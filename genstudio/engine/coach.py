"""Looks at how a run goes and says what goes wrong, from evidence, and what can be done about it.

A loss that wobbles is no evidence: games between networks wobble when they are healthy. What
counts is what the model makes, and what its networks can tell apart.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pydantic import JsonValue

from genstudio.domain import vitals
from genstudio.domain.events import CoachAction, CoachSaid
from genstudio.domain.settings import Settings, setting_fields

# Before so many looks at each picture a model has learned too little to be judged.
_FEWEST_EPOCHS = 10
_FEW_PICTURES = 50
_SHOWN_FEWER = 100

_LITTLE_DIVERSITY = 0.6
_LOST_COVERAGE = 0.5
_WORTH_LOSING = 0.1
_MANY_COPIES = 0.03
_PLATEAU_LOOKS = 5
_SEES_THROUGH = 0.99
_GUESSES = 0.6
_REMEMBERS = 0.75
_FAR_FROM_REAL = 10.0
_STUCK_LOOKS = 3
_FEW_ACTIVE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was seen at one measurement.

    Attributes:
        step: When.
        epochs: How often each picture had been looked at on average.
        figures: Named as in :mod:`genstudio.domain.vitals`; any may be missing.
    """

    step: int
    epochs: float
    figures: Mapping[str, float]

    def has(self, *names: str) -> bool:
        """Whether all of these were measured."""
        return all(name in self.figures for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that goes wrong.

    Attributes:
        topic: What, in one word; said once until it is over.
        title: The same in a painter's words.
        message: What it means and what helps.
        evidence: What was seen, in figures.
        remedies: Settings that help, and how they change; the first that the model has is offered.
    """

    topic: str
    title: str
    message: str
    evidence: str
    remedies: Mapping[str, Callable[[JsonValue], JsonValue]]


class Coach:
    """Watches one run.

    Args:
        num_pictures: Pictures that the run learns from.
    """

    def __init__(self, num_pictures: int) -> None:
        self._num_pictures = num_pictures
        self._looks: list[Look] = []
        self._said: set[str] = set()

    @property
    def has_plateaued(self) -> bool:
        """Whether nothing has become better for a while."""
        return "plateau" in self._said

    @property
    def finds_copies(self) -> bool:
        """Whether more copies are made than among real pictures."""
        return "copying" in self._said

    def greet(self, config: Settings) -> list[CoachSaid]:
        """Say what is to be known before the first step."""
        if self._num_pictures >= _SHOWN_FEWER:
            return []
        return [_told(0, _too_few(self._num_pictures), config)]

    def look(self, look: Look, config: Settings) -> list[CoachSaid]:
        """Take in a measurement.

        Args:
            look: What was measured.
            config: The model's settings as they are now.

        Returns:
            What is new since the last one: each trouble is told once, and again only when it
            had been over in between.
        """
        if self._looks and look.step <= self._looks[-1].step:
            # The run went back.
            self._looks = [earlier for earlier in self._looks if earlier.step < look.step]
        self._looks.append(look)
        if look.epochs < _FEWEST_EPOCHS:
            return []
        ripe = [look for look in self._looks if look.epochs >= _FEWEST_EPOCHS]
        found = {it.topic: it for detect in _DETECTORS if (it := detect(ripe)) is not None}
        new = [finding for topic, finding in found.items() if topic not in self._said]
        self._said = set(found)
        return [_told(look.step, finding, config) for finding in new]


def _told(step: int, finding: Finding, config: Settings) -> CoachSaid:
    return CoachSaid(
        step=step,
        level="warning",
        topic=finding.topic,
        title=finding.title,
        message=finding.message,
        evidence=finding.evidence,
        action=_action(finding, config),
    )


def _action(finding: Finding, config: Settings) -> CoachAction:
    """The first remedy that these settings allow; stopping, which can be resumed, otherwise."""
    live = {f.name: f for f in setting_fields(type(config)) if f.hints.live}
    for name, change in finding.remedies.items():
        if name not in live:
            continue
        before = getattr(config, name)
        value = _within(live[name].minimum, live[name].maximum, change(before))
        if value != before:
            words = live[name].title.partition(" — ")[0]
            return CoachAction(label=words, setting=name, value=value, before=before)
    return CoachAction(label="Stop here")


def _within(minimum: float | None, maximum: float | None, value: JsonValue) -> JsonValue:
    if not isinstance(value, float):
        return value
    low = value if minimum is None else max(value, minimum)
    return low if maximum is None else min(low, maximum)


# --- what can go wrong ------------------------------------------------------------------


def _twice(value: JsonValue) -> JsonValue:
    return 2 * float(value) if isinstance(value, int | float) else value


def _half(value: JsonValue) -> JsonValue:
    return float(value) / 2 if isinstance(value, int | float) else value


def _full(_value: JsonValue) -> JsonValue:
    return "full"


def _too_few(number: int) -> Finding:
    return Finding(
        topic="too few",
        title=f"{number} pictures are few",
        message="A model learns so few by heart: it will redraw them rather than invent. More "
        "pictures help most. Some hundred of one kind give it room to invent.",
        evidence=f"{number} pictures; from {_SHOWN_FEWER} on the danger is smaller.",
        remedies={"augment": _full},
    )


def _collapse(looks: Sequence[Look]) -> Finding | None:
    """The pictures become alike: less diversity than real ones have, or lost coverage."""
    now = looks[-1].figures
    evidence: list[str] = []
    diversity = now.get(vitals.DIVERSITY)
    # Soft pictures differ less as well: only what had been there can be lost.
    best = max((look.figures.get(vitals.DIVERSITY, 0.0) for look in looks), default=0.0)
    if diversity is not None and diversity < _LITTLE_DIVERSITY * min(best, 1.0):
        evidence.append(
            f"They differ from each other {diversity:.0%} as much as yours do; it was {best:.0%}."
        )
    coverage = now.get(vitals.COVERAGE)
    best = max((look.figures.get(vitals.COVERAGE, 0.0) for look in looks), default=0.0)
    if coverage is not None and best > _WORTH_LOSING and coverage < _LOST_COVERAGE * best:
        evidence.append(f"They reach {coverage:.0%} of your pictures' variety; it was {best:.0%}.")
    if not evidence:
        return None
    return Finding(
        topic="collapse",
        title="The pictures are becoming alike",
        message="The model has found a few pictures that always pass, and forgets the others. A "
        "calmer critic helps; going back to an earlier checkpoint brings the variety back.",
        evidence=" ".join(evidence),
        remedies={"gamma": _twice, "free_bits": _twice},
    )


def _copying(looks: Sequence[Look]) -> Finding | None:
    now = looks[-1]
    if not now.has(vitals.COPIES):
        return None
    copies, floor = now.figures[vitals.COPIES], now.figures.get(vitals.COPIES_FLOOR, 0.01)
    if copies < floor + _MANY_COPIES:
        return None
    return Finding(
        topic="copying",
        title="The model has begun to copy your pictures",
        message="It knows some of them by heart and draws them again. More pictures, or "
        "stretching the set more strongly, helps; longer training makes it worse.",
        evidence=f"{copies:.0%} of what it makes nearly is one of your pictures; among real ones "
        f"it is {floor:.0%}.",
        remedies={"augment": _full},
    )


def _is_stuck(looks: Sequence[Look]) -> bool:
    """Whether the pictures have not become better in the last few looks."""
    kids = [look.figures[vitals.KID] for look in looks if look.has(vitals.KID)]
    return len(kids) > _STUCK_LOOKS and min(kids[-_STUCK_LOOKS:]) >= min(kids[:-_STUCK_LOOKS])


def _critic_too_strong(looks: Sequence[Look]) -> Finding | None:
    now = looks[-1]
    advantage = now.figures.get(vitals.CRITIC_ADVANTAGE, 0.5)
    memory = now.figures.get(vitals.CRITIC_MEMORY, 0.5)
    if memory >= _REMEMBERS and _is_stuck(looks):
        return Finding(
            topic="strong critic",
            title="The critic has learned your pictures by heart",
            message="It no longer asks what makes a picture good, so the painter learns nothing "
            "from it. Showing the critic more strongly changed pictures helps.",
            evidence=f"It tells pictures that it learned from and others of yours apart in "
            f"{memory:.0%} of cases; 50% would be guessing.",
            remedies={"augment": _full, "gamma": _twice},
        )
    if advantage >= _SEES_THROUGH and _is_stuck(looks):
        return Finding(
            topic="strong critic",
            title="The critic sees through everything",
            message="Whatever is painted, it is recognised, so the painter learns little from "
            "it. A calmer critic helps.",
            evidence=f"It tells real and made pictures apart in {advantage:.1%} of cases, and "
            f"the pictures have not become better in {_STUCK_LOOKS} measurements.",
            remedies={"gamma": _twice},
        )
    return None


def _critic_too_weak(looks: Sequence[Look]) -> Finding | None:
    now = looks[-1]
    if not now.has(vitals.CRITIC_ADVANTAGE, vitals.KID, vitals.KID_FLOOR):
        return None
    advantage, kid = now.figures[vitals.CRITIC_ADVANTAGE], now.figures[vitals.KID]
    floor = max(now.figures[vitals.KID_FLOOR], 1e-3)
    if advantage > _GUESSES or kid < _FAR_FROM_REAL * floor or not _is_stuck(looks):
        return None
    return Finding(
        topic="weak critic",
        title="The critic cannot tell the pictures apart",
        message="The pictures are not good yet, but the critic no longer sees what is wrong "
        "with them. Calming it less helps.",
        evidence=f"It is right in {advantage:.0%} of cases, and 50% would be guessing; yet the "
        f"pictures are {kid / floor:.0f} times as far from yours as yours are from each other.",
        remedies={"gamma": _half},
    )


def _plateau(looks: Sequence[Look]) -> Finding | None:
    """No gain in five measurements, beyond how much they waver anyway."""
    kids = [look.figures[vitals.KID] for look in looks if look.has(vitals.KID)]
    if len(kids) <= _PLATEAU_LOOKS:
        return None
    before, lately = min(kids[:-_PLATEAU_LOOKS]), min(kids[-_PLATEAU_LOOKS:])
    if lately < before - _wavering(kids[-_PLATEAU_LOOKS:]):
        return None
    return Finding(
        topic="plateau",
        title="The pictures no longer become better",
        message="It may be time to stop; the best checkpoint is kept. More pictures or a larger "
        "model can bring it further.",
        evidence=f"The best of the last {_PLATEAU_LOOKS} measurements is a KID of {lately:.3g}; "
        f"before it was {before:.3g}.",
        remedies={},
    )


def _wavering(values: Sequence[float]) -> float:
    """Standard deviation from one value to the next, which a steady gain does not change."""
    steps = [after - before for before, after in pairwise(values)]
    mean = sum(steps) / len(steps)
    return (sum((step - mean) ** 2 for step in steps) / len(steps) / 2) ** 0.5


def _posterior_collapse(looks: Sequence[Look]) -> Finding | None:
    active = looks[-1].figures.get(vitals.ACTIVE_UNITS, 1.0)
    if active >= _FEW_ACTIVE:
        return None
    return Finding(
        topic="posterior collapse",
        title="The model describes every picture in nearly the same words",
        message="Most numbers of its descriptions say nothing, so what it draws stays soft and "
        "alike. Giving them more room for free helps.",
        evidence=f"{active:.0%} of the latent numbers carry anything (posterior collapse).",
        remedies={"free_bits": _twice},
    )


_DETECTORS: tuple[Callable[[Sequence[Look]], Finding | None], ...] = (
    _collapse,
    _copying,
    _critic_too_strong,
    _critic_too_weak,
    _posterior_collapse,
    _plateau,
)
