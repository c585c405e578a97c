"""How long a gallery of very many pictures takes: opening, scrolling, ordering by likeness.

Usage: bench_gallery.py [THOUSANDS OF PICTURES]
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QAbstractButton, QApplication

from genstudio.app import build_window
from genstudio.domain.recipes import Recipe
from genstudio.services.gallery import Gallery
from genstudio.services.gallery_items import GalleryItem
from genstudio.services.nearness import by_nearness
from genstudio.services.projects import Project, open_or_create
from genstudio.ui.widgets.thumbnail_grid import ThumbnailGrid

_FRAMES = 600
_FRAME_S = 1 / 60


def fill(project: Project, count: int) -> None:
    """Copies of one small picture, which the index knows by different names."""
    first = add(project, seed=0)
    with Gallery(project) as gallery:
        for number in range(count - 1):
            shutil.copy(first.path, first.path.with_name(f"{number}.png"))
        gallery.sync()


def add(project: Project, *, seed: int) -> GalleryItem:
    """One more picture."""
    recipe = Recipe(
        software="bench", model_key="bench", run="bench", project="bench", step=1,
        weights_sha256="0" * 64, seed=seed, size=64, created=datetime.now(UTC),
    )  # fmt: skip
    with Gallery(project) as gallery:
        return gallery.add(np.zeros((8, 8, 3), np.uint8), recipe)


def main(count: int) -> None:
    app = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        project = open_or_create(Path(folder) / "Large")
        fill(project, count)
        window = build_window(Path(folder) / "Empty")
        window.resize(1280, 800)
        window.show()
        button = window.findChild(QAbstractButton, "rail.gallery")
        assert button is not None
        button.click()
        while not window._training.entries:
            app.processEvents()

        def busy_s(work: Callable[[], None]) -> float:
            began_s = time.process_time()
            work()
            app.processEvents()
            return time.process_time() - began_s

        for number in range(1, 4):
            window._gallery.set_project(None)
            opening_s = busy_s(lambda: window._gallery.set_project(project))
            again_s = busy_s(window._gallery.refresh)
            made = add(project, seed=number)
            taking_in_s = busy_s(partial(window._gallery.take_in, [made]))
            print(
                f"{count:,} pictures: opened in {opening_s:.2f} s, again in {again_s:.2f} s; "
                f"a new one shown in {taking_in_s:.2f} s"
            )
        grid = window.findChild(ThumbnailGrid, "gallery.grid")
        assert grid is not None
        bar = grid.verticalScrollBar()
        frames_ms = []
        for _ in range(_FRAMES):
            began_s = time.perf_counter()
            bar.setValue(bar.value() + bar.singleStep())
            app.processEvents()
            frames_ms.append(1000 * (time.perf_counter() - began_s))
            time.sleep(max(0.0, _FRAME_S - frames_ms[-1] / 1000))
        middle, high = np.percentile(frames_ms, [50, 99])
        print(
            f"a frame while scrolling takes {middle:.1f} ms, 99 of 100 at most {high:.1f} ms, "
            f"the worst {max(frames_ms):.1f} ms; a sixtieth of a second is 16.7 ms"
        )
        order_by_likeness(list(window._gallery.items.values()))
        window.close()


def order_by_likeness(items: list[GalleryItem]) -> None:
    """In a job of its own, beside the window: for the first time, and again."""
    for when in ("first", "again"):
        began_s = time.process_time()
        for _ in by_nearness(items, items[0].name)._make_items():
            pass
        print(f"{len(items):,} by likeness, {when}: {time.process_time() - began_s:.1f} s")


if __name__ == "__main__":
    main(1000 * int(sys.argv[1] if len(sys.argv) > 1 else 20))
