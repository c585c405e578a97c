"""Checkpoints written in the background: whole, one after the other, and errors come out."""

import threading
from pathlib import Path
from typing import Any

import pytest
import torch

from genstudio.domain.errors import DiskFullError
from genstudio.engine.checkpoint import CheckpointState, CheckpointStore
from genstudio.engine.saver import Saver, Snapshot


def snapshot(step: int) -> Snapshot:
    state = CheckpointState(model_key="toy", step=step, images_seen=step, seconds=step)
    return Snapshot(state=state, tensors={"weights": {"a": torch.ones(2)}}, preview_HWC=None)


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    return CheckpointStore(tmp_path)


def test_training_goes_on_while_a_checkpoint_is_written(
    store: CheckpointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_write = threading.Event()
    save = CheckpointStore.save

    def slow(*args: Any) -> Path:
        may_write.wait()
        return save(*args)

    monkeypatch.setattr(CheckpointStore, "save", slow)
    saver = Saver(store)
    assert not saver.is_pending
    saver.begin(snapshot(3))
    assert saver.is_pending
    assert not saver.is_done
    assert store.steps() == []

    may_write.set()
    assert saver.collect() == store.folder / "3"
    assert not saver.is_pending
    assert store.load(3).state.step == 3
    saver.close()


def test_old_ones_are_cleared_away(store: CheckpointStore) -> None:
    saver = Saver(store)
    for step in range(5):
        saver.begin(snapshot(step))
        saver.collect()
    saver.close()

    assert store.steps() == [2, 3, 4]


def test_closing_waits_for_what_is_being_written(store: CheckpointStore) -> None:
    saver = Saver(store)
    saver.begin(snapshot(1))
    saver.close()

    assert store.steps() == [1]


def test_an_error_comes_out_where_the_result_is_collected_and_the_next_may_succeed(
    store: CheckpointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Path:
        raise DiskFullError("The disk is full")

    saver = Saver(store)
    with monkeypatch.context() as patch:
        patch.setattr(CheckpointStore, "save", fail)
        saver.begin(snapshot(1))
        with pytest.raises(DiskFullError):
            saver.collect()
    saver.begin(snapshot(2))
    assert saver.collect() == store.folder / "2"
    saver.close()


def test_on_a_full_disk_older_hours_give_way_to_the_newest(
    store: CheckpointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in range(1, 7):
        aged = snapshot(step).state.model_copy(update={"seconds": step * 3600.0})
        store.save(aged, {}, None)
    save, room = CheckpointStore.save, {"left": 0}

    def full_until_cleared(self: CheckpointStore, *args: Any) -> Path:
        if len(self.steps()) > 4:
            room["left"] += 1
            raise DiskFullError("The disk is full")
        return save(self, *args)

    monkeypatch.setattr(CheckpointStore, "save", full_until_cleared)
    monkeypatch.setattr("genstudio.engine.checkpoint.free_disk_bytes", lambda _: 0)
    saver = Saver(store)
    saver.begin(snapshot(8 * 3600))
    saver.collect()
    saver.close()

    assert room["left"] == 1
    assert store.steps() == [5, 6, 8 * 3600]
