"""From a folder of pictures to a run on disk, and what is said if it cannot begin."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_studio import flowers_NHWC, of_kind, save_pictures, small_settings, steps
from training_helpers import Impatient, Start, ending, fingerprint, resume

from genstudio.data.scan import scan_folder
from genstudio.domain import commands, events
from genstudio.domain.datasets import ScanReport
from genstudio.domain.errors import GenStudioError
from genstudio.domain.progress import drain
from genstudio.domain.runs import RunState
from genstudio.engine.trainer import NoCommands
from genstudio.services import training
from genstudio.services.locks import ProjectInUseError
from genstudio.services.projects import open_project
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, complete_settings, start_run

pytestmark = pytest.mark.usefixtures("toy", "small_sheets")

# Beginning


def test_a_folder_becomes_a_project_with_a_run(
    start: Start, new_project: Path, flowers: Path
) -> None:
    told = start()

    kinds = list(dict.fromkeys(event.event for event in told))
    assert kinds == [
        "Preparing", "RunStarted", "PreviewReady", "CoachSaid", "StepDone", "CheckpointSaved",
        "Finished",
    ]  # fmt: skip
    prepared = [(event.what, event.done, event.total) for event in of_kind(events.Preparing, told)]
    assert ("Looking through the pictures", 16, 16) in prepared
    assert ("Reading the pictures", 16, 16) in prepared
    (started,) = of_kind(events.RunStarted, told)
    assert (started.model, started.num_images, started.step) == ("toy", 16, 0)
    assert started.num_held_out == 0

    run = Run(ending(told).run)
    assert open_project(new_project).run_folders() == [run.path] == [started.run]
    assert run.store.steps() == [4]
    summary = run.summary()
    assert (summary.state, summary.step) == (RunState.FINISHED, 4)
    assert [step for step, _ in summary.previews] == [0, 4]
    assert all(event.path.is_file() for event in of_kind(events.PreviewReady, told))
    manifest = open_project(new_project).load_manifest(run.file.dataset)
    assert manifest.folder == flowers
    assert len(manifest.pictures) == 16


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
    report = drain(scan_folder(flowers))
    assert isinstance(report, ScanReport)
    told = start(report=report)

    assert {event.what for event in of_kind(events.Preparing, told)} == {"Reading the pictures"}


def test_excluded_pictures_are_not_learned_from(start: Start, new_project: Path) -> None:
    told = start(excluded=("00.png", "05.png"))

    assert of_kind(events.RunStarted, told)[0].num_images == 14
    run = Run(ending(told).run)
    manifest = open_project(new_project).load_manifest(run.file.dataset)
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
        (no_pictures, "learns from pictures"),
        (one_picture, "At least two pictures are needed"),
        (a_file, "is a file"),
    ],
)
def test_pictures_that_cannot_be_used_fail_with_a_hint(
    start: Start, new_project: Path, tmp_path: Path, make: Callable[[Path], None], title: str
) -> None:
    make(tmp_path / "pictures")
    failed = ending(start(folder=tmp_path / "pictures"))

    assert isinstance(failed, events.Failed)
    assert title in failed.title
    assert failed.hint
    assert not (new_project / "runs").exists()


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"model_key": "no-such"}, "Known: "),
        ({"model": {"no_such": 1}}, "Known settings: speed"),
        ({"model": {"speed": 2.0}}, "from 0 to 1"),
        ({"device": "quantum"}, "Available here: "),
    ],
)
def test_settings_that_do_not_work_fail_before_anything_is_written(
    start: Start, new_project: Path, changes: dict[str, Any], hint: str
) -> None:
    told = start(**changes)

    assert len(told) == 1
    assert hint in ending(told).hint
    assert not new_project.exists()


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

    monkeypatch.setattr("genstudio.services.records.Image.Image.save", full)
    failed = ending(start())

    assert failed.title == "The disk is full"
    assert failed.hint


@pytest.mark.parametrize("patience", [0, 5, 20, 30])
def test_whoever_stops_while_pictures_are_made_ready_does_not_wait(
    flowers: Path, new_project: Path, patience: int
) -> None:
    request = NewRun(folder=flowers, project=new_project, settings=small_settings("toy"))
    stopped = ending(start_run(request, Impatient(patience)))

    assert isinstance(stopped, events.Stopped)
    assert (stopped.run, stopped.checkpoint, stopped.step) == (None, None, 0)
    if new_project.exists():
        assert open_project(new_project).run_folders() == []


def test_a_project_that_another_program_works_in_is_refused(
    start: Start, new_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ending(start()).run

    def in_use(_: object) -> None:
        raise ProjectInUseError("This project is open in another GenStudio", "", "Close it there.")

    monkeypatch.setattr(training.ProjectLock, "take", in_use)
    for told in (start(), resume(run, budget=steps(9))):
        assert "open in another" in ending(told).title
    assert open_project(new_project).run_folders() == [run]


@pytest.mark.parametrize("words", [(), (None, commands.Stop())])
def test_when_a_run_has_ended_the_project_is_free(
    start: Start, new_project: Path, words: tuple[commands.Command | None, ...]
) -> None:
    start(*words)
    start(model={"error_at": 1})

    assert not (new_project / ".owner.json").exists()


def test_settings_are_checked_without_a_folder_or_a_project() -> None:
    with pytest.raises(GenStudioError, match="fp16"):
        complete_settings(small_settings("toy", precision="fp16"))
    assert complete_settings(small_settings("toy")).model["speed"] == 0.01


def test_nobody_steering_is_fine(flowers: Path, new_project: Path) -> None:
    request = NewRun(folder=flowers, project=new_project, settings=small_settings("toy"))

    assert isinstance(ending(start_run(request, NoCommands())), events.Finished)
