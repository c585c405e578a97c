"""A worker that draws while a person explores: the newest wish first, everything else between.

Importing this module does not import torch; the worker does, in its own thread.
"""

import queue
import threading
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genstudio.domain.errors import GenStudioError
from genstudio.domain.places import Place
from genstudio.domain.progress import Progress
from genstudio.services.jobs import JobEnded

if TYPE_CHECKING:
    from genstudio.services.exploring import Explorer


@dataclass(frozen=True, slots=True)
class Opened:
    """The model is ready.

    Attributes:
        step: Of its checkpoint.
        names: What a person called directions, by number.
    """

    step: int
    names: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class PlaceShown:
    """The picture of a place: uint8 (height, width, channels)."""

    place: Place
    image_HWC: np.ndarray = field(compare=False)


@dataclass(frozen=True, slots=True)
class SeedShown:
    """The picture of a seed alone: uint8 (height, width, channels)."""

    seed: int
    image_HWC: np.ndarray = field(compare=False)


@dataclass(frozen=True, slots=True)
class DirectionsFound:
    """Share of the variation between pictures that each direction accounts for, in order."""

    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that was wished for cannot be; the session goes on."""

    error: GenStudioError


Shown = Opened | PlaceShown | SeedShown | DirectionsFound | Progress | Refused


class ExploringSession:
    """One model, held by one thread until it is closed.

    Attributes:
        items: What was drawn; the last is a ``JobEnded``.
    """

    def __init__(self, run: Path, checkpoint: str, values: Mapping[str, Any]) -> None:
        """Prepare; nothing is loaded before :meth:`start`.

        Args:
            run: Folder of a run.
            checkpoint: A step, "best" or "last".
            values: How pictures are drawn, until :meth:`draw_with`.
        """
        self.items: queue.SimpleQueue[Shown | JobEnded] = queue.SimpleQueue()
        self._run = run
        self._checkpoint = checkpoint
        self._values = dict(values)
        self._wake = threading.Condition()
        self._place: Place | None = None
        self._seeds: deque[int] = deque()
        self._names: dict[int, str] = {}
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="genstudio-explore")

    def start(self) -> None:
        """Load the model and begin; directions are looked for while nothing else is wanted."""
        self._thread.start()

    def show_place(self, place: Place) -> None:
        """Draw this place next; one that was wanted before and is not drawn yet never will be."""
        with self._wake:
            self._place = place
            self._wake.notify()

    def show_seeds(self, seeds: Sequence[int]) -> None:
        """Draw seeds alone, in order, whenever no place is wanted; instead of those before."""
        with self._wake:
            self._seeds = deque(seeds)
            self._wake.notify()

    def draw_with(self, values: Mapping[str, Any]) -> None:
        """Draw what is wanted from now on with other settings."""
        with self._wake:
            self._values = dict(values)

    def name_direction(self, number: int, name: str) -> None:
        """Call a direction something, for as long as the model is the same."""
        with self._wake:
            self._names[number] = name
            self._wake.notify()

    def close(self) -> None:
        """End after the picture at hand; does not wait."""
        with self._wake:
            self._is_closed = True
            self._wake.notify()

    def join(self) -> None:
        """Wait for the end; call after :meth:`close`."""
        self._thread.join()

    def _work(self) -> None:
        try:
            self._serve()
        except Exception as error:  # noqa: BLE001  # the edge of a thread: told to whoever waits
            self.items.put(JobEnded(error))
        else:
            self.items.put(JobEnded())

    def _serve(self) -> None:
        exploring = import_module("genstudio.services.exploring")
        runs = import_module("genstudio.services.runs")
        # As whatever becomes a file is made; and a training beside it needs the other cores.
        import_module("torch").set_num_threads(1)
        explorer: Explorer = exploring.Explorer(runs.Run(self._run), self._checkpoint)
        self.items.put(Opened(explorer.step, explorer.names()))
        search: Generator[Progress, None, Any] | None = explorer.find_directions()
        while True:
            with self._wake:
                while not (self._wants_something() or search is not None):
                    self._wake.wait()
                if self._is_closed:
                    break
                wish = self._next_wish(has_directions=search is None)
                values = dict(self._values)
            try:
                if wish is None:
                    assert search is not None, "else something was wished for"
                    search = self._search_on(search)
                else:
                    self._fulfil(explorer, wish, values)
            except GenStudioError as error:
                self.items.put(Refused(error))
        if search is not None:
            search.close()

    def _wants_something(self) -> bool:
        return self._is_closed or self._place is not None or bool(self._seeds) or bool(self._names)

    def _next_wish(self, *, has_directions: bool) -> "Place | int | dict[int, str] | None":
        if self._names:
            names, self._names = self._names, {}
            return names
        # A place along directions waits until they are known.
        if self._place is not None and (has_directions or not self._place.moves):
            place, self._place = self._place, None
            return place
        return self._seeds.popleft() if self._seeds else None

    def _fulfil(
        self,
        explorer: "Explorer",
        wish: "Place | int | dict[int, str]",
        values: Mapping[str, Any],
    ) -> None:
        match wish:
            case Place():
                image_HWC = explorer.picture(wish, explorer.settings(values))
                self.items.put(PlaceShown(wish, image_HWC))
            case int():
                image_HWC = explorer.picture(Place(seeds=(wish,)), explorer.settings(values))
                self.items.put(SeedShown(wish, image_HWC))
            case _:
                for number, name in wish.items():
                    explorer.name_direction(number, name)

    def _search_on(
        self, search: Generator[Progress, None, Any]
    ) -> Generator[Progress, None, Any] | None:
        """Look for directions a little further; None when they are found."""
        try:
            self.items.put(next(search))
        except StopIteration as end:
            self.items.put(DirectionsFound(tuple(end.value.shares_N.tolist())))
            return None
        return search
