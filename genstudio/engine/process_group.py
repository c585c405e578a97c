"""A group of processes that train one run data-parallel, each on its share of a step's batch.

Gradients are summed by the engine itself between a phase's backward pass and its optimizer, and
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
from genstudio.domain.language import tr

# Every message of the main process is padded to this length, so that one broadcast is enough.
_MESSAGE_BYTES = 8192

Message = dict[str, Any]


class ProcessGroup:
    """This process's rank among those that train one run; alone by default.

    Args:
        rank: Of this process; 0 is the main one.
        size: Number of processes (world size).
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
    def is_main(self) -> bool:
        """Whether this process decides, saves and emits events."""
        return self.rank == 0

    def broadcast(self, message: Message) -> None:
        """Send the other processes what the main one is about to do."""
        if self.size == 1 or not self.is_main:
            return
        content = json.dumps(message).encode()
        assert len(content) <= _MESSAGE_BYTES, "messages are short"
        padded = torch.tensor(list(content.ljust(_MESSAGE_BYTES)), dtype=torch.uint8)
        with _all_present():
            distributed.broadcast(padded, src=0)

    def receive(self) -> Message:
        """Wait for a message of the main process.

        Raises:
            TrainingError: It is gone.
        """
        padded = torch.empty(_MESSAGE_BYTES, dtype=torch.uint8)
        with _all_present():
            distributed.broadcast(padded, src=0)
        return json.loads(bytes(padded.numpy()))

    def any(self, happened: bool) -> bool:
        """Whether it happened in one of the processes at least."""
        if self.size == 1:
            return happened
        count = torch.tensor(int(happened))
        _all_reduce(count)
        return bool(count)

    @torch.no_grad()
    def all_reduce_sum(self, tensors: Sequence[Tensor]) -> None:
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
    def all_reduce_mean(self, tensors: Sequence[Tensor]) -> None:
        """Put the mean over all processes in the place of each tensor of real numbers."""
        real = [tensor for tensor in tensors if tensor.is_floating_point()]
        self.all_reduce_sum(real)
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
            tr("One of the processes that train together has ended"),
            tr("Without it the others cannot go on; what was saved is intact."),
            tr("Keep learning from the newest checkpoint, if need be on fewer devices."),
        ) from error


def tensor_version(tensor: Tensor) -> int:
    """How often a tensor was written to; tells whether that has happened in between."""
    # There is no public way to ask.
    return tensor._version  # noqa: SLF001
