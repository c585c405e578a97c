"""Work in the background: a generator advanced by a thread, its items read from a queue."""

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")

_LONGEST_WAIT_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class JobEnded:
    """The last item of every job; ``error`` is None if it ran to its end or was cancelled."""

    error: Exception | None = None
    cancelled: bool = False


class Job(Generic[T]):
    """One piece of background work.

    Args:
        name: Name of the thread, for logs.
        make_items: Called in the thread; every item it gives goes into ``items``.
    """

    def __init__(self, name: str, make_items: Callable[[], Iterable[T]]) -> None:
        self.items: queue.SimpleQueue[T | JobEnded] = queue.SimpleQueue()
        self._make_items = make_items
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"genstudio-{name}")

    def start(self) -> None:
        """Begin; call once."""
        self._thread.start()

    def cancel(self) -> None:
        """Ask the job to end after the item it is working on."""
        self._cancelled.set()

    def is_running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread.is_alive()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; says whether it came."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            with closing(_closable(self._make_items())) as items:
                for item in items:
                    if self._cancelled.is_set():
                        break
                    self.items.put(item)
        except Exception as error:  # noqa: BLE001  # the edge of a thread: told to whoever waits
            self.items.put(JobEnded(error))
        else:
            self.items.put(JobEnded(cancelled=self._cancelled.is_set()))


def end_all(jobs: Iterable[Job[Any]], longest_s: float = _LONGEST_WAIT_S) -> None:
    """End work that only reads, before a window closes.

    What reads very many pictures may be in the middle of a long step: it is not waited for, and
    ends by itself.
    """
    jobs, until_s = list(jobs), time.monotonic() + longest_s
    for job in jobs:
        job.cancel()
    for job in jobs:
        job.join(max(0.0, until_s - time.monotonic()))


def _closable(items: Iterable[T]) -> Generator[T, None, None]:
    """Closing this closes a generator inside it, which lets it clean up at once."""
    yield from items
