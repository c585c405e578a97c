"""Not enough memory: given up in words, and done elsewhere from then on."""

import gc
import os
import platform
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from genstudio.engine.memory import MemoryGuard, is_out_of_memory, memory_in_use_gib

SHORTAGES = [MemoryError(), torch.OutOfMemoryError(), RuntimeError("could not create a primitive")]


def failing(error: BaseException) -> Callable[[], int]:
    def work() -> int:
        raise error

    return work


@pytest.mark.parametrize("error", SHORTAGES, ids=repr)
def test_work_that_does_not_fit_gives_nothing(error: BaseException) -> None:
    assert is_out_of_memory(error)
    assert MemoryGuard("cpu").attempt(failing(error)) is None


def test_other_errors_and_those_of_the_last_attempt_are_raised() -> None:
    guard = MemoryGuard("cpu")

    with pytest.raises(RuntimeError, match="shapes"):
        guard.attempt(failing(RuntimeError("shapes do not match")))
    with pytest.raises(MemoryError):
        guard.attempt(failing(MemoryError()), is_last=True)


def test_work_is_done_where_the_caller_is_until_memory_was_short_and_then_elsewhere() -> None:
    guard = MemoryGuard("cpu")
    here = threading.get_ident()
    assert guard.attempt(threading.get_ident) == here

    assert guard.attempt(failing(MemoryError())) is None
    # oneDNN makes no more kernels in a thread where one did not fit.
    elsewhere = {guard.attempt(threading.current_thread) for _ in range(3)}
    assert len(elsewhere) == 3
    assert threading.current_thread() not in elsewhere


def test_errors_arrive_from_elsewhere_as_well() -> None:
    guard = MemoryGuard("cpu")
    guard.attempt(failing(MemoryError()))

    with pytest.raises(ValueError, match="the toy is broken"):
        guard.attempt(failing(ValueError("the toy is broken")))


_PAGES_OF_SOME_BLOCKS = """
import resource

def pages_a_time(count):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(count):
        [b"x" * 2**23 for _ in range(15)]
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / count

pages_a_time(5)
print(pages_a_time(10))
# Not before: what an import frees, the C library learns from as well.
from genstudio.engine.memory import keep_freed_memory
kept = keep_freed_memory("cpu")
pages_a_time(5)
print(pages_a_time(10))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries need no telling")
def test_memory_that_is_given_back_need_not_be_fetched_from_the_system_again() -> None:
    command = [sys.executable, "-c", _PAGES_OF_SOME_BLOCKS]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
    said = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)

    before, since = map(float, said.stdout.split())
    # 120 MiB of pages of 4 KiB.
    assert before > 12_000
    assert since < 500


class Large:
    """Something that takes much memory."""


@pytest.mark.parametrize("is_elsewhere", [False, True])
def test_what_failed_lets_go_of_what_it_had_allocated(*, is_elsewhere: bool) -> None:
    held: list[weakref.ref[Large]] = []

    def work() -> None:
        large = Large()
        held.append(weakref.ref(large))
        raise MemoryError

    guard = MemoryGuard("cpu")
    if is_elsewhere:
        guard.attempt(failing(MemoryError()))
    guard.attempt(work)
    gc.collect()
    assert held[0]() is None


class Holding(torch.autograd.Function):
    """Holds on to something until it is differentiated."""

    held: weakref.ref[Large] | None = None

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.large = Large()
        Holding.held = weakref.ref(ctx.large)
        return x.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return gradients[0]


class Failing(torch.autograd.Function):
    """Needs too much memory to be differentiated."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        raise MemoryError


@pytest.mark.parametrize("is_elsewhere", [False, True])
def test_what_waited_for_its_turn_in_a_failed_backward_pass_is_let_go_of(
    *, is_elsewhere: bool
) -> None:
    def work() -> None:
        x = torch.zeros(2, requires_grad=True)
        # What came last is differentiated first.
        (Holding.apply(x) + Failing.apply(x)).sum().backward()

    guard = MemoryGuard("cpu")
    if is_elsewhere:
        guard.attempt(failing(MemoryError()))
    assert guard.attempt(work) is None
    assert Holding.held is not None
    assert Holding.held() is None


def test_memory_is_that_of_this_process() -> None:
    assert 0.01 < memory_in_use_gib("cpu") < 1000
