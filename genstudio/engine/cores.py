"""How many processor cores are free for a thread that computes, from the cores' own times."""

import os
import threading
import time
from dataclasses import dataclass

import psutil

# Times are told in hundredths of a second; shorter windows say little.
SHORTEST_WINDOW_S = 0.25


@dataclass(frozen=True, slots=True)
class CoreTimes:
    """Times since some moment, in seconds.

    Attributes:
        clock_s: Of the wall clock.
        idle_s: That the cores which this process may use did nothing, added up.
        own_s: That this process computed, without its other Python threads.
    """

    clock_s: float
    idle_s: float
    own_s: float


def allowed_cores() -> frozenset[int]:
    """Numbers of the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


def read_core_times() -> CoreTimes:
    """Read the times for the calling thread.

    Worker threads of OpenMP count as the caller's own: Python does not know them. The other threads
    that Python knows, such as the window's, are neighbours like other programs.
    """
    allowed = allowed_cores()
    per_core = psutil.cpu_times(percpu=True)
    idle_s = sum(
        times.idle + getattr(times, "iowait", 0.0)
        for number, times in enumerate(per_core)
        if number in allowed
    )
    process = psutil.Process()
    total = process.cpu_times()
    me = threading.get_native_id()
    others = {thread.native_id for thread in threading.enumerate()} - {me}
    others_s = sum(
        times.user_time + times.system_time for times in process.threads() if times.id in others
    )
    return CoreTimes(time.monotonic(), idle_s, total.user + total.system - others_s)


class CoreMeter:
    """Tells how many cores have been free since it was asked last."""

    def __init__(self) -> None:
        self._last = read_core_times()

    @property
    def window_s(self) -> float:
        """Seconds since the last answer."""
        return time.monotonic() - self._last.clock_s

    def free(self) -> float:
        """Mean number of cores that were idle, or computed for the calling thread.

        Sleeps where the last answer is less than a quarter of a second ago.
        """
        time.sleep(max(0.0, SHORTEST_WINDOW_S - self.window_s))
        last, now = self._last, read_core_times()
        self._last = now
        free_s = (now.idle_s - last.idle_s) + max(0.0, now.own_s - last.own_s)
        # A clock that jumped, or a thread that ended, must not give more than there is.
        return min(max(0.0, free_s / (now.clock_s - last.clock_s)), float(len(allowed_cores())))
