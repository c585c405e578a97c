"""The bridge: what workers made arrives in order, in bunches, and ends once."""

import queue
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from genstudio.services.jobs import Job, JobEnded
from genstudio.ui import bridge as bridge_module
from genstudio.ui.bridge import Bridge


@pytest.fixture
def bridge(qtbot: QtBot) -> Iterator[Bridge]:
    bridge = Bridge()
    yield bridge
    bridge.stop()


def test_a_job_arrives_whole_and_in_order(qtbot: QtBot, bridge: Bridge) -> None:
    job = Job("count", lambda: iter(range(2000)))
    received: list[int] = []
    endings: list[JobEnded] = []
    bridge.follow(job.items, received.extend, endings.append)
    job.start()
    qtbot.waitUntil(lambda: bool(endings))
    assert received == list(range(2000))
    assert endings == [JobEnded()]


def test_one_pump_hands_over_all_that_waits_but_no_more_than_a_bunch(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge_module, "_MOST_ITEMS", 10)
    items: queue.SimpleQueue[int | JobEnded] = queue.SimpleQueue()
    for number in range(13):
        items.put(number)
    bunches: list[list[int]] = []
    bridge.follow(items, bunches.append, lambda _: None)
    bridge.pump()
    bridge.pump()
    bridge.pump()
    assert bunches == [list(range(10)), [10, 11, 12]]


def test_an_error_in_the_worker_arrives_as_the_end(qtbot: QtBot, bridge: Bridge) -> None:
    def fail() -> Iterator[int]:
        yield 1
        raise RuntimeError("out of memory")

    job = Job("fail", fail)
    received: list[int] = []
    endings: list[JobEnded] = []
    bridge.follow(job.items, received.extend, endings.append)
    job.start()
    qtbot.waitUntil(lambda: bool(endings))
    assert received == [1]
    assert str(endings[0].error) == "out of memory"


def test_following_one_thing_from_the_end_of_another(qtbot: QtBot, bridge: Bridge) -> None:
    first, second = Job("first", lambda: "a"), Job("second", lambda: "b")
    received: list[str] = []
    endings: list[JobEnded] = []

    def go_on(_ending: JobEnded) -> None:
        bridge.follow(second.items, received.extend, endings.append)
        second.start()

    bridge.follow(first.items, received.extend, go_on)
    first.start()
    qtbot.waitUntil(lambda: bool(endings))
    assert received == ["a", "b"]


def test_after_stopping_nothing_arrives_any_more(bridge: Bridge) -> None:
    items: queue.SimpleQueue[int | JobEnded] = queue.SimpleQueue()
    received: list[int] = []
    bridge.follow(items, received.extend, lambda _: None)
    bridge.stop()
    items.put(1)
    bridge.pump()
    assert received == []


def test_what_is_stopped_by_one_end_hands_over_nothing_more_of_others(bridge: Bridge) -> None:
    received: list[str] = []
    for name in ("first", "second"):
        items: queue.SimpleQueue[str | JobEnded] = queue.SimpleQueue()
        items.put(name)
        items.put(JobEnded())
        # As where the window closes once the training has ended.
        bridge.follow(items, received.extend, lambda _: bridge.stop())
    bridge.pump()
    assert received == ["first"]
