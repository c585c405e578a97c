"""Free cores are those that are idle, and those that the calling thread computes on."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from genstudio.engine import cores
from genstudio.engine.cores import CoreMeter, CoreTimes, allowed_cores, read_core_times


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[CoreTimes]]:
    """What is read, in this order, on four cores whose clock the readings set."""
    told: list[CoreTimes] = []

    class Clock:
        now_s = 0.0

        def monotonic(self) -> float:
            return self.now_s

        def sleep(self, seconds: float) -> None:
            self.now_s += seconds

    clock = Clock()

    def read() -> CoreTimes:
        reading = told.pop(0)
        clock.now_s = reading.clock_s
        return reading

    monkeypatch.setattr(cores, "read_core_times", read)
    monkeypatch.setattr(cores, "allowed_cores", lambda: frozenset(range(4)))
    monkeypatch.setattr(cores, "time", clock)
    yield told
    assert not told


def test_idle_and_own_time_count(readings: list[CoreTimes]) -> None:
    readings += [CoreTimes(10, 100, 5), CoreTimes(12, 103, 7), CoreTimes(13, 103, 7.5)]
    meter = CoreMeter()
    assert meter.free() == pytest.approx(2.5)
    assert meter.free() == pytest.approx(0.5)


def test_it_never_gives_less_than_nothing_or_more_than_there_is(readings: list[CoreTimes]) -> None:
    # A thread of the process ended, and took its time with it; then a clock jumped.
    readings += [CoreTimes(0, 0, 9), CoreTimes(1, 0, 3), CoreTimes(2, 50, 3)]
    meter = CoreMeter()
    assert meter.free() == 0
    assert meter.free() == 4


def test_other_threads_of_python_are_neighbours() -> None:
    done = threading.Event()

    def compute() -> None:
        while time.thread_time() < 0.3:
            pass
        done.wait()

    before = read_core_times()
    process_s = time.process_time()
    other = threading.Thread(target=compute)
    other.start()
    while time.process_time() - process_s < 0.35:
        pass
    after = read_core_times()
    own_s, whole_s = after.own_s - before.own_s, time.process_time() - process_s
    done.set()
    other.join()
    assert own_s <= whole_s - 0.1


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads times as Linux has them")
def test_a_core_that_another_program_uses_is_not_free() -> None:
    """However busy the machine is: with one loop on each core, at most half of them is left."""
    loop = "import time\nwhile time.process_time() < 60: pass"
    command = [sys.executable, "-c", loop]
    loops = [subprocess.Popen(command) for _ in allowed_cores()]
    try:
        meter = CoreMeter()
        # Until they have been started.
        while meter.free() > 0.6 * len(loops):
            assert all(loop.poll() is None for loop in loops)
    finally:
        for process in loops:
            process.kill()
            process.wait()
