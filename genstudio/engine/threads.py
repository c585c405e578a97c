"""How many threads an operation of torch takes: one, and more while cores are free.

OpenMP's threads wait for each other after every operation, spinning, since operations are over
before a sleeping thread has woken up. One that has no core lets all others wait for its time slice:
beside four busy programs on two cores, a step with two threads takes twenty times as long as with
one (tests/bench/RESULTS.md). So whatever computes begins with one, and takes more when it has seen
that cores are free. Small operations have no work for more than one.
"""

import functools
import math
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, ParamSpec, Protocol, TypeVar

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from genstudio.engine.cores import SHORTEST_WINDOW_S, CoreMeter
from genstudio.engine.phases import freeze_except
from genstudio.models.protocol import Batch, TrainableModel

# From about twice as many numbers an operation, two threads are faster than one.
_NUMBERS_PER_THREAD = 50_000
# Operations on fewer are left out, such as those on losses and counters.
_FEWEST_NUMBERS = 1000
# Enough to tell small operations from large ones, and soon over.
_PROFILED_PIXELS = 2**20
# A core that others use for so small a share counts as free; one of our own, with so much
# hysteresis, as taken.
_TAKEN_FROM = 0.3
_GIVEN_UP_FROM = 0.5
# Asking takes a millisecond or two.
_ASKED_EVERY_S = 2 * SHORTEST_WINDOW_S

P = ParamSpec("P")
Item = TypeVar("Item")
Result = TypeVar("Result")


class Cores(Protocol):
    """What tells how many cores are free, such as a :class:`~genstudio.engine.cores.CoreMeter`."""

    @property
    def window_s(self) -> float:
        """Seconds since the last answer."""
        ...

    def free(self) -> float:
        """Mean number of cores that were free since the last answer."""
        ...


class _Operations(TorchDispatchMode):
    """Counts operations and the numbers that they give, without views."""

    def __init__(self) -> None:
        super().__init__()  # pyright: ignore[reportUnknownMemberType]
        self._count = self._numbers = 0

    @property
    def mean_size(self) -> int:
        """Numbers that an operation gives."""
        return self._numbers // max(1, self._count)

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: object,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        size = sum(leaf.numel() for leaf in tree_leaves(result) if isinstance(leaf, Tensor))
        if size >= _FEWEST_NUMBERS and not getattr(func, "is_view", False):
            self._count += 1
            self._numbers += size
        return result


def profile_step(model: TrainableModel, batch: Batch, parts: int = 1) -> int:
    """Take a training step on some of its pictures, with one thread, and look at its operations.

    Args:
        model: Is left with gradients and changed buffers, so one that is thrown away.
        batch: What the step learns from.
        parts: Micro-batches that it is taken in.

    Returns:
        Numbers that an operation of the step gives, on average.
    """
    count = len(batch)
    parts = min(parts, count)
    # Of pictures, one number for each pixel; labels have one each.
    size = max(
        values[:, :1].numel() if values.ndim > 1 else len(values)
        for values in batch.fields.values()
    )
    profiled_parts = min(count, max(parts, math.ceil(size / _PROFILED_PIXELS)))
    some = next(batch.split(profiled_parts))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with _Operations() as operations:
            for phase in model.phases():
                freeze_except(phase.parameters, model.network)
                # Not step 0, at which models do what they do only every so many steps.
                torch.autograd.backward(model.losses(phase.name, some, 1).total)
        return operations.mean_size * profiled_parts // parts
    finally:
        torch.set_num_threads(threads)


class Threads:
    """The threads of torch that one thread of Python computes with.

    The last bits of a result can depend on their number. On an idle machine it is the same from the
    first step on, since cores are looked at before it.

    Args:
        find_most: Tells how many the work can use; asked once, when more than one can be had.
        cores: Tells how many cores are free.
        steered: Whether to change their number; a run on a graphics card leaves it alone.

    Attributes:
        count: How many are used now.
    """

    def __init__(
        self,
        find_most: Callable[[], int] | None = None,
        cores: Cores | None = None,
        *,
        steered: bool = True,
    ) -> None:
        self._before = self.count = torch.get_num_threads()
        self._most: int | None = None
        self._find_most = find_most
        self._cores: Cores | None = None
        if steered and self._before > 1:
            self._cores = cores or CoreMeter()
            self._take(1)

    def adapt(self, *, at_once: bool = False) -> None:
        """Take as many threads as there are free cores.

        Args:
            at_once: Even if they were looked at less than half a second ago.
        """
        if self._cores is None or not (at_once or self._cores.window_s >= _ASKED_EVERY_S):
            return
        free = self._cores.free()
        if self.count - free > _GIVEN_UP_FROM or free - self.count >= 1 - _TAKEN_FROM:
            self._take(min(self._limit(), max(1, math.floor(free + _TAKEN_FROM))))

    def give_back(self) -> None:
        """Let other work have as many threads as before."""
        torch.set_num_threads(self._before)

    def resume(self) -> None:
        """Use them again after they were given back."""
        torch.set_num_threads(self.count)

    def _limit(self) -> int:
        if self._most is None:
            useful = self._before if self._find_most is None else self._find_most()
            self._most = min(self._before, max(1, useful))
        return self._most

    def _take(self, count: int) -> None:
        self.count = count
        torch.set_num_threads(count)


def useful_threads(operation_size: int) -> int:
    """Threads that operations which give so many numbers have work for."""
    return max(1, operation_size // _NUMBERS_PER_THREAD)


def sharing_cores(
    make: Callable[P, Generator[Item, None, Result]],
) -> Callable[P, Generator[Item, None, Result]]:
    """Let a generator compute with one thread, and with more between items while cores are free."""

    @functools.wraps(make)
    def shared(*args: P.args, **kwargs: P.kwargs) -> Generator[Item, None, Result]:
        return (yield from _with_threads(make(*args, **kwargs), Threads()))

    return shared


def single_threaded(
    make: Callable[P, Generator[Item, None, Result]],
) -> Callable[P, Generator[Item, None, Result]]:
    """Let a generator compute with one thread.

    For artifacts that must come out the same on every machine and beside whatever else it does:
    with another number of threads, sums are taken in another order.
    """

    @functools.wraps(make)
    def single(*args: P.args, **kwargs: P.kwargs) -> Generator[Item, None, Result]:
        return (yield from _with_threads(make(*args, **kwargs), Threads(lambda: 1)))

    return single


def _with_threads(
    items: Generator[Item, None, Result], threads: Threads
) -> Generator[Item, None, Result]:
    """Whoever takes an item has their own number of threads meanwhile."""
    try:
        while True:
            try:
                item = next(items)
            except StopIteration as end:
                return end.value
            threads.give_back()
            yield item
            threads.resume()
            threads.adapt()
    finally:
        items.close()
        threads.give_back()
