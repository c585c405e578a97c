"""Saves a run while it goes on, in the background."""

from collections.abc import Generator, Iterator
from pathlib import Path

from genstudio.domain import events
from genstudio.engine.checkpoint import CheckpointStore
from genstudio.engine.extension import Extension
from genstudio.engine.saver import Saver
from genstudio.engine.schedule import Schedule, Task
from genstudio.engine.state import TrainState


class Checkpoints(Extension):
    """Saves a run.

    Args:
        store: Where to.
        schedule: Of the run.
    """

    def __init__(self, store: CheckpointStore, schedule: Schedule) -> None:
        store.remove_partial()
        self._store = store
        self._schedule = schedule
        self._saver = Saver(store)
        self._began_s = 0.0
        self._held_up_s = 0.0

    def after_step(self, state: TrainState) -> Iterator[events.Event]:
        """Save in the background when it is time, and tell when that is done.

        Raises:
            RunawayError: The weights are no longer numbers; nothing was saved.
            ProjectError: The disk is full or the folder cannot be written to.
        """
        is_due = self._schedule.is_due(Task.SAVE, state.seconds)
        if self._saver.is_done or is_due:
            yield from self.settle(state)
        if is_due:
            self._begin(state)

    def save(self, state: TrainState) -> Generator[events.Event, None, Path]:
        """Save now and wait until it is safe; gives the checkpoint's folder.

        Raises:
            RunawayError: The weights are no longer numbers; nothing was saved.
            ProjectError: The disk is full or the folder cannot be written to.
        """
        yield from self.settle(state)
        if state.milestones.saved != state.step:
            self._begin(state)
            yield from self.settle(state)
        return self._store.folder / str(state.step)

    def settle(self, state: TrainState) -> Iterator[events.Event]:
        """Wait until what is being written is safe, and tell of it."""
        if not self._saver.is_pending:
            return
        clock = state.clock
        began_s = clock.now_s()
        path = self._saver.collect()
        ended_s = clock.now_s()
        state.milestones.safe = int(path.name)
        yield events.CheckpointSaved(
            step=int(path.name),
            path=path,
            took_s=ended_s - self._began_s,
            held_up_s=self._held_up_s + ended_s - began_s,
        )

    def close(self) -> None:
        """Let what is being written get to its end."""
        self._saver.close()

    def _begin(self, state: TrainState) -> None:
        began_s = state.clock.now_s()
        self._schedule.done(Task.SAVE, state.seconds)
        self._saver.begin(state.snapshot())
        state.milestones.saved = state.step
        self._began_s, self._held_up_s = began_s, state.clock.now_s() - began_s
