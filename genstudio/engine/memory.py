"""Not enough memory: how it is recognised, and how a run goes on after it."""

import gc
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import psutil
import torch
from torch import Tensor

# What torch says of it in plain RuntimeErrors: its allocator on Linux and on Windows, drivers,
# and the libraries of kernels, which cannot allocate their scratch memory.
_OUT_OF_MEMORY = (
    "can't allocate memory",
    "not enough memory",
    "out of memory",
    "STATUS_ALLOC_FAILED",
    "could not create a primitive",
    "could not execute a primitive",
)
# glibc learns from the size of a freed block, if that is at most 32 MiB with its own few bytes and
# the page that they begin.
_LARGEST_KEPT_BYTES = 32 * 2**20 - 8192
# Of such blocks: 512 MiB, and one that stays behind them.
_KEPT_BLOCKS = 17
Result = TypeVar("Result")


class MemoryGuard:
    """Does work that may need more memory than there is, so that more can be done after it.

    Once oneDNN could not allocate the code of a kernel, it makes no new kernels in that thread any
    more: the error of its assembler, Xbyak, belongs to the thread and is never cleared. So from
    the first shortage on, each piece of work gets a thread of its own.

    Args:
        accelerator: "cpu", "cuda" or "mps".
    """

    def __init__(self, accelerator: str) -> None:
        self._accelerator = accelerator
        self._was_short = False

    def attempt(self, work: Callable[[], Result], *, is_last: bool = False) -> Result | None:
        """Do it.

        Args:
            work: Given up where memory does not suffice; what it has allocated is let go of.
            is_last: Raise the error instead: there is no smaller way to do it.

        Returns:
            Its result; None if there was not enough memory.
        """
        try:
            return _in_a_new_thread(work) if self._was_short else _tidied(work)
        except (RuntimeError, MemoryError) as error:
            if is_last or not is_out_of_memory(error):
                raise
        # Outside of the handler, where the error no longer holds on to all that was allocated.
        self._was_short = True
        release_memory(self._accelerator)
        return None


def _in_a_new_thread(work: Callable[[], Result]) -> Result:
    with ThreadPoolExecutor(1, thread_name_prefix="training") as thread:
        return thread.submit(_tidied, work).result()


def _tidied(work: Callable[[], Result]) -> Result:
    """Do it; where it fails, leave nothing waiting to be differentiated.

    Autograd's queue belongs to the thread, and what a failed backward pass left there holds on to
    most of its graph until the next pass begins. So a tiny one begins at once.
    """
    try:
        return work()
    except (RuntimeError, MemoryError):
        with torch.enable_grad():
            torch.autograd.backward(torch.zeros((), requires_grad=True).square())
        raise


def keep_freed_memory(accelerator: str) -> Tensor | None:
    """Let what a step gives back on the processor be there for the next one, up to 512 MiB.

    Otherwise it goes back to the system each time and comes again page by page, for a tenth of a
    step's time. Linux' C library keeps freed memory in proportion to the largest block that a
    program has freed (mallopt(3), M_MMAP_THRESHOLD), so here one is freed that nobody needed. From
    then on it gives back what lies free at the end of its memory, so here something stays there.

    Returns:
        What stays there, and keeps the memory of the calling thread at least as long as it is held
        on to. Nobody writes to it, so that it takes none itself.
    """
    if accelerator != "cpu" or sys.platform != "linux":
        return None
    with suppress(MemoryError, RuntimeError):
        bytearray(_LARGEST_KEPT_BYTES)
        blocks = [torch.empty(_LARGEST_KEPT_BYTES, dtype=torch.uint8) for _ in range(_KEPT_BLOCKS)]
        return blocks[-1]
    return None


def memory_in_use_gib(accelerator: str) -> float:
    """Memory that training holds: the GPU's for CUDA, else the process's."""
    if accelerator == "cuda":
        return torch.cuda.memory_reserved() / 2**30
    return psutil.Process(os.getpid()).memory_info().rss / 2**30


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device, or the machine, had not enough memory for what was asked."""
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or (
        isinstance(error, RuntimeError) and any(word in str(error) for word in _OUT_OF_MEMORY)
    )


def release_memory(accelerator: str) -> None:
    """Give back what the device's allocator holds in reserve, which may lie in small pieces."""
    gc.collect()
    if accelerator == "cuda":
        torch.cuda.empty_cache()
    elif accelerator == "mps":
        torch.mps.empty_cache()
