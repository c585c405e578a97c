"""A network's buffers before a phase, so that a phase can be taken again as if it had not begun."""

from collections.abc import Iterable

import torch
from torch import Tensor

from genstudio.engine.process_group import tensor_version


class BufferSnapshot:
    """Copies of buffers, such as an augmentation's counters or running statistics.

    Args:
        buffers: Of the network that is trained; always the same tensors.
    """

    def __init__(self, buffers: Iterable[Tensor]) -> None:
        self._buffers = list(buffers)
        self._copies = [buffer.detach().clone() for buffer in self._buffers]
        self._versions = [tensor_version(buffer) for buffer in self._buffers]

    @torch.no_grad()
    def take(self) -> None:
        """Copy what was written since the last time."""
        for index, buffer in enumerate(self._buffers):
            if tensor_version(buffer) != self._versions[index]:
                self._copies[index].copy_(buffer)
                self._versions[index] = tensor_version(buffer)

    def written(self) -> list[Tensor]:
        """Buffers that were written since the last :meth:`take`."""
        pairs = zip(self._buffers, self._versions, strict=True)
        return [buffer for buffer, version in pairs if tensor_version(buffer) != version]

    @torch.no_grad()
    def restore(self) -> None:
        """Let written buffers be again what they were at the last :meth:`take`."""
        for index, buffer in enumerate(self._buffers):
            if tensor_version(buffer) != self._versions[index]:
                buffer.copy_(self._copies[index])
                self._versions[index] = tensor_version(buffer)
