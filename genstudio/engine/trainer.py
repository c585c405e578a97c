"""Training as a generator of events: whoever reads it decides what to show and to keep."""

import time
import traceback
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

import torch

from genstudio.domain import commands, events
from genstudio.domain.errors import GenStudioError, RunawayError, SettingsError, TrainingError
from genstudio.domain.language import tr
from genstudio.domain.training import Budget
from genstudio.engine.changes import told_change
from genstudio.engine.checkpoint import CheckpointStore
from genstudio.engine.extension import Extension
from genstudio.engine.extensions.checkpoints import Checkpoints
from genstudio.engine.extensions.coaching import Coaching
from genstudio.engine.extensions.finalizing import Finalizing
from genstudio.engine.extensions.previews import Previews
from genstudio.engine.extensions.progress import Progress
from genstudio.engine.extensions.quality import QualityMeasuring
from genstudio.engine.extensions.rollback import Rollback
from genstudio.engine.extensions.teaching import TeachingWatch
from genstudio.engine.job import TrainingJob
from genstudio.engine.memory import is_out_of_memory
from genstudio.engine.quality import quality_meter
from genstudio.engine.schedule import Schedule, Task, paces
from genstudio.engine.state import TrainState
from genstudio.engine.stepper import Stepper

_PAUSE_POLL_S = 0.1


class CommandSource(Protocol):
    """Where a person's commands arrive."""

    @property
    def is_stop_wanted(self) -> bool:
        """Whether a stop is among the commands that have arrived, taken or not."""
        ...

    def poll(self, timeout_s: float) -> commands.Command | None:
        """Give the next command, waiting up to ``timeout_s`` for one; None if there is none."""
        ...


class NoCommands:
    """For runs that nobody steers."""

    is_stop_wanted = False

    def poll(self, timeout_s: float) -> commands.Command | None:
        """Give nothing."""
        time.sleep(timeout_s)
        return None


def train(job: TrainingJob, source: CommandSource) -> Iterator[events.Event]:
    """Train until the budget is spent or a person stops.

    Yields:
        Events, of which the last and only the last is ``Finished``, ``Stopped`` or ``Failed``.
    """
    return with_one_ending(_train(job, source), job.run)


def with_one_ending(stream: Iterable[events.Event], run: Path | None) -> Iterator[events.Event]:
    """Pass events on until the first terminal one; turn an error into ``Failed``."""
    step = 0
    try:
        for event in stream:
            step = getattr(event, "step", step)
            run = getattr(event, "run", run)
            yield event
            if isinstance(event, events.Terminal):
                return
        failure: Exception = TrainingError(tr("Training ended without a result"))
    except Exception as error:  # noqa: BLE001  # the one edge at which every error becomes an event
        failure = error
    yield _failed(failure, run, step)


def _failed(error: Exception, run: Path | None, step: int) -> events.Failed:
    details = "".join(traceback.format_exception(error))
    known = error if isinstance(error, GenStudioError) else _recognised(error)
    return events.Failed(
        run=run,
        step=step,
        title=known.title,
        message=known.message,
        hint=known.hint,
        traceback=details,
    )


def _recognised(error: Exception) -> GenStudioError:
    if is_out_of_memory(error):
        return TrainingError(
            tr("There is not enough memory"),
            tr("Even with one picture at a time, the model does not fit."),
            tr("Choose a smaller size or a smaller model, or close other programs."),
        )
    return TrainingError(
        tr("Training stopped because of an error in the program"),
        f"{type(error).__name__}: {error}",
        tr("What was saved is intact. The details help to mend the program."),
    )


def _train(job: TrainingJob, source: CommandSource) -> Iterator[events.Event]:
    with closing(_Loop(job, source)) as loop:
        yield from loop.run()


class _Loop:
    """Takes steps, has the extensions do what is due, and answers a person's commands."""

    def __init__(self, job: TrainingJob, source: CommandSource) -> None:
        settings, dataset = job.settings, job.dataset
        self._folder = job.run
        self._source = source
        self._state = state = TrainState(job)
        self._stepper = Stepper(state, settings)
        self._schedule = schedule = Schedule(settings.budget, paces(settings), state.seconds)
        store = CheckpointStore(job.checkpoints)
        plan = state.compute.plan
        self._rollback = Rollback(store)
        self._prior = Finalizing(schedule)
        self._previews = Previews(
            dataset,
            schedule,
            torch.cuda.Stream() if plan.accelerator == "cuda" else None,
            is_beside=plan.works_beside,
        )
        self._checkpoints = Checkpoints(store, schedule)
        self._num_examples = dataset.num_learned_from
        self._num_held_out = max(map(len, dataset.held_out.values()), default=0)
        # In the order in which they are called: what is measured and saved is finalized before.
        self._extensions: tuple[Extension, ...] = (
            self._prior,
            Progress(schedule, state.parts),
            self._previews,
            TeachingWatch(schedule),
            QualityMeasuring(
                quality_meter(state.averaged, dataset, settings.seed),
                schedule,
                lambda: source.is_stop_wanted,
            ),
            Coaching(
                self._num_examples, schedule, settings.stop_when, is_new=job.resume_from is None
            ),
            self._checkpoints,
        )

    def close(self) -> None:
        """Let what is being written get to its end, and the processor's threads go."""
        for extension in self._extensions:
            extension.close()
        self._state.compute.threads.give_back()

    def run(self) -> Iterator[events.Event]:
        """The run from beginning to end."""
        yield self._started()
        for extension in self._extensions:
            yield from extension.start(self._state)
        is_stopped = yield from self._answer()
        while True:
            is_stopped = is_stopped or (yield from self._go_on())
            checkpoint = yield from self._save()
            # Saving may have found that it had to go back, and then there is more to do.
            if is_stopped or self._is_done():
                break
        yield self._stopped(checkpoint) if is_stopped else self._finished(checkpoint)

    def _is_done(self) -> bool:
        return self._schedule.is_done(self._state.counters)

    def _go_on(self) -> Generator[events.Event, None, bool]:
        """Train until a person stops it, which is True, or until it is done."""
        while True:
            try:
                if self._is_done():
                    for extension in self._extensions:
                        yield from extension.end(self._state)
                    return False
                self._stepper.take_step()
                for extension in self._extensions:
                    yield from extension.after_step(self._state)
            except RunawayError as error:
                yield from self._roll_back(error)
            if not self._is_done() and (yield from self._answer()):
                return True

    def _roll_back(self, error: RunawayError) -> Iterator[events.Event]:
        """Go on from the newest checkpoint, or from the beginning."""
        yield from self._checkpoints.settle(self._state)
        said = self._rollback.roll_back(self._state, error)
        self._schedule.roll_back(self._state.seconds)
        for extension in self._extensions:
            extension.rolled_back(self._state)
        yield said

    def _save(self) -> Generator[events.Event, None, Path]:
        """Save this very step, or if its numbers ran away, what there was before."""
        while True:
            try:
                self._prior.finalize(self._state)
                return (yield from self._checkpoints.save(self._state))
            except RunawayError as error:
                yield from self._roll_back(error)

    # --- a person's commands --------------------------------------------------------------

    def _answer(self) -> Generator[events.Event, None, bool]:
        """Answer all waiting commands; while paused, wait for more. True to stop."""
        paused = False
        while True:
            command = self._source.poll(_PAUSE_POLL_S if paused else 0.0)
            match command:
                case None:
                    if not paused:
                        return False
                case commands.Pause():
                    if not paused:
                        yield events.Paused(step=self._state.step)
                    paused = True
                case commands.Resume():
                    if paused:
                        yield events.Resumed(step=self._state.step)
                        # The pause was no training.
                        self._state.clock.lap_s()
                    paused = False
                case commands.MeasureNow():
                    self._schedule.ask_for(Task.MEASURE)
                case commands.SampleNow():
                    self._prior.finalize_if_due(self._state)
                    yield from self._previews.draw(self._state)
                case commands.SaveNow():
                    yield from self._save()
                case commands.Change(setting="budget", value=Budget() as budget):
                    self._schedule.budget = budget
                case commands.Change(setting=name, value=value):
                    yield self._change(name, value)
                case commands.Stop():
                    return True

    def _change(self, name: str, value: object) -> events.Event:
        """Let a setting of the model be another one, and tell a person, or why not."""
        state = self._state
        before = state.model.config
        try:
            state.change({name: value})
        except SettingsError as error:
            return events.Message(
                step=state.step,
                level="warning",
                title=error.title,
                message=error.message,
                hint=error.hint,
            )
        if state.milestones.saved is None:
            # It would be lost with the steps.
            self._schedule.ask_for(Task.SAVE)
        return told_change(state.step, name, before, state.model.config)

    # --- beginning and end ----------------------------------------------------------------

    def _started(self) -> events.RunStarted:
        state = self._state
        return events.RunStarted(
            run=self._folder,
            model=state.model.card.key,
            device=state.compute.device_name,
            precision=state.compute.plan.precision,
            threads=torch.get_num_threads(),
            num_images=self._num_examples,
            num_parameters=sum(p.numel() for p in state.averaged.network.parameters()),
            step=state.step,
            num_held_out=self._num_held_out,
        )

    def _finished(self, checkpoint: Path) -> events.Finished:
        counters, schedule = self._state.counters, self._schedule
        return events.Finished(
            run=self._folder,
            step=counters.step,
            images_seen=counters.images_seen,
            seconds=counters.seconds,
            checkpoint=checkpoint,
            reason="" if schedule.progress(counters) >= 1 else schedule.reason_to_end,
        )

    def _stopped(self, checkpoint: Path) -> events.Stopped:
        counters = self._state.counters
        return events.Stopped(
            run=self._folder,
            step=counters.step,
            images_seen=counters.images_seen,
            seconds=counters.seconds,
            checkpoint=checkpoint,
        )
