"""The queue as a file of the project."""

import json
from pathlib import Path

import pytest

from genstudio.domain import events
from genstudio.domain.errors import ProjectError
from genstudio.domain.queue import ItemState, QueuedRun, RunQueue
from genstudio.domain.training import TrainingSettings
from genstudio.services.queue_file import (
    FILE,
    after,
    load_queue,
    queued_again,
    save_queue,
    words_of_moving,
)


@pytest.fixture
def queue(tmp_path: Path) -> RunQueue:
    settings = TrainingSettings(model_key="vae")
    folder = tmp_path / "pictures"
    item = QueuedRun(id="a", title="Wiese", folder=folder, settings=settings, excluded=("x.png",))
    return RunQueue(project=tmp_path, items=(item,), when_done="sleep")


def test_it_comes_back_as_it_was(queue: RunQueue, tmp_path: Path) -> None:
    save_queue(tmp_path, queue)
    assert load_queue(tmp_path) == queue


def test_a_project_without_one_has_an_empty_one(tmp_path: Path) -> None:
    assert load_queue(tmp_path) == RunQueue(project=tmp_path)


def test_what_ran_when_the_program_ended_waits_again_and_keeps_its_run(
    queue: RunQueue, tmp_path: Path
) -> None:
    save_queue(tmp_path, queue.changed("a", state=ItemState.RUNNING, run="20260101-vae"))
    (item,) = load_queue(tmp_path).items
    assert (item.state, item.run) == (ItemState.WAITING, "20260101-vae")


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"items": 3}', '{"project": "p", "items": [{"run": "../x"}]}']
)
def test_a_damaged_one_is_told_and_left_as_it_is(content: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(content, encoding="utf-8")
    with pytest.raises(ProjectError, match="queue cannot be read"):
        load_queue(tmp_path)
    assert (tmp_path / FILE).read_text(encoding="utf-8") == content


def test_one_of_a_newer_program_is_refused(queue: RunQueue, tmp_path: Path) -> None:
    save_queue(tmp_path, queue)
    content = json.loads((tmp_path / FILE).read_text(encoding="utf-8"))
    (tmp_path / FILE).write_text(json.dumps({**content, "format_version": 99}), encoding="utf-8")
    with pytest.raises(ProjectError, match="newer GenStudio"):
        load_queue(tmp_path)


def test_a_project_that_moved_is_told_with_the_pictures_that_are_gone(
    queue: RunQueue, tmp_path: Path
) -> None:
    assert words_of_moving(queue, tmp_path) == ""
    told = words_of_moving(queue, tmp_path / "elsewhere")
    assert str(tmp_path) in told
    assert "Not there" in told
    (tmp_path / "pictures").mkdir()
    assert "where they were" in words_of_moving(queue, tmp_path / "elsewhere")
    # A drive that died says neither yes nor no; nor does the system of such a name.
    silent = queue.changed("a", folder=tmp_path / ("drive" * 99))
    assert "Not there" in words_of_moving(silent, tmp_path / "elsewhere")


def test_it_follows_what_is_told_of_a_run(queue: RunQueue) -> None:
    started = events.RunStarted(
        run=Path("p/runs/20260101-vae"), model="vae", device="CPU", precision="fp32", threads=1,
        num_images=3, num_parameters=1, step=0,
    )  # fmt: skip
    running = after(queue, "a", started)
    assert (running.items[0].state, running.items[0].run) == (ItemState.RUNNING, "20260101-vae")

    failed = after(running, "a", events.Failed(run=None, step=1, title="The disk is full"))
    assert failed.items[0].state is ItemState.FAILED
    assert "disk is full" in failed.items[0].told

    again = queued_again(failed, "a")
    assert (again.items[0].state, again.items[0].run) == (ItemState.WAITING, "20260101-vae")
    done = after(running, "a", events.Finished(
        run=Path("r"), step=1, images_seen=1, seconds=1, checkpoint=Path("c")
    ))  # fmt: skip
    assert queued_again(done, "a").items[0].run == ""
