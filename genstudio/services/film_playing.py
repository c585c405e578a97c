"""Frames of a film in their time, read ahead beside whoever shows them."""

import queue
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genstudio.data.films import FilmInfo, look_at_film, opened_film
from genstudio.domain.errors import GenStudioError

_READ_AHEAD = 12
_ASKED_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Shown:
    """One frame to show.

    Attributes:
        seconds: When.
        image_HWC: uint8 (height, width, 3).
    """

    seconds: float
    image_HWC: np.ndarray


class FilmReader:
    """Reads the frames of a film over and over, a few ahead, in a thread of its own.

    Args:
        path: The film; only read.
        largest_side: Larger frames are made smaller.

    Attributes:
        info: What the film says of itself; None until it is known.
        error: Why it cannot be read; empty while all is well.
    """

    def __init__(self, path: Path, largest_side: int) -> None:
        self.info: FilmInfo | None = None
        self.error = ""
        self._path = path
        self._largest_side = largest_side
        self._frames: queue.Queue[tuple[int, Shown]] = queue.Queue(_READ_AHEAD)
        self._stopped = threading.Event()
        self._from_s = 0.0
        self._turn = 0
        self._thread = threading.Thread(target=self._read, name="film", daemon=True)
        self._thread.start()

    def take(self) -> Shown | None:
        """The next frame; None if it is not read yet. At the end it begins again at 0."""
        while True:
            try:
                turn, shown = self._frames.get_nowait()
            except queue.Empty:
                return None
            if turn == self._turn:
                return shown

    def seek(self, seconds: float) -> None:
        """Go on from there; what was read ahead is not shown any more."""
        self._from_s = seconds
        self._turn += 1

    def stop(self) -> None:
        """Leave no thread behind."""
        self._stopped.set()
        while not self._frames.empty():
            self._frames.get_nowait()
        self._thread.join()

    def _read(self) -> None:
        try:
            self.info = look_at_film(self._path)
            while not self._stopped.is_set():
                self._read_through()
        except GenStudioError as error:
            self.error = str(error)

    def _read_through(self) -> None:
        turn, from_s = self._turn, self._from_s
        self._from_s = 0.0
        with opened_film(self._path) as film:
            for frame in film.frames(self._largest_side):
                if self._stopped.is_set() or turn != self._turn:
                    return
                if frame.seconds >= from_s:
                    self._put(turn, Shown(float(frame.seconds), frame.image_HWC))

    def _put(self, turn: int, shown: Shown) -> None:
        while not self._stopped.is_set() and turn == self._turn:
            try:
                self._frames.put((turn, shown), timeout=_ASKED_EVERY_S)
            except queue.Full:
                continue
            return
