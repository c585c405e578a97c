"""What a training run tells the world; frozen, picklable, one terminal event per run."""

from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from genstudio.domain.values import Count, Seconds


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    def to_record(self) -> dict[str, Any]:
        """The event as plain JSON values; pictures are left out."""
        return self.model_dump(mode="json")


# Topics of what is no trouble: nothing is wrong; a setting has become another one, with the way
# back as the action.
HEALTHY: Final = "healthy"
CHANGED: Final = "changed"


class Preparing(_Event):
    """Something is made ready before the first step, such as the decoded pictures."""

    event: Literal["Preparing"] = "Preparing"
    what: str
    done: Count
    total: Count


class RunStarted(_Event):
    """The first step comes next. ``step`` is above 0 when the run continues.

    ``num_held_out`` are examples that are not learned from, but judged by; 0 in records of runs
    that did not tell.
    """

    event: Literal["RunStarted"] = "RunStarted"
    run: Path
    model: str
    device: str
    precision: str
    threads: Count
    num_images: Count
    num_parameters: Count
    step: Count
    num_held_out: Count = 0


class StepDone(_Event):
    """Where training stands; sent some 20 times a second at most.

    ``losses`` are means since the last such event; ``seconds`` is time spent
    training since the beginning of the run; ``progress`` is from 0 to 1; ``threads`` are those
    of the processor that a step takes now, and 0 in records of runs that did not tell.
    """

    event: Literal["StepDone"] = "StepDone"
    step: Count
    images_seen: Count
    losses: dict[str, float]
    images_per_s: float
    seconds: Seconds
    progress: float
    eta_s: float | None
    memory_gib: float
    threads: Count = 0


class PreviewReady(_Event):
    """A sheet of samples on fixed seeds: uint8 array (height, width, 3).

    Attributes:
        results: What is on it, where that is more than its drawing.
    """

    event: Literal["PreviewReady"] = "PreviewReady"
    step: Count
    path: Path | None = None
    image: Any = Field(default=None, exclude=True, repr=False)
    results: tuple[Any, ...] = Field(default=(), exclude=True, repr=False)


class MetricsReady(_Event):
    """Quality figures of the model as it is at this step."""

    event: Literal["MetricsReady"] = "MetricsReady"
    step: Count
    metrics: dict[str, float]


class CheckpointSaved(_Event):
    """Everything up to this step is safely on disk.

    ``took_s`` is the time from its beginning to its end, ``held_up_s`` the part of it in which
    training waited.
    """

    event: Literal["CheckpointSaved"] = "CheckpointSaved"
    step: Count
    path: Path
    took_s: Seconds
    held_up_s: float = 0.0


class CoachAction(BaseModel):
    """What a person can do about it with one click, and undo with another.

    Attributes:
        label: On the button.
        setting: Name of the setting that changes; empty to stop, which can be resumed.
        value: What it becomes.
        before: What it was, for the way back.
    """

    model_config = ConfigDict(frozen=True)

    label: str
    setting: str = ""
    value: JsonValue = None
    before: JsonValue = None


class Advice(_Event):
    """What the coach says of how a run goes; true until the next one.

    Its record is called ``CoachSaid``, as it was in earlier versions.

    Attributes:
        topic: Names the trouble in one or two words, as :data:`HEALTHY`, :data:`CHANGED` and
            those of :mod:`genstudio.engine.troubles` do.
        evidence: What was seen, in figures.
        action: What can be done about it.
    """

    event: Literal["CoachSaid"] = "CoachSaid"
    step: Count
    level: Literal["info", "warning"]
    topic: Annotated[str, Field(min_length=1)]
    title: str
    message: str
    evidence: str = ""
    action: CoachAction | None = None


class Message(_Event):
    """News of a run that is over as soon as it was read: what happened, and what it means.

    Attributes:
        hint: What a person can do; may be empty.
    """

    event: Literal["Message"] = "Message"
    step: Count
    level: Literal["info", "warning"]
    title: str
    message: str
    hint: str = ""

    @property
    def text(self) -> str:
        """All but the title, in one line."""
        return f"{self.message} {self.hint}".strip()


class Paused(_Event):
    """No step is taken until Resume; everything stays in memory."""

    event: Literal["Paused"] = "Paused"
    step: Count


class Resumed(_Event):
    """Steps are taken again."""

    event: Literal["Resumed"] = "Resumed"
    step: Count


class Finished(_Event):
    """Terminal: the budget is spent and the result is saved.

    ``reason`` says why it ended earlier, where it was asked to; else it is empty.
    """

    event: Literal["Finished"] = "Finished"
    run: Path
    step: Count
    images_seen: Count
    seconds: Seconds
    checkpoint: Path
    reason: str = ""


class Stopped(_Event):
    """Terminal: a person stopped the run; it is saved and can go on later.

    ``run`` and ``checkpoint`` are None if it was stopped before there was anything to save.
    """

    event: Literal["Stopped"] = "Stopped"
    run: Path | None
    step: Count
    images_seen: Count
    seconds: Seconds
    checkpoint: Path | None


class Failed(_Event):
    """Terminal: the run cannot go on."""

    event: Literal["Failed"] = "Failed"
    run: Path | None
    step: Count
    title: str
    message: str = ""
    hint: str = ""
    traceback: str = ""


Terminal = Finished | Stopped | Failed
Event = (
    Preparing
    | RunStarted
    | StepDone
    | PreviewReady
    | MetricsReady
    | CheckpointSaved
    | Advice
    | Message
    | Paused
    | Resumed
    | Terminal
)

_ADAPTER: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")])


def parse_event(line: str | bytes) -> Event | None:
    """Read one line of an event file; None for a line that is no event (a torn write)."""
    try:
        return _ADAPTER.validate_json(line)
    except ValidationError:
        return _earlier_message(line)


class _EarlierMessage(BaseModel):
    """How messages were recorded before they had an event of their own: as advice on no topic."""

    event: Literal["CoachSaid"]
    step: Count
    level: Literal["info", "warning"]
    title: str
    message: str
    topic: Literal[""] = ""


def _earlier_message(line: str | bytes) -> Message | None:
    try:
        found = _EarlierMessage.model_validate_json(line)
    except ValidationError:
        return None
    return Message(step=found.step, level=found.level, title=found.title, message=found.message)
