"""Tells how a run goes, in figures and at a bearable rate."""

from collections.abc import Iterator

from genstudio.domain import events
from genstudio.domain.language import tr
from genstudio.engine.extension import Extension
from genstudio.engine.memory import memory_in_use_gib
from genstudio.engine.meters import RateLimit, Speedometer
from genstudio.engine.schedule import Schedule
from genstudio.engine.state import TrainState

_EVENTS_PER_S = 20


class Progress(Extension):
    """Tells losses, speed and remaining time.

    Args:
        schedule: Of the run, whose budget it knows.
        parts: Micro-batches that a step is taken in at first.
    """

    def __init__(self, schedule: Schedule, parts: int) -> None:
        self._schedule = schedule
        self._told_parts = parts
        self._told_step = -1
        self._speed = Speedometer()
        self._limit = RateLimit(_EVENTS_PER_S)

    def after_step(self, state: TrainState) -> Iterator[events.Event]:
        """Tell figures, and that memory did not suffice."""
        if state.parts != self._told_parts:
            self._told_parts = state.parts
            yield _smaller_parts(state)
        if self._limit.allows(state.clock.now_s()):
            yield self._step_done(state)

    def end(self, state: TrainState) -> Iterator[events.Event]:
        """Tell the last figures."""
        if self._told_step != state.step:
            yield self._step_done(state)

    def rolled_back(self, state: TrainState) -> None:
        """Steps are counted from an earlier one again."""
        del state
        self._speed = Speedometer()
        self._told_step = -1

    def _step_done(self, state: TrainState) -> events.StepDone:
        counters, compute = state.counters, state.compute
        self._told_step = counters.step
        losses = state.observed.losses
        losses.update(state.meter.read(counters.step))
        progress = self._schedule.progress(counters)
        self._speed.add(counters.seconds, counters.images_seen, progress)
        return events.StepDone(
            step=counters.step,
            images_seen=counters.images_seen,
            losses=dict(losses),
            images_per_s=self._speed.images_per_s(),
            seconds=counters.seconds,
            progress=progress,
            eta_s=self._speed.eta_s(),
            memory_gib=memory_in_use_gib(compute.plan.accelerator),
            threads=compute.threads.count,
        )


def _smaller_parts(state: TrainState) -> events.Message:
    return events.Message(
        step=state.step,
        level="warning",
        title=tr("There was not enough memory, so each step is taken in parts"),
        message=tr(
            "A step now has {parts} parts. It learns the same, a little more slowly.",
            parts=state.parts,
        ),
        hint=tr("Closing other programs, or a smaller size, would make it faster again."),
    )
