"""Tells how a run goes: figures at a bearable rate, previews, how it began and how it ended."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from genstudio.domain import events
from genstudio.domain.errors import SettingsError
from genstudio.domain.training import Budget
from genstudio.engine.changes import told_change
from genstudio.engine.job import TrainingJob
from genstudio.engine.memory import memory_in_use_gib
from genstudio.engine.meters import RateLimit, Speedometer
from genstudio.engine.preview import Sketch, preview_sheet
from genstudio.engine.stepper import Stepper

_EVENTS_PER_S = 20
# Previews come more rarely as a run grows older: a night's worth stays some hundreds.
_PREVIEW_SHARE_OF_AGE = 0.01
# Some architectures draw slowly.
_PREVIEW_SHARE_OF_TIME = 0.05


class Reporter:
    """What there is to say about a run.

    Attributes:
        budget: When the run is done; may be changed while it goes on.
        losses: As told last.
        preview_HWC: As drawn last; None before the first.
    """

    def __init__(self, job: TrainingJob, stepper: Stepper) -> None:
        self._job = job
        self._stepper = stepper
        self.budget = job.settings.budget
        self.losses: dict[str, float] = {}
        self.preview_HWC: np.ndarray | None = None
        self._speed = Speedometer()
        self._step_events = RateLimit(_EVENTS_PER_S)
        self._told_step = -1
        self._told_parts = stepper.parts
        self._preview_due_s = stepper.seconds + job.settings.preview_every_s
        self._stream = torch.cuda.Stream() if stepper.plan.accelerator == "cuda" else None
        self._sketch: Sketch | None = None
        self._sketch_step = 0
        self._sketch_took_s = 0.0

    def progress(self) -> float:
        """Share of the budget that is spent."""
        stepper = self._stepper
        return self.budget.progress(
            step=stepper.step, images_seen=stepper.images_seen, seconds=stepper.seconds
        )

    @property
    def begins_preview(self) -> bool:
        """Whether a preview is begun after this step."""
        return self._sketch is None and self._stepper.seconds >= self._preview_due_s

    def after_step(self) -> Iterator[events.Event]:
        """Tell what is due after a step.

        Raises:
            RunawayError: A loss is no longer a number.
        """
        if self._stepper.parts != self._told_parts:
            yield self._smaller_parts()
        if self._step_events.allows(self._stepper.clock_s):
            yield self._step_done()
        if self._sketch is not None:
            yield from self._draw_on(self._sketch)
        elif self.begins_preview:
            yield from self._preview_beside() if self._stepper.plan.works_beside else self.preview()

    def last_words(self) -> Iterator[events.Event]:
        """Tell how the run ends: final figures and a final preview.

        Raises:
            RunawayError: A loss is no longer a number.
        """
        if self._told_step != self._stepper.step:
            yield self._step_done()
        yield from self.preview()

    def preview(self) -> Iterator[events.Event]:
        """Draw the fixed seeds with the averaged weights, at once."""
        stepper = self._stepper
        self._sketch = None
        began_s = time.monotonic()
        sheet_HWC = stepper.memory.attempt(
            lambda: preview_sheet(
                stepper.averaged, self._job.dataset, after_each=stepper.threads.adapt
            )
        )
        yield self._preview_done(sheet_HWC, stepper.step, time.monotonic() - began_s)

    def _preview_beside(self) -> Iterator[events.Event]:
        """Begin a preview of this step; pictures of it are drawn one by one after the next ones."""
        stepper = self._stepper
        began_s = time.monotonic()
        self._sketch = stepper.memory.attempt(
            lambda: Sketch(stepper.copy_of_average(), self._job.dataset, self._stream)
        )
        self._sketch_step = stepper.step
        self._sketch_took_s = time.monotonic() - began_s
        if self._sketch is None:
            # No room for a copy: without one, nothing else can be done meanwhile.
            yield from self.preview()

    def _draw_on(self, sketch: Sketch) -> Iterator[events.Event]:
        began_s = time.monotonic()
        drawn = self._stepper.memory.attempt(lambda: (sketch.draw_one(),))
        self._sketch_took_s += time.monotonic() - began_s
        if drawn is None or drawn[0] is not None:
            self._sketch = None
            sheet_HWC = None if drawn is None else drawn[0]
            yield self._preview_done(sheet_HWC, self._sketch_step, self._sketch_took_s)

    def _preview_done(
        self, sheet_HWC: np.ndarray | None, step: int, took_s: float
    ) -> events.PreviewReady | events.CoachSaid:
        """Tell of a preview, or that there is none: it is not worth a run."""
        stepper, settings = self._stepper, self._job.settings
        rest_s = max(
            settings.preview_every_s,
            stepper.seconds * _PREVIEW_SHARE_OF_AGE,
            took_s / _PREVIEW_SHARE_OF_TIME,
        )
        self._preview_due_s = stepper.seconds + rest_s
        if sheet_HWC is None:
            return self.say(
                "There was not enough memory for a preview",
                "The training goes on; the next preview is tried later.",
            )
        self.preview_HWC = sheet_HWC
        return events.PreviewReady(step=step, image=sheet_HWC)

    def went_back(self) -> None:
        """Steps are counted from an earlier one again."""
        self._speed = Speedometer()
        self._told_step = -1
        # Perhaps drawn with weights that ran away.
        self._sketch = None
        due_s = self._stepper.seconds + self._job.settings.preview_every_s
        self._preview_due_s = min(self._preview_due_s, due_s)

    def say(
        self, title: str, message: str, *, topic: str = "", evidence: str = ""
    ) -> events.CoachSaid:
        """Tell a person something that they should know."""
        return events.CoachSaid(
            step=self._stepper.step,
            level="warning",
            title=title,
            message=message,
            topic=topic,
            evidence=evidence,
        )

    def change(self, name: str, value: object) -> Iterator[events.Event]:
        """Apply a :class:`~genstudio.domain.commands.Change` and tell a person, or why not."""
        if name == "budget" and isinstance(value, Budget):
            self.budget = value
            return
        before = self._stepper.model.config
        try:
            self._stepper.change({name: value})
        except SettingsError as error:
            yield self.say(error.title, f"{error.message} {error.hint}".strip())
        else:
            yield told_change(self._stepper.step, name, before, self._stepper.model.config)

    # --- beginning and end --------------------------------------------------------------

    def started(self) -> events.RunStarted:
        """Describe the run before its first step."""
        stepper = self._stepper
        return events.RunStarted(
            run=self._job.run,
            model=stepper.model.card.key,
            device=stepper.device_name,
            precision=stepper.plan.precision,
            threads=torch.get_num_threads(),
            num_images=self._job.dataset.num_learned_from,
            num_parameters=sum(p.numel() for p in stepper.averaged.network.parameters()),
            step=stepper.step,
        )

    def finished(self, checkpoint: Path, reason: str) -> events.Finished:
        """The budget is spent, or for some reason the run ends before."""
        return events.Finished(
            run=self._job.run,
            step=self._stepper.step,
            images_seen=self._stepper.images_seen,
            seconds=self._stepper.seconds,
            checkpoint=checkpoint,
            reason=reason,
        )

    def stopped(self, checkpoint: Path) -> events.Stopped:
        """A person stopped the run."""
        return events.Stopped(
            run=self._job.run,
            step=self._stepper.step,
            images_seen=self._stepper.images_seen,
            seconds=self._stepper.seconds,
            checkpoint=checkpoint,
        )

    def _step_done(self) -> events.StepDone:
        stepper = self._stepper
        self._told_step = stepper.step
        self.losses.update(stepper.meter.read(stepper.step))
        self._speed.add(stepper.seconds, stepper.images_seen, self.progress())
        return events.StepDone(
            step=stepper.step,
            images_seen=stepper.images_seen,
            losses=dict(self.losses),
            images_per_s=self._speed.images_per_s(),
            seconds=stepper.seconds,
            progress=self.progress(),
            eta_s=self._speed.eta_s(),
            memory_gib=memory_in_use_gib(stepper.plan.accelerator),
            threads=stepper.threads.count,
        )

    def _smaller_parts(self) -> events.CoachSaid:
        self._told_parts = self._stepper.parts
        return self.say(
            "There was not enough memory, so each step is taken in parts",
            f"A step now has {self._told_parts} parts. It learns the same, a little more slowly. "
            "Closing other programs, or a smaller size, would make it faster again.",
        )
