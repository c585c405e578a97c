"""What is done beside the steps of a run: each in an extension that knows nothing of the others."""

from collections.abc import Iterator
from typing import Protocol

from genstudio.domain.events import Event
from genstudio.engine.state import TrainState


class Extension(Protocol):
    """Does something beside the steps of a run; what it does not implement does nothing.

    The loop calls all extensions in turn, always in the same order. What one finds for another it
    leaves in ``state.observed`` or ``state.milestones``; what is due when is in the schedule.

    Any of these may raise a RunawayError: the weights, or a loss, are no longer numbers.
    """

    def start(self, state: TrainState) -> Iterator[Event]:
        """Before the first step that is taken here."""
        del state
        return iter(())

    def after_step(self, state: TrainState) -> Iterator[Event]:
        """After each step."""
        del state
        return iter(())

    def end(self, state: TrainState) -> Iterator[Event]:
        """When the run is done, before it is saved for the last time."""
        del state
        return iter(())

    def rolled_back(self, state: TrainState) -> None:
        """The state is an earlier one again."""

    def close(self) -> None:
        """The run has ended, however it did."""
