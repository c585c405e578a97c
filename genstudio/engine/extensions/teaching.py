"""Watches what teaching by choices brings and costs; teaches less, or ends, where that is much."""

from collections.abc import Iterator

from genstudio.domain import events
from genstudio.engine.extension import Extension
from genstudio.engine.lessons import TeachingMemory
from genstudio.engine.schedule import Schedule, Task
from genstudio.engine.state import Measurement, TrainState
from genstudio.engine.teaching import Teacher

TOPIC = "taught too much"
# Halved so often, a lesson is over.
_WEAKEST = 0.25


class TeachingWatch(Extension):
    """Measures after so many steps, whatever the time: a run that is resumed goes on alike.

    Args:
        schedule: Of the run.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    def start(self, state: TrainState) -> Iterator[events.Event]:
        """Note what the model is like before it is taught."""
        if state.teacher is not None and not state.teaching.before:
            state.set_teaching(TeachingMemory(before=_measured(state.teacher, state)))
        return iter(())

    def after_step(self, state: TrainState) -> Iterator[events.Event]:
        """Compare now and then."""
        if state.teacher is not None and state.step % state.teacher.every == 0:
            yield from self._look(state.teacher, state)

    def end(self, state: TrainState) -> Iterator[events.Event]:
        """Compare what will be saved last."""
        if state.teacher is not None and state.step % state.teacher.every:
            # Nothing is decided here: a larger budget would have gone on alike.
            yield from self._look(state.teacher, state, decides=False)

    def _look(
        self, teacher: Teacher, state: TrainState, *, decides: bool = True
    ) -> Iterator[events.Event]:
        verdict = teacher.judge(_measured(teacher, state), state.teaching.before)
        figures = dict(verdict.figures)
        state.observed.measurement = Measurement(state.step, figures, teacher.num_judged)
        self._schedule.ask_for(Task.SAVE)
        if figures:
            yield events.MetricsReady(step=state.step, metrics=figures)
        if verdict.trouble and decides:
            yield self._weakened(verdict.trouble, state)

    def _weakened(self, trouble: str, state: TrainState) -> events.Advice:
        strength = state.teaching.strength / 2
        state.set_teaching(state.teaching.model_copy(update={"strength": strength}))
        is_over = strength < _WEAKEST
        if is_over:
            self._schedule.end_early(f"Your taste was taught as far as it goes: {trouble}")
            title = "The teaching ends here"
            message = "The best of it, from before that, is what pictures are made with."
        else:
            title = "The teaching goes on more gently"
            message = f"It now has {strength:.0%} of the strength that it began with."
        return events.Advice(
            step=state.step,
            level="warning" if is_over else "info",
            topic=TOPIC,
            title=title,
            message=message,
            evidence=trouble,
        )


def _measured(teacher: Teacher, state: TrainState) -> dict[str, float]:
    state.compute.threads.adapt()
    return teacher.measure(state.averaged)
