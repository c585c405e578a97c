"""Fits what a model needs besides its weights to make pictures, such as the prior of latents."""

from collections.abc import Iterator

from genstudio.domain import events
from genstudio.engine.extension import Extension
from genstudio.engine.schedule import Schedule, Task
from genstudio.engine.state import TrainState

# More pictures would tell little more.
FINALIZED_FROM = 4096


class Finalizing(Extension):
    """Has the averaged model finalized before it is drawn from or saved.

    Now and then while the run goes on, for which an older fit will do; always at its end.

    Args:
        schedule: Of the run.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    def after_step(self, state: TrainState) -> Iterator[events.Event]:
        """Finalize before a preview or a checkpoint, if it is time again."""
        schedule, seconds = self._schedule, state.seconds
        if schedule.is_due(Task.PREVIEW, seconds) or schedule.is_due(Task.SAVE, seconds):
            self.finalize_if_due(state)
        return iter(())

    def end(self, state: TrainState) -> Iterator[events.Event]:
        """Finalize with the last weights."""
        self.finalize(state)
        return iter(())

    def finalize_if_due(self, state: TrainState) -> None:
        """Finalize if it is time again."""
        if self._schedule.is_due(Task.FINALIZE, state.seconds):
            self.finalize(state)

    def finalize(self, state: TrainState) -> None:
        """Make the averaged model ready to be drawn from as it is at this step."""
        models, milestones = state.models, state.milestones
        if milestones.finalized == state.step or not models.needs_finalizing:
            return
        began_s = state.clock.now_s()
        # If memory does not suffice, an older fit is better than none.
        state.compute.memory.attempt(lambda: models.finalize(state.batches.spread(FINALIZED_FROM)))
        self._schedule.done(Task.FINALIZE, state.seconds, state.clock.now_s() - began_s)
        milestones.finalized = state.step
        # What was saved had an older fit: what a run ends with must not depend on when it
        # was saved.
        milestones.saved = None
