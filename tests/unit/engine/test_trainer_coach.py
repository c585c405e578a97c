"""The coach looks on while a run is trained, goes on where it was, and ends runs where asked."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from coach_helpers import look_often, topics, watch
from engine_helpers import TrainToy, the_ending
from tiny_studio import flowers_NHWC, of_kind, steps

from genstudio.domain import events, metric_names
from genstudio.domain.events import HEALTHY
from genstudio.engine import troubles
from genstudio.engine.checkpoint import CheckpointStore
from genstudio.engine.quality import QualityMeter

pytestmark = pytest.mark.usefixtures("toy", "small_sheets")
FIGURES = {metric_names.KID: 50.0, metric_names.KID_CHANCE: 1.0, metric_names.COPIES: 0.01}


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """What each measurement finds; there is one after each step."""
    found = dict(FIGURES)
    look_often(monkeypatch)

    def measure(meter: QualityMeter, *_: object, **__: object) -> dict[str, float]:
        return dict(found)

    monkeypatch.setattr(QualityMeter, "measure", measure)
    monkeypatch.setattr("genstudio.engine.coach._FEWEST_EPOCHS", 0)
    return found


def trained(run: TrainToy, amount: int, **changes: Any) -> list[events.Event]:
    return run(**{"budget": steps(amount), "save_every_s": 1, **changes})


def test_after_each_measurement_the_coach_says_how_it_goes(
    figures: dict[str, float], run: TrainToy
) -> None:
    told = trained(run, 3)

    assert topics(told) == [troubles.TOO_FEW, *[HEALTHY] * 3]
    measured = [event.event for event in told if event.event in ("MetricsReady", "CoachSaid")]
    assert measured == ["CoachSaid", *["MetricsReady", "CoachSaid"] * 3]


def test_what_was_said_is_not_said_again_after_a_resume(
    figures: dict[str, float], run: TrainToy, tmp_path: Path
) -> None:
    figures[metric_names.COPIES] = 0.5
    before = trained(run, 2)
    after = trained(run, 4, resume_from=2)
    figures[metric_names.COPIES] = 0.0
    healed = trained(run, 5, resume_from=4)

    assert topics(before) == [troubles.TOO_FEW, troubles.COPYING]
    assert topics(after) == []
    assert topics(healed) == [HEALTHY]
    memory = CheckpointStore(tmp_path).load(4).state.coach
    assert [observation.step for observation in memory.observations] == [1, 2, 3, 4]
    assert memory.troubles == (troubles.COPYING,)


def test_a_plateau_is_found_over_a_resume(figures: dict[str, float], run: TrainToy) -> None:
    before = trained(run, 7)
    after = trained(run, 9, resume_from=7)

    assert troubles.PLATEAU not in topics(before)
    assert topics(after) == [troubles.PLATEAU]


@pytest.mark.parametrize(("stop_when", "step"), [("budget only", 12), ("no longer better", 8),
                                                 ("copying", 12), ("either", 8)])  # fmt: skip
def test_a_run_ends_early_only_where_that_was_asked_for(
    figures: dict[str, float], run: TrainToy, tmp_path: Path, stop_when: str, step: int
) -> None:
    told = trained(run, 12, stop_when=stop_when)
    ending = the_ending(told)

    assert isinstance(ending, events.Finished)
    assert ending.step == step
    assert ending.reason == ("The pictures no longer become better" if step == 8 else "")
    assert ending.checkpoint == tmp_path / str(step)
    # It draws its last preview, as any run that ends.
    assert of_kind(events.PreviewReady, told)[-1].step == step


def test_whoever_goes_on_after_that_is_not_stopped_for_the_same_reason(
    figures: dict[str, float], run: TrainToy
) -> None:
    figures[metric_names.COPIES] = 0.5
    first = the_ending(trained(run, 6, stop_when="copying"))
    second = the_ending(trained(run, 6, stop_when="copying", resume_from=first.step))

    assert (first.step, bool(first.reason)) == (1, True)
    assert (second.step, second.reason) == (6, "")


def test_numbers_that_ran_away_are_a_topic_with_evidence(run: TrainToy) -> None:
    told = run(model={"no_number_from": 2}, budget=steps(3))
    said = [event for event in of_kind(events.Advice, told) if event.topic == troubles.RUNAWAY]

    assert len(said) == 4
    assert "first time" in said[0].evidence
    assert "fourth time" in said[-1].evidence


def test_the_real_figures_hold_what_the_model_tells_of_its_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_often(monkeypatch)
    pictures: np.ndarray = flowers_NHWC(24)
    found = {}
    for key in ("self-supervised-gan", "residual-vae"):
        told = watch(
            tmp_path / key, pictures, model_key=key, model={"latent_size": 8}, num_steps=1,
            look_every=1, num_held_out=10,
        )  # fmt: skip
        (found[key],) = (event.metrics for event in of_kind(events.MetricsReady, told))

    of_critic = {
        metric_names.DISCRIMINATOR_ADVANTAGE,
        metric_names.DISCRIMINATOR_CONFIDENCE,
        metric_names.DISCRIMINATOR_MEMORY,
    }
    assert of_critic <= found["self-supervised-gan"].keys()
    assert metric_names.ACTIVE_UNITS in found["residual-vae"]
    assert found["self-supervised-gan"].keys() & found["residual-vae"].keys() >= {
        metric_names.KID_CHANCE
    }
