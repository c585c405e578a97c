"""Background work: every item arrives, then how it ended; a cancelled job cleans up."""

import queue
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from genstudio.domain.errors import ProjectError
from genstudio.services.jobs import Job, JobEnded, end_all

LONG_S = 600.0


def rest(job: Job[Any]) -> list[Any]:
    """All that is still to come, the ending last."""
    told: list[Any] = []
    while not told or not isinstance(told[-1], JobEnded):
        told.append(job.items.get(timeout=LONG_S))
    assert job.join(LONG_S)
    return told


def test_items_arrive_in_order_and_then_the_ending() -> None:
    job: Job[int] = Job("count", lambda: range(5))
    job.start()

    assert rest(job) == [0, 1, 2, 3, 4, JobEnded()]
    assert not job.is_running()
    with pytest.raises(queue.Empty):
        job.items.get_nowait()


def test_a_job_without_items_just_ends() -> None:
    job: Job[int] = Job("nothing", list)
    job.start()

    assert rest(job) == [JobEnded(error=None, cancelled=False)]


def test_nothing_happens_before_it_is_started() -> None:
    job: Job[int] = Job("later", lambda: pytest.fail("too early"))

    assert not job.is_running()
    assert job.items.empty()


def test_an_error_is_delivered_after_the_items_that_came_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ProjectError("The disk is full")

    job = Job("failing", items)
    job.start()
    first, ending = rest(job)

    assert first == 1
    assert isinstance(ending.error, ProjectError)
    assert not ending.cancelled


def test_a_job_that_cannot_even_begin_delivers_its_error() -> None:
    def cannot() -> Iterator[int]:
        raise ImportError("no torch")

    job = Job("broken", cannot)
    job.start()

    (ending,) = rest(job)
    assert isinstance(ending.error, ImportError)


def test_a_cancelled_job_cleans_up_in_its_own_thread() -> None:
    cleaned_by: list[str] = []
    go_on = threading.Event()

    def items() -> Iterator[int]:
        try:
            yield 1
            go_on.wait(LONG_S)
            yield 2
            pytest.fail("it went on")
        finally:
            cleaned_by.append(threading.current_thread().name)

    job = Job("scan", items)
    job.start()
    assert job.items.get(timeout=LONG_S) == 1
    assert job.is_running()
    job.cancel()
    go_on.set()

    assert rest(job) == [JobEnded(cancelled=True)]
    assert cleaned_by == ["genstudio-scan"]


def test_an_error_while_cleaning_up_is_delivered() -> None:
    def items() -> Iterator[int]:
        try:
            yield 1
        finally:
            raise ProjectError("It cannot be removed")

    job = Job("untidy", items)
    job.cancel()
    job.start()

    (ending,) = rest(job)
    assert isinstance(ending.error, ProjectError)


def test_waiting_for_a_job_has_a_limit() -> None:
    go_on = threading.Event()

    def items() -> Iterator[int]:
        go_on.wait(LONG_S)
        yield 1

    job = Job("slow", items)
    job.start()
    assert not job.join(0.01)
    go_on.set()
    assert job.join(LONG_S)


def test_what_only_reads_is_asked_to_end_and_not_waited_for_without_end() -> None:
    go_on = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        assert go_on.wait(LONG_S)
        yield 2
        raise AssertionError("it was asked to end")

    slow, quick = Job("slow", items), Job("quick", lambda: [1])
    for job in (slow, quick):
        job.start()
    assert slow.items.get(timeout=LONG_S) == 1
    end_all([slow, quick], 0.01)
    assert slow.is_running()
    go_on.set()
    assert slow.join(LONG_S)
    assert quick.join(LONG_S)
    assert slow.items.get() == JobEnded(cancelled=True)
