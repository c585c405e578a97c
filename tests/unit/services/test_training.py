"""From a folder of pictures to a run on disk, on from there, and what is said if it cannot be."""

import hashlib
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from tiny_studio import Script, flowers_NHWC, of_kind, save_pictures, small_settings, steps

from genstudio.data.scan import scan_folder
from genstudio.domain import commands, events
from genstudio.domain.datasets import ScanReport
from genstudio.domain.errors import GenStudioError, ProjectError
from genstudio.domain.events import Event
from genstudio.domain.runs import RunState
from genstudio.domain.training import Budget
from genstudio.engine.trainer import NoCommands
from genstudio.services import training
from genstudio.services.gallery import Gallery
from genstudio.services.locks import ProjectInUseError
from genstudio.services.projects import open_project
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, complete_settings, resume_run, start_run

pytestmark = pytest.mark.usefixtures("toy", "small_sheets")

FIRST_PICTURES = 3
# What a new run is made of beside its settings.
REQUEST = {"folder", "project", "excluded", "report"}
Start = Callable[..., list[Event]]


@pytest.fixture(autouse=True)
def few_first_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "_FIRST_PICTURES", FIRST_PICTURES)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tmp_path / "Meadow"


@pytest.fixture
def start(flowers: Path, project: Path) -> Start:
    """Trains the toy on the flowers; a person says what is given."""

    def start(*words: commands.Command | None, **changes: Any) -> list[Event]:
        request: dict[str, Any] = {"folder": flowers, "project": project}
        request |= {name: changes.pop(name) for name in list(changes) if name in REQUEST}
        settings = small_settings(**{"model_key": "toy", **changes})
        return list(start_run(NewRun(**request, settings=settings), Script(*words)))

    return start


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


# Beginning


def test_a_folder_becomes_a_project_with_a_run_and_a_gallery(
    start: Start, project: Path, flowers: Path
) -> None:
    told = start()

    kinds = list(dict.fromkeys(event.event for event in told))
    assert kinds == [
        "Preparing", "RunStarted", "PreviewReady", "StepDone", "CheckpointSaved", "Finished",
    ]  # fmt: skip
    prepared = [(event.what, event.done, event.total) for event in of_kind(events.Preparing, told)]
    assert ("Looking through the pictures", 16, 16) in prepared
    assert ("Reading the pictures", 16, 16) in prepared
    (started,) = of_kind(events.RunStarted, told)
    assert (started.model, started.num_images, started.step) == ("toy", 16, 0)

    run = Run(ending(told).run)
    assert open_project(project).run_folders() == [run.path] == [started.run]
    assert run.store.steps() == [4]
    summary = run.summary()
    assert (summary.state, summary.step) == (RunState.FINISHED, 4)
    assert [step for step, _ in summary.previews] == [0, 4]
    assert all(event.path.is_file() for event in of_kind(events.PreviewReady, told))
    manifest = open_project(project).load_manifest(run.file.dataset)
    assert manifest.folder == flowers
    assert len(manifest.pictures) == 16


def test_a_finished_run_has_its_first_pictures_in_the_gallery(start: Start, project: Path) -> None:
    run = ending(start()).run

    with Gallery(open_project(project)) as gallery:
        recipes = [item.recipe for item in gallery.items()]
    assert sorted(recipe.seed for recipe in recipes) == list(range(FIRST_PICTURES))
    assert {(recipe.run, recipe.step, recipe.model_key) for recipe in recipes} == {
        (run.name, 4, "toy")
    }


def test_every_default_is_frozen_so_that_later_versions_change_nothing(start: Start) -> None:
    settings = Run(ending(start()).run).settings

    assert settings.model == {
        "speed": 0.01, "tint_every": 1, "no_number_from": -1, "error_at": -1,
    }  # fmt: skip


def test_an_alias_is_frozen_as_the_architecture_that_it_stands_for() -> None:
    complete = complete_settings(small_settings("vae", model={"width": "32"}))

    assert complete.model_key == "residual-vae"
    assert complete.model["width"] == 32


def test_a_persons_pictures_are_only_read(start: Start, flowers: Path) -> None:
    before = fingerprint(flowers)
    start()

    assert fingerprint(flowers) == before


def test_a_second_run_on_the_same_pictures_reads_them_from_the_cache(start: Start) -> None:
    start()
    told = start()

    assert {event.what for event in of_kind(events.Preparing, told)} == {
        "Looking through the pictures"
    }
    assert isinstance(ending(told), events.Finished)


def test_pictures_that_were_looked_through_already_are_not_again(
    start: Start, flowers: Path
) -> None:
    *_, report = scan_folder(flowers)
    assert isinstance(report, ScanReport)
    told = start(report=report)

    assert {event.what for event in of_kind(events.Preparing, told)} == {"Reading the pictures"}


def test_excluded_pictures_are_not_learned_from(start: Start, project: Path) -> None:
    told = start(excluded=("00.png", "05.png"))

    assert of_kind(events.RunStarted, told)[0].num_images == 14
    run = Run(ending(told).run)
    manifest = open_project(project).load_manifest(run.file.dataset)
    assert manifest.excluded == ("00.png", "05.png")
    assert "00.png" not in {name for name, _ in manifest.pictures}


@pytest.mark.parametrize("name", ["½ m² 草地 🌷", "🌷", "a.b…c", "x" * 200])
def test_a_folder_of_any_name_can_be_learned_from_and_gone_on_with(
    start: Start, tmp_path: Path, name: str
) -> None:
    folder = save_pictures(tmp_path / name, flowers_NHWC(2))
    run = ending(start(folder=folder, batch=2)).run

    assert ending(resume(run, budget=steps(5))).step == 5


def test_a_broken_picture_among_good_ones_is_left_out(start: Start, tmp_path: Path) -> None:
    folder = save_pictures(tmp_path / "pictures", flowers_NHWC(4))
    (folder / "torn.png").write_bytes((folder / "00.png").read_bytes()[:300])

    told = start(folder=folder)

    assert of_kind(events.RunStarted, told)[0].num_images == 4
    assert isinstance(ending(told), events.Finished)


# What cannot begin


def no_pictures(folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.txt").write_text("tulips")


def one_picture(folder: Path) -> None:
    save_pictures(folder, flowers_NHWC(1))


def a_file(folder: Path) -> None:
    folder.write_text("tulips")


@pytest.mark.parametrize(
    ("make", "title"),
    [
        (lambda _: None, "There is no folder"),
        (lambda folder: folder.mkdir(), "There are no pictures"),
        (no_pictures, "There are no pictures"),
        (one_picture, "At least two pictures are needed"),
        (a_file, "is a file"),
    ],
)
def test_pictures_that_cannot_be_used_fail_with_a_hint(
    start: Start, project: Path, tmp_path: Path, make: Callable[[Path], None], title: str
) -> None:
    make(tmp_path / "pictures")
    failed = ending(start(folder=tmp_path / "pictures"))

    assert isinstance(failed, events.Failed)
    assert title in failed.title
    assert failed.hint
    assert not (project / "runs").exists()


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"model_key": "no-such"}, "Known models: "),
        ({"model": {"no_such": 1}}, "Known settings: speed"),
        ({"model": {"speed": 2.0}}, "from 0 to 1"),
        ({"device": "quantum"}, "Available here: "),
    ],
)
def test_settings_that_do_not_work_fail_before_anything_is_written(
    start: Start, project: Path, changes: dict[str, Any], hint: str
) -> None:
    told = start(**changes)

    assert len(told) == 1
    assert hint in ending(told).hint
    assert not project.exists()


def test_a_project_among_the_pictures_is_refused(start: Start, flowers: Path) -> None:
    before = fingerprint(flowers)
    failed = ending(start(project=flowers / "project"))

    assert "inside the folder of pictures" in failed.title
    assert fingerprint(flowers) == before


def test_a_project_where_none_can_be_fails_with_a_hint(start: Start, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("tulips")
    failed = ending(start(project=tmp_path / "notes.txt" / "Meadow"))

    assert isinstance(failed, events.Failed)
    assert "error in the program" not in failed.title
    assert "Choose another folder" in failed.hint


def test_a_disk_that_fills_up_with_previews_fails_with_a_hint(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("genstudio.services.runs.Image.Image.save", full)
    failed = ending(start())

    assert failed.title == "The disk is full"
    assert failed.hint


# Stopping and going on


def test_a_stopped_run_goes_on_from_where_it_was(start: Start, project: Path) -> None:
    stopped = ending(start(None, None, commands.Stop()))
    assert isinstance(stopped, events.Stopped)
    assert Run(stopped.run).summary().state == RunState.STOPPED
    with Gallery(open_project(project)) as gallery:
        assert gallery.count() == 0

    told = resume(stopped.run)

    (started,) = of_kind(events.RunStarted, told)
    assert (started.step, started.run) == (2, stopped.run)
    assert ending(told).step == 4
    assert ending(told).images_seen == 16
    summary = Run(stopped.run).summary()
    assert (summary.state, summary.step) == (RunState.FINISHED, 4)
    with Gallery(open_project(project)) as gallery:
        assert gallery.count() == FIRST_PICTURES


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
    (said,) = of_kind(events.CoachSaid, told)
    assert (said.step, said.level) == (2, "warning")
    assert "is damaged; the run goes on from step 2" in said.title
    assert "Step 3" in said.message
    assert ending(told).step == 5
    assert Run(run).summary().step == 5
    assert Run(run).store.steps() == [2, 5]
    # For whoever can mend it.
    assert len(list((run / "checkpoints").glob(".damaged-3-*"))) == 1


def interrupt(run: Path) -> None:
    """Make the record look as if the process had died: there is no ending."""
    record = run / "events.jsonl"
    lines = record.read_text().splitlines(keepends=True)
    record.write_text("".join(lines[:-1]))


def test_an_interrupted_run_says_what_was_lost_and_does_it_again(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genstudio.services.runs._STEP_RECORD_INTERVAL_S", 0.0)
    run = ending(start(None, None, commands.SaveNow(), budget=steps(4))).run
    interrupt(run)
    shutil.rmtree(run / "checkpoints" / "4")

    summary = Run(run).summary()
    assert (summary.state, summary.step, summary.lost_steps) == (RunState.INTERRUPTED, 2, 2)
    assert 0 < summary.lost_seconds < 60
    assert [info.step for info in summary.checkpoints] == [2]

    told = resume(run)
    assert of_kind(events.RunStarted, told)[0].step == 2
    (said,) = of_kind(events.CoachSaid, told)
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
    assert "goes on from step 0" in of_kind(events.CoachSaid, told)[0].title
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
        "checkpoints/4", "previews/4.png",
    ]  # fmt: skip
    told = resume(run)
    assert of_kind(events.RunStarted, told)[0].step == 2
    assert ending(told).step == 4
    with pytest.raises(GenStudioError):
        Run(run).go_back_to(3)


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


@pytest.mark.parametrize("patience", [0, 5, 20, 30])
def test_whoever_stops_while_pictures_are_made_ready_does_not_wait(
    flowers: Path, project: Path, patience: int
) -> None:
    request = NewRun(folder=flowers, project=project, settings=small_settings("toy"))
    stopped = ending(start_run(request, Impatient(patience)))

    assert isinstance(stopped, events.Stopped)
    assert (stopped.run, stopped.checkpoint, stopped.step) == (None, None, 0)
    if project.exists():
        assert open_project(project).run_folders() == []


def test_whoever_stops_while_a_run_is_made_ready_has_it_as_it_was(
    start: Start, project: Path
) -> None:
    run = ending(start()).run
    for cache in (project / "datasets").glob("*/*/"):
        shutil.rmtree(cache)
    before = fingerprint(run)
    stopped = ending(resume_run(run, Impatient(3), budget=steps(9)))

    assert isinstance(stopped, events.Stopped)
    assert (stopped.run, stopped.step) == (run, 4)
    assert stopped.checkpoint == run / "checkpoints" / "4"
    assert fingerprint(run) == before


def test_a_gallery_that_cannot_be_hung_makes_no_failure_of_a_finished_run(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ProjectError("The disk is full", "No space.", "Free some.")

    monkeypatch.setattr(Gallery, "add", fail)
    told = start()

    assert isinstance(ending(told), events.Finished)
    (said,) = of_kind(events.CoachSaid, told)
    assert "could not be hung: The disk is full" in said.title
    assert "finished and saved" in said.message


def test_a_project_that_another_program_works_in_is_refused(
    start: Start, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ending(start()).run

    def in_use(_: object) -> None:
        raise ProjectInUseError("This project is open in another GenStudio", "", "Close it there.")

    monkeypatch.setattr(training.ProjectLock, "take", in_use)
    for told in (start(), resume(run, budget=steps(9))):
        assert "open in another" in ending(told).title
    assert open_project(project).run_folders() == [run]


@pytest.mark.parametrize("words", [(), (None, commands.Stop())])
def test_when_a_run_has_ended_the_project_is_free(
    start: Start, project: Path, words: tuple[commands.Command | None, ...]
) -> None:
    start(*words)
    start(model={"error_at": 1})

    assert not (project / ".owner.json").exists()


def test_a_run_goes_on_without_its_pictures_once_they_are_decoded(
    start: Start, tmp_path: Path
) -> None:
    folder = save_pictures(tmp_path / "pictures", flowers_NHWC(4))
    run = ending(start(folder=folder)).run
    shutil.rmtree(folder)

    assert ending(resume(run, budget=steps(5))).step == 5


def test_without_the_pictures_and_their_decoded_form_it_fails_with_a_hint(
    start: Start, project: Path, tmp_path: Path
) -> None:
    folder = save_pictures(tmp_path / "pictures", flowers_NHWC(4))
    run = ending(start(folder=folder)).run
    shutil.rmtree(folder)
    for cache in (project / "datasets").glob("*/*/"):
        shutil.rmtree(cache)

    failed = ending(resume(run, budget=steps(5)))
    assert failed.title == "Fewer than two pictures can be read"
    assert failed.hint


def test_a_folder_that_is_no_run_fails_with_a_hint(tmp_path: Path) -> None:
    failed = ending(resume(tmp_path))

    assert isinstance(failed, events.Failed)
    assert failed.hint
    assert failed.run == tmp_path


def test_a_run_that_was_never_saved_begins_again(start: Start, project: Path) -> None:
    start(model={"error_at": 0})
    (run,) = open_project(project).run_folders()
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


def test_a_branch_from_a_step_that_was_not_saved_makes_no_run(start: Start, project: Path) -> None:
    run = ending(start()).run
    failed = ending(resume(run, branch_from=3))

    assert failed.hint == "Saved steps: 4."
    assert open_project(project).run_folders() == [run]


def test_a_branch_on_a_full_disk_fails_with_a_hint(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ending(start()).run

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(training.shutil, "copytree", full)

    assert ending(resume(run, branch_from=4, budget=steps(5))).title == "The disk is full"


def test_settings_are_checked_without_a_folder_or_a_project() -> None:
    with pytest.raises(GenStudioError, match="fp16"):
        complete_settings(small_settings("toy", precision="fp16"))
    assert complete_settings(small_settings("toy")).model["speed"] == 0.01


def test_nobody_steering_is_fine(flowers: Path, project: Path) -> None:
    request = NewRun(folder=flowers, project=project, settings=small_settings("toy"))

    assert isinstance(ending(start_run(request, NoCommands())), events.Finished)
