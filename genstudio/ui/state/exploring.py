"""A model that is explored: where one is, where one was, and what has been drawn of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from genstudio.domain.language import tr
from genstudio.domain.notices import Level, Notice
from genstudio.domain.places import Place
from genstudio.domain.progress import Progress
from genstudio.services.exploring_session import (
    DirectionsFound,
    ExploringSession,
    Opened,
    PlaceShown,
    Refused,
    SeedShown,
    TasteFound,
)
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

    Signals:
        opened(): Another model is ready, or none is.
        moved(): The place is another.
        drawn(object, object): A ``Place`` and its picture.
        seed_drawn(int, object): A seed and its picture.
        directions_changed(): They were found, named, or are those of another model.
        searching(int, int): So many pictures of so many were looked at for directions.
        taste_sought(bool): The way to what the person likes is being looked for, or no more.
        noticed(Notice): Something a person should read.
    """

    opened = Signal()
    moved = Signal()
    drawn = Signal(object, object)
    seed_drawn = Signal(object, object)
    directions_changed = Signal()
    searching = Signal(int, int)
    taste_sought = Signal(bool)
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

    def open(self, run: Path | None, values: Mapping[str, Any]) -> None:
        """Explore another run's best checkpoint; None lets go of the model."""
        if run == self.run:
            return
        self._let_go()
        self.run, self.values = run, dict(values)
        self.shares, self.names = (), {}
        self._gone, self._undone = [], []
        self.place = Place(seeds=self.place.seeds, across=self.place.across, down=self.place.down)
        if run is not None:
            session = ExploringSession(run, "best", values)
            self._session = session
            self._bridge.follow(
                session.items,
                lambda items: self._on_items(session, items),
                lambda ending: self._on_end(session, ending),
            )
            session.start()
            session.show_place(self.place)
        self.opened.emit()
        self.directions_changed.emit()
        self.moved.emit()

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
            self.drawn.emit(places[-1].place, places[-1].image_HWC)
        for item in items:
            match item:
                case SeedShown(seed=seed, image_HWC=image_HWC):
                    self._tell_seed(seed, image_HWC)
                case Opened(names=names):
                    self.names = dict(names)
                    self.directions_changed.emit()
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
