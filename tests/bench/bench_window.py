"""What the window costs the training, and how late the window's events are while it trains.

Speeds of two trainings differ by more than the window can cost, so it is also told what share of a
core the window's thread takes: two threads of a training wait for each other, so that is how much
longer their steps can take for it.

Usage: .venv/bin/python tests/bench/bench_window.py [SECONDS] [ROUNDS]

In turns inside one run: the same session read by nobody but a queue, and shown in the real
window (offscreen), which goes to another page every three seconds. Lateness is that of a 5 ms timer
in the window's thread, which runs for the last part of that time only.
"""

import itertools
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import psutil
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication
from quick_runs import endless_settings

from genstudio.app import build_window
from genstudio.data.samples import make_sample_folder
from genstudio.data.scan import scan_folder
from genstudio.domain import commands, events
from genstudio.domain.datasets import ScanReport
from genstudio.domain.progress import drain
from genstudio.services import studio
from genstudio.ui.state.training import Activity

TIMER_MS = 5
PAGE_MS = 3000
# The first steps allocate and are slower, with or without a window.
WARM_UP_S = 3.0
# Share of the time with the window in which lateness is measured, and speed is not: waking up two
# hundred times a second costs some, too.
PROBED = 0.3


class Speed:
    """Pictures a second after the warm-up, from the events of a run."""

    def __init__(self) -> None:
        self._first: events.StepDone | None = None
        self._last: events.StepDone | None = None

    def add(self, event: events.Event) -> None:
        """Look at one event."""
        if isinstance(event, events.StepDone):
            if self._first is None and event.seconds >= WARM_UP_S:
                self._first = event
            self._last = event

    def images_per_s(self) -> float:
        """Mean over everything after the warm-up."""
        assert self._first is not None
        assert self._last is not None
        images = self._last.images_seen - self._first.images_seen
        return images / (self._last.seconds - self._first.seconds)


def headless(report: ScanReport, project: Path, seconds: float) -> float:
    """Speed with nobody but a queue listening."""
    settings = endless_settings("residual-vae", 64)
    session = studio.start_training(project=project, settings=settings, excluded=(), report=report)
    speed, begun_s = Speed(), time.perf_counter()
    session.start()
    stopped = False
    while True:
        item = session.events.get()
        if not isinstance(item, events.Event):
            break
        speed.add(item)
        if not stopped and time.perf_counter() - begun_s > seconds:
            session.send(commands.Stop())
            stopped = True
    session.join()
    return speed.images_per_s()


def shown(
    app: QApplication, report: ScanReport, project: Path, seconds: float
) -> tuple[float, float, list[float]]:
    """Speed with the window, its thread's share of a core, and how late its timer was, in ms."""
    window = build_window(project)
    window.resize(1280, 800)
    window.show()
    training = window._training
    while not training.entries:
        app.processEvents()
    window._show_page("train")
    speed, late_ms, shares = Speed(), list[float](), list[float]()

    def count(items: list[events.Event]) -> None:
        for item in items:
            speed.add(item)

    training.received.connect(count)
    timer = QTimer(window, interval=TIMER_MS, timerType=Qt.TimerType.PreciseTimer)
    last_s = time.perf_counter()

    def on_timer() -> None:
        nonlocal last_s
        now_s = time.perf_counter()
        late_ms.append(max(0.0, (now_s - last_s) * 1000 - TIMER_MS))
        last_s = now_s

    pages = itertools.cycle(["gallery", "train", "compare", "train", "dataset", "train"])
    turning = QTimer(window, interval=PAGE_MS)
    turning.timeout.connect(lambda: window._show_page(next(pages)))
    timer.timeout.connect(on_timer)
    turning.start()
    probes_s = seconds * PROBED
    training.start(
        project=project,
        settings=endless_settings("residual-vae", 64),
        excluded=frozenset(),
        report=report,
    )

    begun_s, taken_s = time.perf_counter(), _taken_by_this_thread_s()

    def probe() -> None:
        nonlocal last_s
        took_s = time.perf_counter() - begun_s
        shares.append((_taken_by_this_thread_s() - taken_s) / took_s)
        training.received.disconnect(count)
        last_s = time.perf_counter()
        timer.start()

    QTimer.singleShot(int((seconds - probes_s) * 1000), probe)
    QTimer.singleShot(int(seconds * 1000), lambda: training.send(commands.Stop()))
    training.activity_changed.connect(
        lambda: app.quit() if training.activity is Activity.IDLE else None
    )
    app.exec()
    timer.stop()
    turning.stop()
    window.close()
    return speed.images_per_s(), shares[0], late_ms[1:]


def _taken_by_this_thread_s() -> float:
    """Processor time of the window's thread."""
    process = psutil.Process()
    (own,) = [it for it in process.threads() if it.id == threading.get_native_id()]
    return own.user_time + own.system_time


def main(seconds: float, rounds: int) -> None:
    """Print the ratio and the lateness."""
    app = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "flowers"
        for _ in make_sample_folder(pictures, count=300, size=64):
            pass
        report = drain(scan_folder(pictures))
        assert isinstance(report, ScanReport)
        ratios, shares, late_ms = list[float](), list[float](), list[float]()
        for number in range(rounds):
            # What comes first in one round is last in the next.
            alone = (
                0.0 if number % 2 else headless(report, Path(folder) / f"alone-{number}", seconds)
            )
            beside, share, late = shown(app, report, Path(folder) / f"shown-{number}", seconds)
            alone = alone or headless(report, Path(folder) / f"alone-{number}", seconds)
            ratios.append(beside / alone)
            shares.append(share)
            late_ms += late
            print(f"round {number + 1}: {alone:.1f} images/s alone, {beside:.1f} with the window")
    print(f"speed with the window / without: {np.median(ratios):.3f}")
    print(f"share of a core that the window's thread takes: {np.median(shares):.3f}")
    p50, p99 = np.percentile(late_ms, [50, 99])
    print(f"lateness of events: median {p50:.1f} ms, p99 {p99:.1f} ms, worst {max(late_ms):.1f} ms")


if __name__ == "__main__":
    main(
        float(sys.argv[1]) if len(sys.argv) > 1 else 20.0,
        int(sys.argv[2]) if len(sys.argv) > 2 else 3,
    )
