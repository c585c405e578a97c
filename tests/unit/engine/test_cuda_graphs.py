"""Work that is recorded and repeated, here by something that merely does it again."""

import logging
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_studio import small_settings, stepper_for
from torch import Tensor

from genstudio.data.dataset import image_dataset
from genstudio.engine import stepper as stepper_module
from genstudio.engine.cuda_graphs import GraphCapture, GraphedPhases, PhaseOutput, Replayable
from genstudio.engine.job import TrainingJob
from genstudio.engine.stepper import Stepper
from genstudio.models.protocol import Batch
from genstudio.models.vae.residual import ResidualVAE

STEPS = 12


class Again:
    """In a card's place: what was recorded is done again when it shall be repeated."""

    def __init__(self) -> None:
        self.captured_phase = self.repeated = 0

    def __call__(self, work: Callable[[], PhaseOutput]) -> Replayable:
        self.captured_phase += 1
        return Recorded(self, work)


class Recorded:
    """As those of a card, its results lie in the same memory each time."""

    def __init__(self, count: Again, work: Callable[[], PhaseOutput]) -> None:
        self._count = count
        self._work = work
        self._output: PhaseOutput | None = None

    def replay(self) -> PhaseOutput:
        self._count.repeated += 1
        output = self._work()
        if self._output is None:
            self._output = output
        for name, value in output.values.items():
            self._output.values[name].copy_(value)
        for kept, new in zip(self._output.gradients, output.gradients, strict=True):
            if kept is not None and new is not None:
                kept.copy_(new)
        return self._output


def record_with(capture: GraphCapture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let steps on the processor be recorded."""
    monkeypatch.setattr(
        stepper_module, "GraphedPhases", lambda model, _none: GraphedPhases(model, capture)
    )


@pytest.fixture
def again(monkeypatch: pytest.MonkeyPatch) -> Again:
    capture = Again()
    record_with(capture, monkeypatch)
    return capture


def stepper(folder: Path, images_NHWC: np.ndarray, **changes: Any) -> Stepper:
    changes = {"model_key": "self-supervised-gan", **changes}
    key = changes.pop("model_key")
    settings = small_settings(key, **changes)
    return stepper_for(
        TrainingJob(
            settings=settings, dataset=image_dataset(images_NHWC), run=folder, checkpoints=folder
        )
    )


def taken(stepper: Stepper, count: int = STEPS) -> dict[str, Tensor]:
    for _ in range(count):
        stepper.take_step()
    return stepper.state.model.network.state_dict()


@pytest.mark.parametrize(
    ("key", "model"),
    [
        ("self-supervised-gan", {"latent_size": 8, "r1_interval": 2}),
        ("residual-vae", {"width": 32, "latent_size": 8, "warmup_kimg": 0.02}),
        ("token-flow", {"flow_width": 128, "depth": 1, "noise_samples": 1}),
    ],
)
def test_repeated_steps_learn_the_same(
    tmp_path: Path,
    pictures_NHWC: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    model: dict[str, Any],
) -> None:
    usual = stepper(tmp_path, pictures_NHWC, model_key=key, model=model)
    # So many that each kind of step comes often enough.
    count = 2 * STEPS
    learned, told = taken(usual, count), usual.state.meter.read(count)
    capture = Again()
    record_with(capture, monkeypatch)
    repeated = stepper(tmp_path, pictures_NHWC, model_key=key, model=model)

    again = taken(repeated, count)

    assert capture.captured_phase >= 2
    assert capture.repeated >= count / 2
    assert all(torch.equal(value, again[name]) for name, value in learned.items())
    assert repeated.state.meter.read(count) == told


def test_nothing_is_recorded_without_a_card(tmp_path: Path, pictures_NHWC: np.ndarray) -> None:
    usual = stepper(tmp_path, pictures_NHWC)
    taken(usual)
    assert usual.graphs.count == 0


def test_a_changed_setting_is_recorded_anew(
    tmp_path: Path, pictures_NHWC: np.ndarray, again: Again
) -> None:
    changed = stepper(tmp_path, pictures_NHWC, model={"latent_size": 8, "r1_interval": 1})
    taken(changed)
    assert "R1 + R2" in changed.state.meter.read(STEPS)

    changed.state.change({"gamma": 0.0})

    repeated = again.repeated
    taken(changed)
    assert "R1 + R2" not in changed.state.meter.read(STEPS)
    assert again.repeated > repeated


def test_what_differs_from_step_to_step_is_not_recorded(
    tmp_path: Path, pictures_NHWC: np.ndarray, again: Again, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_model: ResidualVAE, _phase: str, _batch: Batch, _step: int) -> Hashable:
        return None

    monkeypatch.setattr(ResidualVAE, "graph_key", never)
    taken(stepper(tmp_path, pictures_NHWC, model_key="residual-vae"))
    assert again.captured_phase == 0


def test_what_cannot_be_recorded_is_done_as_usual(
    tmp_path: Path,
    pictures_NHWC: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # What the try counts of logits, a card would not have counted: so without them.
    settings = {"latent_size": 8, "augment": "off"}
    learned = taken(stepper(tmp_path, pictures_NHWC, model=settings))
    tried: list[int] = []

    def broken(work: Callable[[], PhaseOutput]) -> Replayable:
        work()
        tried.append(1)
        raise RuntimeError("operation not permitted when stream is capturing")

    record_with(broken, monkeypatch)
    with caplog.at_level(logging.WARNING, "genstudio"):
        again = taken(stepper(tmp_path, pictures_NHWC, model=settings))
    assert all(torch.equal(value, again[name]) for name, value in learned.items())
    assert tried == [1]
    assert "could not be captured" in caplog.text


def test_where_memory_is_short_recordings_go_first(
    tmp_path: Path,
    pictures_NHWC: np.ndarray,
    again: Again,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    short = stepper(tmp_path, pictures_NHWC)
    taken(short)
    assert short.graphs.count
    shortages = 1
    real = short.graphs.run

    def sometimes(*arguments: Any) -> Any:
        nonlocal shortages
        if shortages:
            shortages -= 1
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return real(*arguments)

    monkeypatch.setattr(short.graphs, "run", sometimes)
    short.take_step()
    assert (short.state.parts, short.graphs.count) == (1, 0)

    shortages = 1
    short.take_step()
    assert short.state.parts == 2
