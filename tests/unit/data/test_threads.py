"""Work in several threads, whose results come in order."""

import threading
import time

import pytest

from genstudio.data.threads import map_in_threads


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 1000])
def test_results_come_in_the_order_of_the_things(count: int) -> None:
    def work(number: int) -> int:
        time.sleep(0.001 * (number % 3 == 0))
        return 2 * number

    assert list(map_in_threads(work, range(count), workers=3)) == [2 * n for n in range(count)]


def test_several_threads_work_at_once() -> None:
    both = threading.Barrier(2, timeout=600)
    parts_of_both = range(16)
    assert len(list(map_in_threads(lambda _: both.wait(), parts_of_both, workers=2))) == 16


def test_no_more_is_begun_than_a_little_ahead_of_the_taker() -> None:
    begun: list[int] = []
    results = map_in_threads(begun.append, range(10_000), workers=2)
    next(results)
    time.sleep(0.2)
    assert len(begun) < 100
    results.close()
    assert len(begun) < 100


def test_an_error_reaches_the_taker_and_ends_the_work() -> None:
    begun: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        if number == 20:
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        list(map_in_threads(work, range(10_000), workers=2))
    assert len(begun) < 200
