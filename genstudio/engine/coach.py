"""Watches one run: says what goes wrong and what can be done about it, and when all is well."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, JsonValue

from genstudio.domain import metric_names
from genstudio.domain.events import HEALTHY, Advice, CoachAction
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.settings import SettingField, Settings, setting_fields
from genstudio.domain.training import StopWhen
from genstudio.engine import text_troubles, translation_troubles
from genstudio.engine.troubles import (
    COPYING,
    DETECTORS,
    PLATEAU,
    TOO_FEW,
    Finding,
    Name,
    Observation,
    fell_back,
    too_few,
)

# Before so many looks at each picture a model has learned too little to be judged.
_FEWEST_EPOCHS = 10
# Two hours of them at least; what was before no longer counts as what can be lost.
_MOST_OBSERVATIONS = 128
_STILL_IMPROVING_OBSERVATIONS = 3
# Below it, what is made reaches next to nothing of what the pictures are like.
_FAR_COVERAGE = 0.02

_ENDS_A_RUN: Mapping[StopWhen, frozenset[str]] = {
    "budget only": frozenset(),
    "no longer better": frozenset({PLATEAU}),
    "copying": frozenset({COPYING}),
    "either": frozenset({PLATEAU, COPYING}),
}

# The gravest first.
_DETECTORS = (*translation_troubles.DETECTORS, *text_troubles.DETECTORS, *DETECTORS)


class CoachMemory(BaseModel):
    """What a coach goes on from after a run was interrupted; part of its checkpoints.

    Attributes:
        observations: The last measurements, ascending by step.
        troubles: Topics that were found in the last one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Older checkpoints have them by another name.
    observations: Annotated[
        tuple[Observation, ...],
        Field(
            max_length=_MOST_OBSERVATIONS, validation_alias=AliasChoices("observations", "looks")
        ),
    ] = ()
    troubles: Annotated[tuple[Name, ...], Field(max_length=32)] = ()


class Coach:
    """Watches one run.

    Args:
        num_pictures: Pictures that the run learns from.
        memory: Of the run until now.
    """

    def __init__(self, num_pictures: int, memory: CoachMemory | None = None) -> None:
        memory = memory or CoachMemory()
        self._num_pictures = num_pictures
        self._observations = list(memory.observations)
        self._troubles = frozenset(memory.troubles)

    @property
    def memory(self) -> CoachMemory:
        """All that a coach needs to go on as this one would."""
        return CoachMemory(
            observations=tuple(self._observations), troubles=tuple(sorted(self._troubles))
        )

    def initial_advice(self, config: Settings) -> list[Advice]:
        """Say what is to be known before the first step."""
        finding = too_few(self._num_pictures)
        return [] if finding is None else [_told(0, finding, config)]

    def observe(self, observation: Observation, config: Settings) -> list[Advice]:
        """Take in a measurement.

        Args:
            observation: What was measured.
            config: The model's settings as they are now.

        Returns:
            What is new since the last one, so that the newest word of all is true: each trouble
            is told once, and again only when it had been over in between.
        """
        # A run that went back does some steps again.
        earlier = [before for before in self._observations if before.step < observation.step]
        self._observations = [*earlier, observation][-_MOST_OBSERVATIONS:]
        ripe = [seen for seen in self._observations if seen.epochs >= _FEWEST_EPOCHS]
        if observation.epochs < _FEWEST_EPOCHS:
            # With few pictures, that they are few is the more important word.
            is_new = not earlier and too_few(self._num_pictures) is None
            return [_too_early(observation)] if is_new else []
        found = {it.topic: it for detect in _DETECTORS if (it := detect(ripe)) is not None}
        before, self._troubles = self._troubles, frozenset(found)
        new = [finding for topic, finding in found.items() if topic not in before]
        if not found:
            return [_healthy(observation, _how_well(ripe))]
        if not new and before - self._troubles:
            # What was said last may be what is over.
            new = list(found.values())[:1]
        # The gravest is the last word.
        return [_told(observation.step, finding, config) for finding in reversed(new)]


def reason_to_end(stop_when: StopWhen, said: Advice) -> str:
    """Why what was said just now ends a run for which that was asked; empty if it does not."""
    return said.title if said.topic in _ENDS_A_RUN[stop_when] else ""


# --- in words ---------------------------------------------------------------------------


def _told(step: int, finding: Finding, config: Settings) -> Advice:
    return Advice(
        step=step,
        level=finding.level,
        topic=finding.topic,
        title=finding.title,
        message=finding.message,
        evidence=finding.evidence,
        action=_action(finding, config),
    )


def _action(finding: Finding, config: Settings) -> CoachAction | None:
    """The first remedy that these settings allow; stopping, which can be resumed, otherwise."""
    live = {field.hints.role: field for field in setting_fields(type(config)) if field.hints.live}
    for role, change in finding.remedies.items():
        field = live.get(role)
        if field is None:
            continue
        before = getattr(config, field.name)
        value = _within(field, change(before, field.default))
        if value != before:
            return CoachAction(
                label=f"{field.words}: {shown_value(value)}",
                setting=field.name,
                value=value,
                before=before,
            )
    # Before there is anything to save, not stopping but more pictures would help.
    return None if finding.topic == TOO_FEW else CoachAction(label=tr("Stop here"))


def _within(field: SettingField, value: JsonValue) -> JsonValue:
    if not isinstance(value, float):
        return value
    low = value if field.minimum is None else max(value, field.minimum)
    return low if field.maximum is None else min(low, field.maximum)


def shown_value(value: JsonValue) -> str:
    """A setting's value as people read it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _too_early(observation: Observation) -> Advice:
    return Advice(
        step=observation.step,
        level="info",
        topic=HEALTHY,
        title=tr("It is too early to judge"),
        message=tr(
            "From {fewest_epochs} looks at each picture on it can be told how it goes.",
            fewest_epochs=_FEWEST_EPOCHS,
        ),
        evidence=tr(
            "Each picture has been looked at {epochs:.1f} times.", epochs=observation.epochs
        ),
    )


def _healthy(observation: Observation, how_well: str) -> Advice:
    return Advice(
        step=observation.step,
        level="info",
        topic=HEALTHY,
        title=tr("Healthy: {how_well}.", how_well=how_well),
        message=tr("Nothing that usually goes wrong was found in the last measurement."),
        evidence=_figures_in_words(observation.figures),
    )


def _how_well(observations: list[Observation]) -> str:
    kids = [seen.figures[metric_names.KID] for seen in observations if seen.has(metric_names.KID)]
    before, lately = kids[:-_STILL_IMPROVING_OBSERVATIONS], kids[-_STILL_IMPROVING_OBSERVATIONS:]
    if len(kids) < 2:
        # Whoever sees grey squares would not believe that all is well.
        is_far = observations[-1].figures.get(metric_names.COVERAGE, 1.0) < _FAR_COVERAGE
        return (
            tr("still far from your pictures, as usual so early")
            if is_far
            else tr("nothing looks wrong")
        )
    if fell_back(observations, 1):
        return tr("pictures were better before, which often passes")
    best_before = min(before) if before else lately[0]
    return (
        tr("pictures still improving") if min(lately) < best_before else tr("pictures hold steady")
    )


_WORDS: Mapping[str, str] = {
    metric_names.KID: tr_noop("Distance from your pictures (KID): {value:.3g}"),
    metric_names.KID_CHANCE: tr_noop("what chance alone makes of it: {value:.2g}"),
    metric_names.COVERAGE: tr_noop("your pictures' variety that they reach: {value:.0%}"),
    metric_names.DIVERSITY: tr_noop(
        "how much they differ from each other, of how much yours do: {value:.0%}"
    ),
    metric_names.COPIES: tr_noop("copies: {value:.0%}"),
    metric_names.COPIES_FLOOR: tr_noop("the same among real pictures: {value:.0%}"),
    metric_names.DISCRIMINATOR_ADVANTAGE: tr_noop(
        "the critic tells real from made in {value:.0%} of cases"
    ),
    metric_names.DISCRIMINATOR_MEMORY: tr_noop(
        "and pictures it knows from others in {value:.0%}, where 50% is guessing"
    ),
    metric_names.DISCRIMINATOR_CONFIDENCE: tr_noop(
        "it is {value:.0%} sure of which is real, on average"
    ),
    metric_names.ACTIVE_UNITS: tr_noop("latent numbers in use: {value:.0%}"),
    metric_names.L1: tr_noop("difference to what should come out: {value:.1%}"),
    metric_names.LUMINANCE_CORRELATION: tr_noop(
        "brightness that is kept (correlation): {value:.2f}"
    ),
    metric_names.EDGE_IOU: tr_noop("edges that are kept: {value:.0%}"),
    metric_names.EDGE_IOU_CHANCE: tr_noop("of which by chance: {value:.0%}"),
    metric_names.BITS_PER_BYTE: tr_noop("surprise at unknown pages: {value:.3f} bits per byte"),
    metric_names.BITS_PER_BYTE_NGRAM: tr_noop("that of a 5-gram: {value:.3f}"),
    metric_names.COPIED_WORDS: tr_noop(
        "words that stand in your texts in runs of eight or more: {value:.0%}"
    ),
    metric_names.COPIED_WORDS_FLOOR: tr_noop("of pages that it never saw: {value:.0%}"),
}


def _figures_in_words(figures: Mapping[str, float]) -> str:
    told = [tr(words, value=figures[name]) for name, words in _WORDS.items() if name in figures]
    return "; ".join(told) + "." if told else ""
