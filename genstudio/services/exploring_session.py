"""A worker that draws while a person explores: the newest wish first, everything else between.

Importing this module does not import torch; the worker does, in its own thread.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genstudio.domain.errors import GenStudioError
from genstudio.domain.places import Place
from genstudio.domain.progress import Progress
from genstudio.services.explored import (
    DirectionsFound,
    Opened,
    PictureFound,
    PictureSought,
    PlaceShown,
    Refused,
    SeedShown,
    Shown,
    TasteFound,
)
from genstudio.services.exploring_newer import NewerExplorer
from genstudio.services.jobs import JobEnded

if TYPE_CHECKING:
    from genstudio.models.latents import Directions
    from genstudio.services.exploring import Explorer
    from genstudio.services.runs import Run
    from genstudio.services.steering import Steering
    from genstudio.services.tastes import LearnedTaste


_Search = Generator[Progress | PictureSought, None, None]
_Drawing = Generator[np.ndarray | None, None, np.ndarray]
# Of a run that trains, newer checkpoints are looked for so often.
_LOOKED_EVERY_S = 2.0
# A hand that drags says where it is sooner: nothing of a picture is drawn that it has left behind.
_RESTS_AFTER_S = 0.04


class ExploringSession:
    """One model, held by one thread until it is closed.

    Attributes:
        items: What was drawn; the last is a ``JobEnded``.
    """

    def __init__(
        self, run: Path, checkpoint: str, values: Mapping[str, Any], *, follows: bool = False
    ) -> None:
        """Prepare; nothing is loaded before :meth:`start`.

        Args:
            run: Folder of a run.
            checkpoint: A step, "best" or "last".
            values: How pictures are drawn, until :meth:`draw_with`.
            follows: Take over newer checkpoints of the run as they are saved.
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
        self._follows = follows
        self._last_place: Place | None = None
        self._newer: NewerExplorer | None = None
        self._wanted_pictures: deque[Path] = deque()
        self._gives_up_picture = False
        # Those that are places already, which newer weights draw by other latents.
        self._pictures: dict[str, Path] = {}
        # What is being drawn, where a model does that in parts.
        self._drawn: Place | int | None = None
        self._drawing: _Drawing | None = None
        self._has_draft = False
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="genstudio-explore")

    def start(self) -> None:
        """Load the model and begin; directions are looked for while nothing else is wanted."""
        self._thread.start()

    def show_place(self, place: Place) -> None:
        """Draw this place next; one that was wanted before and is not drawn yet never will be.

        Where the model draws slowly, a draft is told first.
        """
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

    def find_picture(self, path: Path) -> None:
        """Find the place of a person's picture, while nothing else is wanted."""
        with self._wake:
            self._wanted_pictures.append(path)
            self._wake.notify()

    def give_up_pictures(self) -> None:
        """Search no more for places of pictures."""
        with self._wake:
            self._wanted_pictures.clear()
            self._gives_up_picture = True
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
            try:
                self._serve()
            finally:
                if self._newer is not None:
                    self._newer.cancel()
        except Exception as error:  # noqa: BLE001  # the edge of a thread: told to whoever waits
            self.items.put(JobEnded(error))
        else:
            self.items.put(JobEnded())

    def _serve(self) -> None:
        exploring = import_module("genstudio.services.exploring")
        runs = import_module("genstudio.services.runs")
        # As whatever becomes a file is made; and a training beside it needs the other cores.
        import_module("torch").set_num_threads(1)
        run = runs.Run(self._run)
        self._explorer: Explorer = exploring.Explorer(run, self._checkpoint)
        self._tell_opened()
        search: _Search | None = self._find_directions(self._explorer)
        has_directions = False
        looked_s = time.monotonic()
        while True:
            with self._wake:
                while not (self._wants_something() or self._drawing or search is not None):
                    if not self._wake.wait(_LOOKED_EVERY_S if self._follows else None):
                        break
                if self._has_draft:
                    self._has_draft = False
                    self._wake.wait_for(self._is_another_wanted, _RESTS_AFTER_S)
                if self._is_closed:
                    break
                if search is None:
                    search = self._next_search(dict(self._values))
                    has_directions = True
                gives_up, self._gives_up_picture = self._gives_up_picture, False
                wish = self._next_wish(has_directions=has_directions)
                values = dict(self._values)
            if gives_up and search is not None and has_directions:
                search.close()
                search = None
            is_ready = self._newer is not None and self._newer.is_over
            is_idle = search is None and self._drawing is None
            if is_idle and self._follows and (is_ready or self._is_time(looked_s)):
                looked_s = time.monotonic()
                self._follow(run)
            try:
                if wish is not None:
                    self._fulfil(self._explorer, wish, values)
                elif self._drawing is not None:
                    self._draw_on(self._drawing)
                elif search is not None and not self._search_on(search):
                    search, has_directions = None, True
            except GenStudioError as error:
                self.items.put(Refused(error))
                if isinstance(wish, dict):
                    continue
                if wish is None and self._drawing is None:  # The search itself cannot go on.
                    search = None
                self._drawing = None
        if search is not None:
            search.close()

    def _tell_opened(self, *, is_newer: bool = False) -> None:
        explorer = self._explorer
        self.items.put(
            Opened(
                explorer.step,
                explorer.names(),
                has_zones=explorer.has_zones,
                takes_pictures=explorer.takes_pictures,
                is_newer=is_newer,
            )
        )

    def _is_time(self, looked_s: float) -> bool:
        return time.monotonic() - looked_s >= _LOOKED_EVERY_S

    def _follow(self, run: "Run") -> None:
        """Get a newer checkpoint ready if there is one, and take it over once it is."""
        newer = self._newer
        if newer is None:
            steps = run.store.steps()
            if steps and max(steps) > self._explorer.step:
                pictures = list(self._pictures.values())
                self._newer = NewerExplorer(self._run, self._explorer.step, pictures, self._notify)
                self._newer.start()
        elif newer.is_over:
            newer.cancel()
            self._newer = None
            # With a picture that was found meanwhile it is got ready anew.
            if newer.explorer is not None and newer.explorer.knows(self._pictures):
                self._explorer = newer.explorer
                self._tell_opened(is_newer=True)
                self.items.put(DirectionsFound(newer.shares))
                with self._wake:
                    self._place = self._place or self._last_place

    def _notify(self) -> None:
        with self._wake:
            self._wake.notify()

    def _next_search(self, values: Mapping[str, Any]) -> _Search | None:
        if self._wants_taste:
            self._wants_taste = False
            return self._find_way(self._explorer, values)
        if self._wanted_pictures:
            return self._find_picture(self._explorer, self._wanted_pictures.popleft(), values)
        return None

    def _wants_something(self) -> bool:
        return bool(
            self._is_closed
            or self._place
            or self._seeds
            or self._names
            or self._wants_taste
            or self._wanted_pictures
        )

    def _is_another_wanted(self) -> bool:
        return self._is_closed or self._place is not None

    def _next_wish(self, *, has_directions: bool) -> "Place | int | dict[int, str] | None":
        if self._names:
            names, self._names = self._names, {}
            return names
        # A place along directions waits until they are known.
        if self._place is not None and (has_directions or not self._place.farthest_direction):
            place, self._place = self._place, None
            self._last_place = place
            if self._drawing is not None and isinstance(self._drawn, int):
                self._seeds.appendleft(self._drawn)  # Begun anew later.
            return place
        if self._drawing is not None:
            return None
        return self._seeds.popleft() if self._seeds else None

    def _fulfil(
        self,
        explorer: "Explorer",
        wish: "Place | int | dict[int, str]",
        values: Mapping[str, Any],
    ) -> None:
        if isinstance(wish, dict):
            for number, name in wish.items():
                explorer.name_direction(number, name)
            return
        place = wish if isinstance(wish, Place) else Place(seeds=(wish,))
        self._drawn = wish
        self._drawing = explorer.picture_in_parts(
            place, explorer.settings(values), with_draft=isinstance(wish, Place)
        )
        self._draw_on(self._drawing)

    def _draw_on(self, drawing: "_Drawing") -> None:
        """Draw a little further; tell a draft of a place, and what is finished."""
        drawn = self._drawn
        try:
            draft_HWC = next(drawing)
        except StopIteration as end:
            self._drawing = None
            if isinstance(drawn, Place):
                self.items.put(PlaceShown(drawn, end.value))
            elif drawn is not None:
                self.items.put(SeedShown(drawn, end.value))
        else:
            if draft_HWC is not None and isinstance(drawn, Place):
                self.items.put(PlaceShown(drawn, draft_HWC, is_draft=True))
                self._has_draft = True

    def _search_on(self, search: _Search) -> bool:
        """Search a little further; False when the search has ended."""
        progress = next(search, None)
        if progress is not None:
            self.items.put(progress)
        return progress is not None

    def _find_picture(self, explorer: "Explorer", path: Path, values: Mapping[str, Any]) -> _Search:
        content_hash = ""
        image_HWC: np.ndarray | None = None
        try:
            work = explorer.find_picture(path)
            while True:
                try:
                    progress = next(work)
                except StopIteration as end:
                    content_hash = end.value
                    break
                yield PictureSought(progress.done, progress.total)
            self._pictures[content_hash] = path
            alone = Place(seeds=(0,), pictures={0: content_hash})
            image_HWC = explorer.picture(alone, explorer.settings(values))
        finally:
            self.items.put(PictureFound(path, content_hash, image_HWC))

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
