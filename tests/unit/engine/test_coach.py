"""The coach says each thing once, offers what helps, and goes on where it was interrupted."""

import pytest
from pydantic import ValidationError
from test_troubles import BETTER, STUCK, UNSTEADY, observations

from genstudio.domain import metric_names
from genstudio.domain.events import HEALTHY, Advice, CoachAction
from genstudio.domain.settings import Settings
from genstudio.engine import troubles
from genstudio.engine.coach import Coach, CoachMemory, reason_to_end
from genstudio.engine.troubles import Observation
from genstudio.models.gan.self_supervised import SelfSupervisedGANConfig
from genstudio.models.vae.residual import ResidualVAEConfig

LOOK = {"step": 1, "epochs": 1, "num_made": 1, "figures": {}}
GAN = SelfSupervisedGANConfig(augment="shift only")
STRETCHED = SelfSupervisedGANConfig(augment="full")


def shown(
    seen: list[Observation], config: Settings = GAN, coach: Coach | None = None
) -> list[Advice]:
    coach = coach or Coach(200)
    return [said for observation in seen for said in coach.observe(observation, config)]


def topics(said: list[Advice]) -> list[str]:
    return [event.topic for event in said]


def later(seen: list[Observation], steps: int) -> list[Observation]:
    return [
        observation.model_copy(update={"step": observation.step + steps}) for observation in seen
    ]


def test_a_healthy_run_is_told_so_after_each_measurement_with_its_figures() -> None:
    said = shown(observations(BETTER))

    assert topics(said) == [HEALTHY] * len(BETTER)
    assert {event.level for event in said} == {"info"}
    assert said[-1].title == "Healthy: pictures still improving."
    assert "23" in said[-1].evidence
    assert "copies: 1%" in said[-1].evidence
    assert "80%" in said[-1].evidence


def test_pictures_that_reach_nothing_yet_are_not_called_right() -> None:
    (first,) = observations(BETTER[:1], **{metric_names.COVERAGE: 0.0})
    assert shown([first])[-1].title == ("Healthy: still far from your pictures, as usual so early.")


def test_one_bad_look_is_not_called_an_improvement() -> None:
    first, second, third = UNSTEADY
    said = shown(observations([first, second, first / 2]))

    assert said[1].title == "Healthy: pictures were better before, which often passes."
    assert said[2].title == "Healthy: pictures still improving."
    assert topics(shown(observations([first, second, third]))) == [
        HEALTHY,
        HEALTHY,
        troubles.SETBACK,
    ]


def test_until_each_picture_was_seen_some_times_it_is_too_early_which_is_said_once() -> None:
    early = [
        observation.model_copy(update={"epochs": observation.epochs / 10})
        for observation in observations(STUCK)
    ]
    said = shown(early)

    assert [event.title for event in said] == ["It is too early to judge"]


def test_a_trouble_is_told_once_until_it_is_over() -> None:
    copying = {metric_names.COPIES: 0.2}
    seen = observations(BETTER, **copying)
    again = later(observations([kid / 10 for kid in BETTER]), 10_000)
    back = later(observations([kid / 100 for kid in BETTER], **copying), 20_000)
    said = topics(shown([*seen, *again, *back]))

    assert said.count(troubles.COPYING) == 2
    assert said[len(seen) - 3 :][:2] == [troubles.COPYING, HEALTHY]


def test_the_gravest_is_the_last_word_and_the_newest_word_is_true() -> None:
    seen = observations(STUCK, **{metric_names.COPIES: 0.3})
    coach = Coach(200, CoachMemory(observations=tuple(seen[:-1])))
    both = coach.observe(seen[-1], GAN)
    over = Observation(step=5000, epochs=99, num_made=256, figures=observations(STUCK)[-1].figures)

    assert topics(both) == [troubles.PLATEAU, troubles.COPYING]
    assert topics(coach.observe(over, GAN)) == [troubles.PLATEAU]


def test_a_run_that_goes_back_is_looked_at_anew() -> None:
    coach = Coach(200)
    shown(observations(STUCK), coach=coach)
    coach.observe(observations(STUCK)[1], GAN)

    assert [observation.step for observation in coach.memory.observations] == [0, 100]


def test_only_the_last_looks_are_kept() -> None:
    coach = Coach(200)
    shown(observations([50.0] * 300), coach=coach)

    assert len(coach.memory.observations) == 128
    assert coach.memory.observations[-1].step == 29_900


# What can be done about it


@pytest.mark.parametrize(
    ("config", "figures", "expected"),
    [
        (GAN, {metric_names.COPIES: 0.3}, ("augment", "full", "shift only")),
        (GAN, {metric_names.DIVERSITY: 0.3}, ("gamma", 1.0, 0.5)),
        (SelfSupervisedGANConfig(gamma=0.0), {metric_names.DIVERSITY: 0.3}, ("gamma", 0.5, 0.0)),
        (SelfSupervisedGANConfig(gamma=80), {metric_names.DIVERSITY: 0.3}, ("gamma", 100.0, 80.0)),
        (STRETCHED, {metric_names.DISCRIMINATOR_MEMORY: 0.9}, ("gamma", 1.0, 0.5)),
        (ResidualVAEConfig(), {metric_names.ACTIVE_UNITS: 0.0}, ("free_bits", 0.1, 0.05)),
        (ResidualVAEConfig(), {metric_names.COPIES: 0.3}, ("", None, None)),
        (SelfSupervisedGANConfig(), {metric_names.COPIES: 0.3}, ("augment", "full", "adaptive")),
        (STRETCHED, {metric_names.COPIES: 0.3}, ("", None, None)),
    ],
)  # fmt: skip
def test_the_first_remedy_that_the_model_has_is_offered_and_stopping_otherwise(
    config: Settings, figures: dict[str, float], expected: tuple[str, object, object]
) -> None:
    (said,) = [
        event for event in shown(observations(BETTER, **figures), config) if event.topic != HEALTHY
    ]
    action = said.action

    assert isinstance(action, CoachAction)
    assert (action.setting, action.value, action.before) == expected
    assert (action.label == "Stop here") == (action.setting == "")


def test_what_is_offered_is_said_exactly() -> None:
    said = shown(observations(BETTER, **{metric_names.DIVERSITY: 0.3}))[-1]

    assert said.action is not None
    assert said.action.label == "Calm the critic: 1"


def test_a_discriminator_that_is_not_regularised_at_all_cannot_be_regularised_less() -> None:
    seen = observations(STUCK, **{metric_names.DISCRIMINATOR_ADVANTAGE: 0.5})
    said = {event.topic: event for event in shown(seen, SelfSupervisedGANConfig(gamma=0.0))}
    calmed = {event.topic: event for event in shown(seen, SelfSupervisedGANConfig(gamma=8.0))}

    assert said[troubles.WEAK_DISCRIMINATOR].action == CoachAction(label="Stop here")
    assert calmed[troubles.WEAK_DISCRIMINATOR].action.label == "Calm the critic: 4"


def test_few_pictures_are_told_of_at_the_start() -> None:
    (said,) = Coach(30).initial_advice(GAN)

    assert (said.topic, said.level, said.step) == (troubles.TOO_FEW, "warning", 0)
    assert said.action is not None
    assert said.action.label == "Stretch a small set: full"
    assert Coach(30).initial_advice(ResidualVAEConfig())[0].action is None
    assert Coach(100).initial_advice(GAN) == []


@pytest.mark.parametrize(
    ("stop_when", "ends"),
    [
        ("budget only", set()),
        ("no longer better", {troubles.PLATEAU}),
        ("copying", {troubles.COPYING}),
        ("either", {troubles.PLATEAU, troubles.COPYING}),
    ],
)
def test_only_what_was_asked_for_ends_a_run(stop_when: str, ends: set[str]) -> None:
    all_topics = {troubles.PLATEAU, troubles.COPYING, troubles.COLLAPSE, HEALTHY}
    said = [
        Advice(step=1, level="info", title=f"It is {topic}", message="", topic=topic)
        for topic in all_topics
    ]

    ending = [event for event in said if reason_to_end(stop_when, event)]
    assert {event.topic for event in ending} == ends
    assert all(reason_to_end(stop_when, event) == event.title for event in ending)


# What it remembers


def test_it_goes_on_from_its_memory_as_if_nothing_had_been() -> None:
    seen = observations(STUCK, **{metric_names.COPIES: 0.2})
    unbroken, before = Coach(200), Coach(200)
    shown(seen[:-1], coach=unbroken)
    shown(seen[:-1], coach=before)
    memory = CoachMemory.model_validate_json(before.memory.model_dump_json())
    resumed = Coach(200, memory)

    assert resumed.observe(seen[-1], GAN) == unbroken.observe(seen[-1], GAN)
    assert resumed.memory == unbroken.memory
    assert troubles.COPYING in memory.troubles


@pytest.mark.parametrize(
    "change",
    [
        {"troubles": ["x" * 61]},
        {"troubles": ["x"] * 33},
        {"looks": [{**LOOK, "figures": {"KID": float("nan")}}]},
        {"looks": [{**LOOK, "figures": {str(number): 1 for number in range(33)}}]},
        {"looks": [{**LOOK, "step": -1}]},
        {"looks": [LOOK] * 129},
        {"more": 1},
    ],
)
def test_a_memory_of_strangers_is_bounded(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CoachMemory.model_validate(change)
