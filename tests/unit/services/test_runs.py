"""Runs on disk: what was chosen, what happened, and how they stand, also after a crash."""

import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomli_w
import torch
from record_helpers import record, started, step_done, stopped
from tiny_studio import small_settings, steps

from genstudio.domain import events
from genstudio.domain.datasets import Manifest
from genstudio.domain.errors import CheckpointError, ProjectError
from genstudio.domain.runs import RunState
from genstudio.engine.checkpoint import CheckpointState
from genstudio.services.projects import Project
from genstudio.services.records import Recorder
from genstudio.services.runs import Run, create_run


@pytest.fixture
def run(project: Project, tmp_path: Path) -> Run:
    manifest = Manifest(folder=tmp_path / "pictures", pictures=(("a.png", "0"), ("b.png", "1")))
    return create_run(project, project.save_manifest(manifest), small_settings())


def save_checkpoint(run: Run, step: int, seconds: float = 0.0) -> Path:
    state = CheckpointState(model_key="any", step=step, images_seen=4 * step, seconds=seconds)
    return run.store.save(state, {"ema": {"w": torch.zeros(1)}}, None)


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


def test_a_run_that_has_not_begun_has_no_record(run: Run) -> None:
    assert list(run.record.read()) == []
    summary = run.summary()
    assert (summary.state, summary.step, summary.seconds) == (RunState.INTERRUPTED, 0, 0.0)
    assert (summary.losses, summary.previews) == ((), ())


def test_previews_are_listed_by_their_steps(run: Run) -> None:
    assert run.previews() == []
    for name in (
        "100.png",
        "20.png",
        "3.png",
        "000000047.png",
        ".5.png.x.part",
        "notes.txt",
        "best.png",
    ):
        (run.path / "previews").mkdir(exist_ok=True)
        (run.path / "previews" / name).touch()

    assert [(step, path.name) for step, path in run.previews()] == [
        (3, "3.png"), (20, "20.png"), (47, "000000047.png"), (100, "100.png"),
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
        "stopped": stopped(run.path, 1),
        "failed": events.Failed(run=run.path, step=1, title="It failed"),
        "finished": events.Finished(
            run=run.path, step=1, images_seen=1, seconds=1, checkpoint=run.path
        ),
    }
    record(run.path, started(run.path), stopped(run.path, 1), started(run.path, 1))
    if ending:
        record(run.path, endings[ending])

    assert run.summary().state == state


@pytest.mark.usefixtures("every_step")
def test_what_was_done_again_after_a_crash_counts_once(run: Run) -> None:
    record(run.path, started(run.path), *[step_done(step, loss=1) for step in (1, 2, 3, 4)])
    # It was saved at step 2, and went on from there.
    record(run.path, started(run.path, 2), *[step_done(step, loss=2) for step in (3, 4, 5)])

    assert run.summary().losses == (
        (1, {"loss": 1}), (2, {"loss": 1}), (3, {"loss": 2}), (4, {"loss": 2}), (5, {"loss": 2}),
    )  # fmt: skip


@pytest.mark.usefixtures("every_step")
def test_a_line_that_was_torn_by_a_crash_costs_nothing_else(run: Run) -> None:
    record(run.path, started(run.path), step_done(1), step_done(2))
    with (run.path / "events.jsonl").open("a") as torn:
        torn.write(step_done(3).model_dump_json()[:40])

    assert [step for step, _ in run.summary().losses] == [1, 2]
    # The next event does not end up on the torn line.
    record(run.path, started(run.path, 1), step_done(2, loss=9))
    assert run.summary().losses == ((1, {"loss": 0.5}), (2, {"loss": 9}))


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


def test_what_the_coach_said_last_is_part_of_the_summary(trained_run: Path, tmp_path: Path) -> None:
    run = Run(
        shutil.copytree(trained_run.parent.parent, tmp_path / "P") / "runs" / trained_run.name
    )
    recorder = Recorder(run.path)
    for step, topic in ((2, "healthy"), (4, "copying")):
        recorder.record(
            events.Advice(step=step, level="info", title=topic, message="", topic=topic)
        )
    recorder.record(events.Message(step=4, level="info", title="Something else", message=""))

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
            events.Advice(step=step, level="info", title=topic, message="", topic=topic)
        )
    started = next(event for event in run.record.read() if isinstance(event, events.RunStarted))
    recorder.record(started.model_copy(update={"step": 3}))

    said = run.summary().said
    assert said is not None
    assert said.topic == "healthy"
