"""Files are written while the next results are made."""

import time
from collections import deque
from collections.abc import Callable, Generator, Hashable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

S = TypeVar("S")
R = TypeVar("R")

# A file is safe when the drive says so, which several can wait for together.
_WRITERS = 4
# Results that come quicker than this may be told of together with the next.
_SOON_S = 0.5
# Of so many results the slowest counts: those that were drawn in one batch come at once.
_LOOKED_BACK = 32
# Held in memory until they are written.
_MOST_WAITING = 32


def written_meanwhile(
    steps: Iterable[S],
    write: Callable[[S], R],
    *,
    place: Callable[[S], Hashable],
    is_passing: Callable[[S], bool] = lambda _: False,
    clock: Callable[[], float] = time.monotonic,
) -> Generator[tuple[S, R], None, None]:
    """Write steps in other threads while the next are made; they come in their order.

    Where a step takes long to make, the one before is given out first: nobody waits for a second
    picture to see the first.

    Args:
        steps: Made in the thread of the caller.
        write: Called in other threads, several at once; must not use torch.
        place: What a step is written to. Of two with the same, the second waits for the first.
        is_passing: Whether a step is gone once the next is made, as a film in a temporary folder
            is: that one is written first.
        clock: Seconds.

    Yields:
        Each step once it is written, and what ``write`` gave. What was made before an error is
        given out before it is raised.

    Raises:
        Exception: Whatever ``steps`` or ``write`` raise.
    """
    waiting: deque[tuple[S, Future[R]]] = deque()
    took_s: deque[float] = deque([_SOON_S] * _LOOKED_BACK, maxlen=_LOOKED_BACK)
    made = iter(steps)
    writers = ThreadPoolExecutor(_WRITERS, "results")
    try:
        while True:
            began_s = clock()
            try:
                step = next(made)
            except StopIteration:
                break
            except Exception:
                while waiting:
                    yield _next_of(waiting)
                raise
            took_s.append(clock() - began_s)
            wanted = place(step)
            while any(place(it) == wanted for it, _ in waiting):
                yield _next_of(waiting)
            waiting.append((step, writers.submit(write, step)))
            most = _MOST_WAITING if max(took_s) < _SOON_S else 0
            if is_passing(step):
                while waiting:
                    yield _next_of(waiting)
            while waiting and (len(waiting) > most or waiting[0][1].done()):
                yield _next_of(waiting)
        while waiting:
            yield _next_of(waiting)
    finally:
        # Given up by the person, what was made is still written; after a full disk it is not.
        failed = any(it.done() and it.exception() is not None for _, it in waiting)
        writers.shutdown(wait=True, cancel_futures=failed)


def _next_of(waiting: deque[tuple[S, Future[R]]]) -> tuple[S, R]:
    step, written = waiting[0]
    given = written.result()
    waiting.popleft()
    return step, given
