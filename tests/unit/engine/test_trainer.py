"""However a run goes, it tells so in events, the last of which says how it ended."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_studio import NEVER_S, Script, ToyModel, of_kind, small_settings, steps, train_to_end

from genstudio.domain import commands, events
from genstudio.domain.errors import ProjectError, SettingsError
from genstudio.domain.events import Event
from genstudio.domain.training import Budget
from genstudio.engine import quality, reporter, stepper, trainer
from genstudio.engine.checkpoint import CheckpointStore
from genstudio.engine.trainer import NoCommands, with_one_ending
from genstudio.models.protocol import Batch, Losses

pytestmark = pytest.mark.usefixtures("toy", "small_sheets")

Run = Callable[..., list[Event]]


@pytest.fixture
def run(tmp_path: Path, pictures_NHWC: np.ndarray) -> Run:
    """Trains the toy for four steps in ``tmp_path``; a person says what is given."""

    def train(
        *words: commands.Command | None, resume_from: int | None = None, **changes: Any
    ) -> list[Event]:
        settings = small_settings(**{"model_key": "toy", **changes})
        person = Script(*words)
        return train_to_end(tmp_path, settings, pictures_NHWC, person, resume_from=resume_from)

    return train


def kinds(told: list[Event]) -> list[str]:
    return [event.event for event in told if event.event != "StepDone"]


def the_ending(told: list[Event]) -> Any:
    """The last event, which is the only one of its kind."""
    assert [isinstance(event, events.Terminal) for event in told[:-1]] == [False] * (len(told) - 1)
    assert isinstance(told[-1], events.Terminal)
    return told[-1]


# Endings


def test_a_run_that_spends_its_budget_finishes_and_is_saved(run: Run, tmp_path: Path) -> None:
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


def test_the_beginning_is_described(run: Run, pictures_NHWC: np.ndarray, tmp_path: Path) -> None:
    started = run()[0]

    assert isinstance(started, events.RunStarted)
    assert started.run == tmp_path
    assert (started.model, started.precision, started.step) == ("toy", "fp32", 0)
    assert started.device.startswith("CPU, ")
    assert started.threads == torch.get_num_threads()
    assert started.num_images == len(pictures_NHWC)
    assert started.num_parameters == 2 * (3 * 3 + 3)


def test_a_person_who_stops_gets_what_was_learned_so_far(run: Run, tmp_path: Path) -> None:
    told = run(None, None, commands.Stop())
    ending = the_ending(told)

    assert isinstance(ending, events.Stopped)
    assert (ending.step, ending.images_seen) == (2, 8)
    assert ending.checkpoint == tmp_path / "2"
    assert CheckpointStore(tmp_path).steps() == [2]


def test_a_run_that_is_stopped_at_once_can_still_go_on_later(run: Run) -> None:
    assert the_ending(run(commands.Stop())).step == 0

    assert the_ending(run(resume_from=0)).step == 4


def test_an_error_of_the_program_is_told_with_its_details(clock: "Clock", run: Run) -> None:
    ending = the_ending(run(model={"error_at": 2}))

    assert isinstance(ending, events.Failed)
    assert ending.step == 2
    assert "the toy is broken" in ending.message
    assert "ValueError: the toy is broken" in ending.traceback
    assert ending.hint


def test_numbers_that_keep_running_away_end_the_run_and_are_never_saved(
    run: Run, tmp_path: Path
) -> None:
    run(budget=steps(1))
    told = run(model={"no_number_from": 2}, resume_from=1)
    ending = the_ending(told)

    assert [said.message.rpartition("is now ")[2] for said in of_kind(events.CoachSaid, told)] == [
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
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(budget=steps(1))
    monkeypatch.setattr(reporter.RateLimit, "allows", lambda *_: False)
    told = run(None, None, None, commands.Stop(), model={"no_number_from": 2}, resume_from=1)

    assert isinstance(the_ending(told), events.Stopped)
    assert the_ending(told).step == 1
    assert CheckpointStore(tmp_path).load(1).state.learning_rate_scale == 0.5


def test_weights_that_ran_away_are_not_saved_even_before_a_loss_is_read(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporter.RateLimit, "allows", lambda *_: False)
    told = run(None, commands.SaveNow(), model={"no_number_from": 0})

    assert "from step 0" in of_kind(events.CoachSaid, told)[0].title
    assert isinstance(the_ending(told), events.Failed)
    state = CheckpointStore(tmp_path).load(0)
    assert all(value.isfinite().all() for value in state.tensors("weights").values())


class Rates:
    """Numbers run away at the fourth step as long as the learning rate is above a limit."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, limit: float) -> None:
        self.scales = [1.0]
        set_scale, losses = stepper.Stepper.set_learning_rate_scale, ToyModel.losses

        def watch(training: stepper.Stepper, scale: float) -> None:
            self.scales.append(scale)
            set_scale(training, scale)

        def nervous(toy: ToyModel, phase: str, batch: Batch, step: int) -> Losses:
            told = losses(toy, phase, batch, step)
            runs_away = step == 3 and self.scales[-1] > limit
            return Losses(told.total * (torch.nan if runs_away else 1), told.values)

        monkeypatch.setattr(stepper.Stepper, "set_learning_rate_scale", watch)
        monkeypatch.setattr(ToyModel, "losses", nervous)


@pytest.mark.parametrize(("save_every_s", "step"), [(1, 3), (NEVER_S, 0)])
def test_numbers_that_ran_away_are_gone_back_from_and_learned_more_slowly(
    clock: "Clock", run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    save_every_s: float, step: int,
) -> None:  # fmt: skip
    rates = Rates(monkeypatch, limit=0.3)
    told = run(budget=steps(6), save_every_s=save_every_s)

    assert rates.scales[1:] == [1.0, 0.5, 1.0, 0.25] if step else [0.5, 0.25]
    said = of_kind(events.CoachSaid, told)
    assert [event.level for event in said] == ["warning"] * 2
    assert all(f"goes on from step {step}" in event.title for event in said)
    ending = the_ending(told)
    assert isinstance(ending, events.Finished)
    assert (ending.step, ending.seconds) == (6, pytest.approx(6))
    found = CheckpointStore(tmp_path).load(6)
    assert found.state.learning_rate_scale == 0.25
    assert all(value.isfinite().all() for value in found.tensors("weights").values())


def test_what_was_gone_back_to_is_what_the_run_was_bit_for_bit(
    clock: "Clock", run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
        ({"model_key": "no-such"}, "Known models: "),
        ({"model": {"no_such": 1}}, "Known settings: speed"),
        ({"model": {"speed": 7}}, "from 0 to 1"),
        ({"precision": "fp16"}, "Choose auto, bf16 or fp32."),
    ],
)
def test_what_cannot_begin_fails_with_a_hint_and_writes_nothing(
    run: Run, tmp_path: Path, changes: dict[str, Any], words: str
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
    run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(stepper.Stepper, "take_step", fail)
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


# Commands


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The stepper's clock; each step takes a second."""
    clock = Clock()
    monkeypatch.setattr(stepper, "time", clock)
    run_phase = stepper.Stepper._run_phase

    def second_long(self: stepper.Stepper, phase: Any, parts: Any) -> None:
        clock.now_s += 0.5  # The toy has two phases.
        run_phase(self, phase, parts)

    monkeypatch.setattr(stepper.Stepper, "_run_phase", second_long)
    return clock


class PatientPerson(Script):
    """Looks away for an hour while the run is paused."""

    def __init__(self, clock: Clock, *words: commands.Command | None) -> None:
        super().__init__(*words)
        self._clock = clock
        self.waits_s: list[float] = []

    def poll(self, timeout_s: float) -> commands.Command | None:
        self.waits_s.append(timeout_s)
        if timeout_s > 0:
            self._clock.now_s += 3600
        return super().poll(timeout_s)


def test_a_pause_takes_no_step_and_no_training_time(
    clock: Clock, tmp_path: Path, pictures_NHWC: np.ndarray
) -> None:
    person = PatientPerson(clock, None, commands.Pause(), None, None, commands.Resume())
    told = train_to_end(tmp_path, small_settings("toy"), pictures_NHWC, person)

    assert [event.event for event in told if event.event in ("Paused", "Resumed")] == [
        "Paused", "Resumed",
    ]  # fmt: skip
    assert [event.step for event in of_kind(events.Paused, told)] == [1]
    assert [event.step for event in of_kind(events.Resumed, told)] == [1]
    ending = the_ending(told)
    assert isinstance(ending, events.Finished)
    assert ending.seconds == pytest.approx(4)
    # While it waits it does not spin.
    assert [wait_s > 0 for wait_s in person.waits_s[:6]] == [False] * 2 + [True] * 3 + [False]


def test_pausing_twice_is_one_pause_and_going_on_twice_is_nothing(run: Run) -> None:
    told = run(
        commands.Resume(), commands.Pause(), commands.Pause(), commands.Resume(), commands.Resume()
    )

    assert kinds(told)[2:4] == ["Paused", "Resumed"]
    assert kinds(told).count("Paused") == kinds(told).count("Resumed") == 1
    assert the_ending(told).step == 4


def test_a_paused_run_can_be_looked_at_saved_and_stopped(run: Run, tmp_path: Path) -> None:
    told = run(None, commands.Pause(), commands.SampleNow(), commands.SaveNow(), commands.Stop())

    assert kinds(told)[2:] == ["Paused", "PreviewReady", "CheckpointSaved", "Stopped"]
    assert the_ending(told).checkpoint == tmp_path / "1"


def test_a_preview_and_a_checkpoint_are_made_when_asked_for(run: Run, tmp_path: Path) -> None:
    told = run(None, commands.SampleNow(), commands.SaveNow(), commands.SaveNow())

    assert [event.step for event in of_kind(events.PreviewReady, told)] == [0, 1, 4]
    # The same step is not saved twice.
    assert [event.step for event in of_kind(events.CheckpointSaved, told)] == [1, 4]
    preview = of_kind(events.PreviewReady, told)[1].image
    assert (preview.dtype, preview.shape) == (np.uint8, (36, 70, 3))
    assert (tmp_path / "1" / "preview.png").is_file()


def test_a_budget_can_grow_and_shrink_while_the_run_goes_on(run: Run) -> None:
    assert the_ending(run(None, commands.Change("budget", steps(6)))).step == 6
    assert the_ending(run(None, None, commands.Change("budget", steps(2)))).step == 2


def test_a_budget_that_is_spent_already_ends_the_run(run: Run) -> None:
    told = run(None, None, commands.Change("budget", Budget(unit="images", amount=1)))

    assert isinstance(the_ending(told), events.Finished)
    assert the_ending(told).step <= 3


@pytest.mark.parametrize(
    "change", [commands.Change("batch", 8), commands.Change("budget", 8), commands.Change("", None)]
)
def test_what_cannot_be_changed_is_said_and_the_run_goes_on(
    run: Run, change: commands.Change
) -> None:
    told = run(None, change)

    (said,) = of_kind(events.CoachSaid, told)
    assert (said.step, said.level) == (1, "warning")
    assert change.setting in said.title
    assert isinstance(the_ending(told), events.Finished)
    assert the_ending(told).step == 4


def test_several_commands_are_answered_between_the_same_two_steps(run: Run) -> None:
    told = run(None, commands.SampleNow(), commands.SampleNow(), None, commands.SampleNow())

    assert [event.step for event in of_kind(events.PreviewReady, told)] == [0, 1, 1, 2, 4]


def test_nobody_steering_waits_as_long_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(trainer.time, "sleep", slept.append)

    assert NoCommands().poll(0.25) is None
    assert slept == [0.25]


# Telling


def test_figures_are_told_at_most_twenty_times_a_second(
    clock: Clock, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = run(budget=steps(8))
    assert [event.step for event in of_kind(events.StepDone, told)] == list(range(1, 9))

    real = stepper.Stepper.take_step

    def quick(self: stepper.Stepper) -> None:
        real(self)
        clock.now_s -= 1 - 0.01
        self._clock_s = clock.now_s

    monkeypatch.setattr(stepper.Stepper, "take_step", quick)
    told = run(budget=steps(24), resume_from=8)
    assert [event.step for event in of_kind(events.StepDone, told)] == [9, 14, 19, 24]


def test_figures_are_those_of_all_steps_since_the_last_ones(clock: Clock, run: Run) -> None:
    told = of_kind(events.StepDone, run())

    assert [event.images_seen for event in told] == [4, 8, 12, 16]
    assert [event.seconds for event in told] == pytest.approx([1, 2, 3, 4])
    assert [event.progress for event in told] == [0.25, 0.5, 0.75, 1.0]
    assert [event.images_per_s for event in told] == pytest.approx([0, 4, 4, 4])
    assert [event.eta_s for event in told] == [None, pytest.approx(2), pytest.approx(1), 0]
    assert all(set(event.losses) == {"mix distance", "tint distance"} for event in told)
    assert all(event.memory_gib > 0 for event in told)


def test_previews_and_checkpoints_come_as_often_as_the_settings_say(clock: Clock, run: Run) -> None:
    told = run(budget=steps(9), preview_every_s=2, save_every_s=3)

    assert [event.step for event in of_kind(events.PreviewReady, told)] == [0, 2, 4, 6, 8, 9]
    assert [event.step for event in of_kind(events.CheckpointSaved, told)] == [3, 6, 9]


def test_an_old_run_is_previewed_more_rarely(clock: Clock, run: Run, tmp_path: Path) -> None:
    run(budget=steps(2))
    state = CheckpointStore(tmp_path).load(2)
    grown_old = state.state.model_copy(update={"step": 3, "seconds": 500.0})
    tensors = {name: state.tensors(name) for name in ("weights", "ema", "optimizer")}
    CheckpointStore(tmp_path).save(grown_old, tensors, None)

    told = run(budget=steps(20), preview_every_s=1, resume_from=3)

    # The first preview is due after a second, from then on a hundredth of the run's age.
    assert [event.step for event in of_kind(events.PreviewReady, told)] == [4, 10, 16, 20]


def test_a_resumed_run_goes_on_counting_where_it_was(clock: Clock, run: Run) -> None:
    run(budget=steps(2))
    told = run(resume_from=2)

    assert isinstance(told[0], events.RunStarted)
    assert told[0].step == 2
    # It has been previewed at its beginning.
    assert [event.step for event in of_kind(events.PreviewReady, told)] == [4]
    assert [event.step for event in of_kind(events.StepDone, told)] == [3, 4]
    assert the_ending(told).seconds == pytest.approx(4)


def test_saving_often_keeps_the_newest_three(clock: Clock, run: Run, tmp_path: Path) -> None:
    run(budget=steps(6), save_every_s=1)

    assert CheckpointStore(tmp_path).steps() == [4, 5, 6]


def test_what_an_interrupted_save_left_is_cleared_away(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".partial-9-1").mkdir(parents=True)
    (tmp_path / ".partial-9-1" / "weights.safetensors").write_bytes(b"half")

    run()

    assert [path.name for path in tmp_path.iterdir()] == ["4"]


def test_a_checkpoint_of_another_model_is_refused(run: Run) -> None:
    run(budget=steps(1))
    ending = the_ending(run(resume_from=1, model_key="residual-vae"))

    assert ending.title == "The checkpoint does not fit this model"
    assert "toy" in ending.message


def test_errors_of_settings_are_told_in_their_own_words(run: Run) -> None:
    ending = the_ending(run(model={"speed": "fast"}))

    assert ending.title == str(SettingsError("The setting “speed” is not valid"))[:-1]


# Quality


def test_the_best_checkpoint_is_known_and_kept(
    clock: Clock, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = iter([5.0, 3.0, 4.0, 6.0, 7.0, 8.0, 9.0, 10.0])
    monkeypatch.setattr(quality, "_FIRST_AFTER_S", 1.0)
    monkeypatch.setattr(quality.QualityMeter, "_measured", lambda *_: {"SWD": next(figures)})
    told = run(budget=steps(8), save_every_s=1)

    assert [(event.step, event.metrics["SWD"]) for event in of_kind(events.MetricsReady, told)] == [
        (1, 5.0), (2, 3.0), (3, 4.0), (4, 6.0), (5, 7.0), (6, 8.0), (7, 9.0), (8, 10.0),
    ]  # fmt: skip
    infos = CheckpointStore(tmp_path).infos()
    assert [(info.step, info.metrics["SWD"]) for info in infos] == [
        (2, 3.0), (6, 8.0), (7, 9.0), (8, 10.0),
    ]  # fmt: skip
    assert [info.step for info in infos if info.is_best] == [2]


def test_a_short_run_is_not_measured(run: Run, tmp_path: Path) -> None:
    told = run(budget=steps(2))

    assert of_kind(events.MetricsReady, told) == []
    assert CheckpointStore(tmp_path).load(2).state.metrics == {}


def test_measuring_changes_nothing_of_what_is_learned(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    left_alone = CheckpointStore(tmp_path).load(4).checksums
    monkeypatch.setattr(quality, "_FIRST_AFTER_S", 0.0)
    told = run(save_every_s=1e-9)

    assert of_kind(events.MetricsReady, told)
    measured = CheckpointStore(tmp_path).load(4).checksums
    for name in ("weights", "ema", "optimizer"):
        assert measured[f"{name}.safetensors"] == left_alone[f"{name}.safetensors"]
