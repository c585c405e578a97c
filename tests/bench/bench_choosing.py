"""How long the window's thread is busy with one choice in a folder of very many pictures.

Usage: bench_choosing.py [THOUSANDS OF PICTURES]

No file is read: a report is made up, with a hundred folders, tenths of pictures that look the same,
and others that are grey. Told is the processor time of the window's thread, until it is idle again;
other programs do not count.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QAbstractButton, QApplication, QPlainTextEdit, QWidget

from genstudio.app import build_window
from genstudio.domain.datasets import PictureInfo, Remark, ScanReport
from genstudio.services import studio
from genstudio.services.jobs import Job
from genstudio.ui.widgets.thumbnail_grid import ThumbnailGrid

_IDLE_MS = 1500


def made_up(folder: Path, count: int) -> ScanReport:
    """A report on pictures that there are not."""
    grey, alike = frozenset({Remark.GREY}), frozenset({Remark.DUPLICATE})
    pictures: list[PictureInfo] = []
    for number in range(count):
        name = f"{number % 100:02}/{number:06}.png"
        first = pictures[number - number % 10].name if number % 10 in (1, 2) else None
        remarks = alike if first else grey if number % 12 == 0 else frozenset[Remark]()
        pictures.append(
            PictureInfo(
                name=name,
                width=64,
                height=64,
                content_hash=f"{number:032x}",
                remarks=remarks,
                duplicate_of=first,
            )
        )
    return ScanReport(folder=folder, pictures=tuple(pictures))


class Watch:
    """Tells how long at once the window's thread was busy."""

    def __init__(self) -> None:
        self._last_s = time.thread_time()
        self._most_s = 0.0
        self._timer = QTimer(interval=5)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now_s = time.thread_time()
        self._most_s = max(self._most_s, now_s - self._last_s)
        self._last_s = now_s

    def tell(self, what: str, act: Callable[[], object]) -> None:
        """Do something, and wait until nothing follows any more."""
        self._last_s, self._most_s = time.thread_time(), 0.0
        act()
        self._tick()
        rest(_IDLE_MS)
        print(f"{what}: {1000 * self._most_s:.0f} ms")


def rest(ms: int) -> None:
    """Let the window do what it has to."""
    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()


def main(count: int) -> None:
    """Open, choose, take back, select, write."""
    app = QApplication([])
    with tempfile.TemporaryDirectory() as name:
        report = made_up(Path(name), count)

        def scan(_: Path, _column: str = "", _within: Sequence[str] = ()) -> Job[ScanReport]:
            def items() -> Iterator[ScanReport]:
                yield report

            return Job("scan", items)

        studio.scan = scan  # type: ignore[assignment]
        window = build_window(Path(name) / "Empty")
        window.resize(1280, 800)
        window.show()
        while not window._training.entries:
            app.processEvents()
        rest(_IDLE_MS)
        state, watch = window._dataset, Watch()

        def find(name: str, kind: type = QWidget) -> QWidget:
            found = window.findChild(kind, name)
            assert found is not None
            return found

        grid = find("dataset.grid", ThumbnailGrid)
        assert isinstance(grid, ThumbnailGrid)
        names = [it.name for it in report.pictures]

        def with_remark(remark: Remark) -> Collection[str]:
            return {it.name for it in report.with_remark(remark)}

        watch.tell("the report arrives", lambda: window.open_dataset(report.folder))
        while window._states.materials.current() is None:
            rest(100)
        rest(_IDLE_MS)
        watch.tell("all are left out", lambda: state.exclude(names))
        watch.tell("all are taken in again", state.history.undo)
        watch.tell("one is left out", lambda: state.toggle(names[50]))
        watch.tell("a fifth is selected", lambda: grid.select_keys(with_remark(Remark.DUPLICATE)))
        watch.tell("others are selected", lambda: grid.select_keys(with_remark(Remark.GREY)))
        captions = find("dataset.captions", QAbstractButton)
        assert isinstance(captions, QAbstractButton)
        watch.tell("captions are opened", captions.click)
        folders = find("dataset.captions.folders", QAbstractButton)
        assert isinstance(folders, QAbstractButton)
        watch.tell("folders become captions", folders.click)
        text = find("dataset.captions.text", QPlainTextEdit)
        assert isinstance(text, QPlainTextEdit)
        text.setPlainText("a red rose")
        watch.tell("a caption is written", text.done.emit)  # type: ignore[attr-defined]
        square = ((0, 0, 32),)
        watch.tell("all are cropped", lambda: state.write_crops(dict.fromkeys(names, square)))
        watch.tell("a square is moved", lambda: state.write_crops({names[0]: ((1, 0, 32),)}))
        window.close()


if __name__ == "__main__":
    main(1000 * int(sys.argv[1] if len(sys.argv) > 1 else 100))
