"""How often a run tells its figures, shows previews, saves itself and is measured."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from coach_helpers import measure_at
from engine_helpers import Clock, TrainToy, the_ending
from tiny_studio import ToyModel, of_kind, steps

from genstudio.domain import commands, events
from genstudio.domain.errors import SettingsError
from genstudio.engine import device, preview
from genstudio.engine.checkpoint import CheckpointStore
from genstudio.engine.extensions import previews
from genstudio.engine.model_pair import ModelPair
from genstudio.engine.quality import QualityMeter
from genstudio.engine.stepper import Stepper

pytestmark = pytest.mark.usefixtures("toy", "small_sheets")

# Telling


def test_figures_are_told_at_most_twenty_times_a_second(
    clock: Clock, run: TrainToy, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = run(budget=steps(8))
    assert [event.step for event in of_kind(events.StepDone, told)] == list(range(1, 9))

    second_long = Stepper.take_step

    def quick(stepper: Stepper) -> None:
        clock.now_s -= 1 - 0.01
        second_long(stepper)

    monkeypatch.setattr(Stepper, "take_step", quick)
    told = run(budget=steps(24), resume_from=8)
    assert [event.step for event in of_kind(events.StepDone, told)] == [9, 14, 19, 24]


def test_figures_are_those_of_all_steps_since_the_last_ones(clock: Clock, run: TrainToy) -> None:
    told = of_kind(events.StepDone, run())

    assert [event.images_seen for event in told] == [4, 8, 12, 16]
    assert [event.seconds for event in told] == pytest.approx([1, 2, 3, 4])
    assert [event.progress for event in told] == [0.25, 0.5, 0.75, 1.0]
    assert [event.images_per_s for event in told] == pytest.approx([0, 4, 4, 4])
    assert [event.eta_s for event in told] == [None, pytest.approx(2), pytest.approx(1), 0]
    assert all(set(event.losses) == {"mix distance", "tint distance"} for event in told)
    assert all(event.memory_gib > 0 for event in told)
    assert all(event.threads == 1 for event in told)


def test_previews_and_checkpoints_come_as_often_as_the_settings_say(
    clock: Clock, run: TrainToy
) -> None:
    told = run(budget=steps(9), preview_every_s=2, save_every_s=3)

    assert [event.step for event in of_kind(events.PreviewReady, told)] == [0, 2, 4, 6, 8, 9]
    assert [event.step for event in of_kind(events.CheckpointSaved, told)] == [3, 6, 9]


def test_an_old_run_is_previewed_more_rarely(clock: Clock, run: TrainToy, tmp_path: Path) -> None:
    run(budget=steps(2))
    state = CheckpointStore(tmp_path).load(2)
    grown_old = state.state.model_copy(update={"step": 3, "seconds": 500.0})
    tensors = {name: state.tensors(name) for name in ("weights", "ema", "optimizer")}
    CheckpointStore(tmp_path).save(grown_old, tensors, None)

    told = run(budget=steps(20), preview_every_s=1, resume_from=3)

    # The first preview is due after a second, from then on a hundredth of the run's age.
    assert [event.step for event in of_kind(events.PreviewReady, told)] == [4, 10, 16, 20]


def test_previews_that_are_slow_to_draw_come_more_rarely(
    clock: Clock, run: TrainToy, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = previews.drawn_sheet

    def slowly(*arguments: Any, **options: Any) -> Any:
        clock.now_s += 0.5
        return draw(*arguments, **options)

    monkeypatch.setattr(previews, "drawn_sheet", slowly)

    told = run(budget=steps(25), preview_every_s=1)

    # Half a second is a twentieth of ten, and counts as training itself.
    steps_drawn = [event.step for event in of_kind(events.PreviewReady, told)]
    assert steps_drawn[:3] == [0, 10, 20]


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Previews are drawn between steps, as they are where a graphics card takes the steps."""
    monkeypatch.setattr(device.DevicePlan, "works_beside", True)


@pytest.mark.usefixtures("beside")
def test_a_preview_drawn_between_steps_shows_the_step_that_it_began_at(
    clock: Clock, run: TrainToy
) -> None:
    pictures = math.prod(preview.sheet_layout(32))
    between = run(budget=steps(4 + pictures), preview_every_s=3)
    # A run's last preview is drawn at once.
    at_once = run(budget=steps(3))

    begun = next(it for it in of_kind(events.PreviewReady, between) if it.step == 3)
    steps_before = of_kind(events.StepDone, between[: between.index(begun)])
    assert steps_before[-1].step == 3 + pictures
    assert np.array_equal(begun.image, of_kind(events.PreviewReady, at_once)[-1].image)


@pytest.mark.usefixtures("beside")
def test_a_person_who_asks_for_a_preview_need_not_wait_for_another(
    clock: Clock, run: TrainToy
) -> None:
    words = [None] * 4 + [commands.SampleNow()]
    told = run(*words, budget=steps(8), preview_every_s=3)

    # The one of step 3 had not come far, and is not worth having any more.
    assert [event.step for event in of_kind(events.PreviewReady, told)] == [0, 4, 8]


@pytest.mark.usefixtures("beside")
def test_a_preview_for_which_there_is_no_memory_is_tried_again_later(
    clock: Clock, run: TrainToy, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = preview.Sketch.draw_one
    left = [*[None] * (1 + math.prod(preview.sheet_layout(32))), torch.OutOfMemoryError("no")]

    def short_once(self: preview.Sketch) -> np.ndarray | None:
        if left and (error := left.pop(0)) is not None:
            raise error
        return draw(self)

    monkeypatch.setattr(preview.Sketch, "draw_one", short_once)
    told = run(budget=steps(20), preview_every_s=3)

    said = of_kind(events.Message, told)
    assert [(it.step, it.title) for it in said if "preview" in it.title] == [
        (5, "There was not enough memory for a preview")
    ]
    assert of_kind(events.PreviewReady, told)[1].step == 8


@pytest.mark.usefixtures("beside")
def test_where_there_is_no_memory_for_a_copy_a_preview_is_drawn_at_once(
    clock: Clock, run: TrainToy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(_: ModelPair) -> None:
        raise torch.OutOfMemoryError("no")

    monkeypatch.setattr(ModelPair, "copy_of_average", short)
    told = run(budget=steps(9), preview_every_s=2)

    assert [event.step for event in of_kind(events.PreviewReady, told)] == [0, 2, 4, 6, 8, 9]


def test_a_resumed_run_goes_on_counting_where_it_was(clock: Clock, run: TrainToy) -> None:
    run(budget=steps(2))
    told = run(resume_from=2)

    assert isinstance(told[0], events.RunStarted)
    assert told[0].step == 2
    # It has been previewed at its beginning.
    assert [event.step for event in of_kind(events.PreviewReady, told)] == [4]
    assert [event.step for event in of_kind(events.StepDone, told)] == [3, 4]
    assert the_ending(told).seconds == pytest.approx(4)


def test_saving_often_keeps_the_newest_three(clock: Clock, run: TrainToy, tmp_path: Path) -> None:
    run(budget=steps(6), save_every_s=1)

    assert CheckpointStore(tmp_path).steps() == [4, 5, 6]


def test_what_an_interrupted_save_left_is_cleared_away(run: TrainToy, tmp_path: Path) -> None:
    (tmp_path / ".partial-9-1").mkdir(parents=True)
    (tmp_path / ".partial-9-1" / "weights.safetensors").write_bytes(b"half")

    run()

    assert [path.name for path in tmp_path.iterdir()] == ["4"]


def test_a_checkpoint_of_another_model_is_refused(run: TrainToy) -> None:
    run(budget=steps(1))
    ending = the_ending(run(resume_from=1, model_key="residual-vae"))

    assert ending.title == "The checkpoint does not fit this model"
    assert "toy" in ending.message


def test_a_checkpoint_whose_weights_mean_something_else_now_is_refused(
    run: TrainToy, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(budget=steps(1))
    newer = ToyModel.card.model_copy(update={"revision": 2})
    monkeypatch.setattr(ToyModel, "card", newer)
    ending = the_ending(run(resume_from=1))

    assert ending.title == "The checkpoint does not fit this model"
    assert "revision 1 of toy, and this is revision 2" in ending.message
    assert "Train anew" in ending.hint


def test_errors_of_settings_are_told_in_their_own_words(run: TrainToy) -> None:
    ending = the_ending(run(model={"speed": "fast"}))

    assert ending.title == str(SettingsError("The setting “speed” is not valid"))[:-1]


# Quality


def test_the_best_checkpoint_is_known_and_kept(
    clock: Clock, run: TrainToy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = iter([5.0, 3.0, 4.0, 6.0, 7.0, 8.0, 9.0, 10.0])
    measure_at(monkeypatch, every_s=1.0)
    monkeypatch.setattr(QualityMeter, "measure", lambda *_, **__: {"SWD": next(figures)})
    told = run(budget=steps(8), save_every_s=1)

    assert [(event.step, event.metrics["SWD"]) for event in of_kind(events.MetricsReady, told)] == [
        (1, 5.0), (2, 3.0), (3, 4.0), (4, 6.0), (5, 7.0), (6, 8.0), (7, 9.0), (8, 10.0),
    ]  # fmt: skip
    infos = CheckpointStore(tmp_path).infos()
    assert [(info.step, info.metrics["SWD"]) for info in infos] == [
        (2, 3.0), (6, 8.0), (7, 9.0), (8, 10.0),
    ]  # fmt: skip
    assert [info.step for info in infos if info.is_best] == [2]


def test_a_short_run_is_not_measured(run: TrainToy, tmp_path: Path) -> None:
    told = run(budget=steps(2))

    assert of_kind(events.MetricsReady, told) == []
    assert CheckpointStore(tmp_path).load(2).state.metrics == {}


def test_measuring_changes_nothing_of_what_is_learned(
    run: TrainToy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    left_alone = CheckpointStore(tmp_path).load(4).checksums
    measure_at(monkeypatch, every_s=0.0)
    told = run(save_every_s=1e-9)

    assert of_kind(events.MetricsReady, told)
    measured = CheckpointStore(tmp_path).load(4).checksums
    for name in ("weights", "ema", "optimizer"):
        assert measured[f"{name}.safetensors"] == left_alone[f"{name}.safetensors"]
