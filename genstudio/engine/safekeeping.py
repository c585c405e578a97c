"""Keeps a run safe: saves it while it goes on, and goes back when the numbers run away."""

import time
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path

from genstudio.domain import events
from genstudio.domain.errors import RunawayError, TrainingError
from genstudio.domain.training import StopWhen
from genstudio.engine.checkpoint import CheckpointState, CheckpointStore
from genstudio.engine.coach import Coach, reason_to_end
from genstudio.engine.job import TrainingJob
from genstudio.engine.quality import quality_meter
from genstudio.engine.reporter import Reporter
from genstudio.engine.saver import Saver, Snapshot
from genstudio.engine.stepper import Stepper
from genstudio.engine.troubles import RUNAWAY, Look

_MOST_RETREATS = 4
# A young model's latents soon lie elsewhere, and what is drawn from an old conclusion looks broken.
_SHARE_OF_CONCLUDING = 0.03
_CONCLUDED_AFTER_SHARE_OF_AGE = 0.05
_ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth"}


class Safekeeping:
    """The checkpoints of a run that is being trained.

    Going back halves the learning rate each time. Four times in a row without a checkpoint
    beyond the place where the numbers ran away are enough: then the run needs a person.

    Args:
        job: The run.
        stepper: What is saved.
        reporter: What is told, and saved with it.
        is_hurried: Whether a person waits for the end; then nothing is measured any more.

    Attributes:
        reason_to_end: Why the run shall end before its budget is spent; empty if it shall not.
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
        self._quality = quality_meter(
            stepper.averaged, job.dataset, job.settings.seed, stepper.seconds
        )
        self._stop_when: StopWhen = job.settings.stop_when
        self._num_pictures = job.dataset.num_learned_from
        memory = job.resume_from.state.coach if job.resume_from else None
        self._coach = Coach(self._num_pictures, memory)
        self.reason_to_end = ""
        self._due_s = stepper.seconds + self._every_s
        self._saved_step = job.resume_from.state.step if job.resume_from else None
        self._concluded_step = self._saved_step
        self._conclusion_due_s = 0.0
        self._began_s = 0.0
        self._held_up_s = 0.0
        self._metrics: dict[str, float] = {}
        self._saved_metrics: dict[str, float] = {}
        self._retreats = 0
        self._worst_step = 0

    def greet(self) -> Iterator[events.Event]:
        """Let the coach say what is to be known before the first step."""
        yield from self._coach.greet(self._stepper.model.config)

    def change(self, name: str, value: object) -> Iterator[events.Event]:
        """Let a setting be another one, and save that soon: it would be lost with the steps."""
        changes = dict(self._stepper.changes)
        yield from self._reporter.change(name, value)
        if changes != self._stepper.changes:
            self._saved_step = None
            self._due_s = self._stepper.seconds

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
            self.conclude_in_time()
            yield from self.measure()
            self._begin()

    def conclude_in_time(self) -> None:
        """Conclude if it is time again; until the end an older conclusion will do."""
        if self._stepper.seconds >= self._conclusion_due_s:
            self.conclude()

    def conclude(self) -> None:
        """Make the averaged model ready to be drawn from as it is at this step."""
        stepper = self._stepper
        if self._concluded_step == stepper.step or not stepper.concludes:
            return
        began_s = time.monotonic()
        # If memory does not suffice, an older conclusion is better than none.
        stepper.memory.attempt(stepper.conclude)
        took_s = time.monotonic() - began_s
        self._conclusion_due_s = stepper.seconds + max(
            took_s / _SHARE_OF_CONCLUDING, stepper.seconds * _CONCLUDED_AFTER_SHARE_OF_AGE
        )
        self._concluded_step = stepper.step
        if self._saved_step == stepper.step:
            # With an older conclusion: what a run ends with must not depend on when it was saved.
            self._saved_step = None
            self._metrics = self._saved_metrics

    def _gives_up(self) -> bool:
        """Asked between pictures that are measured."""
        self._stepper.threads.adapt()
        return self._is_hurried()

    def measure(self) -> Iterator[events.Event]:
        """Measure the quality of what is about to be saved, if it is time."""
        stepper = self._stepper
        if self._saved_step != stepper.step and self._quality.is_due(stepper.seconds):
            figures = stepper.memory.attempt(
                lambda: self._quality.measure(
                    stepper.averaged, stepper.seconds, self._gives_up, examined=stepper.model
                )
            )
            self._metrics = figures or {}
            if figures:
                yield events.MetricsReady(step=stepper.step, metrics=self._metrics)
                yield from self._ask_coach()

    def _ask_coach(self) -> Iterator[events.CoachSaid]:
        stepper = self._stepper
        look = Look(
            step=stepper.step,
            epochs=stepper.images_seen / self._num_pictures,
            num_made=self._quality.count,
            figures=self._metrics,
        )
        for said in self._coach.look(look, stepper.model.config):
            self.reason_to_end = self.reason_to_end or reason_to_end(self._stop_when, said)
            yield said

    def save(self) -> Generator[events.Event, None, Path]:
        """Save now and wait until it is safe; gives the checkpoint's folder.

        Raises:
            RunawayError: The weights are no longer numbers; nothing was saved.
            ProjectError: The disk is full or the folder cannot be written to.
        """
        if self._saver.is_pending:
            yield self._collect()
        self.conclude()
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
        reached = stepper.step
        changes = dict(stepper.changes)
        checkpoint = self._store.newest().checkpoint
        if checkpoint is None:
            stepper.begin_anew()
        else:
            stepper.restore(checkpoint)
        # What a person decided is not what went wrong.
        stepper.change(changes)
        stepper.set_learning_rate_scale(scale)
        self._reporter.went_back()
        self._saved_step = self._concluded_step = None
        self._conclusion_due_s = 0.0
        self._metrics = {}
        self.reason_to_end = ""
        self._due_s = min(self._due_s, stepper.seconds + self._every_s)
        yield self._reporter.say(
            f"{error.title}; the run goes on from step {stepper.step:,}",
            f"{error.message} The learning rate is now {scale:g} of what was chosen.",
            topic=RUNAWAY,
            evidence=f"It happened at step {reached:,}, for the {_ORDINALS[self._retreats]} time "
            "since the last saved step beyond that place.",
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
            model_revision=stepper.model.card.revision,
            step=stepper.step,
            images_seen=stepper.images_seen,
            seconds=stepper.seconds,
            saved_at=datetime.now(UTC),
            losses=reporter.losses,
            metrics=self._metrics,
            learning_rate_scale=stepper.learning_rate_scale,
            parts=stepper.parts,
            loss_scale=stepper.loss_scale(),
            changes=stepper.changes,
            coach=self._coach.memory,
        )
        self._saver.begin(
            Snapshot(state=state, tensors=stepper.tensors(), preview_HWC=reporter.preview_HWC)
        )
        self._saved_step = stepper.step
        self._saved_metrics, self._metrics = self._metrics, {}
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
