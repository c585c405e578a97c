"""Runs that wait for each other, as they are kept in a project."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from genstudio.domain.datasets import ScanReport, inside_folder
from genstudio.domain.language import tr, tr_noop
from genstudio.domain.training import TrainingSettings

MOST_ITEMS = 500
WhenDone = Literal["nothing", "sleep", "shut down"]


class ItemState(StrEnum):
    """How a run of the queue stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def words(self) -> str:
        """A word in the language spoken."""
        return tr(_SAID[self])


_SAID: Mapping[ItemState, str] = {
    ItemState.WAITING: tr_noop("waiting"),
    ItemState.RUNNING: tr_noop("running"),
    ItemState.DONE: tr_noop("done"),
    ItemState.FAILED: tr_noop("failed"),
    ItemState.STOPPED: tr_noop("stopped"),
}


# Those that are over; they can be queued again.
ENDED = frozenset({ItemState.DONE, ItemState.FAILED, ItemState.STOPPED})


def _new_id() -> str:
    return secrets.token_hex(4)


class QueuedRun(BaseModel):
    """One run of the queue.

    Attributes:
        id: Names it in the queue.
        title: What it is, for people.
        folder: The pictures.
        settings: Of the run; its budget counts from the beginning.
        excluded: Names of pictures that were taken out.
        modality: Key of what the folder is learned as; empty for the likeliest.
        column: Of tables, where a person chose one.
        within: Folders inside the folder that alone are learned from; by default all.
        state: How it stands.
        told: What was found when it was checked, or why it failed; a sentence or more.
        fault: Why it cannot begin, as far as was checked; empty if it can.
        run: Name of the folder of its run, once it has begun.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(default_factory=_new_id, min_length=1, max_length=40)
    title: str = Field(max_length=300)
    folder: Path
    settings: TrainingSettings
    excluded: tuple[str, ...] = ()
    modality: str = Field(default="", max_length=60)
    column: str = Field(default="", max_length=300)
    within: tuple[Annotated[str, AfterValidator(inside_folder)], ...] = ()
    state: ItemState = ItemState.WAITING
    told: str = Field(default="", max_length=4000)
    fault: str = Field(default="", max_length=4000)
    # A name and no path: it cannot lead out of the project.
    run: str = Field(default="", max_length=200, pattern=r"^[A-Za-z0-9_.-]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRun:
    """What was found of a run that waits.

    Attributes:
        item: The run with complete settings and what was found, in ``fault`` what stands in its
            way.
        report: What its folder holds, with what a person changed of it; None where it cannot be
            looked through.
    """

    item: QueuedRun
    report: ScanReport | None = None


class RunQueue(BaseModel):
    """All runs of a project's queue, in their order, and what follows the last one.

    Attributes:
        project: Where the project was when this was written.
        items: In order.
        when_done: What the computer does after the last run.
        pauses_on_battery: Whether a run waits while the computer has no mains.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    project: Path
    items: tuple[QueuedRun, ...] = Field(default=(), max_length=MOST_ITEMS)
    when_done: WhenDone = "nothing"
    pauses_on_battery: bool = True

    def waiting(self) -> list[QueuedRun]:
        """Those that are still to be done and can begin, in order."""
        return [it for it in self.items if it.state is ItemState.WAITING and not it.fault]

    def find(self, item_id: str) -> QueuedRun | None:
        """The run of that name in the queue; None if it is not there any more."""
        return next((it for it in self.items if it.id == item_id), None)

    def changed(self, item_id: str, **update: object) -> "RunQueue":
        """The queue with one run changed; the same if it is not there any more."""
        if self.find(item_id) is None:
            return self
        items = tuple(it.model_copy(update=update) if it.id == item_id else it for it in self.items)
        return self.model_copy(update={"items": items})

    def without(self, item_id: str) -> "RunQueue":
        """The queue with one run taken out."""
        kept = tuple(it for it in self.items if it.id != item_id)
        return self.model_copy(update={"items": kept})

    def moved(self, item_id: str, by: int) -> "RunQueue":
        """The queue with one run moved up (below 0) or down, as far as there is room."""
        ids = [it.id for it in self.items]
        if item_id not in ids:
            return self
        place = ids.index(item_id)
        items = list(self.items)
        item = items.pop(place)
        items.insert(min(max(place + by, 0), len(items)), item)
        return self.model_copy(update={"items": tuple(items)})
