"""Each trouble is told from figures that show it, and not from figures of a healthy run."""

from collections.abc import Sequence

import pytest

from genstudio.domain import metric_names, roles
from genstudio.engine import troubles
from genstudio.engine.translation_troubles import DETECTORS as TRANSLATION_DETECTORS
from genstudio.engine.translation_troubles import INVERSION, OVER_TRANSLATION
from genstudio.engine.troubles import DETECTORS, Finding, Observation, too_few

HEALTHY = {
    metric_names.KID: 50.0,
    metric_names.KID_CHANCE: 2.0,
    metric_names.COVERAGE: 0.6,
    metric_names.DIVERSITY: 0.9,
    metric_names.COPIES: 0.01,
    metric_names.COPIES_FLOOR: 0.01,
    metric_names.DISCRIMINATOR_ADVANTAGE: 0.9,
    metric_names.DISCRIMINATOR_CONFIDENCE: 0.7,
    metric_names.DISCRIMINATOR_MEMORY: 0.55,
    metric_names.ACTIVE_UNITS: 0.8,
}
BETTER = [100.0, 80.0, 60.0, 50.0, 40.0, 35.0, 30.0, 28.0, 25.0, 23.0]
# A game between networks leaps about, and becomes better all the same.
LEAPING = [1230.0, 1630.0, 1090.0, 2300.0, 1460.0, 946.0, 1520.0, 900.0, 1700.0, 700.0]
# A VAE whose discriminator strewed patterns over its pictures, which came and went.
UNSTEADY = [425.0, 3250.0, 1940.0]
STUCK = [100.0, 80.0, 60.0, 61.0, 62.0, 60.5, 63.0, 61.0, 62.0, 60.2, 61.0, 62.0]


def observations(kids: Sequence[float], num_made: int = 256, **last: float) -> list[Observation]:
    """One look for each distance; ``last`` are figures of the last three, and of the last."""
    return [
        Observation(
            step=100 * number,
            epochs=10.0 + number,
            num_made=num_made,
            figures={**HEALTHY, metric_names.KID: kid, **(last if number >= len(kids) - 3 else {})},
        )
        for number, kid in enumerate(kids)
    ]


def found(seen: Sequence[Observation]) -> set[str]:
    return {it.topic for detect in DETECTORS if (it := detect(seen)) is not None}


@pytest.mark.parametrize(
    "kids", [BETTER, LEAPING, UNSTEADY[:2], [0.5, 9.0, 9.0], BETTER[:1], STUCK[:7]]
)
def test_nothing_is_found_where_pictures_become_better_or_it_cannot_be_told(
    kids: list[float],
) -> None:
    assert found(observations(kids)) == set()


@pytest.mark.parametrize(
    ("topic", "kids", "last"),
    [
        (troubles.COLLAPSE, BETTER, {metric_names.DIVERSITY: 0.5}),
        (troubles.COLLAPSE, BETTER, {metric_names.COVERAGE: 0.2}),
        (troubles.COPYING, BETTER, {metric_names.COPIES: 0.06}),
        (troubles.STRONG_DISCRIMINATOR, BETTER, {metric_names.DISCRIMINATOR_MEMORY: 0.8}),
        (troubles.POSTERIOR_COLLAPSE, BETTER, {metric_names.ACTIVE_UNITS: 0.05}),
        (troubles.SETBACK, UNSTEADY, {}),
        (troubles.PLATEAU, STUCK, {}),
        (troubles.PLATEAU, [100.0, 30.0, *[50.0, 60.0, 70.0] * 3], {}),
    ],
)
def test_each_trouble_is_found_by_itself(
    topic: str, kids: list[float], last: dict[str, float]
) -> None:
    assert found(observations(kids, **last)) == {topic}


@pytest.mark.parametrize(
    ("swds", "topics"), [([300.0, 320, 290], set()), ([300.0, 320, 310], {troubles.SETBACK})]
)
def test_it_is_no_setback_while_surfaces_become_better_than_ever(
    swds: list[float], topics: set[str]
) -> None:
    seen = [
        observation.model_copy(update={"figures": {**observation.figures, metric_names.SWD: swd}})
        for observation, swd in zip(observations(UNSTEADY), swds, strict=True)
    ]

    assert found(seen) == topics


@pytest.mark.parametrize(
    ("topic", "name", "value"),
    [
        (troubles.STRONG_DISCRIMINATOR, metric_names.DISCRIMINATOR_ADVANTAGE, 0.995),
        (troubles.WEAK_DISCRIMINATOR, metric_names.DISCRIMINATOR_ADVANTAGE, 0.52),
        (troubles.WEAK_DISCRIMINATOR, metric_names.DISCRIMINATOR_CONFIDENCE, 0.505),
    ],
)
def test_a_discriminator_is_to_blame_only_where_pictures_do_not_become_better(
    topic: str, name: str, value: float
) -> None:
    last = {name: value}

    assert found(observations(BETTER, **last)) == set()
    assert found(observations(STUCK, **last)) == {topic, troubles.PLATEAU}


def test_a_discriminator_that_only_guesses_is_right_where_only_chance_is_left() -> None:
    near = [kid / 20 for kid in STUCK]

    assert found(observations(near, **{metric_names.DISCRIMINATOR_ADVANTAGE: 0.52})) == {
        troubles.PLATEAU
    }


def test_one_strange_look_at_the_discriminator_is_an_accident() -> None:
    seen = observations(BETTER, **{metric_names.DISCRIMINATOR_MEMORY: 0.8})
    seen[-2] = seen[-2].model_copy(update={"figures": HEALTHY})

    assert found(seen) == set()


def test_soft_pictures_are_not_alike_unless_they_had_been_more_varied() -> None:
    soft = [
        observation.model_copy(
            update={
                "figures": {
                    **observation.figures,
                    metric_names.DIVERSITY: 0.4,
                    metric_names.COVERAGE: 0.05,
                }
            }
        )
        for observation in observations(BETTER)
    ]

    assert found(soft) == set()


def test_the_little_variety_of_a_beginning_comes_and_goes() -> None:
    begun = [
        observation.model_copy(
            update={"figures": {**observation.figures, metric_names.COVERAGE: 0.11}}
        )
        for observation in observations(BETTER)
    ]
    lost = [
        observation.model_copy(
            update={"figures": {**observation.figures, metric_names.COVERAGE: 0.03}}
        )
        for observation in begun[-2:]
    ]

    assert found([*begun[:-2], *lost]) == set()


def test_of_few_pictures_one_that_is_near_to_another_is_no_copying() -> None:
    assert found(observations(BETTER, num_made=24, **{metric_names.COPIES: 1 / 24})) == set()
    assert found(observations(BETTER, num_made=24, **{metric_names.COPIES: 6 / 24})) == {
        troubles.COPYING
    }


@pytest.mark.parametrize(
    ("shares", "is_told"),
    [((0.0, 0.06, 0.0, 0.06), False), ((0.0, 0.06, 0.05), True), ((0.0, 0.0, 0.2), True)],
)
def test_some_copies_are_told_of_where_they_last_and_many_at_once(
    shares: tuple[float, ...], *, is_told: bool
) -> None:
    several = observations(BETTER[: len(shares)])
    seen = [
        observation.model_copy(
            update={"figures": {**observation.figures, metric_names.COPIES: share}}
        )
        for observation, share in zip(several, shares, strict=True)
    ]

    assert (troubles.COPYING in found(seen)) is is_told


def test_pictures_that_are_all_alike_are_copies_of_none() -> None:
    last = {metric_names.COPIES: 1.0, metric_names.DIVERSITY: 0.02}

    assert found(observations(BETTER, **last)) == {troubles.COLLAPSE}


def test_figures_that_are_missing_say_nothing() -> None:
    empty = [observation.model_copy(update={"figures": {}}) for observation in observations(STUCK)]

    assert found(empty) == set()


def test_every_finding_gives_evidence_in_figures() -> None:
    last = {
        metric_names.COVERAGE: 0.1, metric_names.COPIES: 0.4,
        metric_names.DISCRIMINATOR_ADVANTAGE: 1.0,
        metric_names.ACTIVE_UNITS: 0.0,
    }  # fmt: skip
    findings = [
        it for detect in DETECTORS if (it := detect(observations(STUCK, **last))) is not None
    ]

    assert len(findings) == 5
    for finding in findings:
        assert any(letter.isdigit() for letter in finding.evidence)
        assert finding.evidence.endswith(".")
        assert finding.message.endswith(".")
        assert not finding.title.endswith(".")


@pytest.mark.parametrize(("number", "level"), [(2, "warning"), (49, "warning"), (50, "info")])
def test_few_pictures_are_told_of_before_anything_goes_wrong(number: int, level: str) -> None:
    finding = too_few(number)

    assert finding is not None
    assert finding.level == level
    assert str(number) in finding.title
    assert too_few(100) is None


def test_a_negative_is_noticed_when_it_lasts_and_offers_what_holds_the_light() -> None:
    def looked(*correlations: float) -> list[Observation]:
        return [
            Observation(
                step=step,
                epochs=20,
                num_made=50,
                figures={metric_names.KID: 1.0, metric_names.LUMINANCE_CORRELATION: value},
            )
            for step, value in enumerate(correlations, start=1)
        ]

    def found(*correlations: float) -> Finding | None:
        topics = (detect(looked(*correlations)) for detect in TRANSLATION_DETECTORS)
        return next((it for it in topics if it is not None and it.topic == INVERSION), None)

    assert found(0.8, 0.4, -0.1) is None
    assert found(0.5, 0.1, -0.9) is None
    told = found(-0.5, -0.9)
    assert told is not None
    assert "-0.90" in told.evidence
    assert list(told.remedies) == [roles.LUMINANCE]


def test_lost_shapes_are_noticed_when_they_last_and_offer_what_holds_them() -> None:
    def found(*ious: float, chance: float = 0.2, **more: float) -> Finding | None:
        seen = [
            Observation(
                step=step,
                epochs=20,
                num_made=50,
                figures={metric_names.EDGE_IOU: iou, metric_names.EDGE_IOU_CHANCE: chance, **more},
            )
            for step, iou in enumerate(ious, start=1)
        ]
        told = (detect(seen) for detect in TRANSLATION_DETECTORS)
        return next((it for it in told if it is not None and it.topic == OVER_TRANSLATION), None)

    assert found(0.7, 0.6) is None
    assert found(0.6, 0.22) is None, "once may be an accident"
    assert found(0.34, 0.33) is None
    assert found(0.34, 0.33, chance=0.3) is not None, "it is chance that keeps these"
    assert found(0.25, 0.21, **{metric_names.L1: 0.1}) is None, "pairs say where edges belong"
    told = found(0.25, 0.21)
    assert told is not None
    assert "21%" in told.evidence
    assert "20%" in told.evidence
    assert list(told.remedies) == [roles.STRUCTURE]
