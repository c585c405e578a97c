"""Many pieces of work in several threads, their results in order."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

# Enough that no thread waits for the taker; results that pile up would fill the memory.
_AHEAD = 16


def map_in_threads(
    work: Callable[[T], R], things: Iterable[T], *, workers: int | None = None
) -> Generator[R]:
    """Do the same with each thing, a little ahead of whoever takes the results.

    An executor's own map hands over all things before the first result, which takes a second for
    a hundred thousand, and does not wait for the taker.

    Args:
        work: Called in several threads.
        things: What with.
        workers: Threads; by default one for each processor.

    Yields:
        Results in the order of the things. What is begun is finished when the taker stops.
    """
    workers = workers or os.cpu_count() or 1
    rest = iter(things)
    with ThreadPoolExecutor(workers) as pool:
        try:
            begun = deque(pool.submit(work, thing) for thing in islice(rest, _AHEAD * workers))
            while begun:
                result = begun.popleft().result()
                begun.extend(pool.submit(work, thing) for thing in islice(rest, 1))
                yield result
        finally:
            pool.shutdown(cancel_futures=True)
