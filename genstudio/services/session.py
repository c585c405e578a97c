"""A training run in a worker thread: events come out of a queue, commands go in through one."""

import queue
from collections.abc import Callable, Iterator

from genstudio.domain.commands import Command, Stop
from genstudio.domain.events import Event
from genstudio.services.jobs import Job, JobEnded


class CommandQueue:
    """Commands on their way from a person to the engine."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self.is_stop_wanted = False

    def send(self, command: Command) -> None:
        """Leave a command; it is answered between two steps."""
        if isinstance(command, Stop):
            self.is_stop_wanted = True
        self._queue.put(command)

    def poll(self, timeout_s: float) -> Command | None:
        """Take the next command, waiting up to ``timeout_s`` for one."""
        try:
            return self._queue.get(block=timeout_s > 0, timeout=timeout_s or None)
        except queue.Empty:
            return None


class TrainingSession:
    """One run from start to terminal event.

    Args:
        make_events: Gives the run's events when handed the source of commands;
            called and advanced in the worker thread only.
    """

    def __init__(self, make_events: Callable[[CommandQueue], Iterator[Event]]) -> None:
        self._commands = CommandQueue()
        self._job: Job[Event] = Job("training", lambda: make_events(self._commands))

    @property
    def events(self) -> "queue.SimpleQueue[Event | JobEnded]":
        """Events in order, then a :class:`~genstudio.services.jobs.JobEnded`."""
        return self._job.items

    def start(self) -> None:
        """Begin training in the worker thread."""
        self._job.start()

    def send(self, command: Command) -> None:
        """Ask something of the run."""
        self._commands.send(command)

    def is_running(self) -> bool:
        """Whether the worker thread is alive."""
        return self._job.is_running()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for the worker thread to end; says whether it did."""
        return self._job.join(timeout_s)
