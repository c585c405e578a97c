"""What the tests of the trainer share: how a run ended, and time that passes when it is told to."""

from collections.abc import Callable
from typing import Any

from genstudio.domain import events
from genstudio.domain.events import Event

TrainToy = Callable[..., list[Event]]


def kinds(told: list[Event]) -> list[str]:
    return [event.event for event in told if event.event != "StepDone"]


def the_ending(told: list[Event]) -> Any:
    """The last event, which is the only one of its kind."""
    assert [isinstance(event, events.Terminal) for event in told[:-1]] == [False] * (len(told) - 1)
    assert isinstance(told[-1], events.Terminal)
    return told[-1]


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s
