"""Losses, time, speed and remaining time; read rarely, so that the device never waits."""

import math
import time
from collections import deque
from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor

from genstudio.domain.errors import RunawayError
from genstudio.domain.language import tr


class LossMeter:
    """Sums losses on the device and brings means to Python only when asked."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def add(self, values: Mapping[str, Tensor]) -> None:
        """Take in one part of a step; no value is read yet."""
        for name, value in values.items():
            total = self._sums.get(name)
            self._sums[name] = value.float() if total is None else total + value
            self._counts[name] = self._counts.get(name, 0) + 1

    def read(self, step: int) -> dict[str, float]:
        """Means since the last reading.

        Raises:
            RunawayError: A loss is no longer a number.
        """
        names = list(self._sums)
        stacked = torch.stack(list(self._sums.values())) if names else torch.empty(0)
        # All in one transfer: each reading of its own would make the device wait.
        sums = cast("list[float]", stacked.tolist())  # pyright: ignore[reportUnknownMemberType]
        means = {n: total / self._counts[n] for n, total in zip(names, sums, strict=True)}
        self._sums.clear()
        self._counts.clear()
        broken = [name for name, mean in means.items() if not math.isfinite(mean)]
        if broken:
            raise RunawayError(
                tr("The numbers ran away"),
                tr(
                    "The loss “{broken}” stopped being a number around step {step}.",
                    broken=broken[0],
                    step=step,
                ),
            )
        return means


class Stopwatch:
    """Tells how much time passes, by a clock that is never set."""

    def __init__(self) -> None:
        self._lap_began_s = self.now_s()

    def now_s(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def lap_s(self) -> float:
        """Seconds since this was asked last, or since the beginning."""
        began_s, self._lap_began_s = self._lap_began_s, self.now_s()
        return self._lap_began_s - began_s


class RateLimit:
    """Says yes at most ``per_second`` times a second."""

    def __init__(self, per_second: float) -> None:
        self._interval_s = 1 / per_second
        self._next_s = -math.inf

    def allows(self, now_s: float) -> bool:
        """Whether it is time again; the next yes comes an interval later."""
        if now_s < self._next_s:
            return False
        self._next_s = now_s + self._interval_s
        return True


class Speedometer:
    """Pictures per second and time left, over a window of recent training seconds."""

    def __init__(self, window_s: float = 10.0) -> None:
        self._window_s = window_s
        self._points: deque[tuple[float, int, float]] = deque()

    def add(self, seconds: float, images_seen: int, progress: float) -> None:
        """Note where training stands at ``seconds`` of training time."""
        self._points.append((seconds, images_seen, progress))
        while len(self._points) > 2 and seconds - self._points[1][0] > self._window_s:
            self._points.popleft()

    def images_per_s(self) -> float:
        """Speed over the window; 0 before there is anything to compare."""
        if len(self._points) < 2:
            return 0.0
        first, last = self._points[0], self._points[-1]
        return (last[1] - first[1]) / max(last[0] - first[0], 1e-9)

    def eta_s(self) -> float | None:
        """Seconds of training left at this speed; None while unknown."""
        if len(self._points) < 2:
            return None
        first, last = self._points[0], self._points[-1]
        gained = last[2] - first[2]
        return None if gained <= 0 else (1 - last[2]) * (last[0] - first[0]) / gained
