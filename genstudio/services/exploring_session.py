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
    from genstudio.models.latents import Directions
    from genstudio.services.exploring import Explorer
    from genstudio.services.steering import Steering
    from genstudio.services.tastes import LearnedTaste


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
class TasteFound:
    """The way on which pictures come nearer to a person's taste.

    Attributes:
        way: Sigmas of each direction, of length 1; empty where no taste is known.
        words: What it rests on, or what is missing.
    """

    way: tuple[float, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that was wished for cannot be; the session goes on."""

    error: GenStudioError


Shown = Opened | PlaceShown | SeedShown | DirectionsFound | TasteFound | Progress | Refused


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
        self._wants_taste = False
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

    def find_taste(self) -> None:
        """Learn what the person likes, from the gallery as it is now, and find the way there."""
        with self._wake:
            self._wants_taste = True
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
        search: Generator[Progress, None, None] | None = self._find_directions(explorer)
        has_directions = False
        while True:
            with self._wake:
                while not (self._wants_something() or search is not None):
                    self._wake.wait()
                if self._is_closed:
                    break
                if self._wants_taste and search is None:
                    self._wants_taste = False
                    search = self._find_way(explorer, dict(self._values))
                    has_directions = True
                wish = self._next_wish(has_directions=has_directions)
                values = dict(self._values)
            try:
                if wish is None:
                    assert search is not None, "else something was wished for"
                    if not self._search_on(search):
                        search, has_directions = None, True
                else:
                    self._fulfil(explorer, wish, values)
            except GenStudioError as error:
                self.items.put(Refused(error))
                if wish is None:  # The search itself cannot go on.
                    search = None
        if search is not None:
            search.close()

    def _wants_something(self) -> bool:
        return bool(
            self._is_closed or self._place or self._seeds or self._names or self._wants_taste
        )

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

    def _search_on(self, search: Generator[Progress, None, None]) -> bool:
        """Search a little further; False when the search has ended."""
        progress = next(search, None)
        if progress is not None:
            self.items.put(progress)
        return progress is not None

    def _find_directions(self, explorer: "Explorer") -> Generator[Progress, None, None]:
        found: Directions = yield from explorer.find_directions()
        self.items.put(DirectionsFound(tuple(float(it) for it in found.shares_N)))

    def _find_way(
        self, explorer: "Explorer", values: Mapping[str, Any]
    ) -> Generator[Progress, None, None]:
        tastes = import_module("genstudio.services.tastes")
        steering = import_module("genstudio.services.steering")
        run = explorer.run
        learned: LearnedTaste = tastes.learn_project_taste(run.project(), run.settings.size)
        way: tuple[float, ...] = ()
        if learned.taste is not None:
            finder: Steering = steering.Steering(explorer, explorer.settings(values), learned)
            slope = yield from finder.find_slope()
            way = tuple(float(it) for it in slope)
        self.items.put(TasteFound(way, learned.words))
