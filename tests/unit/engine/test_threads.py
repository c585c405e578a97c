"""Threads are given to steps that have work for them, and given up while that is faster."""

import math
import time
from collections.abc import Callable, Iterator
from typing import cast

import pytest
import torch
from torch import nn

from genstudio.engine import threads as threads_module
from genstudio.engine.threads import Rehearsal, Threads, rehearse
from genstudio.models.protocol import Batch, Losses, OptimizerSpec, Phase, TrainableModel

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
    ("size", "count"), [(0, 1), (50_000, 1), (99_999, 1), (100_000, 2), (2**20, 4)]
)
def test_small_operations_get_one_thread(size: int, count: int) -> None:
    assert Threads("cpu", Rehearsal(size)).count == count == torch.get_num_threads()


def test_other_devices_keep_what_there_is() -> None:
    threads = Threads("cuda", Rehearsal())
    assert torch.get_num_threads() == 4
    for _ in range(100):
        threads.after_step(1.0)
    assert torch.get_num_threads() == 4


def test_what_was_taken_is_given_back() -> None:
    threads = Threads("cpu", Rehearsal(1))
    assert torch.get_num_threads() == 1
    threads.give_back()
    assert torch.get_num_threads() == 4


class Lines:
    """A model whose step is known: a layer for each phase, of 100 × 200 numbers a picture."""

    def __init__(self) -> None:
        self.network = nn.ModuleDict({name: nn.Linear(100, 200) for name in "ab"})

    def phases(self) -> list[Phase]:
        adam = OptimizerSpec(learning_rate=1e-3)
        return [
            Phase(name=name, parameters=list(layer.parameters()), optimizer=adam)
            for name, layer in self.network.items()
        ]

    def losses(self, phase: str, batch: Batch, _step: int) -> Losses:
        return Losses(self.network[phase](batch.images_NCHW).relu().sum(), {})


def test_a_rehearsal_finds_out_how_large_operations_are() -> None:
    def size_of(count: int) -> int:
        batch = Batch(images_NCHW=torch.ones(count, 1, 100, 100), images_seen=0)
        found = rehearse(cast("TrainableModel", Lines()), batch)
        assert 0 < found.step_s < math.inf
        return found.operation_size

    # Forward a product and a ReLU of 20,000 numbers a picture; backward one of as many more, and
    # the gradient of the weights, 20,000 whatever the count.
    assert size_of(8) == pytest.approx(8 * 20_000, rel=0.3)
    assert size_of(32) == pytest.approx(4 * size_of(8), rel=0.1)
    assert torch.get_num_threads() == 4


class Interrupted(Lines):
    """Is kept from the processor for a while, as beside neighbours."""

    def losses(self, phase: str, batch: Batch, _step: int) -> Losses:
        time.sleep(0.5)
        return super().losses(phase, batch, _step)


def test_a_rehearsal_does_not_count_what_neighbours_take() -> None:
    batch = Batch(images_NCHW=torch.ones(8, 1, 100, 100), images_seen=0)

    assert rehearse(cast("TrainableModel", Interrupted()), batch).step_s < 0.5


def test_steady_steps_keep_their_threads(clock: Clock) -> None:
    threads = Threads("cpu", Rehearsal(LARGE))
    # One step in sixteen takes longer, as one that calms a critic does.
    jitter = iter([1.0, 1.3, 1.1, 3.0] * 100)
    assert set(train(threads, clock, 400, lambda _: next(jitter))) == {4}


def test_beside_a_busy_neighbour_threads_are_given_up_and_taken_back_later(clock: Clock) -> None:
    threads = Threads("cpu", Rehearsal(LARGE))
    alone = {1: 0.30, 2: 0.16, 4: 0.10}
    beside = {1: 0.31, 2: 0.40, 4: 0.90}

    assert set(train(threads, clock, 400, alone.__getitem__)) == {4}
    counts = train(threads, clock, 4000, beside.__getitem__)
    # Mostly the best there is; now and then others are tried.
    assert counts.count(1) > 3000
    assert counts.count(4) < 100
    again = train(threads, clock, 4000, alone.__getitem__)
    # It may take five minutes, in which a thousand steps are taken, until more are tried again.
    assert again.count(4) > 2800


def test_what_is_no_faster_is_taken_back(clock: Clock) -> None:
    threads = Threads("cpu", Rehearsal(LARGE))
    train(threads, clock, 40, lambda _: 1.0)
    # The machine has become slower as a whole.
    counts = train(threads, clock, 400, lambda _: 2.5)
    assert counts[-1] == 4
    assert 0 < counts.count(2) <= 0.1 * 400


def test_a_busy_neighbour_that_was_there_first_is_noticed(clock: Clock) -> None:
    beside = {1: 0.31, 2: 0.9, 4: 2.0}
    threads = Threads("cpu", Rehearsal(LARGE, step_s=0.35))
    counts = train(threads, clock, 3000, beside.__getitem__)
    assert counts[-1] == 1
    # Not in the first seconds, so that short runs give the same bits each time.
    assert set(counts[:5]) == {4}
    taken_s = sum(beside[count] for count in counts)
    assert taken_s < 1.1 * 3000 * beside[1]


def test_among_several_neighbours_the_second_long_step_is_enough(clock: Clock) -> None:
    beside = {1: 0.6, 2: 8.0, 4: 10.0}
    threads = Threads("cpu", Rehearsal(LARGE, step_s=0.35))

    counts = train(threads, clock, 40, beside.__getitem__)

    assert counts[:2] == [4, 4]
    assert counts[2:6] == [2] * 4
    assert set(counts[6:]) == {1}


def test_a_single_long_step_does_not_spoil_a_try(clock: Clock) -> None:
    threads = Threads("cpu", Rehearsal(LARGE))
    alone = {1: 0.30, 2: 0.16, 4: 0.10}
    train(threads, clock, 400, alone.__getitem__)
    train(threads, clock, 30, {1: 0.31, 2: 0.90, 4: 1.80}.__getitem__)
    assert threads.count == 1
    tries = 0

    def seconds_with(count: int) -> float:
        """Each first step with two threads is disturbed, as by something that is opened."""
        nonlocal tries
        tries += count == 2
        return 1.0 if tries == 1 else alone[count]

    # After a quarter of a minute with one thread, at the first try.
    counts = train(threads, clock, 300, seconds_with)
    assert counts.count(1) < 60
    assert counts[-1] == 4


def test_a_single_long_step_changes_nothing(clock: Clock) -> None:
    threads = Threads("cpu", Rehearsal(LARGE))
    # Such as one during which the machine was asleep.
    took_s = iter([1.0] * 40 + [60.0] + [1.0] * 40)

    assert set(train(threads, clock, 81, lambda _: next(took_s))) == {4}
