"""Takes training steps: forward and backward passes of every phase, and the optimizers' steps."""

from collections.abc import Mapping

from torch import Tensor

from genstudio.domain.training import LoopOptions
from genstudio.engine.buffers import BufferSnapshot
from genstudio.engine.cuda_graphs import CudaGraphCapture, GraphedPhases
from genstudio.engine.device import derived_seed, seed_everything
from genstudio.engine.phases import allow_nested_autograd, freeze_except
from genstudio.engine.state import TrainState
from genstudio.models.protocol import Batch, Phase


class Stepper:
    """Takes the steps of a run.

    Args:
        state: What a step changes.
        options: Seed and gradient clipping of the run.

    Attributes:
        state: What a step changes.
        graphs: Captured phases, replayed on a CUDA device.
    """

    def __init__(self, state: TrainState, options: LoopOptions) -> None:
        self.state = state
        self._seed = options.seed
        self._gradient_clip = options.gradient_clip
        self._buffers = BufferSnapshot(state.model.network.buffers())
        capture = CudaGraphCapture() if state.compute.plan.accelerator == "cuda" else None
        self.graphs = GraphedPhases(state.model, capture)

    def take_step(self) -> None:
        """Run every phase that is due, on the next examples."""
        state = self.state
        state.compute.process_group.broadcast({"do": "step"})
        batch = state.batches.after(state.counters.images_seen)
        for phase in state.optimizers.phases:
            if state.step % phase.every == 0:
                self._run_phase(phase, batch)
        state.advance()

    def _run_phase(self, phase: Phase, batch: Batch) -> None:
        """Take one phase's part of a step."""
        state = self.state
        compute, network = state.compute, state.model.network
        optimizer = state.optimizers.stepped(phase)
        freeze_except(phase.parameters, network)
        self._buffers.take()
        for values in self._gather_gradients(phase, batch):
            state.meter.add(values)
        compute.process_group.all_reduce_sum(
            [p.grad for p in phase.parameters if p.grad is not None]
        )
        compute.process_group.all_reduce_mean(self._buffers.written())
        if self._gradient_clip > 0:
            compute.fabric.clip_gradients(
                network, optimizer, max_norm=self._gradient_clip, error_if_nonfinite=False
            )
        optimizer.step()
        optimizer.zero_grad()

    def _gather_gradients(self, phase: Phase, batch: Batch) -> list[Mapping[str, Tensor]]:
        """Add up a phase's gradients; where memory does not suffice, in smaller parts.

        Returns:
            Named losses of each part.
        """
        state, count = self.state, len(batch)
        compute = state.compute
        while True:
            told = compute.memory.attempt(
                lambda: self._gradients_of_parts(phase, batch), is_last=state.parts >= count
            )
            if not compute.process_group.any(told is None):
                return told or []
            # Captured graphs hold memory of their own, so they are freed first.
            if not compute.process_group.any(self.graphs.disable()):
                state.parts = min(2 * state.parts, count)
            state.optimizers.stepped(phase).zero_grad()
            self._buffers.restore()

    def _gradients_of_parts(self, phase: Phase, batch: Batch) -> list[Mapping[str, Tensor]]:
        told: list[Mapping[str, Tensor]] = []
        step = self.state.step
        parts = min(self.state.parts, len(batch))
        first = self.state.compute.process_group.rank * parts
        for number, part in enumerate(batch.split(parts), start=first):
            # Each part has random numbers of its own, the same ones whichever process takes it.
            seed = derived_seed(self._seed, step, phase.name, number)
            if parts == 1 and not self._is_taught(phase):
                told.append(self.graphs.run(phase, part, step, seed, self.add_gradients))
            else:
                seed_everything(seed)
                told.append(self.add_gradients(phase, part, step))
        return told

    def _is_taught(self, phase: Phase) -> bool:
        """Whether there is more to a phase than its model says, which no graph knows."""
        teacher = self.state.teacher
        return teacher is not None and teacher.phase == phase.name

    def add_gradients(self, phase: Phase, part: Batch, step: int) -> Mapping[str, Tensor]:
        """Add a part's gradients to those of the phase's parameters, weighted by its share.

        Returns:
            Named losses.
        """
        with allow_nested_autograd():
            losses = self.state.model.losses(phase.name, part, step)
            losses = self.state.taught(losses, phase.name, part)
        share = len(part) / part.step_size
        # Gradients by pictures, which a model may have taken for itself, are not asked for again.
        self.state.compute.fabric.backward(losses.total * share, inputs=list(phase.parameters))
        return losses.values
