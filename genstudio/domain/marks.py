"""What a plot of a run marks: where it was paused, went on, was changed, or went back."""

from typing import Final

from genstudio.domain import events
from genstudio.domain.language import tr_noop

PAUSED: Final = tr_noop("paused")
WENT_ON: Final = tr_noop("went on")
CHANGED: Final = tr_noop("changed")
WENT_BACK: Final = tr_noop("went back")
# Topic of the engine's word on numbers that ran away.
RUNAWAY_TOPIC: Final = tr_noop("numbers ran away")

# Step, and one of the words above.
Mark = tuple[int, str]


def mark_of(event: events.Event) -> Mark | None:
    """What a plot marks of an event; None for most."""
    match event:
        case events.Paused():
            return event.step, PAUSED
        case events.RunStarted() if event.step > 0:
            return event.step, WENT_ON
        case events.Advice(topic=events.CHANGED):
            return event.step, CHANGED
        case events.Advice(topic="numbers ran away"):
            return event.step, WENT_BACK
        case _:
            return None
