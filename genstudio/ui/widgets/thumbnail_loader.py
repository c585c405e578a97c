"""Loads thumbnails beside the window and remembers those used last, as long as files stay."""

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
# When a file was written and how large it is; None where there is none.
Stamp = tuple[int, int] | None

# 2,000 thumbnails of 112 pixels, fewer of larger ones: about 100 MB, several screens full.
_REMEMBERED_PIXELS = 2000 * 112**2


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A loaded picture.

    Attributes:
        pixmap: What to paint; null if the picture cannot be read.
        side_px: Longest side, in device pixels, that was asked for.
        stamp: What the file was like when it was read.
    """

    pixmap: QPixmap
    side_px: int
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A picture to load, unless the file is still what it was; of a new one, that is not known."""

    path: Path
    side_px: int
    known: Thumbnail | None


class ThumbnailLoader(QObject):
    """Loads one picture after the other in a single thread of low priority.

    Signals:
        loaded(Path): The thumbnail of this file can be had now.
    """

    loaded = Signal(object)
    _delivered = Signal(object, object, QImage)

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
        self._wanted: deque[_Wanted] = deque()
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
        """Load these next, in this order; what was wanted before is forgotten.

        Those that are remembered are loaded again if their files were changed; to see that, they
        are looked at after all others.
        """
        known = {path: self._known(path, side_px) for path in paths}
        wanted = [_Wanted(path, side_px, None) for path in known if known[path] is None]
        wanted += [_Wanted(path, side_px, known[path]) for path in known if known[path]]
        with self._lock:
            self._wanted = deque(
                job for job in wanted if (job.path, job.side_px) not in self._in_work
            )
            starts = bool(self._wanted) and not self._is_working
            self._is_working |= starts
        if starts:
            self._pool.start(self._work)

    def stop(self) -> None:
        """Forget what is wanted and wait until the thread has ended."""
        self.want((), 0)
        self._pool.waitForDone()

    def _known(self, path: Path, side_px: int) -> Thumbnail | None:
        thumbnail = self._thumbnails.get(path)
        return thumbnail if thumbnail is not None and thumbnail.side_px == side_px else None

    def _work(self) -> None:
        while (job := self._next_job()) is not None:
            stamp = stamp_of(job.path)
            if job.known is not None and job.known.stamp == stamp:
                with self._lock:
                    self._in_work.discard((job.path, job.side_px))
                continue
            try:
                image = image_from_pixels(self._load(job.path, job.side_px))
            except Exception:  # noqa: BLE001 - edge of a thread; the grid shows it as unreadable
                image = QImage()
            self._delivered.emit(job, stamp, image)

    def _next_job(self) -> _Wanted | None:
        with self._lock:
            if not self._wanted:
                self._is_working = False
                return None
            job = self._wanted.popleft()
            self._in_work.add((job.path, job.side_px))
            return job

    @Slot(object, object, QImage)
    def _on_delivered(self, job: _Wanted, stamp: Stamp, image: QImage) -> None:
        with self._lock:
            self._in_work.discard((job.path, job.side_px))
        self._thumbnails[job.path] = Thumbnail(QPixmap.fromImage(image), job.side_px, stamp)
        self._thumbnails.move_to_end(job.path)
        while len(self._thumbnails) > max(1, _REMEMBERED_PIXELS // job.side_px**2):
            self._thumbnails.popitem(last=False)
        self.loaded.emit(job.path)


def stamp_of(path: Path) -> Stamp:
    """What tells a file from another one of the same name."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
