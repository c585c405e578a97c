"""Teaching is measured after so many steps, goes on more gently where it costs much, and ends."""

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from genstudio.domain import events, metric_names
from genstudio.domain.events import Event
from genstudio.domain.training import Budget
from genstudio.engine.extensions.teaching import TeachingWatch
from genstudio.engine.lessons import TeachingMemory
from genstudio.engine.schedule import Pace, Schedule, Task
from genstudio.engine.state import Observed
from genstudio.engine.teaching import Verdict

FINE, WORSE = "", "Variety fell."


class Teacher:
    phase, every, num_judged, learning_rate_scale = "generator", 10, 8, 0.25

    def __init__(self, troubles: Iterator[str]) -> None:
        self._troubles = troubles
        self.measured = 0

    def measure(self, averaged: object) -> dict[str, float]:
        del averaged
        self.measured += 1
        return {"head 0": float(self.measured)}

    def judge(self, figures: Mapping[str, float], before: Mapping[str, float]) -> Verdict:
        assert before == {"head 0": 1.0}
        gain = figures["head 0"] - before["head 0"]
        return Verdict({metric_names.TASTE_GAIN: gain}, next(self._troubles))


class Watched:
    """A run that counts its steps, and a watch over it."""

    def __init__(self, *troubles: str, taught: bool = True) -> None:
        self.schedule = Schedule(
            Budget(unit="steps", amount=1000), {it: Pace(every_s=60.0) for it in Task}, 0.0
        )
        self.teacher = Teacher(iter(troubles))
        self.state: Any = SimpleNamespace(
            step=0,
            teacher=self.teacher if taught else None,
            teaching=TeachingMemory(),
            averaged=object(),
            observed=Observed(),
            optimizers=SimpleNamespace(scale=1.0),
            compute=SimpleNamespace(threads=SimpleNamespace(adapt=lambda: None)),
        )
        self.state.set_teaching = self._set
        self.state.set_learning_rate_scale = self._scale
        self.watch = TeachingWatch(self.schedule)
        list(self.watch.start(self.state))

    def _set(self, memory: TeachingMemory) -> None:
        self.state.teaching = memory

    def _scale(self, scale: float) -> None:
        self.state.optimizers.scale = scale

    def go_to(self, step: int) -> list[Event]:
        told: list[Event] = []
        while self.state.step < step:
            self.state.step += 1
            told += self.watch.after_step(self.state)
        return told


def test_it_measures_after_so_many_steps_and_has_that_saved() -> None:
    run = Watched(FINE, FINE)
    assert run.go_to(9) == []
    assert not run.schedule.is_due(Task.SAVE, 0.0)
    (measured,) = run.go_to(10)
    assert isinstance(measured, events.MetricsReady)
    assert measured.metrics == {metric_names.TASTE_GAIN: 1.0}
    assert run.schedule.is_due(Task.SAVE, 0.0)
    assert run.state.observed.figures_at(10) == measured.metrics
    assert run.state.teaching.strength == 1


def test_what_costs_much_is_taught_more_gently_until_it_is_back() -> None:
    run = Watched(WORSE, WORSE, FINE, FINE, FINE, FINE, FINE, FINE, FINE, FINE, FINE)
    told = run.go_to(20)
    said = [it for it in told if isinstance(it, events.Advice)]
    assert [it.evidence for it in said] == [WORSE, WORSE]
    assert "25%" in said[1].message
    assert (run.state.teaching.strength, run.state.teaching.troubles) == (0.25, 2)
    run.go_to(30)
    assert run.state.teaching.strength == pytest.approx(0.3)
    assert run.state.teaching.troubles == 0
    run.go_to(110)
    assert run.state.teaching.strength == 1
    assert run.schedule.reason_to_end == ""


def test_what_does_not_come_back_ends_the_teaching() -> None:
    run = Watched(WORSE, WORSE, WORSE, WORSE)
    run.go_to(30)
    assert run.schedule.reason_to_end == ""
    *_, said = run.go_to(40)
    assert isinstance(said, events.Advice)
    assert said.level == "warning"
    assert "ends here" in said.title
    assert "as far as it goes" in run.schedule.reason_to_end


def test_at_the_end_it_measures_and_decides_nothing() -> None:
    run = Watched(WORSE)
    run.go_to(5)
    (measured,) = run.watch.end(run.state)
    assert isinstance(measured, events.MetricsReady)
    assert run.state.teaching.strength == 1
    assert run.schedule.reason_to_end == ""


def test_what_was_measured_before_is_kept_when_it_goes_on() -> None:
    run = Watched(FINE)
    run.go_to(10)
    assert run.teacher.measured == 2
    assert run.state.optimizers.scale == 0.25
    list(run.watch.start(run.state))
    assert run.teacher.measured == 2
    assert run.state.optimizers.scale == 0.25


def test_nothing_is_done_where_nothing_is_taught() -> None:
    run = Watched(taught=False)
    assert run.go_to(30) == []
    assert list(run.watch.end(run.state)) == []
