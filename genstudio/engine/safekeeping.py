"""Keeps a run safe: saves it while it goes on, and goes back when the numbers run away."""

import time
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path

from genstudio.domain import events
from genstudio.domain.errors import RunawayError, TrainingError
from genstudio.engine.checkpoint import CheckpointState, CheckpointStore
from genstudio.engine.quality import QualityMeter
from genstudio.engine.reporter import Reporter
from genstudio.engine.saver import Saver, Snapshot
from genstudio.engine.stepper import Stepper, TrainingJob

_MOST_RETREATS = 4


class Safekeeping:
    """The checkpoints of a run that is being trained.

    Going back halves the learning rate each time. Four times in a row without a checkpoint
    beyond the place where the numbers ran away are enough: then the run needs a person.

    Args:
        job: The run.
        stepper: What is saved.
        reporter: What is told, and saved with it.
        is_hurried: Whether a person waits for the end; then nothing is measured any more.
    """

    def __init__(
        self,
        job: TrainingJob,
        stepper: Stepper,
        reporter: Reporter,
        is_hurried: Callable[[], bool],
    ) -> None:
        self._stepper = stepper
        self._reporter = reporter
        self._is_hurried = is_hurried
        self._every_s = job.settings.save_every_s
        self._store = CheckpointStore(job.checkpoints)
        self._store.remove_partial()
        self._saver = Saver(self._store)
        self._quality = QualityMeter(
            job.images_NHWC,
            job.settings.seed,
            stepper.seconds,
            learned_from=job.learned_from,
            held_out=job.held_out,
        )
        self._due_s = stepper.seconds + self._every_s
        self._saved_step = job.resume_from.state.step if job.resume_from else None
        self._began_s = 0.0
        self._held_up_s = 0.0
        self._metrics: dict[str, float] = {}
        self._retreats = 0
        self._worst_step = 0

    def after_step(self) -> Iterator[events.Event]:
        """Save in the background when it is time, and tell when that is done.

        Raises:
            RunawayError: The weights are no longer numbers; nothing was saved.
            ProjectError: The disk is full or the folder cannot be written to.
        """
        if self._saver.is_done:
            yield self._collect()
        if self._stepper.seconds >= self._due_s:
            if self._saver.is_pending:
                yield self._collect()
            yield from self.measure()
            self._begin()

    def measure(self) -> Iterator[events.Event]:
        """Measure the quality of what is about to be saved, if it is time."""
        stepper = self._stepper
        if self._saved_step != stepper.step and self._quality.is_due(stepper.seconds):
            self._metrics = self._quality.measure(
                stepper.averaged, stepper.seconds, self._is_hurried
            )
            if self._metrics:
                yield events.MetricsReady(step=stepper.step, metrics=self._metrics)

    def save(self) -> Generator[events.Event, None, Path]:
        """Save now and wait until it is safe; gives the checkpoint's folder.

        Raises:
            RunawayError: The weights are no longer numbers; nothing was saved.
            ProjectError: The disk is full or the folder cannot be written to.
        """
        if self._saver.is_pending:
            yield self._collect()
        if self._saved_step != self._stepper.step:
            self._begin()
            yield self._collect()
        return self._store.folder / str(self._stepper.step)

    def go_back(self, error: RunawayError) -> Iterator[events.Event]:
        """Return to the newest checkpoint, or to the beginning, with half the learning rate.

        Raises:
            TrainingError: That was done often enough.
        """
        stepper = self._stepper
        if self._saver.is_pending:
            yield self._collect()
        if self._retreats == _MOST_RETREATS:
            raise TrainingError(
                "The numbers ran away",
                f"{error.message} Going back and learning more slowly did not help "
                f"{_MOST_RETREATS} times.",
                "Branch from an earlier checkpoint, or begin anew with a lower learning rate.",
            ) from error
        self._retreats += 1
        self._worst_step = max(self._worst_step, stepper.step)
        scale = stepper.learning_rate_scale / 2
        checkpoint = self._store.newest().checkpoint
        if checkpoint is None:
            stepper.begin_anew()
        else:
            stepper.restore(checkpoint)
        stepper.set_learning_rate_scale(scale)
        self._reporter.went_back()
        self._saved_step = None
        self._metrics = {}
        self._due_s = min(self._due_s, stepper.seconds + self._every_s)
        yield self._reporter.say(
            f"{error.title}; the run goes on from step {stepper.step:,}",
            f"{error.message} The learning rate is now {scale:g} of what was chosen.",
        )

    def close(self) -> None:
        """Let what is being written get to its end."""
        self._saver.close()

    def _begin(self) -> None:
        began_s = time.monotonic()
        stepper, reporter = self._stepper, self._reporter
        self._due_s = stepper.seconds + self._every_s
        state = CheckpointState(
            model_key=stepper.model.card.key,
            step=stepper.step,
            images_seen=stepper.images_seen,
            seconds=stepper.seconds,
            saved_at=datetime.now(UTC),
            losses=reporter.losses,
            metrics=self._metrics,
            learning_rate_scale=stepper.learning_rate_scale,
            parts=stepper.parts,
            loss_scale=stepper.loss_scale(),
        )
        self._saver.begin(
            Snapshot(state=state, tensors=stepper.tensors(), preview_HWC=reporter.preview_HWC)
        )
        self._saved_step = stepper.step
        self._metrics = {}
        self._began_s, self._held_up_s = began_s, time.monotonic() - began_s

    def _collect(self) -> events.CheckpointSaved:
        began_s = time.monotonic()
        path = self._saver.collect()
        ended_s = time.monotonic()
        step = int(path.name)
        if step > self._worst_step:
            self._retreats = 0
        return events.CheckpointSaved(
            step=step,
            path=path,
            took_s=ended_s - self._began_s,
            held_up_s=self._held_up_s + ended_s - began_s,
        )
