"""The record of a run: what is kept of what happened, and read back whatever became of the file."""

import os
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from record_helpers import record, started, step_done, stopped

from genstudio.domain import events
from genstudio.domain.errors import ProjectError
from genstudio.services import records
from genstudio.services.records import Record, Recorder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


def read(run: Path) -> list[events.Event]:
    return list(Record(run / "events.jsonl").read())


def thinned(run: Path) -> list[int]:
    """Steps of all events that have one."""
    return [event.step for event in Record(run / "events.jsonl").read_thinned()]


@pytest.mark.usefixtures("every_step")
def test_what_happened_is_recorded_and_read_back(run: Path) -> None:
    told = [
        started(run), step_done(1), step_done(2),
        events.CheckpointSaved(step=2, path=run / "checkpoints" / "2", took_s=0.1),
        events.Message(step=2, level="info", title="Fine", message="It learns."),
        stopped(run, 2),
    ]  # fmt: skip
    record(run, *told)

    assert read(run) == told


def test_of_many_steps_one_in_a_second_is_kept(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        now_s = 100.0

        @classmethod
        def monotonic(cls) -> float:
            cls.now_s += 0.25
            return cls.now_s

    monkeypatch.setattr(records, "time", Clock)
    record(run, *[step_done(step) for step in range(1, 13)])

    assert [event.step for event in read(run) if isinstance(event, events.StepDone)] == [1, 5, 9]


def test_preparing_is_not_worth_keeping(run: Path) -> None:
    event = events.Preparing(what="Reading", done=1, total=2)

    assert Recorder(run).record(event) is event
    assert read(run) == []


def test_a_preview_is_saved_as_a_picture_and_comes_back_with_its_place(run: Path) -> None:
    sheet = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    told = Recorder(run).record(events.PreviewReady(step=12, image=sheet))

    assert isinstance(told, events.PreviewReady)
    assert told.path == run / "previews" / "000000012.png"
    with Image.open(told.path) as picture:
        np.testing.assert_array_equal(np.asarray(picture), sheet)
    np.testing.assert_array_equal(told.image, sheet)
    (kept,) = read(run)
    assert isinstance(kept, events.PreviewReady)
    assert (kept.path, kept.image) == (told.path, None)


def test_previews_sort_by_their_steps_in_every_program(run: Path) -> None:
    sheet = np.zeros((2, 2, 3), np.uint8)
    recorder = Recorder(run)
    for step in (100, 8, 20):
        recorder.record(events.PreviewReady(step=step, image=sheet))
    names = sorted(path.name for path in (run / "previews").iterdir())

    assert names == ["000000008.png", "000000020.png", "000000100.png"]


def test_a_preview_of_an_earlier_version_is_drawn_again_under_the_new_name(run: Path) -> None:
    (run / "previews").mkdir()
    for name in ("8.png", "20.png"):
        (run / "previews" / name).touch()
    Recorder(run).record(events.PreviewReady(step=8, image=np.zeros((2, 2, 3), np.uint8)))

    assert {path.name for path in (run / "previews").iterdir()} == {"000000008.png", "20.png"}


def test_lines_from_elsewhere_are_passed_over(run: Path) -> None:
    record(run, started(run))
    with (run / "events.jsonl").open("ab") as record_file:
        record_file.write(b'\xff\xfe\n\n{"event": "Exploded"}\n' + b"[" * 10_000 + b"\n")
    record(run, stopped(run, 1))

    assert [event.event for event in read(run)] == ["RunStarted", "Stopped"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.timeout(120)
def test_a_record_that_is_a_pipe_is_neither_read_nor_written(run: Path) -> None:
    os.mkfifo(run / "events.jsonl")

    assert read(run) == []
    with pytest.raises(ProjectError, match="is not an ordinary file") as caught:
        record(run, started(run))
    assert caught.value.hint


def test_a_record_of_one_endless_line_ends(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record(run, started(run), stopped(run, 1))
    with (run / "events.jsonl").open("ab") as record_file:
        record_file.truncate(2**24)  # A hole, which is read as zeros.
    longest = max(map(len, (run / "events.jsonl").read_bytes()[:4096].splitlines()[:2])) + 1
    monkeypatch.setattr(records, "_LONGEST_LINE_BYTES", longest)
    monkeypatch.setattr(records, "_LARGEST_RECORD_BYTES", 5 * longest)
    lines: list[bytes] = []
    parse = events.parse_event
    monkeypatch.setattr(events, "parse_event", lambda line: lines.append(line) or parse(line))

    assert [event.event for event in read(run)] == ["RunStarted", "Stopped"]
    assert max(map(len, lines)) == longest
    assert 5 * longest <= sum(map(len, lines)) < 6 * longest


def test_the_record_of_a_run_whose_folder_vanished_is_explained(run: Path) -> None:
    shutil.rmtree(run)
    recorder = Recorder(run)

    with pytest.raises((ProjectError, FileNotFoundError)):
        recorder.record(started(run))


@pytest.mark.usefixtures("every_step")
def test_the_record_is_on_the_disk_as_soon_as_a_checkpoint_is(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[list[str]] = []
    monkeypatch.setattr(
        records.os, "fsync", lambda _: flushed.append([event.event for event in read(run)])
    )
    saved = events.CheckpointSaved(step=1, path=run, took_s=0.1)
    record(run, started(run), step_done(1), saved, step_done(2), stopped(run, 2))

    whole = ["RunStarted", "StepDone", "CheckpointSaved", "StepDone", "Stopped"]
    assert flushed == [whole[:3], whole]


@pytest.fixture
def long_run(run: Path, every_step: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of whose thousand steps fifty are enough."""
    record(run, started(run), *[step_done(step) for step in range(1, 1001)])
    monkeypatch.setattr(records, "_STEP_LINE_BYTES", (run / "events.jsonl").stat().st_size / 1000)
    monkeypatch.setattr(records, "_MOST_STEPS", 50)
    return run


def test_of_a_short_run_every_step_is_read(long_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_MOST_STEPS", 1001)

    assert thinned(long_run) == list(range(1001))


def test_of_a_long_run_so_many_steps_are_read_as_can_be_seen(long_run: Path) -> None:
    found = thinned(long_run)

    assert 40 <= len(found) <= 52
    assert (found[0], found[-1]) == (0, 1000)
    # Alike, though how far follows from the length of a path in the record.
    (distance,) = {later - step for step, later in pairwise(found[1:-1])}
    assert distance in (20, 21)


def test_the_last_step_before_a_run_ended_or_went_back_is_read(long_run: Path) -> None:
    record(long_run, stopped(long_run, 1000), started(long_run, 500))
    record(long_run, *[step_done(step) for step in range(501, 510)])
    found = list(Record(long_run / "events.jsonl").read_thinned())
    (ending,) = (at for at, event in enumerate(found) if isinstance(event, events.Stopped))

    assert [event.step for event in found[ending - 1 : ending + 2]] == [1000, 1000, 500]
    assert found[-1].step == 509


def test_events_that_are_no_steps_are_all_read(long_run: Path) -> None:
    said = [
        events.Message(step=1000 + number, level="info", title="Fine", message="It learns.")
        for number in range(100)
    ]
    record(long_run, *said)

    assert [it for it in Record(long_run / "events.jsonl").read_thinned() if it in said] == said
