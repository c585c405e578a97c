"""A film looked through once, and then any frame of it as it is asked for, beside whoever asks."""

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from genstudio.data.films import Film, FilmInfo, Moment, frames_at, opened_film
from genstudio.services.jobs import Job

# Of films that do not say how many frames they have.
_EVERY = 12


@dataclass(frozen=True, slots=True)
class FilmOpened:
    """It is a film; its frames are being counted."""

    info: FilmInfo


@dataclass(frozen=True, slots=True)
class FramePassed:
    """A frame made small, on the way through the film: uint8 (height, width, 3)."""

    number: int
    image_HWC: np.ndarray


@dataclass(frozen=True, slots=True)
class FilmPassed:
    """When each frame is shown, in seconds, for all that there are."""

    seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FrameShown:
    """A frame that was asked for: uint8 (height, width, 3)."""

    number: int
    image_HWC: np.ndarray


Look: TypeAlias = FilmOpened | FramePassed | FilmPassed | FrameShown


class FilmLooker:
    """Counts the frames of a film, draws some of them small, then each that is asked for.

    Args:
        path: The film; only read.
        num_small: About how many frames are drawn small, evenly spread.
        small_side: Their longest side.
        largest_side: Of frames that are asked for; larger ones are made smaller.

    Attributes:
        items: What was found, to be followed like that of a job.
    """

    def __init__(self, path: Path, *, num_small: int, small_side: int, largest_side: int) -> None:
        self._path = path
        self._num_small = num_small
        self._small_side = small_side
        self._largest_side = largest_side
        self._wanted: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._is_stopped = threading.Event()
        self._job: Job[Look] = Job("film", self._looks)
        self.items = self._job.items

    def start(self) -> None:
        """Begin; call once."""
        self._job.start()

    def want(self, number: int) -> None:
        """Ask for a frame; of several that wait, the last is drawn."""
        self._wanted.put(number)

    def stop(self) -> None:
        """Leave no thread behind."""
        self._is_stopped.set()
        self._job.cancel()
        self._wanted.put(None)
        self._job.join()

    def _looks(self) -> Iterator[Look]:
        with opened_film(self._path) as film:
            yield FilmOpened(film.info)
            moments: list[Moment] = []
            promised = film.info.num_frames
            every = max(1, promised // self._num_small) if promised else _EVERY
            for moment, image_HWC in film.moments(lambda it: it % every == 0, self._small_side):
                if self._is_stopped.is_set():
                    return
                moments.append(moment)
                if image_HWC is not None:
                    yield FramePassed(moment.number, image_HWC)
            yield FilmPassed(tuple(float(it.seconds) for it in moments))
            while (number := self._last_wanted()) is not None:
                yield FrameShown(number, self._frame(film, moments[number]))

    def _last_wanted(self) -> int | None:
        wanted = self._wanted.get()
        while wanted is not None and not self._wanted.empty():
            wanted = self._wanted.get()
        return wanted

    def _frame(self, film: Film, moment: Moment) -> np.ndarray:
        found_HWC = film.found_again(moment, self._largest_side)
        if found_HWC is None:
            (found_HWC,) = frames_at(self._path, [moment.number], self._largest_side)
        return found_HWC
