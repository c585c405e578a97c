"""What a model works out before it is saved: on which pictures, for whom, how often."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from coach_helpers import measure_at
from engine_helpers import Clock, TrainToy
from tiny_studio import ToyModel, of_kind, small_settings, stepper_for, steps, train_to_end

from genstudio.data.dataset import image_dataset
from genstudio.domain import commands, events
from genstudio.domain.settings import Settings, parse_settings
from genstudio.engine import state as state_module
from genstudio.engine.batches import in_range
from genstudio.engine.checkpoint import CheckpointStore
from genstudio.engine.extensions import finalizing, previews
from genstudio.engine.extensions.finalizing import Finalizing
from genstudio.engine.job import TrainingJob
from genstudio.engine.quality import QualityMeter
from genstudio.engine.schedule import Schedule, paces
from genstudio.engine.stepper import Stepper
from genstudio.models.protocol import DataSpec
from genstudio.models.vae.residual import ResidualVAE

pytestmark = pytest.mark.usefixtures("toy", "small_sheets")
CONCLUSION = "mix.brightness"


class ConcludingToy(ToyModel):
    """A toy that concludes how bright pictures are, and keeps those that it was shown."""

    shown: ClassVar[list[torch.Tensor]] = []

    def __init__(self, config: Settings, data: DataSpec) -> None:
        super().__init__(config, data)
        self.network["mix"].register_buffer("brightness", torch.zeros(()))

    def finalize(self, fields: Mapping[str, torch.Tensor]) -> None:
        self.shown.append(fields["images"])
        self.network["mix"].brightness.copy_(fields["images"].mean())


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[torch.Tensor]:
    """The toy is one that concludes; what it was shown each time."""
    monkeypatch.setattr(state_module, "model_class", lambda _: ConcludingToy)
    monkeypatch.setattr(ConcludingToy, "shown", [])
    return ConcludingToy.shown


def stepper(folder: Path, images_NHWC: np.ndarray, held_out: tuple[int, ...] = ()) -> Stepper:
    return stepper_for(
        TrainingJob(
            settings=small_settings("toy", mirror=True),
            dataset=image_dataset(images_NHWC, held_out=np.array(held_out, np.int64)),
            run=folder,
            checkpoints=folder,
        )
    )


def finalize(training: Stepper) -> None:
    """As at the end of a run."""
    settings = small_settings("toy")
    state = training.state
    Finalizing(Schedule(settings.budget, paces(settings), state.seconds)).finalize(state)


def numbered(count: int) -> np.ndarray:
    """Pictures whose left upper pixel is their number, and all others black."""
    pictures = np.zeros((count, 32, 32, 3), np.uint8)
    pictures[:, 0, 0] = np.arange(count, dtype=np.uint8)[:, None]
    return pictures


def numbers(images_NCHW: torch.Tensor) -> list[int]:
    return images_NCHW[:, 0, 0, 0].add(1).mul(127.5).round().int().tolist()


def conclusion(checkpoint: Path, name: str) -> float:
    loaded = CheckpointStore(checkpoint.parent).load(int(checkpoint.name))
    return loaded.tensors(name)[CONCLUSION].item()


def test_it_looks_at_what_it_learns_from_unchanged(
    shown: list[torch.Tensor], tmp_path: Path
) -> None:
    finalize(stepper(tmp_path, numbered(6), held_out=(1, 4)))

    (images_NCHW,) = shown
    assert numbers(images_NCHW) == [0, 2, 3, 5]
    assert (images_NCHW.dtype, images_NCHW.shape) == (torch.float32, (4, 3, 32, 32))
    assert images_NCHW.device == torch.device("cpu")
    assert images_NCHW.min() == -1


def test_of_many_pictures_it_looks_at_some_from_all_over(
    shown: list[torch.Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finalizing, "FINALIZED_FROM", 4)
    training = stepper(tmp_path, numbered(31))
    finalize(training)
    training.take_step()
    finalize(training)

    assert [numbers(images_NCHW) for images_NCHW in shown] == [[0, 10, 20, 30]] * 2


def test_a_conclusion_outlives_the_steps_after_it(
    shown: list[torch.Tensor], tmp_path: Path
) -> None:
    training = stepper(tmp_path, numbered(6))
    training.take_step()
    finalize(training)
    training.take_step()
    saved = training.state.tensors()

    expected = shown[0].mean()
    torch.testing.assert_close(saved["ema"][CONCLUSION], expected)
    torch.testing.assert_close(saved["weights"][CONCLUSION], expected)


def test_training_goes_on_as_if_nothing_was_concluded(
    shown: list[torch.Tensor], tmp_path: Path
) -> None:
    left_alone, concluding = stepper(tmp_path, numbered(6)), stepper(tmp_path, numbered(6))
    for _ in range(3):
        left_alone.take_step()
        concluding.take_step()
        state = torch.get_rng_state()
        finalize(concluding)
        assert torch.equal(torch.get_rng_state(), state)
    plain, other = left_alone.state.tensors(), concluding.state.tensors()

    assert len(shown) == 3
    for group in ("weights", "ema", "optimizer"):
        for name in plain[group].keys() - {CONCLUSION}:
            assert torch.equal(plain[group][name], other[group][name]), name


def test_what_concludes_nothing_is_left_alone(tmp_path: Path) -> None:
    training = stepper(tmp_path, numbered(6))
    before = training.state.tensors()
    finalize(training)

    assert all(
        torch.equal(before["ema"][name], it) for name, it in training.state.tensors()["ema"].items()
    )


def test_a_run_is_saved_with_its_conclusion(
    shown: list[torch.Tensor], run: TrainToy, pictures_NHWC: np.ndarray
) -> None:
    ended = run()[-1]

    assert isinstance(ended, events.Finished)
    brightness = pictures_NHWC.astype(np.float64).mean() / 127.5 - 1
    assert conclusion(ended.checkpoint, "ema") == pytest.approx(brightness, abs=1e-5)
    assert conclusion(ended.checkpoint, "weights") == pytest.approx(brightness, abs=1e-5)
    assert len(shown) == 1


def test_saving_often_concludes_seldom(
    shown: list[torch.Tensor], run: TrainToy, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = ConcludingToy.finalize

    def slowly(toy: ConcludingToy, fields: Mapping[str, torch.Tensor]) -> None:
        quick(toy, fields)
        clock.now_s += 0.09

    monkeypatch.setattr(ConcludingToy, "finalize", slowly)
    told = run(save_every_s=1.0, budget=steps(9))

    assert len(of_kind(events.CheckpointSaved, told)) >= 8
    # Three hundredths of the time: after the first step, which takes a second, every three, and
    # at the end.
    assert len(shown) == 4


def test_a_preview_shows_a_new_conclusion(
    shown: list[torch.Tensor], run: TrainToy, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    finalized: list[int] = []
    draw = previews.drawn_sheet

    def watched(*arguments: Any, **options: Any) -> Any:
        finalized.append(len(shown))
        return draw(*arguments, **options)

    monkeypatch.setattr(previews, "drawn_sheet", watched)
    run(None, None, commands.SampleNow(), preview_every_s=4, budget=steps(8))

    # Before the first step, when a person asks after the second, after the sixth, and at the end.
    assert finalized == [0, 1, 2, 3]


def test_how_a_run_ends_does_not_depend_on_when_it_was_saved(
    shown: list[torch.Tensor], run: TrainToy, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_the_weights_are(toy: ConcludingToy, fields: Mapping[str, torch.Tensor]) -> None:
        toy.shown.append(fields["images"])
        toy.network["mix"].brightness.copy_(sum(it.sum() for it in toy.network.parameters()))
        clock.now_s += 0.09

    figures = iter(range(100))
    monkeypatch.setattr(ConcludingToy, "finalize", as_the_weights_are)
    measure_at(monkeypatch, every_s=1.0)
    monkeypatch.setattr(QualityMeter, "measure", lambda *_, **__: {"SWD": float(next(figures))})
    # At its ninth step the first is saved as always, with a conclusion of two steps before.
    often = run(save_every_s=1.0, budget=steps(9))[-1].checkpoint
    ended_often = CheckpointStore(often.parent).load(9)
    tensors, metrics = ended_often.tensors("ema"), ended_often.state.metrics
    seldom = run(save_every_s=1e9, budget=steps(9))[-1].checkpoint

    expected = CheckpointStore(seldom.parent).load(9).tensors("ema")
    assert all(torch.equal(tensors[name], value) for name, value in expected.items())
    assert set(metrics) == {"SWD"}


def test_a_person_who_saves_gets_the_conclusion(shown: list[torch.Tensor], run: TrainToy) -> None:
    told = run(None, commands.SaveNow())
    first, last = of_kind(events.CheckpointSaved, told)

    assert first.step < last.step
    assert conclusion(first.path, "ema") == conclusion(last.path, "ema") != 0
    assert len(shown) == 2


def test_an_interrupted_run_ends_with_the_same_conclusion(
    shown: list[torch.Tensor], run: TrainToy, tmp_path: Path
) -> None:
    unbroken = run()[-1].checkpoint
    expected = CheckpointStore(tmp_path).load(4).tensors("ema")
    run(budget=steps(2))
    resumed = run(resume_from=2)[-1].checkpoint

    assert resumed == unbroken
    found = CheckpointStore(tmp_path).load(4).tensors("ema")
    assert all(torch.equal(found[name], value) for name, value in expected.items())


def test_the_vae_is_saved_with_the_prior_of_its_latents(
    tmp_path: Path, pictures_NHWC: np.ndarray
) -> None:
    pictures = np.concatenate([np.roll(pictures_NHWC, shift, axis=1) for shift in range(3)])
    settings = small_settings(budget=steps(6))
    ended = train_to_end(tmp_path, settings, pictures)[-1]
    saved = CheckpointStore(tmp_path).load(6).tensors("ema")

    assert isinstance(ended, events.Finished)
    model = ResidualVAE(parse_settings(ResidualVAE.Config, settings.model), DataSpec(size=32))
    model.network.load_state_dict(saved)
    # Anew, on the same pictures: it was fitted to the latents that these weights give them.
    prior = model.network["prior"]
    before = {name: value.clone() for name, value in prior.named_buffers()}
    model.finalize({"images": in_range(torch.from_numpy(pictures))})
    for name, value in prior.named_buffers():
        torch.testing.assert_close(before[name], value, atol=1e-5, rtol=1e-4)
    assert before["means"].abs().max() > 0
