"""When a run is measured: before it is saved, rarely, and never what was saved already."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_studio import small_settings

from genstudio.data.dataset import image_dataset
from genstudio.domain import events
from genstudio.engine.extensions.quality import QualityMeasuring
from genstudio.engine.job import TrainingJob
from genstudio.engine.meters import Stopwatch
from genstudio.engine.schedule import Pace, Schedule, Task
from genstudio.engine.state import Counters, TrainState
from genstudio.models.protocol import TrainableModel

pytestmark = pytest.mark.usefixtures("toy")
PACES = {Task.SAVE: Pace(every_s=10.0), Task.MEASURE: Pace(every_s=60.0, share_of_time=0.01)}


class CountingMeter:
    """Finds how often it was asked; each time takes as long as it is told to."""

    count = 5

    def __init__(self) -> None:
        self.asked: list[tuple[object, object]] = []
        self.during: Callable[[], object] = lambda: None
        self.was_hurried = False

    def measure(
        self,
        model: TrainableModel,
        is_hurried: Callable[[], bool],
        *,
        examined: TrainableModel | None = None,
    ) -> dict[str, float]:
        self.asked.append((model, examined))
        self.during()
        self.was_hurried = is_hurried()
        return {} if self.was_hurried else {"KID": float(len(self.asked))}


@pytest.fixture
def state(pictures_NHWC: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrainState:
    """Of a run in which no time passes but what a test says."""
    monkeypatch.setattr(Stopwatch, "now_s", lambda _: 0.0)
    return TrainState(
        TrainingJob(
            settings=small_settings("toy"),
            dataset=image_dataset(pictures_NHWC),
            run=tmp_path,
            checkpoints=tmp_path,
        )
    )


class Measured:
    """A run whose seconds pass as a test says."""

    def __init__(self, state: TrainState) -> None:
        self.state = state
        self.meter = CountingMeter()
        self.schedule = Schedule(small_settings().budget, PACES, 0.0)
        self.is_hurried = False
        self.extension = QualityMeasuring(self.meter, self.schedule, lambda: self.is_hurried)

    def at(self, seconds: float) -> list[events.Event]:
        self.state.counters = Counters(step=int(seconds), seconds=seconds)
        return list(self.extension.after_step(self.state))


@pytest.fixture
def measured(state: TrainState) -> Measured:
    return Measured(state)


def test_it_measures_when_it_is_time_and_a_checkpoint_is_due(measured: Measured) -> None:
    measured.schedule.done(Task.SAVE, 55.0)

    assert measured.at(59.0) == measured.at(64.0) == []
    (told,) = measured.at(65.0)

    assert told == events.MetricsReady(step=65, metrics={"KID": 1.0})
    assert measured.meter.asked == [(measured.state.averaged, measured.state.model)]
    assert measured.state.observed.figures_at(65) == {"KID": 1.0}
    assert measured.state.observed.figures_at(66) == {}
    assert measured.at(66.0) == []


def test_what_is_saved_already_is_not_measured(measured: Measured) -> None:
    measured.state.milestones.saved = 70

    assert measured.at(70.0) == []
    assert len(measured.at(71.0)) == 1


def test_slow_measuring_is_rare(measured: Measured, monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 0.0

    def passes() -> None:
        nonlocal now_s
        now_s += 2.0

    monkeypatch.setattr(measured.state.clock, "now_s", lambda: now_s)
    measured.meter.during = passes

    assert measured.at(100.0)
    # Two seconds are a hundredth of two hundred.
    assert not measured.at(299.0)
    assert measured.at(300.0)


def test_what_did_not_fit_into_memory_is_tried_again_later(measured: Measured) -> None:
    def fail() -> None:
        raise torch.OutOfMemoryError("too much")

    measured.meter.during = fail
    assert measured.at(100.0) == []
    assert measured.state.observed.measurement is None

    measured.meter.during = lambda: None
    assert measured.at(101.0) == []
    assert measured.at(160.0)


def test_whoever_waits_for_the_end_gets_no_figure(measured: Measured) -> None:
    measured.is_hurried = True

    assert measured.at(100.0) == []
    assert measured.meter.was_hurried


def test_where_no_figure_is_known_nothing_is_measured(state: TrainState) -> None:
    schedule = Schedule(small_settings().budget, PACES, 0.0)
    extension = QualityMeasuring(None, schedule, lambda: False)
    state.counters.seconds = 1000.0

    assert list(extension.after_step(state)) == list(extension.end(state)) == []
