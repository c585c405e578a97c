"""How many threads of the processor a training step takes.

More threads are not faster by themselves: a step of small pictures is over before they have woken
up, and beside a program that keeps one core busy, threads that wait for each other fall to a
quarter of what one of them does alone (tests/bench/RESULTS.md). So a step gets as many as its
pictures have work for, and gives threads up while that is faster.
"""

import math
import time
from collections import deque
from statistics import median

import torch

# Measured on two cores: below twice as many pixels a step, one is as fast as two, or faster.
_PIXELS_A_THREAD = 2**18
_WINDOW_STEPS = 8
# So much slower than it was at its best means that something else wants the cores.
_IS_SLOW = 1.5
# So much faster is worth a change.
_IS_FASTER = 0.9
_TRY_AGAIN_S = 60.0
_SHARE_OF_TRYING = 0.05


class Threads:
    """The threads of one run's steps; the last bits of a result depend on their number.

    Args:
        accelerator: "cpu" steers them; with other ones they are left alone.
        pixels_per_step: Pixels of all pictures that this process looks at in a step.

    Attributes:
        count: How many a step takes now.
    """

    def __init__(self, accelerator: str, pixels_per_step: int) -> None:
        self._before = torch.get_num_threads()
        useful = max(1, pixels_per_step // _PIXELS_A_THREAD)
        self._most = min(self._before, useful) if accelerator == "cpu" else self._before
        self._best_s = math.inf
        self._steps_s: deque[float] = deque(maxlen=_WINDOW_STEPS)
        # While another number is tried: that before, and how long a step took with it.
        self._tried_from: tuple[int, float] | None = None
        self._tries_fewer = True
        self._quiet_until_s = 0.0
        self._is_steered = accelerator == "cpu" and self._most > 1
        self.count = self._most
        self._take(self._most)

    def after_step(self, seconds: float) -> None:
        """Take in how long a step took, and now and then try another number.

        Args:
            seconds: From the end of the step before to that of this one.
        """
        if not self._is_steered:
            return
        self._steps_s.append(seconds)
        if len(self._steps_s) == _WINDOW_STEPS:
            typical_s = median(self._steps_s)
            self._steps_s.clear()
            if self._tried_from is None:
                self._perhaps_try(typical_s)
            else:
                self._judge(typical_s, *self._tried_from)

    def give_back(self) -> None:
        """Let other work have as many threads as before."""
        torch.set_num_threads(self._before)

    def _perhaps_try(self, typical_s: float) -> None:
        if self.count == self._most:
            self._best_s = min(self._best_s, typical_s)
        if time.monotonic() < self._quiet_until_s:
            return
        if self.count == self._most and typical_s <= _IS_SLOW * self._best_s:
            return
        fewer, more = max(1, self.count // 2), min(2 * self.count, self._most)
        # In turns, for nobody knows whether the neighbour has gone or wants more.
        other = fewer if (self._tries_fewer and fewer < self.count) or more == self.count else more
        self._tries_fewer = not self._tries_fewer
        self._tried_from = (self.count, typical_s)
        self._take(other)

    def _judge(self, typical_s: float, before: int, before_s: float) -> None:
        self._tried_from = None
        rest_s = max(_TRY_AGAIN_S, _WINDOW_STEPS * max(typical_s, before_s) / _SHARE_OF_TRYING)
        self._quiet_until_s = time.monotonic() + rest_s
        if typical_s > _IS_FASTER * before_s:
            self._take(before)

    def _take(self, count: int) -> None:
        self.count = count
        torch.set_num_threads(count)
