"""Two processes that train a run together learn what one learns that takes each step in parts."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from PIL import Image
from test_models import live_change, small_config
from tiny_studio import HANGS_S, Script, folder_for, of_kind, small_settings, steps

from genstudio.domain import events
from genstudio.domain.commands import Command, Stop
from genstudio.engine.checkpoint import Checkpoint
from genstudio.models.catalog import model_keys
from genstudio.services.runs import Run
from genstudio.services.training import NewRun, resume_run, start_run


def trained(
    flowers: Path, project: Path, key: str, *words: Command | None, **changes: Any
) -> list[events.Event]:
    settings = small_settings(key, model=small_config(key), batch=6, **changes)
    pictures = folder_for(key, flowers, project.with_name(f"{project.name} pictures"))
    request = NewRun(folder=pictures, project=project, settings=settings)
    return list(start_run(request, Script(*words)))


def workers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "worker" in " ".join(child.cmdline())]


@pytest.fixture(autouse=True)
def no_worker_is_left() -> Iterator[None]:
    yield
    assert workers() == []


def assert_close(one: Checkpoint, other: Checkpoint) -> None:
    """Equal but for the order in which numbers were added up."""
    for name in ("weights", "ema", "optimizer"):
        ours, theirs = one.tensors(name), other.tensors(name)
        assert ours.keys() == theirs.keys()
        for entry, value in ours.items():
            # How many parts of steps were counted is another number for fewer parts; a running mean
            # moves once a part, and what is fitted beside it follows.
            counted = ("augmentation.surplus", "augmentation.counted", "style.times_seen")
            if not entry.endswith(counted) and not entry.startswith("usual."):
                off = (value.double() - theirs[entry].double()).norm()
                assert off <= 1e-3 * value.double().norm() + 1e-9, f"{name}: {entry}"


# One of each way to take a step; the others have nothing of their own between processes.
ALWAYS = ("residual-vae", "self-supervised-gan", "unpaired-translation", "stable-diffusion-lora")


@pytest.mark.parametrize(
    "key",
    [pytest.param(it, marks=() if it in ALWAYS else pytest.mark.slow) for it in model_keys()],
)
def test_they_learn_what_one_does_in_as_many_parts(key: str, flowers: Path, tmp_path: Path) -> None:
    change = live_change(key)
    *_, alone = trained(flowers, tmp_path / "alone", key, None, change, accumulate=2)
    *_, together = trained(flowers, tmp_path / "together", key, None, change, devices=2)
    *_, otherwise = trained(
        flowers, tmp_path / "otherwise", key, None, change, accumulate=2, seed=8
    )

    assert isinstance(together, events.Finished)
    assert together.images_seen == alone.images_seen == 24
    ours = Run(alone.run).checkpoint()
    assert_close(ours, Run(together.run).checkpoint())
    # Or the comparison would say nothing.
    with pytest.raises(AssertionError):
        assert_close(ours, Run(otherwise.run).checkpoint())


def test_they_share_steps_of_pictures_in_several_shapes(flowers: Path, tmp_path: Path) -> None:
    key = "stable-diffusion-lora"
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    for number, file in enumerate(sorted(flowers.glob("*.png"))):
        with Image.open(file) as picture:
            picture.resize((128, 64) if number % 2 else (64, 64)).save(mixed / file.name)
    *_, alone = trained(mixed, tmp_path / "alone", key, accumulate=2)
    *_, together = trained(mixed, tmp_path / "together", key, devices=2)

    assert isinstance(together, events.Finished)
    # Eight of each shape: a step of six and one of two, twice.
    assert together.images_seen == alone.images_seen == 16
    assert_close(Run(alone.run).checkpoint(), Run(together.run).checkpoint())


def test_a_run_goes_on_alone_and_together_again(flowers: Path, tmp_path: Path) -> None:
    key = "residual-vae"
    *_, alone = trained(flowers, tmp_path / "alone", key, accumulate=2)
    told = trained(flowers, tmp_path / "P", key, *[None] * 2, Stop(), devices=2)
    started, stopped = of_kind(events.RunStarted, told)[0], told[-1]
    assert isinstance(stopped, events.Stopped)
    assert stopped.step == 2
    assert started.device.startswith("2 × ")

    *_, finished = resume_run(stopped.run, Script(), budget=steps(4), devices=2)
    assert isinstance(finished, events.Finished)
    assert_close(Run(alone.run).checkpoint(), Run(finished.run).checkpoint())

    *_, longer = resume_run(stopped.run, Script(), budget=steps(5), devices=1)
    assert isinstance(longer, events.Finished)


class Murderer(Script):
    """Kills all workers before the third step."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def poll(self, timeout_s: float) -> Command | None:
        self.calls += 1
        if self.calls == 3:
            for worker in workers():
                worker.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else 9)
                worker.wait(HANGS_S)
        return None


def test_a_process_that_dies_ends_the_run_in_words_and_what_was_saved_stays(
    flowers: Path, tmp_path: Path
) -> None:
    settings = small_settings(batch=6, devices=2, save_every_s=1e-3)
    request = NewRun(folder=flowers, project=tmp_path / "P", settings=settings)
    *_, failed = start_run(request, Murderer())

    assert isinstance(failed, events.Failed)
    assert "has ended" in failed.title
    assert torch.get_num_threads() >= 1
    run = Run(failed.run)
    assert run.checkpoint().state.step >= 1
    *_, finished = resume_run(run.path, Script(), devices=1)
    assert isinstance(finished, events.Finished)


def test_a_worker_that_cannot_start_is_told_about(
    flowers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = subprocess.Popen

    def broken(command: list[str], **more: Any) -> "subprocess.Popen[bytes]":
        return real([command[0], "-c", "raise SystemExit('no library')"], **more)

    monkeypatch.setattr(subprocess, "Popen", broken)
    *_, failed = trained(flowers, tmp_path / "P", "residual-vae", devices=2)

    assert isinstance(failed, events.Failed)
    assert "could not be started" in failed.title
    assert "no library" in failed.message


@pytest.mark.skipif(sys.platform == "win32", reason="needs the signals of POSIX")
def test_a_worker_that_waits_for_a_run_can_be_asked_to_end(tmp_path: Path) -> None:
    meeting = tmp_path / "meeting"
    place = {"rank": 1, "size": 2, "local_rank": 1, "local_size": 2, "meeting": str(meeting)}
    worker = subprocess.Popen(
        [sys.executable, "-m", "genstudio", "worker"],
        env={**os.environ, "GENSTUDIO_PROCESS_GROUP": json.dumps(place)},
    )
    try:
        deadline_s = time.monotonic() + HANGS_S
        while not (meeting.exists() and meeting.stat().st_size):
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        worker.terminate()
        assert worker.wait(HANGS_S) == -signal.SIGTERM
    finally:
        worker.kill()
        worker.wait()
