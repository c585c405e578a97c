"""Training as a generator of events: whoever reads it decides what to show and to keep."""

import time
import traceback
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Protocol

import torch

from genstudio.domain import commands, events
from genstudio.domain.errors import GenStudioError, TrainingError
from genstudio.engine.stepper import Stepper, TrainingJob

_PAUSE_POLL_S = 0.1


class CommandSource(Protocol):
    """Where a person's commands arrive."""

    def poll(self, timeout_s: float) -> commands.Command | None:
        """Give the next command, waiting up to ``timeout_s`` for one; None if there is none."""
        ...


class NoCommands:
    """For runs that nobody steers."""

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
    text = str(error)
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "can't allocate" in text:
        return TrainingError(
            "There is not enough memory",
            "The pictures of one step do not fit at once.",
            "Choose fewer pictures per step, more parts per step, or a smaller size.",
        )
    return TrainingError(
        "Training stopped because of an error in the program",
        f"{type(error).__name__}: {text}",
        "What was saved is intact. The details help to mend the program.",
    )


def _train(job: TrainingJob, source: CommandSource) -> Iterator[events.Event]:
    trainer = Stepper(job)
    yield trainer.started()
    if trainer.step == 0:
        yield trainer.preview()
    while trainer.progress() < 1:
        ending = yield from _answer(trainer, source)
        if ending is not None:
            yield ending
            return
        trainer.take_step()
        yield from trainer.report()
    yield from trainer.last_words()
    checkpoint = yield from trainer.save()
    yield trainer.finished(checkpoint)


def _answer(
    trainer: Stepper, source: CommandSource
) -> Generator[events.Event, None, events.Stopped | None]:
    """Answer all waiting commands; while paused, wait for more."""
    paused = False
    while True:
        command = source.poll(_PAUSE_POLL_S if paused else 0.0)
        match command:
            case None:
                if not paused:
                    return None
            case commands.Pause():
                if not paused:
                    yield events.Paused(step=trainer.step)
                paused = True
            case commands.Resume():
                if paused:
                    yield events.Resumed(step=trainer.step)
                    trainer.forget_pause()
                paused = False
            case commands.SampleNow():
                yield trainer.preview()
            case commands.SaveNow():
                yield from trainer.save()
            case commands.Change(setting=name, value=value):
                yield from trainer.change(name, value)
            case commands.Stop():
                checkpoint = yield from trainer.save()
                return trainer.stopped(checkpoint)
