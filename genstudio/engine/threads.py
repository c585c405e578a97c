"""How many threads of the processor a training step takes.

Threads wait for each other after every operation, spinning, since operations are over before a
sleeping thread has woken up. So more of them are not always faster: small operations have no work
for them, and beside a program that keeps one core busy they fall to a fifth of what one does alone
(tests/bench/RESULTS.md). A step gets as many as its operations have work for, and gives threads up
while that is faster.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from genstudio.engine.phases import hold_still_all_but
from genstudio.models.protocol import Batch, TrainableModel

# From about twice as many numbers an operation, two threads are faster than one.
_NUMBERS_A_THREAD = 50_000
# Operations on fewer are left out, such as those on losses and counters.
_FEWEST_NUMBERS = 1000
# Enough to tell small operations from large ones, and soon over.
_REHEARSED_PIXELS = 2**20
_WINDOW_STEPS = 5
# Where steps take long, fewer will do: beside several neighbours, one takes ten seconds and more.
_WINDOW_S = 5.0
_FEWEST_STEPS = 2
# So much slower than it was at its best means that something else wants the cores; and so much,
# that no second step is waited for to know it.
_IS_SLOW = 2.0
_IS_HOPELESS = 5.0
# So much faster is worth a change.
_IS_FASTER = 0.9
# A short run gives the same bits even beside others.
_FIRST_CHANGE_S = 10.0
# Beside a busy neighbour, a try costs steps of some seconds; most neighbours are soon gone.
_SHORTEST_REST_S = 15.0
_LONGEST_REST_S = 300.0


class _Operations(TorchDispatchMode):
    """Counts operations and the numbers that they give; a view of numbers is none."""

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


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What threads are chosen by.

    Attributes:
        operation_size: Numbers that an operation of a step gives, on average.
        step_s: About how long a step takes with one thread, in seconds; rather too long.
    """

    operation_size: int = 0
    step_s: float = math.inf


def rehearse(model: TrainableModel, batch: Batch, parts: int = 1) -> Rehearsal:
    """Find out what a training step is like, from some of its pictures.

    Args:
        model: Is left with gradients and changed buffers, so one that nobody needs.
        batch: What the step looks at.
        parts: How many it is taken in.
    """
    count = len(batch.images_NCHW)
    parts = min(parts, count)
    num_pixels = batch.images_NCHW[:, 0].numel()
    tried_parts = min(count, max(parts, math.ceil(num_pixels / _REHEARSED_PIXELS)))
    some = next(batch.split(tried_parts))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        # Of the processor: what neighbours take from it does not count.
        began_s = time.thread_time()
        with _Operations() as operations:
            for phase in model.phases():
                hold_still_all_but(phase.parameters, model.network)
                # Not step 0, at which models do what they do only now and then.
                torch.autograd.backward(model.losses(phase.name, some, 1).total)
        took_s = time.thread_time() - began_s
        return Rehearsal(operations.mean_size * tried_parts // parts, took_s * tried_parts)
    finally:
        torch.set_num_threads(threads)


class Threads:
    """The threads of one run's steps; the last bits of a result depend on their number.

    Args:
        accelerator: "cpu" steers them; with other ones they are left alone.
        rehearsal: What a step is like.

    Attributes:
        count: How many a step takes now.
    """

    def __init__(self, accelerator: str, rehearsal: Rehearsal) -> None:
        self._before = torch.get_num_threads()
        useful = max(1, rehearsal.operation_size // _NUMBERS_A_THREAD)
        self._most = min(self._before, useful) if accelerator == "cpu" else self._before
        self._best_s = rehearsal.step_s
        self._steps_s: deque[float] = deque(maxlen=_WINDOW_STEPS)
        # While another number is tried: that before, and how long a step took with it.
        self._tried_from: tuple[int, float] | None = None
        self._tries_fewer = True
        self._rest_s = _SHORTEST_REST_S
        self._quiet_until_s = time.monotonic() + _FIRST_CHANGE_S
        self._is_steered = accelerator == "cpu" and self._most > 1
        self.count = self._most
        self._take(self._most)

    def after_step(self, seconds: float) -> None:
        """Take in how long a step took, and now and then try another number.

        Args:
            seconds: Of the step itself, without what is done between steps.
        """
        if not self._is_steered:
            return
        self._steps_s.append(seconds)
        if self._tried_from is not None and self._is_in_vain(self._tried_from[1]):
            self._judge(seconds, *self._tried_from)  # Nobody waits for more of those.
        elif len(self._steps_s) == _WINDOW_STEPS or (
            len(self._steps_s) >= _FEWEST_STEPS and sum(self._steps_s) >= _WINDOW_S
        ):
            typical_s = median_low(self._steps_s)
            if self._tried_from is None:
                self._perhaps_try(typical_s)
            else:
                self._judge(typical_s, *self._tried_from)
            self._steps_s.clear()

    def give_back(self) -> None:
        """Let other work have as many threads as before."""
        torch.set_num_threads(self._before)

    def _is_in_vain(self, before_s: float) -> bool:
        """Whether a try is much slower; a single step may be so for another reason."""
        quickest_s, count = min(self._steps_s), len(self._steps_s)
        is_sure = count >= _FEWEST_STEPS or quickest_s > _IS_HOPELESS * before_s
        return is_sure and quickest_s > _IS_SLOW * before_s

    def _perhaps_try(self, typical_s: float) -> None:
        if self.count == self._most:
            is_slow = typical_s > _IS_SLOW * self._best_s
            self._best_s = min(self._best_s, typical_s)
            if not is_slow:
                return
        if time.monotonic() >= self._quiet_until_s:
            self._tried_from = (self.count, typical_s)
            fewer, more = max(1, self.count // 2), min(2 * self.count, self._most)
            self._take(fewer if self._tries_fewer else more)

    def _judge(self, typical_s: float, before: int, before_s: float) -> None:
        self._tried_from = None
        is_better = typical_s < _IS_FASTER * before_s
        if is_better:
            self._rest_s = _SHORTEST_REST_S
        else:
            self._take(before)
            self._rest_s = min(3 * self._rest_s, _LONGEST_REST_S)
        is_at_an_end = self.count in (1, self._most)
        if is_at_an_end:
            self._tries_fewer = self.count > 1
        elif not is_better:
            # Nobody knows whether the neighbour will go or want more: next, the other way.
            self._tries_fewer = not self._tries_fewer
        if is_at_an_end or not is_better:
            self._quiet_until_s = time.monotonic() + self._rest_s

    def _take(self, count: int) -> None:
        self.count = count
        self._steps_s.clear()
        torch.set_num_threads(count)
