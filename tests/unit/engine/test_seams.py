"""What one part of the engine hands to the next, and when: quotas, schedules, pictures."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from checkpoint_helpers import TENSORS, state
from tiny_studio import ToyModel, small_settings, stepper_for
from torch import Tensor

from genstudio.data.dataset import image_dataset
from genstudio.domain.errors import RunawayError
from genstudio.engine import checkpoint as checkpoint_module
from genstudio.engine import quality
from genstudio.engine.checkpoint import CheckpointStore
from genstudio.engine.extensions.checkpoints import Checkpoints
from genstudio.engine.extensions.rollback import Rollback
from genstudio.engine.job import TrainingJob
from genstudio.engine.quality import QualityMeter
from genstudio.engine.schedule import Schedule, paces
from genstudio.engine.state import Counters, TrainState
from genstudio.models.protocol import DataSpec

SAVE_EVERY_S = 60.0


def greys(count: int) -> np.ndarray:
    """Pictures that can be told apart: each has the grey of its number."""
    numbers = np.arange(count, dtype=np.uint8)[:, None, None, None]
    return numbers.repeat(32, 1).repeat(32, 2).repeat(3, 3)


@pytest.fixture
def job(toy: None, tmp_path: Path) -> TrainingJob:
    return TrainingJob(
        settings=small_settings("toy", save_every_s=SAVE_EVERY_S),
        dataset=image_dataset(greys(16)),
        run=tmp_path,
        checkpoints=tmp_path / "checkpoints",
    )


# Saving after a rollback


def test_after_a_rollback_the_next_checkpoint_is_due_counted_from_where_the_run_stands(
    job: TrainingJob, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    state = TrainState(job)
    schedule = Schedule(job.settings.budget, paces(job.settings), state.seconds)
    store = CheckpointStore(job.checkpoints)
    checkpoints, rollback = Checkpoints(store, schedule), Rollback(store)
    request.addfinalizer(checkpoints.close)
    state.counters = Counters(step=4, seconds=SAVE_EVERY_S)
    list(checkpoints.save(state))

    # A minute later it is time again, and the weights turn out to be no numbers.
    state.counters = Counters(step=8, seconds=2 * SAVE_EVERY_S)
    good = state.tensors

    def broken() -> dict[str, dict[str, Tensor]]:
        raise RunawayError("The numbers ran away", "Some stopped being numbers.")

    monkeypatch.setattr(state, "tensors", broken)
    with pytest.raises(RunawayError) as caught:
        list(checkpoints.after_step(state))
    monkeypatch.setattr(state, "tensors", good)
    rollback.roll_back(state, caught.value)
    schedule.roll_back(state.seconds)
    assert (state.step, state.seconds) == (4, SAVE_EVERY_S)

    state.counters = Counters(step=7, seconds=2 * SAVE_EVERY_S - 1)
    list(checkpoints.after_step(state))
    list(checkpoints.settle(state))
    assert store.steps() == [4]
    state.counters = Counters(step=8, seconds=2 * SAVE_EVERY_S)
    list(checkpoints.after_step(state))
    checkpoints.close()
    assert store.steps() == [4, 8]


# What the discriminator is asked about


class Examined(ToyModel):
    """Remembers the pictures that it was asked about, by their greys."""

    def __init__(self) -> None:
        super().__init__(ToyModel.Config(), DataSpec(size=32))
        self.asked: list[list[int]] = []

    def diagnostics(self, learned_NCHW: Tensor, held_out_NCHW: Tensor) -> dict[str, float]:
        self.asked = [
            images[:, 0, 0, 0].add(1).mul(127.5).round().int().tolist()
            for images in (learned_NCHW, held_out_NCHW)
        ]
        return {"inside": 1.0}


def asked_about(held_out: Sequence[int], count: int) -> list[list[int]]:
    learned_from = np.setdiff1d(np.arange(count), held_out)
    meter = QualityMeter(
        greys(count), 7, learned_from=learned_from, held_out=np.array(held_out, np.int64)
    )
    examined = Examined()
    meter.measure(ToyModel(ToyModel.Config(), DataSpec(size=32)), lambda: False, examined=examined)
    return examined.asked


def test_the_discriminator_is_asked_about_pictures_that_it_learned_and_such_that_it_never_saw() -> (
    None
):
    held_out = list(range(3, 60, 5))
    learned, unseen = asked_about(held_out, 60)

    assert unseen == held_out
    assert learned == sorted(set(range(60)) - set(held_out))


def test_too_few_held_out_pictures_are_not_asked_about() -> None:
    learned, unseen = asked_about(list(range(9)), 60)

    assert unseen == []
    assert learned == list(range(9, 60))


# KID by chance


@pytest.mark.parametrize(("count", "expected"), [(20, 0.2), (21, 0.4 * 10 / 21), (3, 0.0)])
def test_what_chance_makes_of_halves_is_brought_to_the_whole_number(
    monkeypatch: pytest.MonkeyPatch, count: int, expected: float
) -> None:
    halves: list[int] = []

    def by_chance(features_NC: Tensor, half: int) -> SimpleNamespace:
        halves.append(half)
        return SimpleNamespace(sd=0.4)

    monkeypatch.setattr(quality, "distance_by_chance", by_chance)

    assert quality._kid_by_chance(torch.zeros(count, 4)) == pytest.approx(expected)
    assert halves == ([count // 2] if count >= 4 else [])


# How much room checkpoints may take


@pytest.mark.parametrize("num_saved", [1, 4])
def test_checkpoints_may_take_a_quarter_of_what_would_be_free_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, num_saved: int
) -> None:
    store = CheckpointStore(tmp_path)
    for step in range(1, num_saved + 1):
        store.save(state(step), TENSORS, None)
    taken = sum(info.num_bytes for info in store.infos())
    whole = 1_000_000
    rooms: list[float] = []

    def record(_: Any, *, room_bytes: float) -> list[int]:
        rooms.append(room_bytes)
        return []

    monkeypatch.setattr(checkpoint_module, "superfluous", record)
    monkeypatch.setattr(checkpoint_module, "free_disk_bytes", lambda _: whole - taken)
    store.clear_away()

    # The more they take, the less is free: their share stays the same.
    assert rooms == [250_000]


# What is never saved


@pytest.mark.parametrize("group", ["weights", "ema", "optimizer"])
@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_nothing_is_handed_out_for_saving_once_any_of_it_is_no_number(
    job: TrainingJob, group: str, number: float
) -> None:
    state = stepper_for(job).state
    for optimizer in state.optimizers.by_phase.values():
        for group_of_it in optimizer.param_groups:
            for parameter in group_of_it["params"]:
                parameter.grad = torch.zeros_like(parameter)
        optimizer.step()
    assert set(state.tensors()) == {"weights", "ema", "optimizer"}

    match group:
        case "weights":
            value = next(iter(state.model.network.parameters()))
        case "ema":
            value = next(iter(state.averaged.network.parameters()))
        case _:
            moments = next(iter(state.optimizers.by_phase.values())).state.values()
            value = next(iter(moments))["exp_avg_sq"]
    with torch.no_grad():
        value.view(-1)[0] = number
    with pytest.raises(RunawayError) as caught:
        state.tensors()
    assert group in caught.value.message
