"""Threads are given to steps that have work for them, and given up while that is faster."""

from collections.abc import Callable, Iterator

import pytest
import torch

from genstudio.engine import threads as threads_module
from genstudio.engine.threads import Threads

LARGE = 2**22


@pytest.fixture(autouse=True)
def four_cores() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


class Clock:
    """A time that a test sets."""

    now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(threads_module, "time", clock)
    return clock


def train(
    threads: Threads, clock: Clock, steps: int, seconds_with: Callable[[int], float]
) -> list[int]:
    """How many threads each step took."""
    counts = []
    for _ in range(steps):
        counts.append(threads.count)
        took_s = seconds_with(threads.count)
        clock.now_s += took_s
        threads.after_step(took_s)
    return counts


@pytest.mark.parametrize(
    ("size", "batch", "count"), [(32, 16, 1), (64, 16, 1), (128, 16, 1), (256, 16, 4), (128, 32, 2)]
)
def test_small_steps_get_one_thread(size: int, batch: int, count: int) -> None:
    assert Threads("cpu", size**2 * batch).count == count == torch.get_num_threads()


def test_other_devices_keep_what_there_is() -> None:
    threads = Threads("cuda", 1)
    assert torch.get_num_threads() == 4
    for _ in range(100):
        threads.after_step(1.0)
    assert torch.get_num_threads() == 4


def test_what_was_taken_is_given_back() -> None:
    threads = Threads("cpu", 1)
    assert torch.get_num_threads() == 1
    threads.give_back()
    assert torch.get_num_threads() == 4


def test_steady_steps_keep_their_threads(clock: Clock) -> None:
    threads = Threads("cpu", LARGE)
    # One step in sixteen takes longer, as one that calms a critic does.
    jitter = iter([1.0, 1.3, 1.1, 3.0] * 100)
    assert set(train(threads, clock, 400, lambda _: next(jitter))) == {4}


def test_beside_a_busy_neighbour_threads_are_given_up_and_taken_back_later(clock: Clock) -> None:
    threads = Threads("cpu", LARGE)
    alone = {1: 0.30, 2: 0.16, 4: 0.10}
    beside = {1: 0.31, 2: 0.40, 4: 0.90}

    assert set(train(threads, clock, 400, alone.__getitem__)) == {4}
    counts = train(threads, clock, 4000, beside.__getitem__)
    # Mostly the best there is; now and then others are tried.
    assert counts.count(1) > 3000
    assert counts.count(4) < 100
    again = train(threads, clock, 4000, alone.__getitem__)
    assert again.count(4) > 3000


def test_what_is_no_faster_is_taken_back(clock: Clock) -> None:
    threads = Threads("cpu", LARGE)
    train(threads, clock, 40, lambda _: 1.0)
    # The machine has become slower as a whole.
    counts = train(threads, clock, 400, lambda _: 2.0)
    assert counts[-1] == 4
    assert 0 < counts.count(2) <= 0.1 * 400
