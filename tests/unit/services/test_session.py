"""A training in a thread of its own: events come out, commands go in."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_studio import small_settings, steps

from genstudio.data.dataset import image_dataset
from genstudio.domain import commands, events
from genstudio.engine.trainer import TrainingJob, train
from genstudio.services.jobs import JobEnded
from genstudio.services.session import CommandQueue, TrainingSession

LONG_S = 600.0


def test_commands_are_taken_one_by_one_in_their_order() -> None:
    waiting = CommandQueue()
    waiting.send(commands.Pause())
    waiting.send(commands.Change("budget", 3))

    assert waiting.poll(0.0) == commands.Pause()
    assert waiting.poll(LONG_S) == commands.Change("budget", 3)
    assert waiting.poll(0.0) is None
    assert waiting.poll(0.01) is None


def test_a_command_ends_the_waiting_for_it() -> None:
    waiting = CommandQueue()
    answer: list[Any] = []
    listener = threading.Thread(target=lambda: answer.append(waiting.poll(LONG_S)))
    listener.start()
    waiting.send(commands.Stop())
    listener.join(LONG_S)

    assert answer == [commands.Stop()]


@pytest.fixture
def session(tmp_path: Path, pictures_NHWC: np.ndarray, toy: None, small_sheets: None) -> (
    TrainingSession
):  # fmt: skip
    job = TrainingJob(
        settings=small_settings("toy", budget=steps(10**9)),
        dataset=image_dataset(pictures_NHWC),
        run=tmp_path,
        checkpoints=tmp_path,
    )
    return TrainingSession(lambda source: train(job, source))


def until(session: TrainingSession, kind: type) -> Any:
    while True:
        event = session.events.get(timeout=LONG_S)
        if isinstance(event, kind):
            return event


def test_a_run_is_steered_from_another_thread(session: TrainingSession) -> None:
    assert not session.is_running()
    session.start()
    until(session, events.RunStarted)
    assert session.is_running()

    session.send(commands.Pause())
    paused = until(session, events.Paused)
    session.send(commands.Resume())
    assert until(session, events.Resumed).step == paused.step
    session.send(commands.Stop())
    stopped = until(session, events.Stopped)

    assert stopped.step >= paused.step
    assert session.events.get(timeout=LONG_S) == JobEnded()
    assert session.join(LONG_S)
    assert not session.is_running()
    assert session.events.empty()


def test_events_are_made_in_the_sessions_own_thread() -> None:
    made_in: list[str] = []

    def make_events(_: CommandQueue) -> Iterator[events.Event]:
        made_in.append(threading.current_thread().name)
        yield events.Paused(step=0)

    session = TrainingSession(make_events)
    session.start()
    assert session.join(LONG_S)

    assert made_in == ["genstudio-training"]


def test_an_error_outside_the_run_is_delivered_too() -> None:
    def make_events(_: CommandQueue) -> Iterator[events.Event]:
        raise ImportError("no torch")

    session = TrainingSession(make_events)
    session.start()
    ending = session.events.get(timeout=LONG_S)
    session.join(LONG_S)

    assert isinstance(ending, JobEnded)
    assert isinstance(ending.error, ImportError)
