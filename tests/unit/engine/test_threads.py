"""Work begins with one thread and gets more while cores are free and operations can use them."""

from collections.abc import Generator, Iterator
from typing import cast

import pytest
import torch
from torch import nn

from genstudio.engine import threads as threads_module
from genstudio.engine.threads import (
    Threads,
    profile_step,
    sharing_cores,
    single_threaded,
    useful_threads,
)
from genstudio.models.protocol import Batch, Losses, OptimizerSpec, Phase, TrainableModel


@pytest.fixture(autouse=True)
def four_cores() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


class FakeCores:
    """Of which as many are free as a test says."""

    def __init__(self, free: float = 4.0) -> None:
        self.now_free = free
        self.window_s = 1.0
        self.asked = 0

    def free(self) -> float:
        self.asked += 1
        return self.now_free


@pytest.mark.parametrize(
    ("size", "count"), [(0, 1), (50_000, 1), (99_999, 1), (100_000, 2), (2**20, 20)]
)
def test_small_operations_have_work_for_one_thread(size: int, count: int) -> None:
    assert useful_threads(size) == count


def test_work_begins_with_one_thread_and_takes_those_that_are_free() -> None:
    threads = Threads(cores=FakeCores())
    assert threads.count == torch.get_num_threads() == 1
    threads.adapt()
    assert threads.count == torch.get_num_threads() == 4
    threads.give_back()
    assert torch.get_num_threads() == 4


@pytest.mark.parametrize(
    ("free", "count"), [(0.0, 1), (0.4, 1), (1.6, 1), (1.7, 2), (2.9, 3), (3.95, 4)]
)
def test_a_core_counts_as_free_when_others_hardly_use_it(free: float, count: int) -> None:
    threads = Threads(cores=FakeCores(free))
    threads.adapt()
    assert threads.count == count


def test_threads_are_given_up_for_neighbours_and_taken_back_after_them() -> None:
    cores = FakeCores()
    threads = Threads(cores=cores)
    counts = []
    for cores.now_free in (4.0, 3.6, 3.4, 2.0, 0.5, 0.9, 1.9, 4.0):
        threads.adapt()
        counts.append(threads.count)
    # At 3.6 it keeps what it has: it would take one only from 3.7 on, and gives one up below 3.5.
    assert counts == [4, 4, 3, 2, 1, 1, 2, 4]


def test_work_gets_no_more_than_it_can_use_and_is_asked_only_when_it_could_have_more() -> None:
    asked = []

    def find_most() -> int:
        asked.append(torch.get_num_threads())
        return 3

    cores = FakeCores(0.5)
    threads = Threads(find_most, cores)
    threads.adapt()
    assert asked == []
    cores.now_free = 4.0
    for _ in range(3):
        threads.adapt()
        assert threads.count == 3
    assert asked == [1]


def test_cores_are_looked_at_twice_a_second_at_most_or_at_once() -> None:
    cores = FakeCores()
    threads = Threads(cores=cores)
    cores.window_s = 0.4
    threads.adapt()
    assert cores.asked == 0
    threads.adapt(at_once=True)
    assert cores.asked == 1
    assert threads.count == 4


def test_where_threads_are_not_steered_they_are_left_alone() -> None:
    cores = FakeCores(0.0)
    threads = Threads(cores=cores, steered=False)
    threads.adapt(at_once=True)
    assert threads.count == torch.get_num_threads() == 4
    assert cores.asked == 0


def test_one_thread_stays_one() -> None:
    torch.set_num_threads(1)
    cores = FakeCores()
    threads = Threads(cores=cores)
    threads.adapt(at_once=True)
    assert threads.count == torch.get_num_threads() == 1
    assert cores.asked == 0


def counts() -> Generator[int, None, str]:
    """Threads that its items are computed with."""
    try:
        for _ in range(3):
            yield torch.get_num_threads()
        return "result"
    finally:
        assert torch.get_num_threads() < 4, "closed with the caller's threads"


def drain(items: Generator[int, None, str]) -> Generator[int, None, str]:
    result = yield from items
    assert result == "result"
    return result


def test_a_generator_shares_cores_between_its_items(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads_module, "CoreMeter", lambda: FakeCores(2.0))
    seen = []
    for count in drain(sharing_cores(counts)()):
        seen.append(count)
        # Whoever takes an item has their own number.
        assert torch.get_num_threads() == 4
    assert seen == [1, 2, 2]
    assert torch.get_num_threads() == 4


def test_a_single_threaded_generator_never_takes_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads_module, "CoreMeter", FakeCores)
    assert list(drain(single_threaded(counts)())) == [1, 1, 1]
    assert torch.get_num_threads() == 4


def test_a_generator_that_is_given_up_gives_its_threads_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threads_module, "CoreMeter", lambda: FakeCores(2.0))
    closed = []

    def endless() -> Generator[int, None, None]:
        try:
            while True:
                yield torch.get_num_threads()
        finally:
            closed.append(True)

    items = sharing_cores(endless)()
    next(items)
    items.close()
    assert closed
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


@pytest.mark.parametrize("has_kinds", [False, True])
def test_a_profile_finds_out_how_large_operations_are(has_kinds: bool) -> None:
    def size_of(count: int) -> int:
        labels_N = torch.zeros(count, dtype=torch.int64) if has_kinds else None
        images_NCHW = torch.ones(count, 1, 100, 100)
        batch = Batch.of_images(images_NCHW=images_NCHW, labels_N=labels_N, images_seen=0)
        return profile_step(cast("TrainableModel", Lines()), batch)

    # Forward a product and a ReLU of 20,000 numbers a picture; backward one of as many more, and
    # the gradient of the weights, 20,000 whatever the count.
    assert size_of(8) == pytest.approx(8 * 20_000, rel=0.3)
    assert size_of(32) == pytest.approx(4 * size_of(8), rel=0.1)
    assert torch.get_num_threads() == 4
