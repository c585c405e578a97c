"""Files are written while the next results are made."""

import threading
from collections.abc import Iterator
from typing import TypeVar

import pytest

from genstudio.services.writing_meanwhile import written_meanwhile

S = TypeVar("S")


class Clock:
    """Moves only when it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def itself(step: S) -> S:
    return step


def test_all_is_written_once_and_comes_in_order() -> None:
    written: list[int] = []

    def write(step: int) -> str:
        written.append(step)
        return f"file {step}"

    came = list(written_meanwhile(range(200), write, place=itself))

    assert came == [(number, f"file {number}") for number in range(200)]
    assert sorted(written) == list(range(200))


def test_the_next_is_made_while_one_is_written() -> None:
    next_was_made = threading.Event()

    def steps() -> Iterator[int]:
        yield from range(40)
        next_was_made.set()
        yield 40

    def write(step: int) -> bool:
        # Where the two took turns, this would wait for ever.
        return step != 39 or next_was_made.wait(60)

    came = dict(written_meanwhile(steps(), write, place=itself, clock=Clock()))

    assert came[39]


def test_several_are_written_at_once() -> None:
    both = threading.Barrier(2)

    def write(step: int) -> None:
        if step in (38, 39):
            both.wait(60)

    given = written_meanwhile(range(41), write, place=itself, clock=Clock())

    assert [number for number, _ in given] == list(range(41))


def test_two_of_one_place_are_written_one_after_the_other() -> None:
    lock = threading.Lock()

    def write(step: int) -> bool:
        if not lock.acquire(blocking=False):
            return False
        try:
            return True
        finally:
            lock.release()

    given = written_meanwhile(range(300), write, place=lambda _: "the same", clock=Clock())

    assert all(was_alone for _, was_alone in given)


def test_where_making_is_slow_each_is_given_out_before_the_next_is_made() -> None:
    clock = Clock()
    given: list[int] = []
    given_before: list[int] = []

    def steps() -> Iterator[int]:
        for number in range(80):
            given_before.append(len(given))
            clock.now_s += 2.0
            yield number

    for number, _ in written_meanwhile(steps(), str, place=itself, clock=clock):
        given.append(number)

    assert given_before == list(range(80))


def test_what_is_there_until_the_next_step_only_is_written_before_that() -> None:
    is_gone = threading.Event()

    def steps() -> Iterator[int]:
        yield from range(40)
        is_gone.set()
        yield 40

    def write(step: int) -> bool:
        # Long enough for the next to be made, if it is made meanwhile.
        return step == 39 and is_gone.wait(0.5)

    given = written_meanwhile(
        steps(), write, place=itself, is_fleeting=lambda step: step == 39, clock=Clock()
    )

    assert not any(was_gone for _, was_gone in given)


def test_no_more_wait_than_memory_can_hold() -> None:
    made = 0
    most = 0
    can_write = threading.Event()

    def steps() -> Iterator[int]:
        nonlocal made
        for number in range(300):
            made += 1
            if made == 90:
                can_write.set()
            yield number

    def write(step: int) -> bool:
        return step < 60 or can_write.wait(60)

    seen = 0
    for _ in written_meanwhile(steps(), write, place=itself, clock=Clock()):
        seen += 1
        most = max(most, made - seen)

    assert seen == 300
    assert most <= 33


def test_what_was_made_before_an_error_is_given_out_first() -> None:
    def steps() -> Iterator[int]:
        yield from range(50)
        raise RuntimeError("the fifty-first cannot be made")

    came: list[int] = []
    given = written_meanwhile(steps(), str, place=itself)
    with pytest.raises(RuntimeError, match="fifty-first"):
        came.extend(number for number, _ in given)

    assert came == list(range(50))


def test_what_was_written_before_the_disk_was_full_is_given_out_and_the_rest_left() -> None:
    written: list[int] = []
    made: list[int] = []

    def steps() -> Iterator[int]:
        for number in range(200):
            made.append(number)
            yield number

    def write(step: int) -> None:
        if step >= 45:
            raise OSError("full")
        written.append(step)

    came: list[int] = []
    given = written_meanwhile(steps(), write, place=itself)
    with pytest.raises(OSError, match="full"):
        came.extend(number for number, _ in given)

    assert came == list(range(45))
    assert sorted(written) == came
    assert len(made) < 200


def test_given_up_halfway_what_was_made_is_still_written() -> None:
    made: list[int] = []
    written: list[int] = []

    def steps() -> Iterator[int]:
        for number in range(200):
            made.append(number)
            yield number

    given = written_meanwhile(steps(), written.append, place=itself, clock=Clock())
    for number, _ in given:
        if number == 60:
            break
    given.close()

    assert sorted(written) == made
    assert len(made) < 200
