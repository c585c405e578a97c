"""What the tests of the trainer share: how a run ended, and time that passes when it is told to."""

from collections.abc import Callable
from typing import Any

from genstudio.domain import events
from genstudio.domain.events import Event
from genstudio.engine.troubles import TOO_FEW

TrainToy = Callable[..., list[Event]]


def kinds(told: list[Event]) -> list[str]:
    """What was told, but for steps, and that a handful of pictures are few."""
    greeting = [e for e in told if isinstance(e, events.Advice) and e.topic == TOO_FEW]
    return [e.event for e in told if e.event != "StepDone" and e not in greeting]


def advice(told: list[Event]) -> list[events.Advice]:
    """What the coach said, but for that the pictures are few."""
    said = [event for event in told if isinstance(event, events.Advice)]
    return [event for event in said if event.topic != TOO_FEW]


def messages(told: list[Event]) -> list[events.Message]:
    """What was said but not by the coach."""
    return [event for event in told if isinstance(event, events.Message)]


def the_ending(told: list[Event]) -> Any:
    """The last event, which is the only one of its kind."""
    assert [isinstance(event, events.Terminal) for event in told[:-1]] == [False] * (len(told) - 1)
    assert isinstance(told[-1], events.Terminal)
    return told[-1]


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0
