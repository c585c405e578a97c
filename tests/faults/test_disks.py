"""Disks that fill up, turn read-only or vanish while a run goes on: real ones, where allowed."""

import errno
import filecmp
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tiny_studio import Script, of_kind, small_settings, steps

from genstudio.domain import events
from genstudio.domain.runs import RunState
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, resume_run, start_run

# Decoding pictures wants a quarter of a GiB to spare.
DISK_MIB = 272
NUM_STEPS = 30
TENSORS = ["weights.safetensors", "ema.safetensors", "optimizer.safetensors"]
Mischief = Callable[[Path], None]

pytestmark = pytest.mark.usefixtures("toy", "small_sheets")


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small drive of its own."""
    if shutil.which("mount") is None:
        pytest.skip("there is no mount")
    folder = tmp_path / "drive"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(folder))
    yield folder
    unplug(folder)


def unplug(folder: Path) -> None:
    """Take every drive away from a folder, whether or not its files are in use."""
    while (
        subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False).returncode
        == 0
    ):
        pass


def train_until_mischief(flowers: Path, project: Path, mischief: Mischief) -> events.Failed:
    """Train, do something bad after the fifth checkpoint, and see the run fail in words."""
    settings = small_settings("toy", budget=steps(NUM_STEPS), save_every_s=1e-9)
    request = NewRun(folder=flowers, project=project, settings=settings)
    told: list[events.Event] = []
    for event in start_run(request, Script()):
        told.append(event)
        if isinstance(event, events.CheckpointSaved) and event.step == 5:
            mischief(project)
    assert len(of_kind(events.Failed, told)) == 1, told[-1]
    assert isinstance(told[-1], events.Failed)
    return told[-1]


def assert_goes_on_as_if_nothing_had_happened(flowers: Path, run: Run, unbroken: Path) -> None:
    summary = run.summary()
    assert summary.state in (RunState.FAILED, RunState.INTERRUPTED)
    assert summary.step >= 5
    assert summary.lost_steps <= 3
    ending = list(resume_run(run.path, Script()))[-1]
    assert isinstance(ending, events.Finished), ending
    settings = small_settings("toy", budget=steps(NUM_STEPS))
    *_, other = start_run(NewRun(folder=flowers, project=unbroken, settings=settings), Script())
    assert isinstance(other, events.Finished)
    compared = filecmp.cmpfiles(ending.checkpoint, other.checkpoint, TENSORS, shallow=False)
    assert compared == (TENSORS, [], [])


def test_a_full_disk(flowers: Path, disk: Path, tmp_path: Path) -> None:
    def fill(project: Path) -> None:
        with (disk / "ballast").open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, shutil.disk_usage(disk).free)

    failed = train_until_mischief(flowers, disk / "Meadow", fill)

    assert failed.title == "The disk is full"
    assert "Free some space" in failed.hint
    assert failed.run is not None
    (disk / "ballast").unlink()
    assert_goes_on_as_if_nothing_had_happened(flowers, Run(failed.run), tmp_path / "unbroken")


def test_a_folder_that_turns_read_only(flowers: Path, disk: Path, tmp_path: Path) -> None:
    def lock(project: Path) -> None:
        mount("--bind", str(disk), str(disk))
        mount("-o", "remount,bind,ro", str(disk))

    failed = train_until_mischief(flowers, disk / "Meadow", lock)

    assert failed.title == "The folder cannot be written to"
    assert "permissions" in failed.hint
    assert failed.run is not None
    subprocess.run(["umount", "-l", str(disk)], check=True)
    assert_goes_on_as_if_nothing_had_happened(flowers, Run(failed.run), tmp_path / "unbroken")


@pytest.fixture
def slot(disk: Path, tmp_path: Path) -> Iterator[Path]:
    """Where the drive is plugged in."""
    folder = tmp_path / "slot"
    folder.mkdir()
    mount("--bind", str(disk), str(folder))
    yield folder
    unplug(folder)


def test_a_drive_that_is_unplugged(flowers: Path, disk: Path, slot: Path, tmp_path: Path) -> None:
    failed = train_until_mischief(flowers, slot / "Meadow", lambda _: unplug(slot))

    assert failed.title == "The folder is gone"
    assert "unplugged" in failed.hint
    # Nothing was written to the place where the drive had been.
    assert list(slot.iterdir()) == []
    mount("--bind", str(disk), str(slot))
    assert failed.run is not None
    assert_goes_on_as_if_nothing_had_happened(flowers, Run(failed.run), tmp_path / "unbroken")


def test_a_limit_on_the_size_of_files(flowers: Path, tmp_path: Path) -> None:
    """The same without a drive of its own: the system refuses to write more than so much."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        failed = train_until_mischief(
            flowers,
            tmp_path / "Meadow",
            lambda _: resource.setrlimit(resource.RLIMIT_FSIZE, (400, before[1])),
        )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)

    assert failed.title == "The disk is full"
    assert failed.run is not None
    assert_goes_on_as_if_nothing_had_happened(flowers, Run(failed.run), tmp_path / "unbroken")


@pytest.mark.parametrize("moment", ["before it begins", "in its middle"])
def test_the_pictures_vanish(flowers: Path, tmp_path: Path, moment: str) -> None:
    pictures = tmp_path / "pictures"
    shutil.copytree(flowers, pictures)
    settings = small_settings("toy", budget=steps(NUM_STEPS), save_every_s=1e-9)
    request = NewRun(folder=pictures, project=tmp_path / "Meadow", settings=settings)
    awaited = events.RunStarted if moment == "before it begins" else events.CheckpointSaved
    last: events.Event | None = None
    for last in start_run(request, Script()):
        if isinstance(last, awaited) and pictures.exists():
            shutil.rmtree(pictures)

    assert isinstance(last, events.Finished)


def test_decoded_pictures_are_cut_off_while_a_run_goes_on(flowers: Path, tmp_path: Path) -> None:
    """Reading a mapped file beyond its end kills a process; small sets are held in memory."""
    settings = small_settings("toy", budget=steps(NUM_STEPS), save_every_s=1e-9)
    request = NewRun(folder=flowers, project=tmp_path / "Meadow", settings=settings)
    last: events.Event | None = None
    for last in start_run(request, Script()):
        if isinstance(last, events.RunStarted):
            for pixels in (tmp_path / "Meadow" / "datasets").rglob("*.npy"):
                os.truncate(pixels, 0)

    assert isinstance(last, events.Finished)
    # Going on, it notices, and reads the pictures again.
    told = list(resume_run(last.run, Script(), budget=steps(NUM_STEPS + 2)))
    assert isinstance(told[-1], events.Finished)
    assert of_kind(events.Preparing, told)


@pytest.mark.parametrize("code", [errno.EIO, errno.ENODEV])
def test_a_drive_that_does_not_answer(
    flowers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """No drive here can be made to do this, so its answer is made up."""

    def silent(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    failed = train_until_mischief(
        flowers,
        tmp_path / "Meadow",
        lambda _: monkeypatch.setattr("genstudio.engine.checkpoint_files.flush", silent),
    )
    monkeypatch.undo()
    assert failed.title == "The folder is gone"
