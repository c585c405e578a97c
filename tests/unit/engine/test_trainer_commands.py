"""What a person says while a run goes on is done between two steps."""

from pathlib import Path

import numpy as np
import pytest
from engine_helpers import Clock, TrainToy, kinds, messages, the_ending
from tiny_studio import Script, of_kind, small_settings, steps, train_to_end

from genstudio.domain import commands, events
from genstudio.domain.training import Budget
from genstudio.engine import trainer
from genstudio.engine.trainer import NoCommands

pytestmark = pytest.mark.usefixtures("toy", "small_sheets")


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


def test_pausing_twice_is_one_pause_and_going_on_twice_is_nothing(run: TrainToy) -> None:
    told = run(
        commands.Resume(), commands.Pause(), commands.Pause(), commands.Resume(), commands.Resume()
    )

    assert kinds(told)[2:4] == ["Paused", "Resumed"]
    assert kinds(told).count("Paused") == kinds(told).count("Resumed") == 1
    assert the_ending(told).step == 4


def test_a_paused_run_can_be_looked_at_saved_and_stopped(run: TrainToy, tmp_path: Path) -> None:
    told = run(None, commands.Pause(), commands.SampleNow(), commands.SaveNow(), commands.Stop())

    assert kinds(told)[2:] == ["Paused", "PreviewReady", "CheckpointSaved", "Stopped"]
    assert the_ending(told).checkpoint == tmp_path / "1"


def test_a_preview_and_a_checkpoint_are_made_when_asked_for(run: TrainToy, tmp_path: Path) -> None:
    told = run(None, commands.SampleNow(), commands.SaveNow(), commands.SaveNow())

    assert [event.step for event in of_kind(events.PreviewReady, told)] == [0, 1, 4]
    # The same step is not saved twice.
    assert [event.step for event in of_kind(events.CheckpointSaved, told)] == [1, 4]
    preview = of_kind(events.PreviewReady, told)[1].image
    assert (preview.dtype, preview.shape) == (np.uint8, (36, 70, 3))
    assert (tmp_path / "1" / "preview.png").is_file()


def test_a_budget_can_grow_and_shrink_while_the_run_goes_on(run: TrainToy) -> None:
    assert the_ending(run(None, commands.Change("budget", steps(6)))).step == 6
    assert the_ending(run(None, None, commands.Change("budget", steps(2)))).step == 2


def test_a_budget_that_is_spent_already_ends_the_run(run: TrainToy) -> None:
    told = run(None, None, commands.Change("budget", Budget(unit="images", amount=1)))

    assert isinstance(the_ending(told), events.Finished)
    assert the_ending(told).step <= 3


@pytest.mark.parametrize(
    "change", [commands.Change("batch", 8), commands.Change("budget", 8), commands.Change("", None)]
)
def test_what_cannot_be_changed_is_said_and_the_run_goes_on(
    run: TrainToy, change: commands.Change
) -> None:
    told = run(None, change)

    (said,) = messages(told)
    assert (said.step, said.level) == (1, "warning")
    assert change.setting in said.title
    assert isinstance(the_ending(told), events.Finished)
    assert the_ending(told).step == 4


def test_several_commands_are_answered_between_the_same_two_steps(run: TrainToy) -> None:
    told = run(None, commands.SampleNow(), commands.SampleNow(), None, commands.SampleNow())

    assert [event.step for event in of_kind(events.PreviewReady, told)] == [0, 1, 1, 2, 4]


def test_nobody_steering_waits_as_long_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(trainer.time, "sleep", slept.append)

    assert NoCommands().poll(0.25) is None
    assert slept == [0.25]
