"""Reads one picture after the other beside the window; only the newest wanted ones matter."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QThreadPool, Signal, Slot

ReadPixels = Callable[[Path], np.ndarray]
# What is read of each wanted file: its pixels, or why it cannot be shown.
Pixels = np.ndarray | str


class PixelLoader(QObject):
    """Reads all wanted pictures, then hands them over together.

    Signals:
        loaded(list[Pixels]): Of each wanted file its pixels, or why it cannot be shown.
    """

    loaded = Signal(list)
    _delivered = Signal(int, list)

    def __init__(self, read: ReadPixels, parent: QObject | None = None) -> None:
        """Prepare; the thread starts with the first picture wanted.

        Args:
            read: Reads a file into uint8 (height, width, 3 or 4); called in the loader's thread.
            parent: Qt parent.
        """
        super().__init__(parent)
        self._read = read
        self._newest = 0
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        # Emitted in the loader's thread, so received through the queue of the window's.
        self._delivered.connect(self._on_delivered)

    def want(self, paths: Sequence[Path]) -> None:
        """Read these next; what was wanted before is not handed over any more."""
        self._newest += 1
        number = self._newest
        self._pool.clear()
        if paths:
            self._pool.start(lambda: self._work(number, paths))

    def stop(self) -> None:
        """Want nothing and wait until the thread has ended."""
        self.want(())
        self._pool.waitForDone()

    def _work(self, number: int, paths: Sequence[Path]) -> None:
        if number == self._newest:
            self._delivered.emit(number, [self._read_one(path) for path in paths])

    def _read_one(self, path: Path) -> Pixels:
        try:
            return self._read(path)
        except Exception as error:  # noqa: BLE001 - edge of a thread; the viewer says why
            return str(error)

    @Slot(int, list)
    def _on_delivered(self, number: int, pixels: list[Pixels]) -> None:
        if number == self._newest:
            self.loaded.emit(pixels)
