"""The optimizers of a run's phases: one for each, with a common scale of their learning rates."""

from collections.abc import Mapping, Sequence
from typing import cast

import torch
from lightning_fabric import Fabric
from torch import Tensor

from genstudio.engine.phases import (
    make_optimizer,
    optimizer_tensors,
    restore_optimizers,
    scale_learning_rates,
)
from genstudio.models.protocol import Phase


class Optimizers:
    """The optimizers of a run.

    Args:
        phases: Of the model.
        fabric: Steps them, so that a loss scale is taken into account.

    Attributes:
        phases: Of the model, in the order in which they are run.
        by_phase: Name of a phase => its optimizer.
        scale: What the learning rates that the model asked for are multiplied with.
    """

    def __init__(self, phases: Sequence[Phase], fabric: Fabric) -> None:
        self.phases = list(phases)
        self.by_phase = {phase.name: make_optimizer(phase) for phase in self.phases}
        self.scale = 1.0
        self._stepped = {
            # One optimizer goes in, one wrapped like it comes out.
            name: cast("torch.optim.Optimizer", fabric.setup_optimizers(optimizer))
            for name, optimizer in self.by_phase.items()
        }

    def stepped(self, phase: Phase) -> torch.optim.Optimizer:
        """The optimizer of a phase, as a step is to use it."""
        return self._stepped[phase.name]

    def set_scale(self, scale: float) -> None:
        """Multiply the learning rates that the model asked for."""
        self.scale = scale
        scale_learning_rates(self.by_phase, self.phases, scale)

    def reset(self) -> None:
        """Forget all moments."""
        for optimizer in self.by_phase.values():
            optimizer.state.clear()

    def tensors(self) -> dict[str, Tensor]:
        """The state of all of them; see :func:`~genstudio.engine.phases.optimizer_tensors`."""
        return optimizer_tensors(self.by_phase)

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Put back what :meth:`tensors` gave.

        Raises:
            CheckpointError: It belongs to another model.
        """
        restore_optimizers(self.by_phase, tensors)
