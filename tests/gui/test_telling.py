"""How often the window is told of how far a training has come."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot
from saved_runs import step_done

from genstudio.domain import events
from genstudio.services.jobs import JobEnded
from genstudio.ui.bridge import Bridge
from genstudio.ui.state.training import TrainingState

SAVED = events.CheckpointSaved(step=3, path=Path("run/checkpoints/3"), took_s=0.1)


class Told:
    """A state without a project, and what it has told."""

    def __init__(self, state: TrainingState) -> None:
        self.state = state
        self.bunches: list[list[events.Event]] = []
        state.received.connect(self.bunches.append)

    def receive(self, *received: events.Event) -> None:
        self.state._on_events(received)


@pytest.fixture
def told(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    bridge = Bridge()
    state = TrainingState(bridge)
    monkeypatch.setattr(state, "_read_checkpoints", lambda _run: None)
    # So that nothing but what a test does ends it.
    state._pause.setInterval(60_000)
    yield Told(state)
    bridge.stop()


def test_the_first_step_is_told_at_once_and_those_after_it_together(
    qtbot: QtBot, told: Told
) -> None:
    told.receive(step_done(1))
    told.receive(step_done(2))
    told.receive(events.Preparing(what="Looking", done=1, total=2), step_done(3))
    assert told.bunches == [[step_done(1)]]
    told.state._pause.start(10)
    qtbot.waitUntil(lambda: len(told.bunches) == 2)
    assert [type(it) for it in told.bunches[1]] == [
        events.StepDone,
        events.Preparing,
        events.StepDone,
    ]


def test_after_a_pause_in_which_nothing_came_a_step_is_told_at_once(
    qtbot: QtBot, told: Told
) -> None:
    told.receive(step_done(1))
    told.state._pause.start(10)
    qtbot.waitUntil(lambda: not told.state._pause.isActive())
    told.receive(step_done(2))
    assert told.bunches == [[step_done(1)], [step_done(2)]]


def test_all_else_is_told_at_once_and_in_its_order(told: Told) -> None:
    told.receive(step_done(1))
    told.receive(step_done(2))
    told.receive(step_done(3), SAVED)
    assert told.bunches == [[step_done(1)], [step_done(2), step_done(3), SAVED]]


def test_the_end_of_a_training_leaves_nothing_untold(told: Told) -> None:
    told.receive(step_done(1))
    told.receive(step_done(2))
    told.state._on_session_end(JobEnded(RuntimeError("torn")))
    assert told.bunches == [[step_done(1)], [step_done(2)]]
