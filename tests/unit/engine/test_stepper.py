"""One training step: which pictures, which weights, how far, and with what averaged."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning_fabric.plugins import MixedPrecision
from tiny_studio import ToyModel, small_settings, stepper_for, steps, train_to_end

from genstudio.data.dataset import image_dataset
from genstudio.engine import threads as threads_module
from genstudio.engine.checkpoint import CheckpointState, CheckpointStore
from genstudio.engine.device import derived_seed
from genstudio.engine.job import TrainingJob
from genstudio.engine.stepper import Stepper
from genstudio.models.protocol import Batch, Losses

pytestmark = pytest.mark.usefixtures("toy", "small_sheets")


def stepper(folder: Path, images_NHWC: np.ndarray, **changes: Any) -> Stepper:
    job = TrainingJob(
        settings=small_settings("toy", **changes),
        dataset=image_dataset(images_NHWC),
        run=folder,
        checkpoints=folder,
    )
    return stepper_for(job)


def weights(stepper: Stepper) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in stepper.state.model.network.state_dict().items()}


def numbered(count: int) -> np.ndarray:
    """Pictures that can be told apart: each has the grey of its number."""
    return (
        np.arange(count, dtype=np.uint8)[:, None, None, None]
        .repeat(32, 1)
        .repeat(32, 2)
        .repeat(3, 3)
    )


class Watched:
    """What a stepper hands to the model, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.phases: list[tuple[int, str]] = []
        self.batches: list[Batch] = []

        def watch_losses(toy: ToyModel, phase: str, batch: Batch, step: int) -> Losses:
            self.phases.append((step, phase))
            if phase == "mix":
                self.batches.append(batch)
            return real_losses(toy, phase, batch, step)

        real_losses = ToyModel.losses
        monkeypatch.setattr(ToyModel, "losses", watch_losses)

    def numbers(self) -> list[list[int]]:
        """Numbers of the pictures in each batch that was seen."""
        return [
            batch.images_NCHW[:, 0, 0, 0].add(1).mul(127.5).round().int().tolist()
            for batch in self.batches
        ]


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


def test_every_picture_is_learned_from_once_a_round(tmp_path: Path, watched: Watched) -> None:
    training = stepper(tmp_path, numbered(6), batch=4)
    for _ in range(3):
        training.take_step()

    seen = [number for numbers in watched.numbers() for number in numbers]
    assert sorted(seen[:6]) == sorted(seen[6:]) == list(range(6))
    assert [batch.images_seen for batch in watched.batches] == [0, 4, 8]
    assert training.state.counters.images_seen == 12


def test_pictures_reach_the_model_in_its_range(tmp_path: Path, watched: Watched) -> None:
    ends = np.zeros((2, 32, 32, 3), np.uint8)
    ends[1] = 255
    stepper(tmp_path, ends, batch=2).take_step()

    (batch,) = watched.batches
    assert (batch.images_NCHW.dtype, batch.images_NCHW.shape) == (torch.float32, (2, 3, 32, 32))
    assert sorted(batch.images_NCHW.amax(dim=(1, 2, 3)).tolist()) == [-1.0, 1.0]


def test_about_half_the_pictures_are_mirrored_where_that_is_wanted(
    tmp_path: Path, watched: Watched
) -> None:
    leaning = np.zeros((64, 32, 32, 3), np.uint8)
    leaning[:, :, :16] = 255
    stepper(tmp_path, leaning, batch=64, mirror=True).take_step()
    stepper(tmp_path, leaning, batch=64, mirror=False).take_step()

    mirrored, plain = (batch.images_NCHW[:, 0, 0, 0] < 0 for batch in watched.batches)
    assert 16 < mirrored.sum() < 48
    assert not plain.any()


@pytest.mark.parametrize(
    ("parts", "sizes"), [(1, [6]), (2, [3, 3]), (4, [2, 2, 1, 1]), (9, [1] * 6)]
)
def test_a_step_in_parts_sees_the_same_pictures(
    tmp_path: Path, watched: Watched, parts: int, sizes: list[int]
) -> None:
    stepper(tmp_path, numbered(6), batch=6, mirror=False).take_step()
    stepper(tmp_path, numbered(6), batch=6, mirror=False, accumulate=parts).take_step()

    whole, *in_parts = watched.numbers()
    assert [len(part) for part in in_parts] == sizes
    assert [number for part in in_parts for number in part] == whole


@pytest.mark.parametrize("parts", [2, 3, 4])
def test_a_step_in_parts_goes_as_far_as_a_whole_one(
    tmp_path: Path, pictures_NHWC: np.ndarray, parts: int
) -> None:
    whole = stepper(tmp_path, pictures_NHWC, batch=6, mirror=False)
    in_parts = stepper(tmp_path, pictures_NHWC, batch=6, mirror=False, accumulate=parts)
    for _ in range(3):
        whole.take_step()
        in_parts.take_step()

    for name, value in weights(whole).items():
        torch.testing.assert_close(weights(in_parts)[name], value, rtol=1e-4, atol=1e-6)


def test_a_phase_takes_part_in_its_own_steps_and_moves_its_own_weights(
    tmp_path: Path, pictures_NHWC: np.ndarray, watched: Watched
) -> None:
    training = stepper(tmp_path, pictures_NHWC, model={"tint_every": 3})
    moved = []
    for _ in range(4):
        before = weights(training)
        training.take_step()
        after = weights(training)
        moved.append({name for name in before if not torch.equal(before[name], after[name])})

    mix, tint = ({f"{name}.weight", f"{name}.bias"} for name in ("mix", "tint"))
    assert moved == [mix | tint, mix, mix, mix | tint]
    assert [step for step, name in watched.phases if name == "tint"] == [0, 3]


def test_a_limit_keeps_corrections_small(
    tmp_path: Path, pictures_NHWC: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    norms: list[float] = []

    def lengths(**changes: Any) -> list[float]:
        training = stepper(tmp_path, pictures_NHWC, **changes)
        norms.clear()
        for name, optimizer in training.state.optimizers.by_phase.items():
            parameters = list(training.state.model.network[name].parameters())
            optimizer.register_step_pre_hook(
                lambda *_, parameters=parameters: norms.append(
                    torch.stack([p.grad.norm() for p in parameters]).norm().item()
                )
            )
        training.take_step()
        return list(norms)

    free = lengths(gradient_clip=0.0)
    assert min(free) > 0.05
    assert lengths(gradient_clip=0.01) == pytest.approx([0.01, 0.01], rel=1e-3)
    # A generous limit limits nothing.
    assert lengths(gradient_clip=1000.0) == pytest.approx(free)


def test_each_step_begins_with_fresh_gradients(tmp_path: Path, pictures_NHWC: np.ndarray) -> None:
    training = stepper(tmp_path, pictures_NHWC)
    training.take_step()

    assert all(p.grad is None for p in training.state.model.network.parameters())


def test_the_average_follows(tmp_path: Path, pictures_NHWC: np.ndarray) -> None:
    training = stepper(tmp_path, pictures_NHWC, ema_half_life_kimg=0.004)
    averaged = training.state.averaged.network.state_dict()
    assert all(torch.equal(averaged[name], value) for name, value in weights(training).items())
    begun = {name: value.clone() for name, value in averaged.items()}

    training.take_step()
    # In the first thousandths of a run the half-life is shorter than a step.
    for name, value in weights(training).items():
        moved, followed = value - begun[name], averaged[name] - begun[name]
        assert (followed.abs() <= moved.abs() + 1e-7).all()
        assert followed.norm() > 0.9 * moved.norm()


def test_the_same_seed_begins_with_the_same_weights_and_another_with_others(
    tmp_path: Path, pictures_NHWC: np.ndarray
) -> None:
    first, again, other = (
        weights(stepper(tmp_path, pictures_NHWC, seed=seed)) for seed in (1, 1, 2)
    )

    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first)


def test_steps_and_seeds_have_random_numbers_of_their_own() -> None:
    seeds = [
        derived_seed(seed, step, phase)
        for seed in range(20)
        for step in range(50)
        for phase in ("mix", "tint")
    ]

    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_run_may_have_more_pictures_in_a_step_than_in_its_set(
    tmp_path: Path, watched: Watched
) -> None:
    stepper(tmp_path, numbered(2), batch=5, budget=steps(1)).take_step()

    (numbers,) = watched.numbers()
    assert sorted(numbers)[:2] == [0, 0]
    assert len(numbers) == 5


class LittleMemory:
    """Fails as an allocator does, for parts of more than so many pictures."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, enough_for: int) -> None:
        self.tries: list[tuple[str, int]] = []
        real = ToyModel.losses

        def losses(toy: ToyModel, phase: str, batch: Batch, step: int) -> Losses:
            self.tries.append((phase, len(batch.images_NCHW)))
            if len(batch.images_NCHW) > enough_for:
                raise torch.OutOfMemoryError("too much")
            return real(toy, phase, batch, step)

        monkeypatch.setattr(ToyModel, "losses", losses)


def test_where_memory_does_not_suffice_steps_are_taken_in_smaller_parts_with_the_same_result(
    tmp_path: Path, pictures_NHWC: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = stepper(tmp_path, pictures_NHWC, batch=8)
    in_parts = stepper(tmp_path, pictures_NHWC, batch=8)
    whole.take_step()
    with monkeypatch.context() as patch:
        memory = LittleMemory(patch, enough_for=3)
        in_parts.take_step()

    assert in_parts.state.parts == 4
    # Both phases; the second knows already.
    assert memory.tries == [("mix", 8), ("mix", 4), *[("mix", 2)] * 4, *[("tint", 2)] * 4]
    for name, value in weights(whole).items():
        torch.testing.assert_close(weights(in_parts)[name], value, rtol=1e-4, atol=1e-6)
    # What the failed tries saw is not counted twice.
    assert in_parts.state.meter.read(1) == pytest.approx(whole.state.meter.read(1), rel=1e-4)


def test_one_picture_at_a_time_is_the_least(
    tmp_path: Path, pictures_NHWC: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = stepper(tmp_path, pictures_NHWC, batch=6)
    memory = LittleMemory(monkeypatch, enough_for=0)

    with pytest.raises(torch.OutOfMemoryError):
        training.take_step()
    assert [count for _, count in memory.tries] == [6, 3, 2, 1]
    assert training.state.step == 0


def test_other_errors_are_not_tried_again(tmp_path: Path, pictures_NHWC: np.ndarray) -> None:
    training = stepper(tmp_path, pictures_NHWC, model={"error_at": 0})

    with pytest.raises(ValueError, match="the toy is broken"):
        training.take_step()
    assert training.state.parts == 1


def test_whatever_a_model_draws_random_numbers_from_it_draws_them_again(
    tmp_path: Path, pictures_NHWC: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[float, ...]] = []
    real = ToyModel.losses

    def losses(toy: ToyModel, phase: str, batch: Batch, step: int) -> Losses:
        drawn.append((torch.rand(1).item(), np.random.rand(), random.random()))
        return real(toy, phase, batch, step)

    monkeypatch.setattr(ToyModel, "losses", losses)
    for _ in range(2):
        training = stepper(tmp_path, pictures_NHWC)
        for _ in range(2):
            training.take_step()

    first, again = drawn[:4], drawn[4:]
    assert first == again
    assert len(set(first)) == 4


def test_what_a_model_steers_by_is_part_of_what_is_saved(
    tmp_path: Path, pictures_NHWC: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the strength of an augmentation: a buffer that the losses change, by chance as well."""
    build, losses = ToyModel.__init__, ToyModel.losses

    def with_strength(toy: ToyModel, *arguments: Any) -> None:
        build(toy, *arguments)
        toy.network["mix"].register_buffer("strength", torch.zeros(()))

    def steering(toy: ToyModel, phase: str, batch: Batch, step: int) -> Losses:
        told = losses(toy, phase, batch, step)
        strength = toy.network["mix"].strength
        strength += random.random() * np.random.rand()
        return Losses(told.total * (1 + strength), told.values)

    monkeypatch.setattr(ToyModel, "__init__", with_strength)
    monkeypatch.setattr(ToyModel, "losses", steering)
    settings = small_settings("toy", budget=steps(5))
    half = settings.model_copy(update={"budget": steps(2)})
    train_to_end(tmp_path / "unbroken", settings, pictures_NHWC)
    train_to_end(tmp_path / "halves", half, pictures_NHWC)
    train_to_end(tmp_path / "halves", settings, pictures_NHWC, resume_from=2)

    unbroken, resumed = (
        CheckpointStore(tmp_path / name).load(5).checksums for name in ("unbroken", "halves")
    )
    for name in ("weights", "ema", "optimizer"):
        assert unbroken[f"{name}.safetensors"] == resumed[f"{name}.safetensors"]
    assert CheckpointStore(tmp_path / "halves").load(5).tensors("ema")["mix.strength"] > 0


def test_the_loss_scale_of_fp16_is_part_of_what_is_saved(
    tmp_path: Path, pictures_NHWC: np.ndarray
) -> None:
    def with_scale(scale: float) -> Stepper:
        training = stepper(tmp_path, pictures_NHWC)
        # As Fabric has it on a GPU, where fp16 is computed in.
        training.state.compute.fabric.strategy._precision = MixedPrecision(
            "16-mixed", "cpu", torch.amp.GradScaler("cpu", init_scale=scale)
        )
        return training

    saved, other = with_scale(4096.0), with_scale(2.0)
    state = CheckpointState(
        model_key="toy",
        step=0,
        images_seen=0,
        seconds=0.0,
        loss_scale=saved.state.compute.loss_scale(),
    )
    path = CheckpointStore(tmp_path).save(state, saved.state.tensors(), None)
    other.state.restore(CheckpointStore(tmp_path).load(int(path.name)))

    assert other.state.compute.loss_scale() == saved.state.compute.loss_scale()
    assert other.state.compute.loss_scale()["scale"] == 4096.0
    # The kernel that lets it grow wants whole numbers where they are whole.
    assert isinstance(other.state.compute.loss_scale()["growth_interval"], int)


class IdleCores:
    """Of which all are free."""

    window_s = 1.0

    def free(self) -> float:
        return 4.0


@pytest.fixture
def four_cores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(threads_module, "CoreMeter", IdleCores)
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


def test_larger_steps_get_more_threads(tmp_path: Path, four_cores: None) -> None:
    torch.set_num_threads(1)
    unprofiled = weights(stepper(tmp_path, numbered(64), batch=64))
    torch.set_num_threads(4)
    small = stepper(tmp_path, numbered(64), batch=4)
    assert small.state.compute.threads.count == torch.get_num_threads() == 1
    small.state.compute.threads.give_back()
    large = stepper(tmp_path, numbered(64), batch=64)
    assert large.state.compute.threads.count == torch.get_num_threads() == 3
    assert large.state.step == 0
    assert_same(weights(large), unprofiled)
    # Parts are smaller than the whole.
    large.state.compute.threads.give_back()
    assert stepper(tmp_path, numbered(64), batch=64, accumulate=16).state.compute.threads.count == 1


def test_time_between_steps_is_training_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = stepper(tmp_path, numbered(8))
    now_s = it.state.clock.now_s()
    monkeypatch.setattr(it.state.clock, "now_s", lambda: now_s)
    it.state.clock.lap_s()
    it.take_step()
    now_s += 5.0  # A preview, or a look at the quality.
    it.take_step()
    assert it.state.counters.seconds == pytest.approx(5.0)


def test_where_there_is_no_memory_to_profile_a_step_it_gets_one_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, four_cores: None
) -> None:
    def short(*_: object) -> Losses:
        raise MemoryError

    monkeypatch.setattr(ToyModel, "losses", short)
    assert stepper(tmp_path, numbered(64), batch=64).state.compute.threads.count == 1


def test_a_step_retried_for_want_of_memory_leaves_the_buffers_of_one_step(
    tmp_path: Path, pictures_NHWC: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an augmentation that counts pictures before the backward pass fails."""
    build, losses = ToyModel.__init__, ToyModel.losses

    def with_counter(toy: ToyModel, *arguments: Any) -> None:
        build(toy, *arguments)
        toy.network["mix"].register_buffer("counted", torch.zeros(()))

    def counting(toy: ToyModel, phase: str, batch: Batch, step: int) -> Losses:
        toy.network["mix"].counted += len(batch.images_NCHW)
        if len(batch.images_NCHW) > 3:
            raise torch.OutOfMemoryError("too much")
        return losses(toy, phase, batch, step)

    monkeypatch.setattr(ToyModel, "__init__", with_counter)
    monkeypatch.setattr(ToyModel, "losses", counting)
    training = stepper(tmp_path, pictures_NHWC, batch=8)
    for _ in range(2):
        training.take_step()

    phases = len(training.state.optimizers.phases)
    assert training.state.model.network["mix"].counted == 2 * phases * 8


def assert_same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
