"""What the tests of training share: how a run is resumed, how it ended, what is on the disk."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tiny_studio import Script

from genstudio.domain import commands, events
from genstudio.domain.events import Event
from genstudio.services.training import resume_run

FIRST_PICTURES = 3
# What a new run is made of beside its settings.
REQUEST = {"folder", "project", "excluded", "report"}
Start = Callable[..., list[Event]]


def resume(run: Path, *words: commands.Command | None, **options: Any) -> list[Event]:
    return list(resume_run(run, Script(*words), **options))


def ending(told: Iterable[Event]) -> Any:
    *before, last = told
    assert not any(isinstance(event, events.Terminal) for event in before)
    return last


def fingerprint(folder: Path) -> dict[str, tuple[int, str]]:
    return {
        path.relative_to(folder).as_posix(): (
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in folder.rglob("*")
        if path.is_file()
    }


def interrupt(run: Path) -> None:
    """Make the record look as if the process had died: there is no ending."""
    record = run / "events.jsonl"
    lines = record.read_text().splitlines(keepends=True)
    record.write_text("".join(lines[:-1]))


class Impatient:
    """Wants to stop after so many looks."""

    def __init__(self, patience: int) -> None:
        self._patience = patience

    @property
    def is_stop_wanted(self) -> bool:
        self._patience -= 1
        return self._patience < 0

    def poll(self, timeout_s: float) -> None:
        raise AssertionError("no training began")
