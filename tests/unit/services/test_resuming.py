"""A run that was stopped, interrupted or damaged goes on from where it was, or branches."""

import shutil
from pathlib import Path

import pytest
from tiny_studio import flowers_NHWC, of_kind, save_pictures, steps
from training_helpers import (
    Impatient,
    Start,
    ending,
    fingerprint,
    interrupt,
    resume,
)

from genstudio.domain import commands, events
from genstudio.domain.errors import GenStudioError
from genstudio.domain.runs import RunState
from genstudio.domain.training import Budget
from genstudio.services import training
from genstudio.services.projects import open_project
from genstudio.services.runs import Run
from genstudio.services.training import resume_run

pytestmark = pytest.mark.usefixtures("toy", "small_sheets", "few_first_pictures")

# Stopping and going on


def test_a_stopped_run_goes_on_from_where_it_was(start: Start, new_project: Path) -> None:
    stopped = ending(start(None, None, commands.Stop()))
    assert isinstance(stopped, events.Stopped)
    assert Run(stopped.run).summary().state == RunState.STOPPED

    told = resume(stopped.run)

    (started,) = of_kind(events.RunStarted, told)
    assert (started.step, started.run) == (2, stopped.run)
    assert ending(told).step == 4
    assert ending(told).images_seen == 16
    summary = Run(stopped.run).summary()
    assert (summary.state, summary.step) == (RunState.FINISHED, 4)


def test_a_new_budget_counts_from_the_beginning_of_the_run(start: Start) -> None:
    run = ending(start()).run

    assert ending(resume(run, budget=steps(6))).step == 6
    assert ending(resume(run, budget=Budget(unit="images", amount=32))).step == 8
    # What the run was begun with stays on record.
    assert Run(run).settings.budget == steps(4)


@pytest.mark.parametrize("budget", [None, steps(4), steps(1), Budget(unit="images", amount=16)])
def test_a_budget_that_is_spent_is_refused_with_a_hint(start: Start, budget: Budget | None) -> None:
    run = ending(start()).run
    before = (run / "events.jsonl").read_bytes()
    told = resume(run, budget=budget)
    failed = ending(told)

    assert len(told) == 1
    assert isinstance(failed, events.Failed)
    assert "already done" in failed.title
    assert "step 4" in failed.message
    assert "larger budget" in failed.hint
    # It stands as it stood.
    assert (run / "events.jsonl").read_bytes() == before
    assert Run(run).summary().state == RunState.FINISHED


def test_a_damaged_checkpoint_costs_what_came_after_the_one_before(start: Start) -> None:
    run = ending(start(None, None, commands.SaveNow(), budget=steps(3))).run
    assert Run(run).store.steps() == [2, 3]
    (run / "checkpoints" / "3" / "weights.safetensors").write_bytes(b"torn")

    told = resume(run, budget=steps(5))

    assert of_kind(events.RunStarted, told)[0].step == 2
    (said,) = of_kind(events.Message, told)
    assert (said.step, said.level) == (2, "warning")
    assert "is damaged; the run goes on from step 2" in said.title
    assert "Step 3" in said.message
    assert ending(told).step == 5
    assert Run(run).summary().step == 5
    assert Run(run).store.steps() == [2, 5]
    # For whoever can mend it.
    assert len(list((run / "checkpoints").glob(".damaged-3-*"))) == 1


def test_an_interrupted_run_says_what_was_lost_and_does_it_again(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genstudio.services.records._STEP_RECORD_INTERVAL_S", 0.0)
    run = ending(start(None, None, commands.SaveNow(), budget=steps(4))).run
    interrupt(run)
    shutil.rmtree(run / "checkpoints" / "4")

    summary = Run(run).summary()
    assert (summary.state, summary.step, summary.lost_steps) == (RunState.INTERRUPTED, 2, 2)
    assert 0 < summary.lost_seconds < 60
    assert [info.step for info in summary.checkpoints] == [2]

    told = resume(run)
    assert of_kind(events.RunStarted, told)[0].step == 2
    (said,) = of_kind(events.Message, told)
    assert said.title == "This run was interrupted; it goes on from step 2"
    assert "2 steps" in said.message
    assert ending(told).step == 4
    again = Run(run).summary()
    assert (again.state, again.lost_steps, again.lost_seconds) == (RunState.FINISHED, 0, 0.0)


def test_a_run_that_died_before_its_first_checkpoint_begins_again(start: Start) -> None:
    run = ending(start()).run
    interrupt(run)
    shutil.rmtree(run / "checkpoints")

    told = resume(run)
    assert of_kind(events.RunStarted, told)[0].step == 0
    assert "goes on from step 0" in of_kind(events.Message, told)[0].title
    assert ending(told).step == 4


def test_a_run_whose_checkpoints_are_all_damaged_does_not_begin_again(start: Start) -> None:
    run = ending(start()).run
    (run / "checkpoints" / "4" / "checksums.json").unlink()

    assert ending(resume(run, budget=steps(6))).title == "This run has no checkpoint yet"


def test_going_back_makes_an_older_checkpoint_the_newest(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ending(start(None, None, commands.SaveNow(), commands.SampleNow())).run
    trashed: list[Path] = []

    def trash(path: Path) -> None:
        trashed.append(path)
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    monkeypatch.setattr("genstudio.services.runs.move_to_trash", trash)
    Run(run).go_back_to(2)

    assert [path.relative_to(run).as_posix() for path in trashed] == [
        "checkpoints/4", "previews/000000004.png",
    ]  # fmt: skip
    told = resume(run)
    assert of_kind(events.RunStarted, told)[0].step == 2
    assert ending(told).step == 4
    with pytest.raises(GenStudioError):
        Run(run).go_back_to(3)


def test_whoever_stops_while_a_run_is_made_ready_has_it_as_it_was(
    start: Start, new_project: Path
) -> None:
    run = ending(start()).run
    for cache in (new_project / "datasets").glob("*/*/"):
        shutil.rmtree(cache)
    before = fingerprint(run)
    stopped = ending(resume_run(run, Impatient(3), budget=steps(9)))

    assert isinstance(stopped, events.Stopped)
    assert (stopped.run, stopped.step) == (run, 4)
    assert stopped.checkpoint == run / "checkpoints" / "4"
    assert fingerprint(run) == before


def test_a_run_goes_on_without_its_pictures_once_they_are_decoded(
    start: Start, tmp_path: Path
) -> None:
    folder = save_pictures(tmp_path / "pictures", flowers_NHWC(4))
    run = ending(start(folder=folder)).run
    shutil.rmtree(folder)

    assert ending(resume(run, budget=steps(5))).step == 5


def test_without_the_pictures_and_their_decoded_form_it_fails_with_a_hint(
    start: Start, new_project: Path, tmp_path: Path
) -> None:
    folder = save_pictures(tmp_path / "pictures", flowers_NHWC(4))
    run = ending(start(folder=folder)).run
    shutil.rmtree(folder)
    for cache in (new_project / "datasets").glob("*/*/"):
        shutil.rmtree(cache)

    failed = ending(resume(run, budget=steps(5)))
    assert failed.title == "The pictures are not those that were looked through"
    assert failed.hint


def test_a_folder_that_is_no_run_fails_with_a_hint(tmp_path: Path) -> None:
    failed = ending(resume(tmp_path))

    assert isinstance(failed, events.Failed)
    assert failed.hint
    assert failed.run == tmp_path


def test_a_run_that_was_never_saved_begins_again(start: Start, new_project: Path) -> None:
    start(model={"error_at": 0})
    (run,) = open_project(new_project).run_folders()
    told = resume(run)

    assert of_kind(events.RunStarted, told)[0].step == 0
    assert "the toy is broken" in ending(told).message
    assert Run(run).summary().state == RunState.FAILED


# Branching


def test_a_branch_is_a_new_run_that_begins_at_an_older_checkpoint(start: Start) -> None:
    run = ending(start(None, None, commands.SaveNow())).run
    before = fingerprint(run)

    told = resume(run, branch_from=2, budget=steps(5))

    branch = Run(ending(told).run)
    assert branch.path != run
    assert branch.path.parent == run.parent
    assert branch.file.branched_from == f"{run.name}/2"
    assert branch.file.dataset == Run(run).file.dataset
    assert branch.settings.budget == steps(5)
    assert of_kind(events.RunStarted, told)[0].step == 2
    assert branch.store.steps() == [2, 5]
    assert fingerprint(run) == before


def test_a_branch_from_a_step_that_was_not_saved_makes_no_run(
    start: Start, new_project: Path
) -> None:
    run = ending(start()).run
    failed = ending(resume(run, branch_from=3))

    assert failed.hint == "Saved steps: 4."
    assert open_project(new_project).run_folders() == [run]


def test_a_branch_on_a_full_disk_fails_with_a_hint(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ending(start()).run

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(training.shutil, "copytree", full)

    assert ending(resume(run, branch_from=4, budget=steps(5))).title == "The disk is full"
