"""What the window asks of teaching by choices."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from genstudio.domain.events import Event
from genstudio.services.session import TrainingSession


def teach(run: Path) -> TrainingSession:
    """Teach a branch of a run what the choices and stars of its project say.

    Args:
        run: The run's folder; it stays as it is.
    """

    def make_events(source: Any) -> Iterator[Event]:
        teaching = import_module("genstudio.services.teaching")
        yield from teaching.teach_run(run, source)

    return TrainingSession(make_events)
