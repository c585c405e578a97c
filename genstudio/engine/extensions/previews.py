"""Draws previews while a run goes on: at once, or one picture after each step."""

from collections.abc import Iterator

import numpy as np
import torch

from genstudio.data.dataset import Dataset
from genstudio.domain import events
from genstudio.domain.artifacts import Artifact
from genstudio.domain.language import tr
from genstudio.engine.extension import Extension
from genstudio.engine.preview import Sketch, drawn_sheet
from genstudio.engine.schedule import Schedule, Task
from genstudio.engine.state import TrainState


class Previews(Extension):
    """Draws the fixed seeds, or fixed inputs, with the averaged weights.

    Args:
        dataset: What is learned from; some tasks are shown examples of it.
        schedule: Of the run.
        stream: Of the graphics card, to draw on beside the steps; None on other devices.
        is_beside: Whether a preview is drawn between the next steps, and not at once.
    """

    def __init__(
        self,
        dataset: Dataset,
        schedule: Schedule,
        stream: torch.cuda.Stream | None,
        *,
        is_beside: bool,
    ) -> None:
        self._dataset = dataset
        self._schedule = schedule
        self._stream = stream
        self._is_beside = is_beside
        self._sketch: Sketch | None = None
        self._sketch_step = 0
        self._sketch_took_s = 0.0

    def start(self, state: TrainState) -> Iterator[events.Event]:
        """Show what untrained weights make; a run that goes on has shown more already."""
        if state.step == 0:
            yield from self.draw(state)

    def after_step(self, state: TrainState) -> Iterator[events.Event]:
        """Draw what is due, or go on with what was begun."""
        if self._sketch is not None:
            yield from self._draw_on(self._sketch, state)
        elif self._schedule.is_due(Task.PREVIEW, state.seconds):
            yield from self._begin(state) if self._is_beside else self.draw(state)

    def end(self, state: TrainState) -> Iterator[events.Event]:
        """Show what the last weights make."""
        yield from self.draw(state)

    def rolled_back(self, state: TrainState) -> None:
        """What was begun was perhaps drawn with weights that ran away."""
        del state
        self._sketch = None

    def draw(self, state: TrainState) -> Iterator[events.Event]:
        """Draw a preview of this step at once."""
        self._sketch = None
        compute, began_s = state.compute, state.clock.now_s()
        drawn = compute.memory.attempt(
            lambda: drawn_sheet(state.averaged, self._dataset, after_each=compute.threads.adapt)
        )
        sheet_HWC, results = drawn or (None, ())
        yield self._done(state, sheet_HWC, state.step, state.clock.now_s() - began_s, results)

    def _begin(self, state: TrainState) -> Iterator[events.Event]:
        """Begin a preview of this step; pictures of it are drawn one by one after the next ones."""
        began_s = state.clock.now_s()
        self._sketch = state.compute.memory.attempt(
            lambda: Sketch(state.models.copy_of_average(), self._dataset, self._stream)
        )
        if self._sketch is None:
            # No room for a copy: without one, nothing else can be done meanwhile.
            yield from self.draw(state)
            return
        self._schedule.begin(Task.PREVIEW)
        self._sketch_step = state.step
        self._sketch_took_s = state.clock.now_s() - began_s

    def _draw_on(self, sketch: Sketch, state: TrainState) -> Iterator[events.Event]:
        began_s = state.clock.now_s()
        drawn = state.compute.memory.attempt(lambda: (sketch.draw_one(),))
        self._sketch_took_s += state.clock.now_s() - began_s
        if drawn is None or drawn[0] is not None:
            self._sketch = None
            sheet_HWC = None if drawn is None else drawn[0]
            results = tuple(sketch.results)
            yield self._done(state, sheet_HWC, self._sketch_step, self._sketch_took_s, results)

    def _done(
        self,
        state: TrainState,
        sheet_HWC: np.ndarray | None,
        step: int,
        took_s: float,
        results: tuple[Artifact, ...] = (),
    ) -> events.Event:
        """Tell of a preview, or that there is none: it is not worth a run."""
        self._schedule.done(Task.PREVIEW, state.seconds, took_s)
        if sheet_HWC is None:
            return events.Message(
                step=state.step,
                level="warning",
                title=tr("There was not enough memory for a preview"),
                message=tr("The training goes on; the next preview is tried later."),
            )
        state.observed.preview_HWC = sheet_HWC
        return events.PreviewReady(step=step, image=sheet_HWC, results=results)
