"""Loads thumbnails beside the window and remembers those used last."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
from PySide6.QtCore import QObject, QThread, QThreadPool, Signal, Slot
from PySide6.QtGui import QImage, QPixmap

from genstudio.ui.widgets.pixels import image_from_pixels

LoadPixels = Callable[[Path, int], np.ndarray]

# 2,000 thumbnails of 112 pixels, fewer of larger ones: about 100 MB, several screens full.
_REMEMBERED_PIXELS = 2000 * 112**2


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A loaded picture.

    Attributes:
        pixmap: What to paint; null if the picture cannot be read.
        side_px: Longest side, in device pixels, that was asked for.
    """

    pixmap: QPixmap
    side_px: int


class ThumbnailLoader(QObject):
    """Loads one picture after the other in a single thread of low priority.

    Signals:
        loaded(Path): The thumbnail of this file can be had now.
    """

    loaded = Signal(object)
    _delivered = Signal(object, int, QImage)

    def __init__(self, load: LoadPixels, parent: QObject | None = None) -> None:
        """Prepare; the thread starts with the first picture wanted.

        Args:
            load: Reads a file into uint8 (height, width, 3), its longest side about as many
                pixels as the second argument says; may raise. Called in the loader's thread.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._load = load
        self._thumbnails: OrderedDict[Path, Thumbnail] = OrderedDict()
        self._lock = Lock()
        self._wanted: deque[tuple[Path, int]] = deque()
        self._in_work: set[tuple[Path, int]] = set()
        self._is_working = False
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._pool.setThreadPriority(QThread.Priority.LowPriority)
        # Emitted in the loader's thread, so received through the queue of the window's.
        self._delivered.connect(self._on_delivered)

    def thumbnail(self, path: Path) -> Thumbnail | None:
        """What is remembered of a file, perhaps of another size; None if nothing yet."""
        thumbnail = self._thumbnails.get(path)
        if thumbnail is not None:
            self._thumbnails.move_to_end(path)
        return thumbnail

    def want(self, paths: Iterable[Path], side_px: int) -> None:
        """Load these next, in this order; what was wanted before is forgotten."""
        missing = [(path, side_px) for path in paths if not self._has(path, side_px)]
        with self._lock:
            self._wanted = deque(job for job in missing if job not in self._in_work)
            starts = bool(self._wanted) and not self._is_working
            self._is_working |= starts
        if starts:
            self._pool.start(self._work)

    def stop(self) -> None:
        """Forget what is wanted and wait until the thread has ended."""
        self.want((), 0)
        self._pool.waitForDone()

    def _has(self, path: Path, side_px: int) -> bool:
        thumbnail = self._thumbnails.get(path)
        return thumbnail is not None and thumbnail.side_px == side_px

    def _work(self) -> None:
        while (job := self._next_job()) is not None:
            path, side_px = job
            try:
                image = image_from_pixels(self._load(path, side_px))
            except Exception:  # noqa: BLE001 - edge of a thread; the grid shows it as unreadable
                image = QImage()
            self._delivered.emit(path, side_px, image)

    def _next_job(self) -> tuple[Path, int] | None:
        with self._lock:
            if not self._wanted:
                self._is_working = False
                return None
            job = self._wanted.popleft()
            self._in_work.add(job)
            return job

    @Slot(object, int, QImage)
    def _on_delivered(self, path: Path, side_px: int, image: QImage) -> None:
        with self._lock:
            self._in_work.discard((path, side_px))
        self._thumbnails[path] = Thumbnail(QPixmap.fromImage(image), side_px)
        self._thumbnails.move_to_end(path)
        while len(self._thumbnails) > max(1, _REMEMBERED_PIXELS // side_px**2):
            self._thumbnails.popitem(last=False)
        self.loaded.emit(path)
