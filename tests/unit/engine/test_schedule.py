"""What of a run is due when, in seconds of training."""

import pytest
from tiny_studio import small_settings, steps

from genstudio.domain.training import Budget
from genstudio.engine.schedule import Pace, Schedule, Task, paces
from genstudio.engine.state import Counters

TASK = Task.SAVE


def schedule(seconds: float = 0.0, **pace: float) -> Schedule:
    return Schedule(steps(8), {TASK: Pace(**{"every_s": 60.0, **pace})}, seconds)


def first_due(it: Schedule, after_s: float, task: Task = TASK) -> float:
    """The first whole second at which it is due."""
    return next(second for second in range(int(after_s), 100_000) if it.is_due(task, second))


def test_the_first_time_is_counted_from_where_a_run_goes_on() -> None:
    assert first_due(schedule(), 0) == 60
    assert first_due(schedule(seconds=1000.0), 1000) == 1060


def test_what_is_due_stays_so_until_it_is_done() -> None:
    it = schedule()
    assert it.is_due(TASK, 500.0)
    assert it.is_due(TASK, 500.0)

    it.done(TASK, 500.0)
    assert first_due(it, 500) == 560


@pytest.mark.parametrize(
    ("pace", "seconds", "took_s", "rest_s"),
    [
        ({}, 5000.0, 10.0, 60),
        ({"share_of_age": 0.01}, 5000.0, 0.0, 60),
        ({"share_of_age": 0.01}, 20_000.0, 0.0, 200),
        ({"share_of_time": 0.01}, 100.0, 0.5, 60),
        ({"share_of_time": 0.01}, 100.0, 2.0, 200),
        ({"share_of_age": 0.01, "share_of_time": 0.01}, 20_000.0, 3.0, 300),
    ],
)
def test_an_old_run_and_slow_work_make_it_rare(
    pace: dict[str, float], seconds: float, took_s: float, rest_s: int
) -> None:
    it = schedule(**pace)
    it.done(TASK, seconds, took_s)

    assert first_due(it, seconds) == seconds + rest_s


def test_what_is_asked_for_is_due_and_what_has_begun_is_not() -> None:
    it = schedule()
    it.ask_for(TASK)
    assert it.is_due(TASK, 0.0)

    it.begin(TASK)
    assert not it.is_due(TASK, 1e9)
    it.done(TASK, 100.0)
    assert first_due(it, 100) == 160


def test_after_a_rollback_nothing_waits_longer_than_at_the_beginning() -> None:
    it = schedule(share_of_time=0.01)
    it.done(TASK, 600.0, took_s=30.0)
    it.end_early("It copies")

    it.roll_back(120.0)
    assert first_due(it, 120) == 180
    assert it.reason_to_end == ""
    # What is sooner stays so.
    it.ask_for(TASK)
    it.roll_back(60.0)
    assert it.is_due(TASK, 60.0)


def test_a_run_is_done_when_its_budget_is_spent_or_for_the_first_reason() -> None:
    it = schedule()
    half, whole = Counters(step=4, images_seen=16), Counters(step=8, images_seen=32)
    assert (it.progress(half), it.is_done(half)) == (0.5, False)
    assert (it.progress(whole), it.is_done(whole)) == (1.0, True)

    it.budget = Budget(unit="images", amount=64)
    assert not it.is_done(whole)
    it.end_early("")
    assert not it.is_done(whole)
    it.end_early("It copies")
    it.end_early("It stands still")
    assert it.is_done(whole)
    assert it.reason_to_end == "It copies"


def test_the_paces_of_a_run_are_those_of_its_settings() -> None:
    settings = small_settings(preview_every_s=7.0, save_every_s=11.0)
    it = Schedule(settings.budget, paces(settings), 0.0)

    due = {task: first_due(it, 0, task) for task in Task}
    assert due == {Task.PREVIEW: 7, Task.SAVE: 11, Task.MEASURE: 60, Task.FINALIZE: 0}
