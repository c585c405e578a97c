"""Watches what teaching by choices brings and costs; teaches less, or ends, where that is much."""

from collections.abc import Iterator

from genstudio.domain import events
from genstudio.domain.language import tr
from genstudio.engine.extension import Extension
from genstudio.engine.lessons import TeachingMemory
from genstudio.engine.schedule import Schedule, Task
from genstudio.engine.state import Measurement, TrainState
from genstudio.engine.teaching import Teacher

TOPIC = "taught too much"
# What the strength is multiplied with after too much was lost, and after it was not.
_GENTLER, _STRONGER = 0.5, 1.2
# Lost too much so often in a row, and a lesson is over.
_MOST_TROUBLES = 4


class TeachingWatch(Extension):
    """Measures after so many steps, whatever the time: a run that is resumed goes on alike.

    Args:
        schedule: Of the run.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    def start(self, state: TrainState) -> Iterator[events.Event]:
        """Note what the model is like before it is taught."""
        teacher = state.teacher
        if teacher is not None and not state.teaching.before:
            state.set_teaching(TeachingMemory(before=_measured(teacher, state)))
            state.set_learning_rate_scale(state.optimizers.scale * teacher.learning_rate_scale)
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
        if decides:
            yield from self._decide(verdict.trouble, state)

    def _decide(self, trouble: str, state: TrainState) -> Iterator[events.Event]:
        memory = state.teaching
        if not trouble:
            strength = min(1.0, memory.strength * _STRONGER)
            if (strength, 0) != (memory.strength, memory.troubles):
                self._teach_on(state, strength, 0)
            return
        troubles, strength = memory.troubles + 1, memory.strength * _GENTLER
        self._teach_on(state, strength, troubles)
        is_over = troubles >= _MOST_TROUBLES
        if is_over:
            self._schedule.end_early(tr("What you like was taught as far as it goes"))
        yield events.Advice(
            step=state.step,
            level="warning" if is_over else "info",
            topic=TOPIC,
            title=tr("The teaching ends here")
            if is_over
            else tr("The teaching goes on more gently"),
            message=tr(
                "The best of it, from before that, is what pictures and texts are made with."
            )
            if is_over
            else tr(
                "It now has {strength:.0%} of its strength, until what was lost is back.",
                strength=strength,
            ),
            evidence=trouble,
        )

    @staticmethod
    def _teach_on(state: TrainState, strength: float, troubles: int) -> None:
        update = {"strength": strength, "troubles": troubles}
        state.set_teaching(state.teaching.model_copy(update=update))


def _measured(teacher: Teacher, state: TrainState) -> dict[str, float]:
    state.compute.threads.adapt()
    return teacher.measure(state.averaged)
