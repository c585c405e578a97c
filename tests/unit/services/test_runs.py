"""Runs on disk: what was chosen, what happened, and how they stand, also after a crash."""

import os
import shutil
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w
import torch
from PIL import Image
from tiny_studio import small_settings, steps

from genstudio.domain import events
from genstudio.domain.datasets import Manifest
from genstudio.domain.errors import CheckpointError, ProjectError
from genstudio.domain.runs import RunState
from genstudio.engine.checkpoint import CheckpointState
from genstudio.services import runs
from genstudio.services.projects import Project
from genstudio.services.runs import Recorder, Run, create_run


@pytest.fixture
def run(project: Project, tmp_path: Path) -> Run:
    manifest = Manifest(folder=tmp_path / "pictures", pictures=(("a.png", "0"), ("b.png", "1")))
    return create_run(project, project.save_manifest(manifest), small_settings())


def save_checkpoint(run: Run, step: int, seconds: float = 0.0) -> Path:
    state = CheckpointState(model_key="any", step=step, images_seen=4 * step, seconds=seconds)
    return run.store.save(state, {"ema": {"w": torch.zeros(1)}}, None)


def started(run: Run, step: int = 0) -> events.RunStarted:
    return events.RunStarted(
        run=run.path, model="any", device="CPU", precision="fp32", threads=1, num_images=2,
        num_parameters=1, step=step,
    )  # fmt: skip


def step_done(step: int, loss: float = 0.5) -> events.StepDone:
    return events.StepDone(
        step=step, images_seen=4 * step, losses={"loss": loss}, images_per_s=1, seconds=step,
        progress=0.1, eta_s=None, memory_gib=1,
    )  # fmt: skip


def stopped(run: Run, step: int) -> events.Stopped:
    return events.Stopped(run=run.path, step=step, images_seen=1, seconds=1, checkpoint=None)


@pytest.fixture
def every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps are told more than a second apart."""
    now_s = iter(range(0, 10**6, 2))

    class Clock:
        monotonic = staticmethod(lambda: next(now_s))

    monkeypatch.setattr(runs, "time", Clock)


def record(run: Run, *told: events.Event) -> None:
    recorder = Recorder(run.path)
    for event in told:
        recorder.record(event)


# The run's file


def test_what_was_chosen_is_frozen_with_the_versions_that_it_was_made_by(
    run: Run, project: Project
) -> None:
    again = Run(run.path)

    assert again.settings == run.settings == small_settings()
    assert len(project.load_manifest(again.file.dataset).pictures) == 2
    assert set(again.file.versions) == {"genstudio", "python", "torch"}
    assert again.project().name == "Meadow"
    assert run.path.parent == project.runs
    assert project.run_folders() == [run.path]
    assert tomllib.loads((run.path / "run.toml").read_text())["format_version"] == 1


def test_a_run_of_a_newer_program_is_refused_and_nothing_is_changed(run: Run) -> None:
    file = run.path / "run.toml"
    file.write_text(file.read_text().replace("format_version = 1", "format_version = 9"))
    before = file.read_bytes()

    with pytest.raises(ProjectError, match="newer GenStudio"):
        Run(run.path)
    assert file.read_bytes() == before


@pytest.mark.parametrize("content", ["", "created = 3", "settings = []", "[[["])
def test_a_damaged_run_file_is_told(run: Run, content: str) -> None:
    (run.path / "run.toml").write_text(content)

    with pytest.raises(ProjectError, match="is damaged"):
        Run(run.path)


@pytest.mark.parametrize("dataset", ["../../elsewhere", "..", "", "a/b", "/etc", "a\\b", "a\0b"])
def test_a_run_cannot_lead_out_of_its_project(run: Run, dataset: str) -> None:
    content = tomllib.loads((run.path / "run.toml").read_text())
    (run.path / "run.toml").write_text(tomli_w.dumps({**content, "dataset": dataset}))

    with pytest.raises(ProjectError, match="is damaged"):
        Run(run.path)


def test_a_run_that_branched_from_an_endless_name_is_damaged(run: Run) -> None:
    content = tomllib.loads((run.path / "run.toml").read_text())
    for length in (300, 301):
        branched_from = "x/" + "9" * (length - 2)
        text = tomli_w.dumps({**content, "branched_from": branched_from})
        (run.path / "run.toml").write_text(text)
        if length == 300:
            assert Run(run.path).file.branched_from == branched_from

    with pytest.raises(ProjectError, match="is damaged"):
        Run(run.path)


def test_a_folder_that_is_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"run\.toml cannot be read") as caught:
        Run(tmp_path)
    assert caught.value.hint


def test_a_run_with_settings_out_of_bounds_is_damaged(run: Run) -> None:
    content: dict[str, Any] = tomllib.loads((run.path / "run.toml").read_text())
    content["settings"]["batch"] = 0
    (run.path / "run.toml").write_text(tomli_w.dumps(content))

    with pytest.raises(ProjectError, match="is damaged"):
        Run(run.path)


# The record


@pytest.mark.usefixtures("every_step")
def test_what_happened_is_recorded_and_read_back(run: Run) -> None:
    told = [
        started(run), step_done(1), step_done(2),
        events.CheckpointSaved(step=2, path=run.path / "checkpoints" / "2", took_s=0.1),
        events.CoachSaid(step=2, level="info", title="Fine", message="It learns."),
        stopped(run, 2),
    ]  # fmt: skip
    record(run, *told)

    assert list(Run(run.path).events()) == told


def test_a_run_that_has_not_begun_has_no_record(run: Run) -> None:
    assert list(run.events()) == []
    summary = run.summary()
    assert (summary.state, summary.step, summary.seconds) == (RunState.INTERRUPTED, 0, 0.0)
    assert (summary.losses, summary.previews) == ((), ())


def test_of_many_steps_one_in_a_second_is_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        now_s = 100.0

        @classmethod
        def monotonic(cls) -> float:
            cls.now_s += 0.25
            return cls.now_s

    monkeypatch.setattr(runs, "time", Clock)
    record(run, *[step_done(step) for step in range(1, 13)])

    assert [step for step, _ in run.summary().losses] == [1, 5, 9]


def test_preparing_is_not_worth_keeping(run: Run) -> None:
    event = events.Preparing(what="Reading", done=1, total=2)

    assert Recorder(run.path).record(event) is event
    assert list(run.events()) == []


def test_a_preview_is_saved_as_a_picture_and_comes_back_with_its_place(run: Run) -> None:
    sheet = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    told = Recorder(run.path).record(events.PreviewReady(step=12, image=sheet))

    assert isinstance(told, events.PreviewReady)
    assert told.path == run.path / "previews" / "12.png"
    with Image.open(told.path) as picture:
        np.testing.assert_array_equal(np.asarray(picture), sheet)
    np.testing.assert_array_equal(told.image, sheet)
    (kept,) = run.events()
    assert isinstance(kept, events.PreviewReady)
    assert (kept.path, kept.image) == (told.path, None)


def test_previews_are_listed_by_their_steps(run: Run) -> None:
    assert run.previews() == []
    for name in ("100.png", "20.png", "3.png", ".5.png.x.part", "notes.txt", "best.png"):
        (run.path / "previews").mkdir(exist_ok=True)
        (run.path / "previews" / name).touch()

    assert [(step, path.name) for step, path in run.previews()] == [
        (3, "3.png"), (20, "20.png"), (100, "100.png"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ending", "state"),
    [
        (None, RunState.INTERRUPTED),
        ("stopped", RunState.STOPPED),
        ("failed", RunState.FAILED),
        ("finished", RunState.FINISHED),
    ],
)
def test_how_a_run_stands_is_how_it_ended_last(
    run: Run, ending: str | None, state: RunState
) -> None:
    endings: dict[str, events.Event] = {
        "stopped": stopped(run, 1),
        "failed": events.Failed(run=run.path, step=1, title="It failed"),
        "finished": events.Finished(
            run=run.path, step=1, images_seen=1, seconds=1, checkpoint=run.path
        ),
    }
    record(run, started(run), stopped(run, 1), started(run, 1))
    if ending:
        record(run, endings[ending])

    assert run.summary().state == state


@pytest.mark.usefixtures("every_step")
def test_what_was_done_again_after_a_crash_counts_once(run: Run) -> None:
    record(run, started(run), *[step_done(step, loss=1) for step in (1, 2, 3, 4)])
    # It was saved at step 2, and went on from there.
    record(run, started(run, 2), *[step_done(step, loss=2) for step in (3, 4, 5)])

    assert run.summary().losses == (
        (1, {"loss": 1}), (2, {"loss": 1}), (3, {"loss": 2}), (4, {"loss": 2}), (5, {"loss": 2}),
    )  # fmt: skip


@pytest.mark.usefixtures("every_step")
def test_a_line_that_was_torn_by_a_crash_costs_nothing_else(run: Run) -> None:
    record(run, started(run), step_done(1), step_done(2))
    with (run.path / "events.jsonl").open("a") as torn:
        torn.write(step_done(3).model_dump_json()[:40])

    assert [step for step, _ in run.summary().losses] == [1, 2]
    # The next event does not end up on the torn line.
    record(run, started(run, 1), step_done(2, loss=9))
    assert run.summary().losses == ((1, {"loss": 0.5}), (2, {"loss": 9}))


def test_lines_from_elsewhere_are_passed_over(run: Run) -> None:
    record(run, started(run))
    with (run.path / "events.jsonl").open("ab") as record_file:
        record_file.write(b'\xff\xfe\n\n{"event": "Exploded"}\n' + b"[" * 10_000 + b"\n")
    record(run, stopped(run, 1))

    assert [event.event for event in run.events()] == ["RunStarted", "Stopped"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.timeout(10)
def test_a_record_that_is_a_pipe_is_neither_read_nor_written(run: Run) -> None:
    os.mkfifo(run.path / "events.jsonl")

    assert list(run.events()) == []
    with pytest.raises(ProjectError, match="is not an ordinary file") as caught:
        record(run, started(run))
    assert caught.value.hint


def test_a_record_of_one_endless_line_ends(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    record(run, started(run), stopped(run, 1))
    with (run.path / "events.jsonl").open("ab") as record_file:
        record_file.truncate(2**24)  # A hole, which is read as zeros.
    longest = max(map(len, (run.path / "events.jsonl").read_bytes()[:4096].splitlines()[:2])) + 1
    monkeypatch.setattr(runs, "_LONGEST_LINE_BYTES", longest)
    monkeypatch.setattr(runs, "_LARGEST_RECORD_BYTES", 5 * longest)
    lines: list[bytes] = []
    parse = events.parse_event
    monkeypatch.setattr(events, "parse_event", lambda line: lines.append(line) or parse(line))

    assert [event.event for event in run.events()] == ["RunStarted", "Stopped"]
    assert max(map(len, lines)) == longest
    assert 5 * longest <= sum(map(len, lines)) < 6 * longest


def test_a_summary_stands_on_the_newest_checkpoint(run: Run) -> None:
    save_checkpoint(run, 4, seconds=2.5)
    save_checkpoint(run, 8, seconds=5.5)
    summary = run.summary()
    assert (summary.step, summary.seconds) == (8, 5.5)

    (run.store.folder / "8" / "state.json").write_text("{")
    assert run.summary().step == 4


def test_a_summary_knows_the_kinds_that_were_taught(project: Project) -> None:
    manifest = Manifest(folder=Path("/pictures"), pictures=(("a/1.png", "0"), ("b/2.png", "1")))
    kinds = {"Größe & <Öl>": 45, "b": 3}
    run = create_run(project, project.save_manifest(manifest), small_settings(), kinds=kinds)
    assert run.summary().kinds == kinds


# Checkpoints by name


def test_a_checkpoint_is_found_by_step_or_as_the_last(run: Run) -> None:
    for step in (4, 8):
        save_checkpoint(run, step)

    assert [run.checkpoint(which).state.step for which in ("4", "8", "last", "best")] == [
        4,
        8,
        8,
        8,
    ]
    assert run.checkpoint().state.step == 8


@pytest.mark.parametrize("which", ["newest", "-4", "4.5", "", "../4", "4/../8"])
def test_other_names_of_checkpoints_are_refused_with_those_that_work(run: Run, which: str) -> None:
    save_checkpoint(run, 4)

    with pytest.raises(CheckpointError, match="names no checkpoint") as caught:
        run.checkpoint(which)
    assert "best" in caught.value.hint


def test_a_step_that_was_not_saved_is_refused_with_those_that_were(run: Run) -> None:
    save_checkpoint(run, 4)

    with pytest.raises(CheckpointError) as caught:
        run.checkpoint("5")
    assert caught.value.hint == "Saved steps: 4."


def test_a_run_without_checkpoints_says_so(run: Run) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint yet") as caught:
        run.checkpoint("last")
    assert caught.value.hint


def test_the_record_of_a_run_whose_folder_vanished_is_explained(run: Run) -> None:
    shutil.rmtree(run.path)
    recorder = Recorder(run.path)

    with pytest.raises((ProjectError, FileNotFoundError)):
        recorder.record(started(run))


def test_two_runs_never_share_a_folder(project: Project, run: Run) -> None:
    dataset = project.dataset_folder(run.file.dataset)
    others = [create_run(project, dataset, small_settings(budget=steps(n + 1))) for n in range(5)]

    assert len({other.path for other in others} | {run.path}) == 6
    assert len(project.run_folders()) == 6


def test_the_best_checkpoint_is_the_one_of_the_best_quality(run: Run) -> None:
    for step, metrics in ((1, {"SWD": 8.0}), (2, {"SWD": 3.0}), (3, {}), (4, {"SWD": 5.0})):
        state = CheckpointState(
            model_key="toy", step=step, images_seen=step, seconds=step, metrics=metrics
        )
        run.store.save(state, {}, None)

    assert run.checkpoint("best").state.step == 2
    assert run.checkpoint("last").state.step == run.checkpoint().state.step == 4


def test_where_no_quality_was_measured_the_best_is_the_last(run: Run) -> None:
    for step in (1, 2):
        state = CheckpointState(model_key="toy", step=step, images_seen=step, seconds=step)
        run.store.save(state, {}, None)

    assert run.checkpoint("best").state.step == 2


@pytest.mark.usefixtures("every_step")
def test_the_record_is_on_the_disk_as_soon_as_a_checkpoint_is(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[list[str]] = []
    monkeypatch.setattr(
        runs.os, "fsync", lambda _: flushed.append([event.event for event in run.events()])
    )
    saved = events.CheckpointSaved(step=1, path=run.path, took_s=0.1)
    record(run, started(run), step_done(1), saved, step_done(2), stopped(run, 2))

    whole = ["RunStarted", "StepDone", "CheckpointSaved", "StepDone", "Stopped"]
    assert flushed == [whole[:3], whole]


def test_what_the_coach_said_last_is_part_of_the_summary(trained_run: Path, tmp_path: Path) -> None:
    run = Run(
        shutil.copytree(trained_run.parent.parent, tmp_path / "P") / "runs" / trained_run.name
    )
    recorder = Recorder(run.path)
    for step, topic in ((2, "healthy"), (4, "copying"), (4, "")):
        recorder.record(
            events.CoachSaid(step=step, level="info", title=topic, message="", topic=topic)
        )

    said = run.summary().said
    assert said is not None
    assert (said.step, said.topic) == (4, "copying")


def test_what_the_coach_said_of_steps_that_were_gone_back_on_is_forgotten(
    trained_run: Path, tmp_path: Path
) -> None:
    run = Run(
        shutil.copytree(trained_run.parent.parent, tmp_path / "P") / "runs" / trained_run.name
    )
    recorder = Recorder(run.path)
    for step, topic in ((2, "healthy"), (4, "copying")):
        recorder.record(
            events.CoachSaid(step=step, level="info", title=topic, message="", topic=topic)
        )
    started = next(event for event in run.events() if isinstance(event, events.RunStarted))
    recorder.record(started.model_copy(update={"step": 3}))

    said = run.summary().said
    assert said is not None
    assert said.topic == "healthy"
