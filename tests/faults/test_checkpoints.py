"""Full disks and kills in the middle of a save cost no older checkpoint, and the run goes on."""

import errno
import filecmp
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tiny_studio import HANGS_S, Script, of_kind, small_settings, steps

from genstudio.domain import commands, events
from genstudio.domain.runs import RunState
from genstudio.engine import checkpoint, checkpoint_files
from genstudio.services.projects import open_project
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, resume_run, start_run

pytestmark = pytest.mark.usefixtures("toy", "small_sheets")

TENSORS = ["weights.safetensors", "ema.safetensors", "optimizer.safetensors"]
BITS_FLIPPED = 500
MOMENTS = [
    "at-the-beginning", "within-a-file", "before-the-checksums", "before-it-is-checked",
    "before-it-has-its-name",
]  # fmt: skip


def start(
    flowers: Path, project: Path, *words: commands.Command | None, **changes: Any
) -> list[events.Event]:
    settings = small_settings("toy", **changes)
    return list(
        start_run(NewRun(folder=flowers, project=project, settings=settings), Script(*words))
    )


def only_run(project: Path) -> Run:
    (path,) = open_project(project).run_folders()
    return Run(path)


def assert_goes_on_as_if_nothing_had_happened(run: Run, unbroken: Path) -> None:
    told = list(resume_run(run.path, Script(), budget=steps(4)))

    ending = told[-1]
    assert isinstance(ending, events.Finished), ending
    assert ending.step == 4
    same, different, missing = filecmp.cmpfiles(ending.checkpoint, unbroken, TENSORS, shallow=False)
    assert (same, different, missing) == (TENSORS, [], [])
    assert not list(run.store.folder.glob(".partial-*"))
    assert run.summary().state == RunState.FINISHED


@pytest.fixture
def unbroken(flowers: Path, tmp_path: Path) -> Path:
    """The last checkpoint of a run that nothing happened to."""
    ending = start(flowers, tmp_path / "unbroken")[-1]
    assert isinstance(ending, events.Finished)
    return ending.checkpoint


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize("function", ["flush", "_write_flushed", "save_file"])
def test_a_disk_that_is_full_ends_the_run_in_words_and_it_goes_on_when_there_is_space(
    flowers: Path,
    tmp_path: Path,
    unbroken: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    function: str,
) -> None:
    project = tmp_path / "Meadow"
    save = checkpoint.CheckpointStore.save

    def full(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    def save_until_full(store: Any, state: Any, *rest: Any) -> Path:
        with monkeypatch.context() as patch:
            if state.step == 3:
                patch.setattr(checkpoint_files, function, full)
            return save(store, state, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint.CheckpointStore, "save", save_until_full)
        told = start(flowers, project, save_every_s=1e-9)

    failed = told[-1]
    assert isinstance(failed, events.Failed)
    assert failed.title == "The disk is full"
    assert "last checkpoint" in failed.hint
    assert failed.run is not None
    run = Run(failed.run)
    assert run.store.steps() == [1, 2]
    assert run.checkpoint("2").tensors("weights")
    assert sorted(path.name for path in run.store.folder.iterdir()) == ["1", "2"]
    assert run.summary().state == RunState.FAILED
    assert_goes_on_as_if_nothing_had_happened(run, unbroken)


def test_a_disk_that_is_full_when_a_person_stops_is_told_and_not_taken_for_a_stop(
    flowers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(checkpoint_files, "flush", full)
    told = start(flowers, tmp_path / "Meadow", None, commands.Stop())

    assert of_kind(events.Stopped, told) == []
    assert isinstance(told[-1], events.Failed)
    assert told[-1].title == "The disk is full"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_a_kill_in_the_middle_of_a_save_costs_that_save_only(
    flowers: Path, tmp_path: Path, unbroken: Path
) -> None:
    script = Path(__file__).with_name("die_while_saving.py")
    paths = [str(script.parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    dying = subprocess.run(
        [sys.executable, str(script), str(flowers), str(tmp_path), *MOMENTS],
        capture_output=True, text=True, env=environment, timeout=HANGS_S, check=False,
    )  # fmt: skip
    assert dying.stdout.splitlines() == [f"{moment} -9" for moment in MOMENTS], dying.stderr

    for moment in MOMENTS:
        run = only_run(tmp_path / moment)
        assert list(run.store.folder.glob(".partial-*")), moment
        assert run.store.steps() == [1, 2], moment
        assert run.summary().state == RunState.INTERRUPTED
        assert run.checkpoint("last").state.step == 2
        assert_goes_on_as_if_nothing_had_happened(run, unbroken)


@pytest.mark.parametrize("kept", [0, 1, 100])
@pytest.mark.parametrize("name", ["weights.safetensors", "state.json", "checksums.json"])
def test_a_checkpoint_that_the_disk_lost_half_of_costs_that_checkpoint_only(
    flowers: Path, tmp_path: Path, unbroken: Path, name: str, kept: int
) -> None:
    start(flowers, tmp_path / "Meadow", budget=steps(3), save_every_s=1e-9)
    run = only_run(tmp_path / "Meadow")
    os.truncate(run.store.folder / "3" / name, kept)

    assert run.checkpoint("last").state.step == 2
    assert_goes_on_as_if_nothing_had_happened(run, unbroken)


def test_a_flipped_bit_anywhere_costs_that_checkpoint_only(flowers: Path, tmp_path: Path) -> None:
    start(flowers, tmp_path / "Meadow", budget=steps(3), save_every_s=1e-9)
    run = only_run(tmp_path / "Meadow")
    chance = random.Random(0)
    files = sorted(path for path in (run.store.folder / "3").iterdir())
    for number in range(BITS_FLIPPED):
        file = files[number % len(files)]
        content = file.read_bytes()
        place, bit = chance.randrange(len(content)), chance.randrange(8)
        flipped = bytearray(content)
        flipped[place] ^= 1 << bit
        file.write_bytes(flipped)

        newest = run.store.newest()
        assert newest.checkpoint is not None
        if newest.checkpoint.state.step == 3:
            # Only blanks between the checksums can change without a trace.
            assert file.name == "checksums.json", (file.name, place, bit)
        else:
            assert (newest.checkpoint.state.step, newest.damaged) == (2, [3])
        file.write_bytes(content)
    assert run.checkpoint("last").state.step == 3


def test_a_run_whose_checkpoints_are_all_damaged_says_so(flowers: Path, tmp_path: Path) -> None:
    start(flowers, tmp_path / "Meadow", save_every_s=1e-9)
    run = only_run(tmp_path / "Meadow")
    for step in run.store.steps():
        os.truncate(run.store.folder / str(step) / "state.json", 3)

    (failed,) = resume_run(run.path, Script(), budget=steps(6))
    assert isinstance(failed, events.Failed)
    assert failed.title == "This run has no checkpoint yet"
    assert failed.hint


def test_pictures_that_vanish_while_a_run_goes_on_do_not_disturb_it(
    flowers: Path, tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures"
    shutil.copytree(flowers, pictures)
    request = NewRun(folder=pictures, project=tmp_path / "Meadow", settings=small_settings("toy"))
    told = start_run(request, Script())
    for event in told:
        if isinstance(event, events.RunStarted):
            shutil.rmtree(pictures)
        last = event

    assert isinstance(last, events.Finished)
