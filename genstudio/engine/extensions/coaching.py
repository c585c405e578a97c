"""Has the coach look at each measurement and say what goes wrong, and what can be done about it."""

from collections.abc import Iterator

from genstudio.domain import events
from genstudio.domain.training import StopWhen
from genstudio.engine.coach import Coach, reason_to_end
from genstudio.engine.extension import Extension
from genstudio.engine.schedule import Schedule
from genstudio.engine.state import Measurement, TrainState
from genstudio.engine.troubles import Observation


class Coaching(Extension):
    """Passes on what the coach says, and ends a run where that was asked for.

    Args:
        num_examples: Pictures that are learned from.
        schedule: Of the run.
        stop_when: What ends the run before its budget is spent.
        is_new: Whether the run begins here, and is not one that goes on.
    """

    def __init__(
        self, num_examples: int, schedule: Schedule, stop_when: StopWhen, *, is_new: bool
    ) -> None:
        self._num_examples = num_examples
        self._schedule = schedule
        self._stop_when: StopWhen = stop_when
        self._is_new = is_new
        self._seen: Measurement | None = None

    def start(self, state: TrainState) -> Iterator[events.Event]:
        """Say what is to be known before the first step."""
        if self._is_new:
            yield from Coach(self._num_examples).initial_advice(state.model.config)

    def after_step(self, state: TrainState) -> Iterator[events.Event]:
        """Look at a new measurement."""
        measurement = state.observed.measurement
        if measurement is None or measurement is self._seen:
            return
        self._seen = measurement
        coach = Coach(self._num_examples, state.observed.coach)
        observation = Observation(
            step=measurement.step,
            epochs=state.counters.images_seen / self._num_examples,
            num_made=measurement.num_made,
            figures=dict(measurement.figures),
        )
        for said in coach.observe(observation, state.model.config):
            self._schedule.end_early(reason_to_end(self._stop_when, said))
            yield said
        state.observed.coach = coach.memory

    def end(self, state: TrainState) -> Iterator[events.Event]:
        """Look at the last measurement."""
        yield from self.after_step(state)
