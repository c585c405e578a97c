"""The values of one loss over a run of any length, in bounded memory."""

import math
from array import array
from bisect import bisect_left, bisect_right

import numpy as np

_CAPACITY = 20_000
# A weight below this moves no line by a visible amount.
_NEGLIGIBLE = 1e-4


class LossHistory:
    """Keeps points of equal weight; whenever it is full, each two neighbours become their mean.

    So the whole run is kept at one resolution, the finest that the capacity allows, and the
    beginning of a long run is as easy to read as its end.

    Attributes:
        newest: Value added last.
        last_step: Its step.
    """

    def __init__(self, capacity: int = _CAPACITY) -> None:
        """Start empty.

        Args:
            capacity: Most points that are kept; even.
        """
        self.newest = math.nan
        self.last_step = -1
        self._capacity = capacity
        self._steps = array("d")
        self._values = array("d")
        # How many values make a point, and how many of them the last point has yet.
        self._stride = 1
        self._filled = 1

    def __len__(self) -> int:
        return len(self._steps)

    def add(self, step: int, value: float) -> None:
        """Note a value; a step that was there before, as after a resume, replaces what followed.

        Values that are not finite cannot be drawn and are passed over.
        """
        if not math.isfinite(value):
            return
        if step <= self.last_step:
            self._cut(bisect_left(self._steps, step))
        if self._filled < self._stride:
            self._filled += 1
            self._steps[-1] += (step - self._steps[-1]) / self._filled
            self._values[-1] += (value - self._values[-1]) / self._filled
        else:
            if len(self) == self._capacity:
                self._halve()
            self._steps.append(step)
            self._values.append(value)
            self._filled = 1
        self.last_step = step
        self.newest = value

    def cut_after(self, step: int) -> None:
        """Forget what came after a step: it will be done again."""
        if step < self.last_step:
            self._cut(bisect_right(self._steps, step))
            self.last_step = int(self._steps[-1]) if self._steps else -1
            self.newest = self._values[-1] if self._values else math.nan

    def steps(self) -> np.ndarray:
        """Steps of the points, shape (n,), ascending."""
        return np.array(self._steps)

    def values(self) -> np.ndarray:
        """Values of the points, shape (n,)."""
        return np.array(self._values)

    def nearest(self, step: float) -> tuple[float, float]:
        """Step and value of the point nearest to a step; there must be one."""
        right = min(bisect_left(self._steps, step), len(self) - 1)
        left = max(right - 1, 0)
        index = left if step - self._steps[left] < self._steps[right] - step else right
        return self._steps[index], self._values[index]

    def _cut(self, index: int) -> None:
        del self._steps[index:], self._values[index:]
        self._filled = self._stride

    def _halve(self) -> None:
        self._steps = array("d", self.steps().reshape(-1, 2).mean(axis=1))
        self._values = array("d", self.values().reshape(-1, 2).mean(axis=1))
        self._stride *= 2


def smoothed(values: np.ndarray, span: float) -> np.ndarray:
    """Exponential moving average, unbiased from the first value on.

    The sum over the past is doubled in length again and again: y₂ₖ[i] = yₖ[i] + rᵏ yₖ[i - k].
    That takes some ten passes over the array instead of a Python loop over its values.

    Args:
        values: Shape (n,).
        span: How many values back the weight has fallen to 1/e.
    """
    decay = math.exp(-1 / span)
    sums = values.astype(float)
    reach = 1
    while reach < len(sums) and decay**reach > _NEGLIGIBLE:
        sums[reach:] += decay**reach * sums[:-reach]
        reach *= 2
    ages = np.minimum(np.arange(1, len(sums) + 1), reach)
    return sums * (1 - decay) / (1 - decay**ages)


def smoothed_without_lag(values: np.ndarray, span: float) -> np.ndarray:
    """The same from both ends one after the other, so that peaks stay where they are.

    Args:
        values: Shape (n,).
        span: How many values to either side count.
    """
    return smoothed(smoothed(values, span)[::-1], span)[::-1]


def in_parts(
    steps: np.ndarray, values: np.ndarray, most: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Sum up neighbouring points, to draw a line of any length quickly.

    Args:
        steps: Shape (n,), n ≥ 1.
        values: Shape (n,).
        most: Largest number of parts.

    Returns:
        Of each part the mean step and the mean, lowest and highest value, each of shape (m,)
        with m ≤ most. Parts have the same number of points, but for the last.
    """
    size = -(-len(steps) // most)
    starts = np.arange(0, len(steps), size)
    counts = np.diff(starts, append=len(steps))
    return (
        np.add.reduceat(steps, starts) / counts,
        np.add.reduceat(values, starts) / counts,
        np.minimum.reduceat(values, starts),
        np.maximum.reduceat(values, starts),
    )
