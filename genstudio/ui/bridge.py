"""The one way from worker threads to the window: queues drained every 33 ms by a timer."""

import queue
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QTimer

from genstudio.services.jobs import JobEnded

T = TypeVar("T")

_PUMP_INTERVAL_MS = 33
# Bounds one pump's work: a backlog is caught up with over several, and the window stays alive.
_MOST_ITEMS = 500


@dataclass(frozen=True, slots=True, eq=False)
class _Followed:
    items: "queue.SimpleQueue[Any]"
    on_items: Callable[[list[Any]], None]
    on_end: Callable[[JobEnded], None]


class Bridge(QObject):
    """Hands what workers made to the window, all that came since the last time at once.

    A signal for each event would halve the worker's speed and stall the window; a queue
    drained 30 times a second does neither.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._followed: list[_Followed] = []
        self._timer = QTimer(self)
        self._timer.setInterval(_PUMP_INTERVAL_MS)
        self._timer.timeout.connect(self.pump)

    def follow(
        self,
        items: "queue.SimpleQueue[T | JobEnded]",
        on_items: Callable[[list[T]], None],
        on_end: Callable[[JobEnded], None],
    ) -> None:
        """Read a worker's queue until its end.

        Args:
            items: The queue of a job or of a training session.
            on_items: Called with all items since the last pump, never with none.
            on_end: Called once, after the last items.
        """
        self._followed.append(_Followed(items, on_items, on_end))
        self._timer.start()

    def pump(self) -> None:
        """Hand over what has come; called by the timer."""
        for followed in [it for it in self._followed if not it.items.empty()]:
            # Whoever was called before may have closed the window, and with it stopped this.
            if followed not in self._followed:
                continue
            items, ending = _drain(followed.items)
            if items:
                followed.on_items(items)
            if ending is not None and followed in self._followed:
                self._followed.remove(followed)
                followed.on_end(ending)
        if not self._followed:
            self._timer.stop()

    def stop(self) -> None:
        """Hand nothing over any more; what is in the queues is dropped."""
        self._followed.clear()
        self._timer.stop()


def _drain(source: "queue.SimpleQueue[Any]") -> tuple[list[Any], JobEnded | None]:
    items: list[Any] = []
    while len(items) < _MOST_ITEMS:
        try:
            item = source.get_nowait()
        except queue.Empty:
            break
        if isinstance(item, JobEnded):
            return items, item
        items.append(item)
    return items, None
