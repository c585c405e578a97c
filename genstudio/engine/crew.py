"""Several processes that train one run together, each on its share of the pictures of a step.

Gradients are added up by the engine itself between a phase's backward pass and its optimizer, and
not by ``DistributedDataParallel``: architectures whose networks take turns, and regularisers that
differentiate twice, do not go with its hooks. All processes then take the same step, so their
weights stay equal without being exchanged.
"""

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, distributed

from genstudio.domain.errors import TrainingError

# What the first process tells the others fits in here; each message has the same length, so that
# one exchange is enough.
_MESSAGE_BYTES = 8192

Order = dict[str, Any]


class Crew:
    """This process's place among those that train one run; by default it is alone.

    Args:
        rank: Number of this process; 0 leads.
        size: How many there are.
        local_rank: Number of this process among those on its machine, which is that of its device.
        local_size: How many there are on its machine.
    """

    def __init__(
        self, rank: int = 0, size: int = 1, *, local_rank: int = 0, local_size: int = 1
    ) -> None:
        self.rank = rank
        self.size = size
        self.local_rank = local_rank
        self.local_size = local_size

    @property
    def leads(self) -> bool:
        """Whether this process decides, saves and tells."""
        return self.rank == 0

    def tell(self, order: Order) -> None:
        """Have the other processes do what the leading one is about to do."""
        if self.size == 1 or not self.leads:
            return
        content = json.dumps(order).encode()
        assert len(content) <= _MESSAGE_BYTES, "orders are short"
        message = torch.tensor(list(content.ljust(_MESSAGE_BYTES)), dtype=torch.uint8)
        with _all_present():
            distributed.broadcast(message, src=0)

    def hear(self) -> Order:
        """Wait for what the leading process tells.

        Raises:
            TrainingError: It is gone.
        """
        message = torch.empty(_MESSAGE_BYTES, dtype=torch.uint8)
        with _all_present():
            distributed.broadcast(message, src=0)
        return json.loads(bytes(message.numpy()))

    def any(self, happened: bool) -> bool:
        """Whether it happened in one of the processes at least."""
        if self.size == 1:
            return happened
        count = torch.tensor(int(happened))
        _all_reduce(count)
        return bool(count)

    @torch.no_grad()
    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Put the sum over all processes in the place of each tensor; all on one device."""
        if self.size == 1 or not tensors:
            return
        # In one exchange, in the order of each tensor's indices and not of its memory.
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        _all_reduce(flat)
        parts = torch.split(flat, [tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view(tensor.shape))

    @torch.no_grad()
    def average(self, tensors: Sequence[Tensor]) -> None:
        """Put the mean over all processes in the place of each tensor of real numbers."""
        real = [tensor for tensor in tensors if tensor.is_floating_point()]
        self.add_up(real)
        for tensor in real if self.size > 1 else ():
            tensor.div_(self.size)


def _all_reduce(tensor: Tensor) -> None:
    with _all_present():
        distributed.all_reduce(tensor)  # pyright: ignore[reportUnknownMemberType]


@contextmanager
def _all_present() -> Generator[None]:
    """Say in words that another process is gone, which ends every exchange with it."""
    try:
        yield
    except RuntimeError as error:
        raise TrainingError(
            "One of the processes that train together has ended",
            "Without it the others cannot go on; what was saved is intact.",
            "Keep learning from the newest checkpoint, if need be on fewer devices.",
        ) from error


def times_written(tensor: Tensor) -> int:
    """How often a tensor was written to; tells whether that has happened in between."""
    # There is no public way to ask.
    return tensor._version  # noqa: SLF001
