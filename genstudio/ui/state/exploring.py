"""A model that is explored: where one is, where one was, and what has been drawn of it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from genstudio.domain.errors import GenStudioError
from genstudio.domain.language import tr
from genstudio.domain.notices import Level, Notice
from genstudio.domain.places import Place
from genstudio.domain.progress import Progress
from genstudio.domain.walks import Walk
from genstudio.services import slots
from genstudio.services.explored import (
    DirectionsFound,
    Opened,
    PictureFound,
    PictureSought,
    PlaceShown,
    Refused,
    SeedShown,
    TasteFound,
)
from genstudio.services.exploring_session import ExploringSession
from genstudio.services.jobs import JobEnded
from genstudio.services.notices import notice_about
from genstudio.ui.bridge import Bridge

_MOST_REMEMBERED = 200
# Sigmas of one press, all directions together, and the farthest along one.
_TASTE_STEP = 0.75
_MOST_SIGMAS = 4.0


class ExploringState(QObject):
    """Holds one session at a time, and the way that was gone in it.

    Attributes:
        run: Folder of the run that is explored; None for none.
        place: Where one is.
        values: How pictures are drawn.
        shares: Of each direction, share of the variation; empty until they are found.
        names: Of directions, by number.
        step: Of the checkpoint that is explored; 0 until it is open.
        follows: Whether newer checkpoints of the run are taken over as they are saved.
        has_zones: Whether form, texture and colour can be other places.
        takes_pictures: Whether a person's picture can be a place.
        pictures: Content hash => file of those that are places.

    Signals:
        opened(): Another model is ready, or none is.
        moved(): The place is another.
        drawn(object, object, bool): A ``Place``, its picture, and whether that is a draft, which
            the picture itself follows unless another place is wanted.
        seed_drawn(int, object): A seed and its picture.
        directions_changed(): They were found, named, or are those of another model.
        searching(int, int): So many pictures of so many were looked at for directions.
        taste_sought(bool): The way to what the person likes is being looked for, or no more.
        picture_sought(int, int): So many steps of so many of a search for a picture's place; of 0
            when it has ended.
        picture_drawn(str, object): Content hash of a picture that is a place, and how the model
            draws it.
        model_changed(): Another checkpoint is ready, of this run or another.
        slots_changed(): A place is kept or forgotten, or they are those of another run.
        closing(): The window goes, and with it whatever shows this model.
        noticed(Notice): Something a person should read.
    """

    opened = Signal()
    moved = Signal()
    drawn = Signal(object, object, bool)
    seed_drawn = Signal(object, object)
    directions_changed = Signal()
    searching = Signal(int, int)
    taste_sought = Signal(bool)
    picture_sought = Signal(int, int)
    picture_drawn = Signal(str, object)
    model_changed = Signal()
    slots_changed = Signal()
    closing = Signal()
    noticed = Signal(Notice)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._session: ExploringSession | None = None
        self._ending: list[ExploringSession] = []
        self._undone: list[Place] = []
        self._gone: list[Place] = []
        self.run: Path | None = None
        self.place = Place(seeds=(0,))
        self.values: dict[str, Any] = {}
        self.shares: tuple[float, ...] = ()
        self.names: dict[int, str] = {}
        self.step = 0
        self.follows = self.has_zones = self.takes_pictures = False
        self.pictures: dict[str, Path] = {}
        # Where a picture that is searched for shall be, by its file.
        self._corners: dict[Path, int] = {}

    def open(self, run: Path | None, values: Mapping[str, Any], *, follows: bool = False) -> None:
        """Explore another run; None lets go of the model.

        Args:
            run: Its folder.
            values: How pictures are drawn.
            follows: It trains: explore its newest checkpoint, and newer ones as they are saved,
                instead of the best.
        """
        if (run, follows) == (self.run, self.follows):
            return
        self._let_go()
        if run != self.run or run is None:
            self._gone, self._undone = [], []
            self.place = Place(
                seeds=self.place.seeds, across=self.place.across, down=self.place.down
            )
            self.pictures = {}
        self.run, self.values, self.follows = run, dict(values), follows
        self.shares, self.names, self.step = (), {}, 0
        self.has_zones = self.takes_pictures = False
        if run is not None:
            session = ExploringSession(run, "last" if follows else "best", values, follows=follows)
            self._session = session
            self._bridge.follow(
                session.items,
                lambda items: self._on_items(session, items),
                lambda ending: self._on_end(session, ending),
            )
            session.start()
            for picture in self.pictures.values():
                session.find_picture(picture)
            session.show_place(self.place)
        self.opened.emit()
        self.directions_changed.emit()
        self.moved.emit()
        self.model_changed.emit()
        self.slots_changed.emit()

    def go_to(self, place: Place, *, is_on_the_way: bool = False) -> None:
        """Draw another place.

        Args:
            place: Where to.
            is_on_the_way: Part of a movement, such as a drag, that is undone as a whole.
        """
        if place == self.place:
            return
        if not is_on_the_way:
            self._gone = [*self._gone, self.place][-_MOST_REMEMBERED:]
            self._undone = []
        self._show(place)

    def perform(self, place: Place) -> None:
        """Draw a place that one is not at: what is seen while something moves by itself."""
        if self._session is not None:
            self._session.show_place(place)

    @property
    def can_undo(self) -> bool:
        """Whether there is a place to go back to."""
        return bool(self._gone)

    @property
    def can_redo(self) -> bool:
        """Whether a step back can be taken back."""
        return bool(self._undone)

    def undo(self) -> None:
        """Go back to where one was before."""
        if self._gone:
            self._undone.append(self.place)
            self._show(self._gone.pop())

    def redo(self) -> None:
        """Take a step back back."""
        if self._undone:
            self._gone.append(self.place)
            self._show(self._undone.pop())

    def draw_seeds(self, seeds: Sequence[int]) -> None:
        """Draw seeds alone, whenever there is time."""
        if self._session is not None:
            self._session.show_seeds(seeds)

    def draw_with(self, values: Mapping[str, Any]) -> None:
        """Draw with other settings, also the place at hand."""
        self.values = dict(values)
        if self._session is not None:
            self._session.draw_with(values)
            self._session.show_place(self.place)

    def name_direction(self, number: int, name: str) -> None:
        """Call a direction something; kept in the project."""
        self.names[number] = name
        if self._session is not None:
            self._session.name_direction(number, name)
        self.directions_changed.emit()

    def go_to_taste(self) -> None:
        """Learn from the gallery what the person likes, and go a step towards it."""
        if self._session is not None:
            self._session.find_taste()
            self.taste_sought.emit(True)

    def find_picture(self, path: Path, corner: int) -> None:
        """Search for the place of a person's picture, and put it at a corner, counted from 0."""
        if self._session is not None:
            self._corners[path] = corner
            self._session.find_picture(path)
            self.picture_sought.emit(0, 1)

    def give_up_picture(self) -> None:
        """Search no more."""
        if self._session is not None:
            self._corners.clear()
            self._session.give_up_pictures()

    def _on_picture(self, found: PictureFound) -> None:
        self.picture_sought.emit(0, 0)
        if not found.content_hash:
            return
        self.pictures[found.content_hash] = found.path
        self.picture_drawn.emit(found.content_hash, found.image_HWC)
        corner = self._corners.pop(found.path, None)
        if corner is not None and corner < len(self.place.seeds):
            pictures = {**self.place.pictures, corner: found.content_hash}
            # There, that one sees it.
            here = {"across": corner % 2, "down": corner // 2, "pictures": pictures}
            unmoved = {"moves": {}, "zone_moves": {}, "styles": {}}
            self.go_to(self.place.with_values(**here, **unmoved))

    def pictures_of(self, walk: Walk) -> list[Path]:
        """Files of a person's pictures that stops of a walk lead on from."""
        wanted = {it for stop in walk.key_frames for it in stop.place.pictures.values()}
        return [path for content, path in self.pictures.items() if content in wanted]

    @property
    def slots(self) -> dict[str, Place]:
        """Kept places of this run, by name."""
        return {} if self.run is None else slots.read_slots(self.run)

    def keep_slot(self, name: str) -> None:
        """Keep this place under a name."""
        if self.run is not None:
            self._change_slots(lambda run: slots.keep_slot(run, name, self.place))

    def forget_slot(self, name: str) -> None:
        """Forget a kept place."""
        if self.run is not None:
            self._change_slots(lambda run: slots.forget_slot(run, name))

    def go_to_slot(self, name: str) -> None:
        """Go back to a kept place."""
        place = self.slots.get(name)
        if place is None:
            return
        missing = [it for it in place.pictures.values() if it not in self.pictures]
        if missing:
            kept = {at: it for at, it in place.pictures.items() if it not in missing}
            place = place.with_values(pictures=kept)
            message = tr("It leads on from a picture of yours. Give it again to see it.")
            self.noticed.emit(
                Notice(level=Level.INFO, title=tr("A picture is missing"), message=message)
            )
        self.go_to(place)

    def _change_slots(self, change: Callable[[Path], object]) -> None:
        assert self.run is not None
        try:
            change(self.run)
        except GenStudioError as error:
            self.noticed.emit(notice_about(error))
        self.slots_changed.emit()

    def take_zone(self, zone: str, seed: int | None) -> None:
        """Take a zone of a seed; None gives it back to the plane."""
        styles = {key: it for key, it in self.place.styles.items() if key != zone}
        if seed is not None:
            styles[zone] = seed
        self.go_to(self.place.with_values(styles=styles))

    def take_zone_of_picture(self, zone: str, path: Path) -> None:
        """Take a zone of a picture that this run made from a seed."""
        assert self.run is not None
        try:
            self.take_zone(zone, slots.seed_of(path, self.run))
        except GenStudioError as error:
            self.noticed.emit(notice_about(error))

    def _on_taste(self, found: TasteFound) -> None:
        self.taste_sought.emit(False)
        if not found.way:
            self.noticed.emit(Notice(level=Level.INFO, title=tr("Your taste"), message=found.words))
            return
        moves = dict(self.place.moves)
        for number, share in enumerate(found.way, start=1):
            gone = moves.get(number, 0.0) + _TASTE_STEP * share
            moves[number] = round(min(max(gone, -_MOST_SIGMAS), _MOST_SIGMAS), 2)
        self.go_to(self.place.with_values(moves=moves))

    def close(self) -> None:
        """Let go of the model before the window closes, and wait for the worker."""
        self.closing.emit()
        self._let_go()
        self.run = None
        for session in self._ending:
            session.join()
        self._ending = []

    def _show(self, place: Place) -> None:
        self.place = place
        if self._session is not None:
            self._session.show_place(place)
        self.moved.emit()

    def _let_go(self) -> None:
        if self._session is not None:
            self._session.close()
            self._ending.append(self._session)
            self._session = None

    def _on_items(self, session: ExploringSession, items: list[Any]) -> None:
        if session is not self._session:
            return
        # Of many places drawn since the last time only the last is worth painting.
        places = [item for item in items if isinstance(item, PlaceShown)]
        if places:
            self.drawn.emit(places[-1].place, places[-1].image_HWC, places[-1].is_draft)
        for item in items:
            match item:
                case SeedShown(seed=seed, image_HWC=image_HWC):
                    self._tell_seed(seed, image_HWC)
                case Opened():
                    self._on_opened(item)
                case PictureSought(done=done, total=total):
                    self.picture_sought.emit(done, total)
                case PictureFound():
                    self._on_picture(item)
                case DirectionsFound(shares=shares):
                    self.shares = shares
                    self.directions_changed.emit()
                case Progress(done=done, total=total):
                    self.searching.emit(done, total)
                case TasteFound():
                    self._on_taste(item)
                case Refused(error=error):
                    self.taste_sought.emit(False)
                    self.noticed.emit(notice_about(error))
                case _:
                    pass

    def _on_opened(self, opened: Opened) -> None:
        self.names, self.step = dict(opened.names), opened.step
        self.has_zones, self.takes_pictures = opened.has_zones, opened.takes_pictures
        self.directions_changed.emit()
        self.model_changed.emit()

    def _tell_seed(self, seed: int, image_HWC: np.ndarray) -> None:
        self.seed_drawn.emit(seed, image_HWC)

    def _on_end(self, session: ExploringSession, ending: JobEnded) -> None:
        session.join()
        if session in self._ending:
            self._ending.remove(session)
        if session is self._session:
            self._session = None
            self.run = None
            self.opened.emit()
            if ending.error is not None:
                self.noticed.emit(notice_about(ending.error))
