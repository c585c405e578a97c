"""What an architecture offers so that a person's choices can take part in its training."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from genstudio.models.protocol import Batch


@runtime_checkable
class DrawsWithGradients(Protocol):
    """Capability TEACH, of pictures: draws with gradients, so that a reward reaches the weights.

    Attributes:
        network: As :class:`~genstudio.models.protocol.TrainableModel` has it.
        drawing_phase: Name of the phase that updates what draws.
        drawing_modules: Names of the modules of ``network`` that draw.
    """

    network: nn.ModuleDict
    drawing_phase: str
    drawing_modules: Sequence[str]

    def draw(self, batch: Batch) -> Tensor:
        """Draw as many pictures as a batch has, of its class labels if there are any.

        Randomness comes from torch's global generator only.

        Returns:
            Pictures in [-1, 1], (N, C, H, W), with gradients.
        """
        ...


@runtime_checkable
class WeighsTexts(Protocol):
    """Capability TEACH, of texts: says how likely a text goes on as another one, with gradients.

    Attributes:
        network: As :class:`~genstudio.models.protocol.TrainableModel` has it.
        writing_phase: Name of the phase that updates what writes.
    """

    network: nn.ModuleDict
    writing_phase: str

    def log_likelihoods(self, ids: Tensor, begins: Tensor) -> Tensor:
        """Log-likelihoods of the ends of texts, in nats: (N,).

        Nothing is dropped at random.

        Args:
            ids: Rows of ids (N, T), padded at the end.
            begins: How many ids of each row (N,) are given, and so not counted.
        """
        ...
