"""How soon pictures of a folder of very many show, and how late the window is meanwhile.

Usage: bench_folder.py [THOUSANDS OF PICTURES] [BUSY PROGRAMS BESIDE IT]
"""

import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PIL import Image
from PySide6.QtCore import QElapsedTimer, QTimer
from PySide6.QtWidgets import QAbstractButton, QApplication

from genstudio.app import build_window
from genstudio.ui.widgets.thumbnail_grid import ThumbnailGrid

_TICK_MS = 5


def fill(folder: Path, count: int) -> None:
    """Small pictures, none like another."""
    random = np.random.default_rng(0)
    folder.mkdir()
    for number in range(count):
        patches = Image.fromarray(random.integers(0, 256, (3, 3, 3), np.uint8))
        patches.resize((32, 32)).save(folder / f"{number:06}.png", compress_level=1)


def spin() -> None:
    while True:
        pass


@contextmanager
def neighbours(count: int) -> Iterator[None]:
    """Other programs that keep processors busy."""
    programs = [multiprocessing.Process(target=spin, daemon=True) for _ in range(count)]
    for program in programs:
        program.start()
    try:
        yield
    finally:
        for program in programs:
            program.kill()


def main(count: int, beside: int) -> None:
    app = QApplication([])
    with tempfile.TemporaryDirectory() as name, neighbours(beside):
        fill(Path(name) / "many", count)
        window = build_window(Path(name) / "Empty")
        window.resize(1280, 800)
        window.show()
        button = window.findChild(QAbstractButton, "rail.dataset")
        grid = window.findChild(ThumbnailGrid, "dataset.grid")
        assert button is not None
        assert grid is not None
        button.click()
        while not window._training.entries:
            app.processEvents()
        clock = QElapsedTimer()
        ticks: list[int] = []
        ticker = QTimer(interval=_TICK_MS)
        ticker.timeout.connect(lambda: ticks.append(clock.nsecsElapsed()))
        shown: list[int] = []
        grid._loader.loaded.connect(lambda _: shown.append(clock.nsecsElapsed()))
        clock.start()
        ticker.start()
        window._dataset.open(Path(name) / "many")
        until_s = time.monotonic() + 600
        while window._dataset.is_scanning and time.monotonic() < until_s:
            app.processEvents()
            time.sleep(0.0005)
        whole_s = clock.nsecsElapsed() / 1e9
        late_ms = np.diff(ticks) / 1e6 - _TICK_MS
        print(
            f"{count:,} files, {beside} programs beside: first picture after "
            f"{shown[0] / 1e9:.2f} s, twenty after {shown[19] / 1e9:.2f} s, "
            f"all looked at after {whole_s:.1f} s; events late by "
            f"{np.percentile(late_ms, 99):.1f} ms (99 of 100), {late_ms.max():.1f} ms at worst"
        )
        window.close()


if __name__ == "__main__":
    main(
        1000 * int(sys.argv[1] if len(sys.argv) > 1 else 20),
        int(sys.argv[2] if len(sys.argv) > 2 else 0),
    )
