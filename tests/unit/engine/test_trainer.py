"""However a run goes, it tells so in events, the last of which says how it ended."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from engine_helpers import Clock, TrainToy, advice, kinds, the_ending
from tiny_studio import NEVER_S, ToyModel, of_kind, steps

from genstudio.domain import commands, events
from genstudio.domain.errors import ProjectError
from genstudio.domain.events import Event
from genstudio.engine.checkpoint import CheckpointStore
from genstudio.engine.meters import RateLimit
from genstudio.engine.optimizers import Optimizers
from genstudio.engine.stepper import Stepper
from genstudio.engine.trainer import with_one_ending
from genstudio.models.protocol import Batch, Losses

pytestmark = pytest.mark.usefixtures("toy", "small_sheets")


def test_a_run_that_spends_its_budget_finishes_and_is_saved(run: TrainToy, tmp_path: Path) -> None:
    told = run()

    assert kinds(told) == [
        "RunStarted", "PreviewReady", "PreviewReady", "CheckpointSaved", "Finished",
    ]  # fmt: skip
    ending = the_ending(told)
    assert isinstance(ending, events.Finished)
    assert (ending.step, ending.images_seen, ending.run) == (4, 16, tmp_path)
    assert ending.checkpoint == tmp_path / "4"
    assert CheckpointStore(tmp_path).load(4).state.images_seen == 16
    last = of_kind(events.StepDone, told)[-1]
    assert (last.step, last.progress) == (4, 1.0)


def test_the_beginning_is_described(
    run: TrainToy, pictures_NHWC: np.ndarray, tmp_path: Path
) -> None:
    started = run()[0]

    assert isinstance(started, events.RunStarted)
    assert started.run == tmp_path
    assert (started.model, started.precision, started.step) == ("toy", "fp32", 0)
    assert started.device.startswith("CPU, ")
    assert started.threads == torch.get_num_threads()
    assert started.num_images == len(pictures_NHWC)
    assert started.num_parameters == 2 * (3 * 3 + 3)


def test_a_person_who_stops_gets_what_was_learned_so_far(run: TrainToy, tmp_path: Path) -> None:
    told = run(None, None, commands.Stop())
    ending = the_ending(told)

    assert isinstance(ending, events.Stopped)
    assert (ending.step, ending.images_seen) == (2, 8)
    assert ending.checkpoint == tmp_path / "2"
    assert CheckpointStore(tmp_path).steps() == [2]


def test_a_run_that_is_stopped_at_once_can_still_go_on_later(run: TrainToy) -> None:
    assert the_ending(run(commands.Stop())).step == 0

    assert the_ending(run(resume_from=0)).step == 4


def test_an_error_of_the_program_is_told_with_its_details(clock: Clock, run: TrainToy) -> None:
    ending = the_ending(run(model={"error_at": 2}))

    assert isinstance(ending, events.Failed)
    assert ending.step == 2
    assert "the toy is broken" in ending.message
    assert "ValueError: the toy is broken" in ending.traceback
    assert ending.hint


def test_numbers_that_keep_running_away_end_the_run_and_are_never_saved(
    run: TrainToy, tmp_path: Path
) -> None:
    run(budget=steps(1))
    told = run(model={"no_number_from": 2}, resume_from=1)
    ending = the_ending(told)

    assert [said.message.rpartition("is now ")[2] for said in advice(told)] == [
        f"{scale} of what was chosen." for scale in (0.5, 0.25, 0.125, 0.0625)
    ]
    assert isinstance(ending, events.Failed)
    assert ending.title == "The numbers ran away"
    assert "4 times" in ending.message
    assert "lower learning rate" in ending.hint
    assert CheckpointStore(tmp_path).steps() == [1]
    # From the good checkpoint it goes on.
    assert the_ending(run(resume_from=1)).step == 4


def test_whoever_stops_when_the_numbers_ran_away_gets_what_was_good(
    run: TrainToy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(budget=steps(1))
    monkeypatch.setattr(RateLimit, "allows", lambda *_: False)
    told = run(None, None, None, commands.Stop(), model={"no_number_from": 2}, resume_from=1)

    assert isinstance(the_ending(told), events.Stopped)
    assert the_ending(told).step == 1
    assert CheckpointStore(tmp_path).load(1).state.learning_rate_scale == 0.5


def test_weights_that_ran_away_are_not_saved_even_before_a_loss_is_read(
    run: TrainToy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RateLimit, "allows", lambda *_: False)
    told = run(None, commands.SaveNow(), model={"no_number_from": 0})

    assert "from step 0" in advice(told)[0].title
    assert isinstance(the_ending(told), events.Failed)
    state = CheckpointStore(tmp_path).load(0)
    assert all(value.isfinite().all() for value in state.tensors("weights").values())


class Rates:
    """Numbers run away at the fourth step as long as the learning rate is above a limit."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, limit: float) -> None:
        self.scales = [1.0]
        set_scale, losses = Optimizers.set_scale, ToyModel.losses

        def watch(optimizers: Optimizers, scale: float) -> None:
            self.scales.append(scale)
            set_scale(optimizers, scale)

        def nervous(toy: ToyModel, phase: str, batch: Batch, step: int) -> Losses:
            told = losses(toy, phase, batch, step)
            runs_away = step == 3 and self.scales[-1] > limit
            return Losses(told.total * (torch.nan if runs_away else 1), told.values)

        monkeypatch.setattr(Optimizers, "set_scale", watch)
        monkeypatch.setattr(ToyModel, "losses", nervous)


@pytest.mark.parametrize(("save_every_s", "step"), [(1, 3), (NEVER_S, 0)])
def test_numbers_that_ran_away_are_gone_back_from_and_learned_more_slowly(
    clock: Clock, run: TrainToy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    save_every_s: float, step: int,
) -> None:  # fmt: skip
    rates = Rates(monkeypatch, limit=0.3)
    told = run(budget=steps(6), save_every_s=save_every_s)

    assert rates.scales[1:] == [1.0, 0.5, 1.0, 0.25] if step else [0.5, 0.25]
    said = advice(told)
    assert [event.level for event in said] == ["warning"] * 2
    assert all(f"goes on from step {step}" in event.title for event in said)
    ending = the_ending(told)
    assert isinstance(ending, events.Finished)
    assert (ending.step, ending.seconds) == (6, pytest.approx(6))
    found = CheckpointStore(tmp_path).load(6)
    assert found.state.learning_rate_scale == 0.25
    assert all(value.isfinite().all() for value in found.tensors("weights").values())


def test_what_was_gone_back_to_is_what_the_run_was_bit_for_bit(
    clock: Clock, run: TrainToy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        Rates(patch, limit=0.7)
        run(budget=steps(5), save_every_s=2)
    gone_back = CheckpointStore(tmp_path).load(5)
    # The same by hand: stopped at the second step, and continued with half the rate.
    run(budget=steps(2))
    half = CheckpointStore(tmp_path).load(2)
    slower = half.state.model_copy(update={"learning_rate_scale": 0.5})
    tensors = {name: half.tensors(name) for name in ("weights", "ema", "optimizer")}
    CheckpointStore(tmp_path).save(slower, tensors, None)
    run(budget=steps(5), resume_from=2)
    by_hand = CheckpointStore(tmp_path).load(5)

    assert all(
        gone_back.checksums[f"{name}.safetensors"] == by_hand.checksums[f"{name}.safetensors"]
        for name in tensors
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"device": "quantum"}, "Available here: auto, "),
        ({"model_key": "no-such"}, "Known: "),
        ({"model": {"no_such": 1}}, "Known settings: speed"),
        ({"model": {"speed": 7}}, "from 0 to 1"),
        ({"precision": "fp16"}, "Choose auto, bf16 or fp32."),
    ],
)
def test_what_cannot_begin_fails_with_a_hint_and_writes_nothing(
    run: TrainToy, tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    told = run(**changes)
    ending = the_ending(told)

    assert len(told) == 1
    assert isinstance(ending, events.Failed)
    assert words in ending.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "error", [MemoryError(), torch.OutOfMemoryError(), RuntimeError("can't allocate memory: 9 GB")]
)
def test_too_little_memory_is_recognised(
    run: TrainToy, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(Stepper, "take_step", fail)
    ending = the_ending(run())

    assert ending.title == "There is not enough memory"
    assert "smaller size" in ending.hint


def test_events_after_an_ending_are_not_passed_on() -> None:
    def stream() -> Iterator[Event]:
        yield events.Paused(step=1)
        yield events.Stopped(run=Path(), step=1, images_seen=1, seconds=1, checkpoint=None)
        raise AssertionError("nobody asks for more")

    assert kinds(list(with_one_ending(stream(), None))) == ["Paused", "Stopped"]


def test_a_stream_that_just_ends_is_a_failure() -> None:
    told = list(with_one_ending([events.Paused(step=3)], Path("run")))

    ending = the_ending(told)
    assert isinstance(ending, events.Failed)
    assert (ending.run, ending.step) == (Path("run"), 3)


def test_an_error_that_explains_itself_is_told_in_its_own_words() -> None:
    def stream() -> Iterator[Event]:
        yield events.Preparing(what="Looking", done=1, total=2)
        raise ProjectError("The disk is full", "It has no space.", "Free some.")

    (_, ending) = with_one_ending(stream(), None)
    assert isinstance(ending, events.Failed)
    assert (ending.title, ending.message, ending.hint) == (
        "The disk is full", "It has no space.", "Free some.",
    )  # fmt: skip
    assert ending.run is None
