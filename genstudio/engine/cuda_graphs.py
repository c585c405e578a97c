"""CUDA graph capture and replay of a training phase.

A step is some thousands of small kernels, and launching one takes the processor longer than the
card takes to run it. So where a model says that a phase launches the same kernels as before, they
are captured once and from then on replayed with one launch. The random numbers are those of the
seed, not those of the capture: torch gives a graph the current seed at each replay.

Source: PyTorch's notes on CUDA graphs, "Constraints" and "Usage with torch.autograd".
"""

import logging
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from genstudio.engine.device import seed_everything
from genstudio.engine.process_group import tensor_version
from genstudio.models.protocol import Batch, CudaGraphable, Phase, TrainableModel

# Eager runs of a key before its capture: kernels are chosen and memory is allocated in them.
_WARM_UP_RUNS = 3
_log = logging.getLogger("genstudio")

# Phase, batch and number of the step => named scalars; accumulates gradients on the way.
Work = Callable[[Phase, Batch, int], Mapping[str, Tensor]]


@dataclass(frozen=True, slots=True)
class PhaseOutput:
    """What a phase computed; of a replayed graph, always in the same memory.

    Attributes:
        values: Named scalars.
        gradients: One for each parameter of the phase.
    """

    values: Mapping[str, Tensor]
    gradients: Sequence[Tensor | None]


class Replayable(Protocol):
    """A captured graph."""

    def replay(self) -> PhaseOutput:
        """Run it on what its static inputs hold now."""
        ...


GraphCapture = Callable[[Callable[[], PhaseOutput]], Replayable]


class CudaGraphCapture:
    """Captures the kernels that are launched on a CUDA device, without running them."""

    def __init__(self) -> None:
        # One memory pool for all graphs: never more than one runs, and none needs the leftovers
        # of another.
        self._pool: Any = torch.cuda.graph_pool_handle()

    def __call__(self, work: Callable[[], PhaseOutput]) -> Replayable:
        """Capture what the work launches."""
        graph = torch.cuda.CUDAGraph()
        # Other threads may use the card meanwhile, to make a gallery for example.
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            output = work()
        return _CudaGraph(graph, output)


@dataclass(frozen=True, slots=True)
class _CudaGraph:
    graph: torch.cuda.CUDAGraph
    output: PhaseOutput

    def replay(self) -> PhaseOutput:
        self.graph.replay()
        return self.output


@dataclass(frozen=True, slots=True)
class _CapturedPhase:
    """A graph, the static batch that it reads, and the buffers that it writes."""

    graph: Replayable
    batch: Batch
    written: Sequence[Tensor]


class GraphedPhases:
    """Runs phases, by replaying captured graphs where that is possible.

    Args:
        model: In training; only a :class:`CudaGraphable` one is captured.
        capture: Captures graphs; None where the device cannot.
    """

    def __init__(self, model: TrainableModel, capture: GraphCapture | None) -> None:
        self._capture = capture
        self._model = model
        self._config = model.config
        self._graph_key = model.graph_key if isinstance(model, CudaGraphable) else None
        self._buffers = list(model.network.buffers())
        self._captured: dict[Hashable, _CapturedPhase] = {}
        self._runs: Counter[Hashable] = Counter()

    @property
    def count(self) -> int:
        """Number of captured graphs."""
        return len(self._captured)

    def run(
        self, phase: Phase, batch: Batch, step: int, seed: int, work: Work
    ) -> Mapping[str, Tensor]:
        """Run a phase, or replay its graph.

        Args:
            phase: Its parameters have no gradients yet.
            batch: The input.
            step: Number of the step.
            seed: Of all random numbers.
            work: What to run or capture.
        """
        captured = self._graph_of(phase, batch, step, work)
        if captured is None:
            seed_everything(seed)
            return work(phase, batch, step)
        batch.copy_into(captured.batch)
        seed_everything(seed)
        output = captured.graph.replay()
        for parameter, gradient in zip(phase.parameters, output.gradients, strict=True):
            parameter.grad = gradient
        torch.autograd.graph.increment_version(captured.written)
        # The next replay overwrites them.
        return {name: value.clone() for name, value in output.values.items()}

    def clear(self) -> None:
        """Free all graphs."""
        self._captured.clear()
        self._runs.clear()

    def disable(self) -> bool:
        """Free all graphs and capture no more; whether there were any."""
        had_some = bool(self._captured)
        self._capture = None
        self.clear()
        return had_some

    def _graph_of(self, phase: Phase, batch: Batch, step: int, work: Work) -> _CapturedPhase | None:
        if self._capture is None or self._graph_key is None:
            return None
        if self._model.config is not self._config:
            # With other settings other kernels may be launched.
            self._config = self._model.config
            self.clear()
        graph_key = self._graph_key(phase.name, batch, step)
        if graph_key is None:
            return None
        shapes = tuple((name, values.shape) for name, values in batch.fields.items())
        key = (phase.name, graph_key, shapes)
        self._runs[key] += 1
        if key not in self._captured and self._runs[key] > _WARM_UP_RUNS:
            captured_phase = self._captured_phase(self._capture, phase, batch, step, work)
            if captured_phase is not None:
                self._captured[key] = captured_phase
        return self._captured.get(key)

    def _captured_phase(
        self, capture: GraphCapture, phase: Phase, batch: Batch, step: int, work: Work
    ) -> _CapturedPhase | None:
        own = batch.static_copy()

        def work_once() -> PhaseOutput:
            values = work(phase, own, step)
            gradients = [parameter.grad for parameter in phase.parameters]
            _without_gradients(phase)
            return PhaseOutput(values, gradients)

        before = [tensor_version(buffer) for buffer in self._buffers]
        try:
            graph = capture(work_once)
        except RuntimeError:
            # Whatever the reason: what cannot be captured can still run eagerly.
            _log.warning("The phase %s could not be captured", phase.name, exc_info=True)
            _without_gradients(phase)
            self.disable()
            return None
        written = [
            buffer
            for buffer, times in zip(self._buffers, before, strict=True)
            if tensor_version(buffer) != times
        ]
        return _CapturedPhase(graph, own, written)


def _without_gradients(phase: Phase) -> None:
    for parameter in phase.parameters:
        parameter.grad = None
