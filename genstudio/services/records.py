"""The record of a run: a line in ``events.jsonl`` for each event that is worth keeping."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from genstudio.domain import events
from genstudio.domain.errors import ProjectError
from genstudio.domain.files import explained, replacing
from genstudio.domain.language import tr
from genstudio.services.heard_previews import save_heard
from genstudio.services.written_previews import save_written

# Steps are told 20 times a second; one in a second is worth keeping.
_STEP_RECORD_INTERVAL_S = 1.0
_LONGEST_LINE_BYTES = 2**20
_LARGEST_RECORD_BYTES = 2**29
# As we write it; lines of another form are read all the same, one by one.
_STEP_PREFIX = b'{"event":"StepDone"'
_STEP_LINE_BYTES = 250
_MOST_STEPS = 20_000
_STEP_DIGITS = 9
_ENDINGS = (events.Finished, events.Stopped, events.Failed)


def preview_path(run: Path, step: int) -> Path:
    """Where the preview of a step is saved; other programs sort such names by their numbers."""
    return run / "previews" / f"{step:0{_STEP_DIGITS}}.png"


def preview_sound(preview: Path) -> Path:
    """Where what is heard of a preview is saved, if anything is."""
    return preview.with_suffix(".flac")


def preview_words(preview: Path) -> Path:
    """Where what can be read of a preview is saved, if anything can."""
    return preview.with_suffix(".txt")


class Record:
    """What was written down, read as a stranger's file is: in bounded time and memory."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Iterator[events.Event]:
        """Everything; lines torn by a crash are passed over."""
        for line in self._lines():
            event = events.parse_event(line)
            if event is not None:
                yield event

    def read_thinned(self) -> Iterator[events.Event]:
        """The same, but of the steps of weeks only so many as a plot can show, evenly spread.

        The last step before a run went back, ended or was cut off is always among them.
        """
        every = self._size() // (_STEP_LINE_BYTES * _MOST_STEPS) + 1
        count = 0
        passed_over = b""
        for line in self._lines():
            if line.startswith(_STEP_PREFIX):
                count += 1
                passed_over = line
                if count % every:
                    continue
            event = events.parse_event(line)
            if event is None:
                continue
            if isinstance(event, (events.RunStarted, *_ENDINGS)):
                yield from _parsed(passed_over)
            if isinstance(event, (events.RunStarted, events.StepDone, *_ENDINGS)):
                passed_over = b""
            yield event
        yield from _parsed(passed_over)

    def _size(self) -> int:
        return self._path.stat().st_size if self._path.is_file() else 0

    def _lines(self) -> Iterator[bytes]:
        if not self._path.is_file():
            return
        with self._path.open("rb") as lines:
            # A stranger's record may be one line that fits into no memory, or have no end.
            left = _LARGEST_RECORD_BYTES
            while left > 0 and (line := lines.readline(_LONGEST_LINE_BYTES)):
                left -= len(line)
                yield line


def _parsed(line: bytes) -> Iterator[events.Event]:
    event = events.parse_event(line)
    if event is not None:
        yield event


class Recorder:
    """Keeps what is worth keeping of a run's events."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._next_step_s = 0.0

    def record(self, event: events.Event) -> events.Event:
        """Write an event down; a preview comes back with the path that it was saved at."""
        match event:
            case events.Preparing():
                return event
            case events.StepDone():
                now_s = time.monotonic()
                if now_s < self._next_step_s:
                    return event
                self._next_step_s = now_s + _STEP_RECORD_INTERVAL_S
            case events.PreviewReady():
                event = self._save_preview(event)
            case _:
                pass
        self._append(event)
        return event

    def _save_preview(self, event: events.PreviewReady) -> events.PreviewReady:
        path = preview_path(self._run, event.step)
        with explained(path):
            # Not its parents: where a drive was unplugged they would be made on another.
            path.parent.mkdir(exist_ok=True)
        with replacing(path) as temporary:
            Image.fromarray(event.image).save(temporary, "PNG")
        save_heard(preview_sound(path), event.results)
        save_written(preview_words(path), event.results)
        # Under its name of earlier versions, the step may have been drawn before.
        with explained(path):
            path.with_name(f"{event.step}.png").unlink(missing_ok=True)
        return event.model_copy(update={"path": path})

    def _append(self, event: events.Event) -> None:
        path = self._run / "events.jsonl"
        line = event.model_dump_json().encode() + b"\n"
        if path.exists() and not path.is_file():
            # Opening a pipe would wait for ever.
            raise ProjectError(
                tr("{path} is not an ordinary file", path=path), "", tr("Move it away.")
            )
        with explained(path), path.open("a+b") as record:
            if _is_torn(record):
                line = b"\n" + line
            record.write(line)
            if isinstance(event, (events.CheckpointSaved, *_ENDINGS)):
                # What belongs to a checkpoint is on the disk as soon as that is.
                record.flush()
                os.fsync(record.fileno())


def _is_torn(record: BinaryIO) -> bool:
    """Whether a crash cut off the last line."""
    if record.seek(0, os.SEEK_END) == 0:
        return False
    record.seek(-1, os.SEEK_END)
    return record.read(1) != b"\n"
