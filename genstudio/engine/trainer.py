"""Training as a generator of events: whoever reads it decides what to show and to keep."""

import time
import traceback
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

from genstudio.domain import commands, events
from genstudio.domain.errors import GenStudioError, RunawayError, TrainingError
from genstudio.engine.job import TrainingJob
from genstudio.engine.memory import is_out_of_memory
from genstudio.engine.reporter import Reporter
from genstudio.engine.safekeeping import Safekeeping
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
        failure: Exception = TrainingError("Training ended without a result")
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
            "There is not enough memory",
            "Even with one picture at a time, the model does not fit.",
            "Choose a smaller size or a smaller model, or close other programs.",
        )
    return TrainingError(
        "Training stopped because of an error in the program",
        f"{type(error).__name__}: {error}",
        "What was saved is intact. The details help to mend the program.",
    )


def _train(job: TrainingJob, source: CommandSource) -> Iterator[events.Event]:
    training = _Training(job, source)
    with closing(training):
        yield training.reporter.started()
        if training.stepper.step == 0:
            yield from training.reporter.preview()
            if job.resume_from is None:
                yield from training.safekeeping.greet()
        is_stopped = yield from training.answer()
        while True:
            is_stopped = is_stopped or (yield from training.go_on())
            checkpoint = yield from training.save()
            # Saving may have found that it had to go back, and then there is more to do.
            if is_stopped or training.is_done():
                break
        reporter = training.reporter
        early = "" if reporter.progress() >= 1 else training.safekeeping.reason_to_end
        yield reporter.stopped(checkpoint) if is_stopped else reporter.finished(checkpoint, early)


class _Training:
    """The parts that train a run together."""

    def __init__(self, job: TrainingJob, source: CommandSource) -> None:
        self._source = source
        self.stepper = Stepper(job)
        self.reporter = Reporter(job, self.stepper)
        self.safekeeping = Safekeeping(
            job, self.stepper, self.reporter, lambda: source.is_stop_wanted
        )

    def close(self) -> None:
        """Let what is being written get to its end, and the processor's threads go."""
        self.safekeeping.close()
        self.stepper.threads.give_back()

    def is_done(self) -> bool:
        """Whether the budget is spent, or what else the run shall end at has happened."""
        return self.reporter.progress() >= 1 or bool(self.safekeeping.reason_to_end)

    def go_on(self) -> Generator[events.Event, None, bool]:
        """Train until a person stops it, which is True, or until it is done."""
        while True:
            try:
                if self.is_done():
                    self.safekeeping.conclude()
                    yield from self.reporter.last_words()
                    yield from self.safekeeping.measure()
                    return False
                self.stepper.take_step()
                if self.reporter.begins_preview:
                    self.safekeeping.conclude_in_time()
                yield from self.reporter.after_step()
                yield from self.safekeeping.after_step()
            except RunawayError as error:
                yield from self.safekeeping.go_back(error)
            if not self.is_done() and (yield from self.answer()):
                return True

    def save(self) -> Generator[events.Event, None, Path]:
        """Save this very step, or if its numbers ran away, what there was before."""
        while True:
            try:
                return (yield from self.safekeeping.save())
            except RunawayError as error:
                yield from self.safekeeping.go_back(error)

    def answer(self) -> Generator[events.Event, None, bool]:
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
                        yield events.Paused(step=self.stepper.step)
                    paused = True
                case commands.Resume():
                    if paused:
                        yield events.Resumed(step=self.stepper.step)
                        self.stepper.forget_pause()
                    paused = False
                case commands.SampleNow():
                    self.safekeeping.conclude_in_time()
                    yield from self.reporter.preview()
                case commands.SaveNow():
                    yield from self.save()
                case commands.Change(setting=name, value=value):
                    yield from self.safekeeping.change(name, value)
                case commands.Stop():
                    return True
