"""Work in the background: a generator advanced by a thread, its items read from a queue."""

import queue
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


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


def _closable(items: Iterable[T]) -> Generator[T, None, None]:
    """Closing this closes a generator inside it, which lets it clean up at once."""
    yield from items
