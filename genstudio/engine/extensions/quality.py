"""Measures now and then how good the averaged model is, just before it is saved."""

from collections.abc import Callable, Iterator

from genstudio.domain import events
from genstudio.engine.extension import Extension
from genstudio.engine.quality import Meter
from genstudio.engine.schedule import Schedule, Task
from genstudio.engine.state import Measurement, TrainState


class QualityMeasuring(Extension):
    """Measures what is about to be saved, so that the best checkpoint is known.

    Args:
        meter: What measures it; None where no figure is known.
        schedule: Of the run.
        is_hurried: Whether a person waits for the end; then nothing is measured any more.
    """

    def __init__(
        self, meter: Meter | None, schedule: Schedule, is_hurried: Callable[[], bool]
    ) -> None:
        self._meter = meter
        self._schedule = schedule
        self._is_hurried = is_hurried

    def after_step(self, state: TrainState) -> Iterator[events.Event]:
        """Measure before a checkpoint."""
        if self._schedule.is_due(Task.SAVE, state.seconds):
            yield from self._measure(state)

    def end(self, state: TrainState) -> Iterator[events.Event]:
        """Measure before the last checkpoint."""
        yield from self._measure(state)

    def _measure(self, state: TrainState) -> Iterator[events.Event]:
        meter, seconds = self._meter, state.seconds
        if meter is None or state.milestones.saved == state.step:
            return
        if not self._schedule.is_due(Task.MEASURE, seconds):
            return

        def gives_up() -> bool:
            """Asked between pictures."""
            state.compute.threads.adapt()
            return self._is_hurried()

        began_s = state.clock.now_s()
        figures = state.compute.memory.attempt(
            lambda: meter.measure(state.averaged, gives_up, examined=state.model)
        )
        self._schedule.done(Task.MEASURE, seconds, state.clock.now_s() - began_s)
        if figures:
            # Beside what a teaching may have measured.
            whole = {**state.observed.figures_at(state.step), **figures}
            state.observed.measurement = Measurement(state.step, whole, meter.count)
            yield events.MetricsReady(step=state.step, metrics=figures)
