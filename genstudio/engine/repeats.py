"""Work that a graphics card repeats by itself: CUDA graphs.

A step is some thousands of small operations, and to begin one takes the processor longer than a
card takes to do it. So where a model says that a phase does the same as before, its operations are
recorded once, and from then on begun as one. The random numbers are those of the seed, not those of
the recording: torch hands a recording the seed anew each time that it is repeated.

Source: PyTorch's notes on CUDA graphs, "Constraints" and "Usage with torch.autograd".
"""

import logging
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from genstudio.engine.crew import times_written
from genstudio.engine.device import seed_everything
from genstudio.models.protocol import Batch, Phase, Repeatable, TrainableModel

# So often a pattern is worked through as usual, in which kernels are chosen and memory is found.
_TIMES_BEFORE = 3
_log = logging.getLogger("genstudio")

# Given phase, pictures and number of the step, it adds gradients to those of the parameters, and
# gives what there is to tell of the losses.
Work = Callable[[Phase, Batch, int], Mapping[str, Tensor]]


@dataclass(frozen=True, slots=True)
class Found:
    """What a phase found out: always in the same memory, if it is a recording that did.

    Attributes:
        values: Named scalars.
        gradients: One for each parameter of the phase.
    """

    values: Mapping[str, Tensor]
    gradients: Sequence[Tensor | None]


class Recording(Protocol):
    """Something that can be done again."""

    def repeat(self) -> Found:
        """Do it with what its inputs hold now."""
        ...


Recorder = Callable[[Callable[[], Found]], Recording]


class CardsRecorder:
    """Records what is begun on a graphics card, without doing it."""

    def __init__(self) -> None:
        # One piece of memory for all: of two recordings, never more than one is at work, and none
        # needs what it left behind.
        self._pool: Any = torch.cuda.graph_pool_handle()

    def __call__(self, work: Callable[[], Found]) -> Recording:
        """Record what the work begins."""
        graph = torch.cuda.CUDAGraph()
        # What other threads do on the card meanwhile, such as making a gallery, is their business.
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            found = work()
        return _CardsRecording(graph, found)


@dataclass(frozen=True, slots=True)
class _CardsRecording:
    graph: torch.cuda.CUDAGraph
    found: Found

    def repeat(self) -> Found:
        self.graph.replay()
        return self.found


@dataclass(frozen=True, slots=True)
class _Known:
    """A recording, the batch that it reads, and the buffers that it writes."""

    recording: Recording
    batch: Batch
    written: Sequence[Tensor]


class Repeats:
    """Does the work of phases, by repeating recordings where that is possible.

    Args:
        model: As it is trained; says what is the same, if it can.
        recorder: Makes recordings; None where there is nothing to make them with.
    """

    def __init__(self, model: TrainableModel, recorder: Recorder | None) -> None:
        self._recorder = recorder
        self._model = model
        self._config = model.config
        self._pattern = model.pattern if isinstance(model, Repeatable) else None
        self._buffers = list(model.network.buffers())
        self._known: dict[Hashable, _Known] = {}
        self._times: Counter[Hashable] = Counter()

    @property
    def count(self) -> int:
        """How many recordings there are."""
        return len(self._known)

    def do(
        self, phase: Phase, batch: Batch, step: int, seed: int, work: Work
    ) -> Mapping[str, Tensor]:
        """Do the work, or repeat what it did before.

        Args:
            phase: Whose work it is; its parameters have no gradients yet.
            batch: What it looks at.
            step: Number of the step.
            seed: Of all random numbers.
            work: What there is to do.
        """
        known = self._recording_of(phase, batch, step, work)
        if known is None:
            seed_everything(seed)
            return work(phase, batch, step)
        batch.copy_into(known.batch)
        seed_everything(seed)
        found = known.recording.repeat()
        for parameter, gradient in zip(phase.parameters, found.gradients, strict=True):
            parameter.grad = gradient
        torch.autograd.graph.increment_version(known.written)
        # The next time, they are written over.
        return {name: value.clone() for name, value in found.values.items()}

    def forget(self) -> None:
        """Let go of all recordings, since the work is no longer the same."""
        self._known.clear()
        self._times.clear()

    def give_up(self) -> bool:
        """Let go of all recordings and make no more; whether that frees memory."""
        had_some = bool(self._known)
        self._recorder = None
        self.forget()
        return had_some

    def _recording_of(self, phase: Phase, batch: Batch, step: int, work: Work) -> _Known | None:
        if self._recorder is None or self._pattern is None:
            return None
        if self._model.config is not self._config:
            # With other settings the work is no longer the same.
            self._config = self._model.config
            self.forget()
        pattern = self._pattern(phase.name, batch, step)
        if pattern is None:
            return None
        shapes = tuple((name, values.shape) for name, values in batch.fields.items())
        key = (phase.name, pattern, shapes)
        self._times[key] += 1
        if key not in self._known and self._times[key] > _TIMES_BEFORE:
            recorded = self._record(self._recorder, phase, batch, step, work)
            if recorded is not None:
                self._known[key] = recorded
        return self._known.get(key)

    def _record(
        self, recorder: Recorder, phase: Phase, batch: Batch, step: int, work: Work
    ) -> _Known | None:
        own = batch.static_copy()

        def noted() -> Found:
            values = work(phase, own, step)
            gradients = [parameter.grad for parameter in phase.parameters]
            _without_gradients(phase)
            return Found(values, gradients)

        before = [times_written(buffer) for buffer in self._buffers]
        try:
            recording = recorder(noted)
        except RuntimeError:
            # Of whatever kind: what cannot be recorded can still be done.
            _log.warning("The phase %s could not be recorded", phase.name, exc_info=True)
            _without_gradients(phase)
            self.give_up()
            return None
        written = [
            buffer
            for buffer, times in zip(self._buffers, before, strict=True)
            if times_written(buffer) != times
        ]
        return _Known(recording, own, written)


def _without_gradients(phase: Phase) -> None:
    for parameter in phase.parameters:
        parameter.grad = None
